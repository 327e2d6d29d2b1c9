"""Exercises of notebook 07: mixing styles, and styles as distributions."""

from . import mixed_covariance, mixed_gram, sliced_wasserstein

EXERCISES = [
    mixed_gram.EXERCISE,
    mixed_covariance.EXERCISE,
    sliced_wasserstein.EXERCISE,
]
