"""Exercises of notebook 08: colors of another picture, luminance alone, and style in a region."""

from . import color_matching, guided_gram, luminance_transfer

EXERCISES = [
    color_matching.EXERCISE,
    luminance_transfer.EXERCISE,
    guided_gram.EXERCISE,
]
