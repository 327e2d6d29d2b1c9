"""Where an optimization starts: a photograph, its recolored copy, noise, or a coarser image."""

import warnings
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_choice, check_count
from ..errors import CourseError
from ..images.color import match_colors
from ..images.io import resized
from .styles import Style, group_by_region, scaled_region

STARTS = ("content", "recolored", "style", "noise")
# An enlarged image lacks the finest strokes. Sharpening it lowers the first loss of a scale 2 to 6
# times and saves 2 to 4 steps (six pairs, from 91 to 128 px); twice as much is too much for half.
SHARPENING = 0.5


def starting_image(
    init: str | Tensor, content: Tensor, styles: Sequence[Style], seed: int
) -> Tensor:
    """The image that the optimization starts from, (1, 3, H, W), of the content's shape.

    Args:
        init: one of `STARTS`, or the image itself.
        content, styles: what the names refer to; ``"style"`` is the first.
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
        return recolored(content, styles).clamp(0, 1)
    if init == "style":
        return resized(styles[0].image, content.shape[2:])
    # On the CPU, so that a seed means the same noise on every device.
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(content.shape, generator=generator).to(content.device)


def recolored(content: Tensor, styles: Sequence[Style]) -> Tensor:
    """The content in the colors of the artworks, each where it rules; of mixed ones, of the first.

    Args:
        content: (1, 3, H, W).
        styles: as `as_styles` gives them.
    """
    image, covered = torch.zeros_like(content), torch.zeros_like(content[:, :1])
    for region, numbers in group_by_region(styles, (content.shape[2], content.shape[3])):
        artwork = styles[numbers[0]].image
        source = scaled_region(
            styles[numbers[0]].source_region, (artwork.shape[2], artwork.shape[3])
        )
        matched = match_colors(content, artwork, region=region, like_region=source)
        share = torch.ones_like(covered) if region is None else region
        image, covered = image + share * matched, covered + share
    return image / covered.clamp(min=1) + (1 - covered).clamp(min=0) * content


def enlarged(image: Tensor, size: Sequence[int]) -> Tensor:
    """An image (1, 3, H, W), 0…1, at the size (H', W') of the next scale.

    If that is another one, the image is sharpened. Its outermost pixels, which few units see, are
    dotted; enlarged from size to size, they would be a frame of dashes. So the ones inside are
    mirrored in their place.
    """
    if image.shape[2:] == torch.Size(size):
        return image
    image = resized(F.pad(image[:, :, 1:-1, 1:-1], (1, 1, 1, 1), mode="reflect"), size)
    blurred = F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return (image + SHARPENING * (image - blurred)).clamp(0, 1)
