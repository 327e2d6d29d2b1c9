"""A preconditioner for images: an initial inverse Hessian by spatial frequency and color.

L-BFGS starts from an initial inverse Hessian, usually a multiple of the identity. The objective of
style transfer has a curvature that differs many times between frequencies, and is about the same
for all waves of one octave and color. So what one step shows of it holds for all of them.
"""

import math

import torch
from torch import Tensor

# Orthonormal: brightness, red against blue, green against both.
COLORS = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]])
COLORS /= COLORS.norm(dim=1, keepdim=True)

STEPS = 30  # the curvatures are those of the last 30 steps
# Of a frequency, where the mean is 1. A larger maximum would lower the loss a little faster. But in
# runs from noise, long waves then collect all brightness in one place, where it stays.
MIN_FACTOR, MAX_FACTOR = 0.1, 2.0


class FourierPreconditioner:
    """Factors for each octave and color, estimated from the steps of an optimizer.

    A step s changes the gradient by y. Among the waves of one octave and color, |s| / |y| estimates
    the inverse curvature.

    Args:
        image: (1, 3, H, W), the tensor to be optimized.
    """

    def __init__(self, image: Tensor):
        self.size = height, width = image.shape[2:]
        self.colors = COLORS.to(image)
        rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)  # cycles per pixel
        # 0: wavelengths below 2 pixels, which are diagonal; 1: 2 to 4 pixels; …; last: the mean.
        count = int(math.log2(max(height, width))) + 2
        octaves = -(rows[:, None] ** 2 + columns**2).sqrt().log2()
        octaves = octaves.clamp(0, count - 1).int()
        self.octave_sizes = octaves.flatten().bincount(minlength=count).tolist()
        self.octaves = octaves.to(image.device)
        self.by_octave = octaves.flatten().argsort(stable=True).int().to(image.device)
        self.energies: list[Tensor] = []  # (2, 3, octaves): of s and of y, oldest first

    def update(self, step: Tensor, change: Tensor) -> None:
        """Learn from a step of the pixels and the change of the gradient, both (3·H·W,)."""
        energies = torch.stack([self._energies(step), self._energies(change)])
        # Late steps are a thousand times smaller than early ones, and count as much.
        self.energies = [*self.energies, energies / energies[1].sum()][-STEPS:]

    def apply(self, vector: Tensor) -> Tensor:
        """The vector (3·H·W,), amplified where the curvature is low and damped where it is high.

        The map is symmetric positive definite, as L-BFGS requires of H₀ (Nocedal and Wright 2006,
        eq. 7.20). Its eigenvalues lie between `MIN_FACTOR` and `MAX_FACTOR`.
        """
        if not self.energies:
            return vector
        steps, changes = torch.stack(self.energies).sum(0)
        factors = (steps * changes.sum() / (changes * steps.sum())).sqrt()  # 1 on average
        factors = factors.nan_to_num(1.0).clamp(MIN_FACTOR, MAX_FACTOR)
        result = torch.zeros_like(vector).view(3, -1)
        # One color at a time: the spectrum of a large image is large.
        for color, of_octaves in zip(self.colors, factors, strict=True):
            spectrum = self._spectrum(vector, color)
            spectrum *= of_octaves[self.octaves]
            pixels = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")
            result.addr_(color, pixels.flatten())
        return result.view_as(vector)

    def _spectrum(self, vector: Tensor, color: Tensor) -> Tensor:
        """The Fourier transform of one color, (H, W // 2 + 1)."""
        pixels = (color @ vector.view(3, -1)).view(self.size)
        return torch.fft.rfft2(pixels, norm="ortho")

    def _energies(self, vector: Tensor) -> Tensor:
        """The squared magnitudes of the spectrum, summed over each octave: (3, octaves)."""
        energies = []
        for color in self.colors:
            squares = torch.view_as_real(self._spectrum(vector, color)).square().sum(-1)
            squares = squares.flatten().index_select(0, self.by_octave)
            energies.append(torch.stack([o.sum() for o in squares.split(self.octave_sizes)]))
        return torch.stack(energies)
