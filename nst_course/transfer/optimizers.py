"""The two optimizers of the loop, by name."""

import torch
from torch import Tensor

from ..checks import check_choice, check_weight
from ..optim.adam import BoundedAdam
from ..optim.lbfgs import LBFGS
from .memory import history_size

LEARNING_RATES = {"lbfgs": 1.0, "adam": 0.02}


def learning_rate_of(optimizer: str, rate: float | None) -> float:
    """The learning rate given, or the default of this optimizer."""
    check_choice("optimizer", optimizer, LEARNING_RATES)
    if rate is None:
        return LEARNING_RATES[optimizer]
    check_weight("learning_rate", rate)
    return rate


def make_optimizer(
    name: str,
    tile: int | None,
    pixels: Tensor,
    rate: float,
    earlier: torch.optim.Optimizer | None,
) -> torch.optim.Optimizer:
    """An optimizer of the pixels without any history.

    Args:
        name: ``"lbfgs"`` or ``"adam"``.
        tile: side of the tiles, or None; with tiles, the history takes less memory.
        pixels: (1, 3, H, W).
        rate: the learning rate.
        earlier: the optimizer before this one, if there was one.
    """
    if name == "adam":
        return BoundedAdam([pixels], lr=rate)
    return LBFGS(
        [pixels],
        lr=rate,
        history_size=history_size(pixels.nbytes, tile),
        history_dtype=torch.float32 if tile is None else torch.bfloat16,
        # Of the earlier history one number stays: without it the first step could be far too long.
        inverse_curvature=getattr(earlier, "inverse_curvature", None),
    )
