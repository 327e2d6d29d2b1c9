"""The temporal term: what was painted stays painted where the same point is seen again."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from ..checks import comparable
from ..errors import CourseError
from ..transfer.terms import PIXELS, Term
from ..transfer.tiles import Part, Whole
from .flow import warp


def temporal_loss(image: Tensor, warped: Tensor, weights: Tensor) -> Tensor:
    """The mean over all D values of c · (x − ω)², a scalar (Ruder et al. 2016, eq. 7).

    Args:
        image: x, (1, 3, H, W).
        warped: ω, the stylized earlier frame, warped to this one, (1, 3, H, W).
        weights: c, (1, 1, H, W): 1 where the earlier frame shows the same point, else 0.
    """
    image, warped = comparable(image, warped)
    if weights.shape != (1, 1, *image.shape[2:]):
        raise CourseError(
            f"weights has shape (1, 1, {image.shape[2]}, {image.shape[3]}), not "
            f"{tuple(weights.shape)}."
        )
    return (weights * (image - warped).square()).mean()


class Temporal(Term):
    """The temporal loss as a term of the objective, on the pixels.

    Args:
        warped: what the image is compared with, (1, 3, H, W): the stylized earlier frame, warped;
            of several earlier frames, see `remembered`.
        weights: (1, 1, H, W), 0…1, as `visible` gives them.
        weight: of the term. 0 leaves only the starting image to keep frames alike.
    """

    name = "temporal"

    def __init__(self, warped: Tensor, weights: Tensor, weight: float):
        super().__init__(weight)
        self.warped, self.weights = warped.detach(), weights.detach()

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        if layer != PIXELS:
            raise CourseError(f"The temporal term compares pixels, and not {layer}.")
        warped, weights = (part.of(x).to(features) for x in (self.warped, self.weights))
        return temporal_loss(features, warped, weights)


def remembered(earlier: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """One picture to compare with, out of several earlier frames: long-term consistency.

    Each pixel is compared with the most recent frame that shows its point. For weights of zeros
    and ones that is the long-term loss of Ruder et al. 2016, eq. 8 and 9. So a point that was
    hidden for a frame or two comes back as it was painted before.

    Args:
        earlier: warped frame (1, 3, H, W) and weights (1, 1, H, W), the most recent first.

    Returns:
        The picture and its weights, for `Temporal`.
    """
    pairs = list(earlier)
    if not pairs:
        raise CourseError("There is no earlier frame to remember; give at least one.")
    picture, total = torch.zeros_like(pairs[0][0]), torch.zeros_like(pairs[0][1])
    for warped, weights in pairs:
        share = (weights - total).clamp(min=0)
        picture, total = picture + share * warped, total + share
    return picture / total.clamp(min=1e-6), total


def flicker(
    frames: Sequence[Tensor], flows: Sequence[Tensor], weights: Sequence[Tensor]
) -> list[float]:
    """How much each frame differs from the warped frame before it, where that shows the same.

    It is the root of the mean square over visible pixels, in levels of 256: 0 is a painting that
    moves with the scene.

    Args:
        frames: n frames, each (1, 3, H, W), 0…1.
        flows: n − 1 flows, each from a frame to the one before it, (1, 2, H, W).
        weights: n − 1 maps, each (1, 1, H, W), as `visible` gives them.

    Returns:
        n − 1 numbers; 0 for a frame of which nothing was visible before.
    """
    if not len(frames) - 1 == len(flows) == len(weights):
        raise CourseError(
            f"{len(frames)} frames have {len(frames) - 1} flows and weights between them, not "
            f"{len(flows)} and {len(weights)}."
        )
    found = []
    for before, frame, flow, seen in zip(frames, frames[1:], flows, weights, strict=False):
        squares = (frame - warp(before, flow, "bicubic")).square().mean(1, keepdim=True)
        found.append(255 * ((seen * squares).sum() / seen.sum().clamp(min=1)).sqrt().item())
    return found
