"""Exercises of notebook 01: what a unit sees, where it looks, and what excites it."""

from . import activation_loss, receptive_field, unit_patch

EXERCISES = [
    receptive_field.EXERCISE,
    unit_patch.EXERCISE,
    activation_loss.EXERCISE,
]
