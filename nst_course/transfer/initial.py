"""Where an optimization starts: the photograph, its recolored copy, the artwork, or noise."""

import warnings

import torch
from torch import Tensor

from ..checks import as_image, check_choice, check_count
from ..errors import CourseError
from ..images.color import match_colors
from ..images.io import resized

STARTS = ("content", "recolored", "style", "noise")


def starting_image(init: str | Tensor, content: Tensor, style: Tensor, seed: int) -> Tensor:
    """The image that the optimization starts from, (1, 3, H, W), of the content's shape.

    Args:
        init: one of `STARTS`, or the image itself.
        content, style: what the names refer to.
        seed: of the noise.
    """
    check_count("seed", seed)
    if isinstance(init, Tensor):
        if init.shape != content.shape:
            raise CourseError(
                f"init has shape {tuple(init.shape)} and the content {tuple(content.shape)}; "
                "give both the same."
            )
        return as_image("init", init).to(content.device).clone()
    if isinstance(init, str) and init == "recoloured":
        warnings.warn('init="recoloured" is now "recolored".', DeprecationWarning, stacklevel=4)
        init = "recolored"
    check_choice("init", init, STARTS)
    if init == "content":
        return content.clone()
    if init == "recolored":
        return match_colors(content, style).clamp(0, 1)
    if init == "style":
        return resized(style, content.shape[2:])
    # On the CPU, so that a seed means the same noise on every device.
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(content.shape, generator=generator).to(content.device)
