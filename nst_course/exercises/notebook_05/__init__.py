"""Exercises of notebook 05: the whole objective, where to start, and one step of the optimizer."""

from . import initial_image, optimization_step, total_loss, total_variation

EXERCISES = [
    total_loss.EXERCISE,
    total_variation.EXERCISE,
    initial_image.EXERCISE,
    optimization_step.EXERCISE,
]
