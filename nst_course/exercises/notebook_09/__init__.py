"""Exercises of notebook 09: pictures that move, and sound."""

from . import disoccluded_pixels, temporal_loss, warp_by_flow

EXERCISES = [
    warp_by_flow.EXERCISE,
    disoccluded_pixels.EXERCISE,
    temporal_loss.EXERCISE,
]
