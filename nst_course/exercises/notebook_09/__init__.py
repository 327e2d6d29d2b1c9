"""Exercises of notebook 09: pictures that move, and sound."""

from . import (
    disoccluded_pixels,
    griffin_lim_step,
    sound_gram,
    sound_picture,
    temporal_loss,
    warp_by_flow,
)

EXERCISES = [
    warp_by_flow.EXERCISE,
    disoccluded_pixels.EXERCISE,
    temporal_loss.EXERCISE,
    sound_picture.EXERCISE,
    griffin_lim_step.EXERCISE,
    sound_gram.EXERCISE,
]
