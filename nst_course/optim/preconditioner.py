"""How steep an objective is along waves: long and short ones, of brightness and of colour.

L-BFGS builds on a first guess of the curvature, usually one number for every direction. The
objective of style transfer is many times steeper along some waves than along others, and what one
step of the optimiser learns about a wave holds for all waves of that length.
"""

import math

import torch
from torch import Tensor

# Orthonormal: brightness, red against blue, green against both.
COLOURS = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]])
COLOURS /= COLOURS.norm(dim=1, keepdim=True)

MOVES = 30  # so many of the last moves are looked at
# Of a rescaled wave, where 1 is the mean. More than twice would lower the loss a little faster; but
# from noise, long waves then pile up all light in one place, where it stays.
SHORTEST, LONGEST = 0.1, 2.0


class Spectrum:
    """Step lengths by octave and colour, from the moves of an optimiser.

    A move s changes the gradient by y. Along waves of one octave and one colour, |s| / |y| is one
    over the curvature there.

    Args:
        image: (1, 3, H, W), what is optimised.
    """

    def __init__(self, image: Tensor):
        self.size = height, width = image.shape[2:]
        self.colours = COLOURS.to(image)
        rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)  # waves a pixel
        # 0: waves of less than 2 pixels, which lie diagonally; 1: 2 to 4 pixels; … last: the mean.
        count = int(math.log2(max(height, width))) + 2
        octaves = -(rows[:, None] ** 2 + columns**2).sqrt().log2()
        octaves = octaves.clamp(0, count - 1).int()
        self.members = octaves.flatten().bincount(minlength=count).tolist()
        self.octaves = octaves.to(image.device)
        self.by_octave = octaves.flatten().argsort(stable=True).int().to(image.device)
        self.energies: list[Tensor] = []  # (2, 3, octaves): of s and of y, oldest first

    def remember(self, move: Tensor, change: Tensor) -> None:
        """Learn from a move of the pixels and the change of the gradient, both (3·H·W,)."""
        energies = torch.stack([self._energies(move), self._energies(change)])
        # Late moves are a thousand times shorter than early ones and tell as much.
        self.energies = [*self.energies, energies / energies[1].sum()][-MOVES:]

    def rescale(self, vector: Tensor) -> Tensor:
        """The vector (3·H·W,), longer along flat waves and shorter along steep ones.

        A symmetric positive definite map, as L-BFGS needs it (Nocedal and Wright 2006, eq. 7.20);
        along no wave more than twice what it was, or less than a tenth.
        """
        if not self.energies:
            return vector
        moves, changes = torch.stack(self.energies).sum(0)
        lengths = (moves * changes.sum() / (changes * moves.sum())).sqrt()  # 1 in the mean
        lengths = lengths.nan_to_num(1.0).clamp(SHORTEST, LONGEST)
        rescaled = torch.zeros_like(vector).view(3, -1)
        # One colour at a time: the spectrum of a large picture is large.
        for colour, of_octaves in zip(self.colours, lengths, strict=True):
            waves = self._waves(vector, colour)
            waves *= of_octaves[self.octaves]
            pixels = torch.fft.irfft2(waves, s=self.size, norm="ortho")
            rescaled.addr_(colour, pixels.flatten())
        return rescaled.view_as(vector)

    def _waves(self, vector: Tensor, colour: Tensor) -> Tensor:
        """The spectrum of one colour, (H, W // 2 + 1)."""
        pixels = (colour @ vector.view(3, -1)).view(self.size)
        return torch.fft.rfft2(pixels, norm="ortho")

    def _energies(self, vector: Tensor) -> Tensor:
        """The squares of the spectrum, added up in each octave, (3, octaves)."""
        energies = []
        for colour in self.colours:
            squares = torch.view_as_real(self._waves(vector, colour)).square().sum(-1)
            sorted_squares = squares.flatten().index_select(0, self.by_octave)
            energies.append(torch.stack([o.sum() for o in sorted_squares.split(self.members)]))
        return torch.stack(energies)
