"""Exercises of notebook 04: several layers at once, and how much each of them counts."""

from . import equal_gradient_weights, layer_shares, weighted_style_loss

EXERCISES = [
    weighted_style_loss.EXERCISE,
    layer_shares.EXERCISE,
    equal_gradient_weights.EXERCISE,
]
