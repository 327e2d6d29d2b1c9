"""Adam for pixels: PyTorch's own, with each pixel kept in [0, 1] after every step."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .lbfgs import BOUNDS


class BoundedAdam(torch.optim.Adam):
    """`torch.optim.Adam`, projected: a pixel that leaves the bounds is put back to them.

    Args:
        pixels: a list with the one tensor that is optimized.
        lr: the learning rate.
        bounds: the least and the largest value of a pixel.
    """

    def __init__(self, pixels: Sequence[Tensor], lr: float, bounds: tuple[float, float] = BOUNDS):
        super().__init__(pixels, lr=lr)
        self.bounds = bounds

    def step(self) -> None:  # type: ignore[override]  # a closure would be of no use here
        """Move the pixels, given the gradient that backward() left; the gradient is consumed."""
        super().step()
        with torch.no_grad():
            for group in self.param_groups:
                for pixels in group["params"]:
                    pixels.clamp_(*self.bounds)
        self.zero_grad()
