"""Sounds as pictures and back: the spectrogram, and the method of Griffin and Lim."""

import math

import torch
from torch import Tensor

from ..checks import check_count, check_floats
from ..errors import CourseError
from .files import RATE, as_sound

WINDOW = 1024  # samples, 64 ms
HOP = 256  # samples from one column to the next, 16 ms
FREQUENCIES = WINDOW // 2 + 1  # rows, 15.6 Hz apart, from 0 to 8 kHz
COLUMNS_PER_SECOND = RATE / HOP
GAIN = 1000.0  # below 1/1000 of the loudest possible tone, a spectrogram is nearly linear
MOMENTUM = 0.99  # Perraudin et al. 2013, for the fast variant of Griffin and Lim's method


def spectrogram(sound: Tensor) -> Tensor:
    """How loud each frequency is at each time: a picture with one row a frequency.

        log(1 + 1000·|S|) / log(1001),    S the short-time Fourier transform

    The window is scaled so that a tone of amplitude 1 has |S| = 1/2.

    Args:
        sound: (samples,), −1…1, at 16 kHz; at least 1024 samples.

    Returns:
        (1, 1, 513, T), 0…1: 513 frequencies from 0 to 8 kHz, the lowest in the first row, and
        62.5 columns a second.

    Raises:
        CourseError: no sound, or one that is too short.
    """
    sound = as_sound("sound", sound)
    if len(sound) < WINDOW:
        raise CourseError(
            f"The sound has {len(sound)} samples; a spectrogram needs at least {WINDOW}, "
            f"{WINDOW / RATE:.3f} s."
        )
    return compressed(stft(sound).abs())[None, None]


def compressed(magnitude: Tensor) -> Tensor:
    """Magnitudes |S|, 0…1, on a logarithmic scale, 0…1."""
    return torch.log1p(GAIN * magnitude) / math.log1p(GAIN)


def magnitude(picture: Tensor) -> Tensor:
    """The magnitudes |S| that a spectrogram shows; the inverse of `compressed`."""
    return torch.expm1(picture * math.log1p(GAIN)) / GAIN


def griffin_lim(picture: Tensor, iterations: int = 100, seed: int = 0) -> Tensor:
    """A sound whose spectrogram is close to a given one (Griffin and Lim 1984).

    A spectrogram has no phases. They start at random; then the sound of the present phases is
    computed, and the phases of its own Fourier transform are taken, again and again. A picture
    that is not drawn by a sound has no exact answer: windows overlap, so neighboring columns
    depend on each other.

    Args:
        picture: (1, 1, 513, T), 0…1, from `spectrogram` or generated.
        iterations: of the fast variant with momentum (Perraudin, Balazs and Søndergaard 2013).
        seed: of the first phases.

    Returns:
        (samples,), (T − 1)·256 of them.

    Raises:
        CourseError: another shape.
    """
    check_picture("picture", picture)
    check_count("iterations", iterations)
    wanted = magnitude(picture[0, 0].detach().float().cpu())
    generator = torch.Generator().manual_seed(seed)
    phases = torch.polar(
        torch.ones_like(wanted), 2 * math.pi * torch.rand(wanted.shape, generator=generator)
    )
    previous = torch.zeros_like(phases)
    for _ in range(iterations):
        rebuilt = stft(istft(wanted * phases))
        phases = torch.sgn(rebuilt - MOMENTUM / (1 + MOMENTUM) * previous)
        previous = rebuilt
    return istft(wanted * phases)


def stft(sound: Tensor) -> Tensor:
    """The short-time Fourier transform: (samples,) → (513, T), complex, |S| at most 1."""
    window = torch.hann_window(WINDOW, device=sound.device)
    return torch.stft(sound, WINDOW, HOP, window=window / window.sum(), return_complex=True)


def istft(transform: Tensor) -> Tensor:
    """The sound that has this short-time Fourier transform, or comes closest to it."""
    window = torch.hann_window(WINDOW, device=transform.device)
    return torch.istft(transform, WINDOW, HOP, window=window / window.sum())


def check_picture(name: str, picture: Tensor) -> None:
    """Refuse what is no spectrogram (1, 1, 513, T)."""
    check_floats(name, picture)
    if picture.dim() != 4 or picture.shape[:3] != (1, 1, FREQUENCIES) or picture.shape[3] < 2:
        raise CourseError(
            f"{name} is a spectrogram (1, 1, {FREQUENCIES}, T), not {tuple(picture.shape)}."
        )
