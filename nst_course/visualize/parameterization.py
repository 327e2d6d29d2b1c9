"""How an image is described to an optimiser: pixel by pixel, or as a sum of waves.

The same network, objective and optimiser paint noise on the one and pictures on the other. Olah,
Mordvintsev and Schubert 2017 call this preconditioning: the description decides which images are
near.
"""

import torch
from torch import Tensor

DESCRIPTIONS = ("fourier", "pixels")
COLOURS = ("decorrelated", "plain")

# A square root of the covariance of red, green and blue in photographs: brightness first, then the
# two colour contrasts. Constants of Lucid (lucid/optvis/param/color.py), measured on ImageNet.
COLOUR_AXES = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOUR_AXES = COLOUR_AXES / COLOUR_AXES.norm(dim=0).max()


def start(description: str, size: int, seed: int) -> Tensor:
    """Faint noise to begin with, the same for the same seed.

    Returns:
        ``"pixels"``: (1, 3, size, size). ``"fourier"``: (1, 3, size, size//2 + 1, 2), the real and
        imaginary parts of the coefficients of one wave in every entry.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (1, 3, size, size) if description == "pixels" else (1, 3, size, size // 2 + 1, 2)
    return 0.01 * torch.randn(shape, generator=generator)


def paint(parameters: Tensor, description: str, colours: str, size: int) -> Tensor:
    """The images (B, 3, size, size), 0…1, that some parameters describe.

    In the Fourier description a wave of frequency f is weighted by 1/f, as waves are in
    photographs, so that a step of the optimiser moves broad shapes more than single pixels.
    """
    values = parameters
    if description == "fourier":
        weighted = torch.view_as_complex(parameters) * wave_weights(size).to(parameters.device)
        values = torch.fft.irfft2(weighted, s=(size, size), norm="ortho") / 4
    if colours == "decorrelated":
        values = torch.einsum("rc,bchw->brhw", COLOUR_AXES.to(values), values)
    return values.sigmoid()


def wave_weights(size: int) -> Tensor:
    """1/f for every wave of a square image, (size, size//2 + 1); f in periods a pixel.

    The mean colour, f = 0, is treated like the slowest wave, f = 1/size.
    """
    frequency = torch.hypot(torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None, :])
    return 1 / frequency.clamp(min=1 / size)
