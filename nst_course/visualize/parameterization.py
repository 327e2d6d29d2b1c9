"""The parameters of an optimized image: its pixels, or its Fourier coefficients.

The parameterization preconditions the optimization (Olah, Mordvintsev and Schubert 2017): with the
same network, objective and optimizer, pixels lead to noise and Fourier coefficients to pictures.
"""

import torch
from torch import Tensor

PARAMETERIZATIONS = ("fourier", "pixels")
COLORS = ("decorrelated", "plain")

# A square root of the covariance of red, green and blue in photographs: brightness first, then two
# color differences. Constants of Lucid (lucid/optvis/param/color.py), measured on ImageNet.
COLOR_AXES = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOR_AXES = COLOR_AXES / COLOR_AXES.norm(dim=0).max()


def initial_parameters(parameterization: str, size: int, seed: int) -> Tensor:
    """Gaussian noise with standard deviation 0.01; the seed determines it.

    Returns:
        ``"pixels"``: (1, 3, size, size). ``"fourier"``: (1, 3, size, size//2 + 1, 2), the real and
        imaginary parts of the Fourier coefficients of a real image.
    """
    generator = torch.Generator().manual_seed(seed)
    fourier = parameterization == "fourier"
    shape = (1, 3, size, size // 2 + 1, 2) if fourier else (1, 3, size, size)
    return 0.01 * torch.randn(shape, generator=generator)


def decode(parameters: Tensor, parameterization: str, colors: str, size: int) -> Tensor:
    """The images (B, 3, size, size), 0…1, that these parameters stand for.

    A Fourier coefficient at frequency f is scaled by 1/f, as in the amplitude spectrum of
    photographs, so a step of the optimizer changes large shapes more than single pixels.
    """
    values = parameters
    if parameterization == "fourier":
        scaled = torch.view_as_complex(parameters) * frequency_scale(size).to(parameters.device)
        values = torch.fft.irfft2(scaled, s=(size, size), norm="ortho") / 4
    if colors == "decorrelated":
        values = torch.einsum("rc,bchw->brhw", COLOR_AXES.to(values), values)
    return values.sigmoid()


def frequency_scale(size: int) -> Tensor:
    """1/f for each Fourier coefficient of a square image, (size, size//2 + 1); f in cycles a pixel.

    The mean, f = 0, is scaled like the lowest frequency above it, f = 1/size.
    """
    frequency = torch.hypot(torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None, :])
    return 1 / frequency.clamp(min=1 / size)
