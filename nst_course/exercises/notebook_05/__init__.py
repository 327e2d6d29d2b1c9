"""Exercises of notebook 05: the whole objective, where to start, and one step of the optimizer."""

from . import initial_image, optimization_step, total_loss

EXERCISES = [total_loss.EXERCISE, optimization_step.EXERCISE, initial_image.EXERCISE]
