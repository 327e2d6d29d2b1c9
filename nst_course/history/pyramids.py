"""The steerable pyramid: an image as a sum of bands, each with its wavelengths and directions."""

import math

import torch
from torch import Tensor

from ..checks import check_count
from ..errors import CourseError


def steerable_filters(height: int, width: int, scales: int = 4, orientations: int = 4) -> Tensor:
    """The filters of a steerable pyramid in the Fourier domain (Simoncelli and Freeman 1995).

    The first filter keeps the finest details in all directions and the last one what is left below
    all scales. In between, each scale is an octave, and has one filter for each direction. Their
    squares add up to 1 everywhere, so that `from_bands` undoes `bands_of`.

    Every band has the size of the image. The original halves the size from scale to scale, which
    is faster.

    Args:
        height, width: of the images, in pixels, at least 2 to the power of ``scales``.
        scales: number of octaves.
        orientations: number of directions.

    Returns:
        (scales · orientations + 2, height, width), complex64.

    Raises:
        CourseError: a number is too small, or the image is too small for the scales.
    """
    check_count("scales", scales, least=1)
    check_count("orientations", orientations, least=1)
    if min(height, width) < 2**scales:
        raise CourseError(
            f"{scales} scales need {2**scales} pixels on each side, not {min(height, width)}; "
            "use fewer scales or a larger picture."
        )
    down = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    right = torch.fft.fftfreq(width, dtype=torch.float64)[None, :]
    # In units of the highest frequency of a row; at 0 anything finite will do.
    octave = (2 * torch.hypot(down, right)).clamp(min=1e-9).log2()
    low = [torch.cos(math.pi / 2 * (octave + s + 1).clamp(0, 1)) for s in range(scales + 1)]
    high = [torch.sin(math.pi / 2 * (octave + s + 1).clamp(0, 1)) for s in range(scales + 1)]

    angle = torch.atan2(down, right)
    order = orientations - 1
    # Cosines to an odd power are odd, and the factor i makes the bands of a real image real.
    wedges = [torch.cos(angle - math.pi * k / orientations) ** order for k in range(orientations)]
    length = torch.stack(wedges).square().sum(0).sqrt()
    directed = [1j**order * wedge / length for wedge in wedges]

    filters = [high[0] + 0j]
    for scale in range(scales):
        filters += [low[scale] * high[scale + 1] * wedge for wedge in directed]
    return torch.stack([*filters, low[scales] + 0j]).to(torch.complex64)


def bands_of(image: Tensor, filters: Tensor) -> Tensor:
    """The bands of an image, which is continued periodically at its borders.

    Args:
        image: (C, H, W).
        filters: (bands, H, W), of `steerable_filters`.

    Returns:
        (bands, C, H, W).
    """
    spectrum = torch.fft.fft2(image)
    return torch.fft.ifft2(spectrum * filters[:, None]).real


def from_bands(bands: Tensor, filters: Tensor) -> Tensor:
    """The image that has these bands; of bands that no image has, the nearest image.

    Args:
        bands: (bands, C, H, W).
        filters: those that made them.

    Returns:
        (C, H, W).
    """
    spectra = torch.fft.fft2(bands) * filters[:, None].conj()
    return torch.fft.ifft2(spectra.sum(0)).real
