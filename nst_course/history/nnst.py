"""Nearest-neighbor style transfer as a schedule: match, optimize, enlarge; sharpen at the end."""

import torch
from torch import Tensor

from ..checks import as_image, check_count
from ..images.color import match_colors
from ..images.io import resized
from ..network.vgg import Backbone, load_backbone
from ..transfer.style_transfer import StyleTransfer
from ..transfer.terms import Term
from .neighbors import LayerNeighbors, NearestNeighbors

OF_CONTENT = 0.75  # share of the content in the picture that is matched, above the first scale
LEARNING_RATE, SHARPENING_RATE = 0.01, 0.005  # of Adam


def nearest_neighbor_transfer(
    content: Tensor,
    style: Tensor,
    backbone: Backbone | None = None,
    scales: int = 3,
    steps: int = 40,
    sharpening_steps: int = 20,
) -> list[Tensor]:
    """Style transfer by nearest neighbors, from coarse to fine (Kolkin et al. 2022), in small.

    Each scale is twice as large as the one before. Its neighbors are chosen once: at the first
    scale for the content, then for a mixture of the content and what was painted so far. At the
    end, each layer searches its neighbors in every step. A cosine does not see contrast, so the
    result gets the mean and the covariance of the artwork's colors.

    The paper has four scales, 200 steps at each and 200 at the end, on a Laplacian pyramid.

    Args:
        content, style: (1, 3, H, W) and (1, 3, H', W'), 0…1; their sides are at least 8 pixels at
            the first scale.
        backbone: the network; the embedded VGG-16 by default.
        scales: how many.
        steps: at each scale.
        sharpening_steps: at the end.

    Returns:
        The picture after each scale, and at the end.
    """
    content, style = as_image("content", content), as_image("style", style)
    for name, count in {"scales": scales, "steps": steps}.items():
        check_count(name, count, least=1)
    check_count("sharpening_steps", sharpening_steps)
    network = load_backbone() if backbone is None else backbone
    painted: list[Tensor] = []
    for scale in reversed(range(scales)):
        photo, artwork = (shrunk(image, 2**scale) for image in (content, style))
        if painted:
            start = resized(painted[-1], photo.shape[2:])
            mixture = torch.lerp(start, photo, OF_CONTENT)
        else:
            start, mixture = match_colors(photo, artwork).clamp(0, 1), photo
        term = NearestNeighbors(artwork)
        term.match(mixture, network)
        painted.append(optimized(term, photo, start, network, steps, LEARNING_RATE))
    sharpening = LayerNeighbors(style)
    image = optimized(sharpening, content, painted[-1], network, sharpening_steps, SHARPENING_RATE)
    return [*painted, match_colors(image, style).clamp(0, 1)]


def optimized(
    term: Term, photo: Tensor, start: Tensor, network: Backbone, steps: int, rate: float
) -> Tensor:
    """An image after some steps on one term alone."""
    transfer = StyleTransfer(
        photo,
        photo,
        network,
        content_layers={},
        style_layers={},
        init=start,
        optimizer="adam",
        learning_rate=rate,
        tile=None,
        terms=[term],
    )
    return transfer.run(steps, progress=False).image


def shrunk(image: Tensor, factor: int) -> Tensor:
    """An image with its sides divided by a factor."""
    return resized(image, [max(1, round(side / factor)) for side in image.shape[2:]])
