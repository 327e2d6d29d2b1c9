"""Which of several sounds is heard: a judge with other numbers than those of the style loss."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import CourseError
from .files import RATE, as_sound

WINDOW, HOP = 256, 64  # samples, 16 and 4 ms: a quarter of those of the spectrogram
BANDS = 24
LOWEST, HIGHEST = 100.0, 7500.0  # Hz
PIECE = RATE // 2 // HOP  # windows in half a second
SILENCE = 1e-6  # power; below, everything is equally silent
LEAST_SPREAD = 0.1  # of a feature, so that none counts without limit


class Classifier:
    """Names the sound that each half second of a recording is nearest to.

    A piece is described by 24 bands of frequencies, a sixth to a half of an octave wide: how the
    power is distributed over them, how much it varies within the half second, and how fast. Not one
    of these numbers is in the loss, which compares products of random filters: windows, scale and
    bands are others, and the loudness of the whole piece does not count.

    Args:
        sounds: name → a recording of it, (samples,), at 16 kHz, of at least a second. Take a part
            that was not used as style.

    Raises:
        CourseError: fewer than two sounds, or one that is too short.
    """

    def __init__(self, sounds: Mapping[str, Tensor]):
        if not isinstance(sounds, Mapping) or len(sounds) < 2:
            raise CourseError("sounds is a dict of at least two sounds: name → tensor (samples,).")
        described = [describe(name, sound) for name, sound in sounds.items()]
        self.names = list(sounds)
        self.centers = torch.stack([pieces.mean(0) for pieces in described])
        within = torch.cat([pieces - pieces.mean(0) for pieces in described])
        self.spread = within.std(0) + LEAST_SPREAD

    def shares(self, sound: Tensor) -> dict[str, float]:
        """Name → the share of the half seconds of a sound that are nearest to it."""
        pieces = describe("sound", sound)
        distances = ((pieces[:, None] - self.centers) / self.spread).square().mean(2)
        nearest = distances.argmin(1)
        return {
            name: (nearest == number).float().mean().item()
            for number, name in enumerate(self.names)
        }

    def __call__(self, sound: Tensor) -> str:
        """The name that most half seconds of the sound are nearest to."""
        shares = self.shares(sound)
        return max(shares, key=lambda name: shares[name])


def describe(name: str, sound: Tensor) -> Tensor:
    """Each half second of a sound as 72 numbers: (pieces, 3 · 24)."""
    sound = as_sound(name, sound).cpu()
    count = len(sound) // HOP // PIECE
    if not count:
        raise CourseError(f"{name} has less than half a second; take a longer one.")
    pieces = band_levels(sound)[:, : count * PIECE].unflatten(1, (count, PIECE)).transpose(0, 1)
    mean = pieces.mean(2)
    speed = pieces.diff(dim=2).abs().mean(2)
    return torch.cat([mean - mean.mean(1, keepdim=True), pieces.std(2), speed], dim=1)


def band_levels(sound: Tensor) -> Tensor:
    """The logarithm of the power in each band: (24, windows)."""
    window = torch.hann_window(WINDOW)
    power = torch.stft(sound, WINDOW, HOP, window=window, return_complex=True).abs().square()
    hertz = torch.linspace(0, RATE / 2, len(power))
    edges = torch.logspace(math.log10(LOWEST), math.log10(HIGHEST), BANDS + 1)
    # The lowest bands are narrower than the spacing of the frequencies, and take the nearest one.
    centers = (edges[1:] * edges[:-1]).sqrt()
    inside = (hertz >= edges[:-1, None]) & (hertz < edges[1:, None])
    inside |= (hertz - centers[:, None]).abs() == (hertz - centers[:, None]).abs().amin(
        1, keepdim=True
    )
    weights = inside / inside.sum(1, keepdim=True)
    return torch.log(weights @ power + SILENCE)
