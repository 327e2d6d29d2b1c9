"""Exercises of notebook 01: receptive fields, and a loss that raises an activation."""

from . import activation_loss, receptive_field, unit_patch

EXERCISES = [
    receptive_field.EXERCISE,
    unit_patch.EXERCISE,
    activation_loss.EXERCISE,
]
