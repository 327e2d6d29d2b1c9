"""Exercises of notebook 11: histograms, copied pixels, nearest neighbors, votes."""

from . import copied_share, matched_histogram, nearest_features, vote_interval

EXERCISES = [
    matched_histogram.EXERCISE,
    copied_share.EXERCISE,
    nearest_features.EXERCISE,
    vote_interval.EXERCISE,
]
