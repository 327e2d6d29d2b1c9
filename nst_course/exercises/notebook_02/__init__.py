"""Exercises of notebook 02: the content loss, its derivative, and an image found by descent."""

from . import content_gradient, content_loss, invert_features

EXERCISES = [
    content_loss.EXERCISE,
    content_gradient.EXERCISE,
    invert_features.EXERCISE,
]
