"""Exercises of notebook 03: the Gram matrix, the style loss of a layer, and its conventions."""

from . import convert_weight, gram_matrix, mended_style_loss, shuffle_positions, style_loss

EXERCISES = [
    gram_matrix.EXERCISE,
    style_loss.EXERCISE,
    mended_style_loss.EXERCISE,
    convert_weight.EXERCISE,
    shuffle_positions.EXERCISE,
]
