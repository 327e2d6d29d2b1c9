"""What can be compared as style: functions of features that average over positions.

Each works as ``StyleTransfer(…, statistic=nst.covariance)``. So does any function of the reader's
own whose value is a mean over positions; one that is made of several means is a `Statistic`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .checks import check_features, shown
from .errors import CourseError
from .losses import gram_matrix, style_loss

SHIFT = -1.0  # of the activations in `shifted_gram_matrix`
LEAST_VARIANCE = 1e-4  # of a channel; the square root has no finite gradient at 0
POSITIONS_AT_ONCE = 4096  # that are converted from 16 bits to float32 together


def mean_and_std(features: Tensor) -> Tensor:
    """The mean and the standard deviation of each channel (Huang and Belongie 2017, eq. 6 and 7).

    Args:
        features: (1, C, H, W).

    Returns:
        (1, 2, C).
    """
    check_features("features", features, batch=1)
    return _mean_and_std(_two_moments(features))


def covariance(features: Tensor) -> Tensor:
    """The covariance of the channels, G − μ μᵀ: the Gram matrix of the centered features.

    Args:
        features: (1, C, H, W).

    Returns:
        (1, C, C).
    """
    check_features("features", features, batch=1)
    return _covariance(gram_and_mean(features))


def shifted_gram_matrix(features: Tensor) -> Tensor:
    """The Gram matrix of activations minus 1 (Novak and Nikulin 2016, section 3.3).

    After the ReLU most entries are 0. The shift lets a pair of channels count where neither is
    active, too.

    Args:
        features: (1, C, H, W).

    Returns:
        (1, C, C).
    """
    check_features("features", features, batch=1)
    return fast_gram_matrix(features + SHIFT)


@dataclass(frozen=True)
class Statistic:
    """A statistic made of means over positions, which combine from tiles, regions and artworks.

    Attributes:
        means: features (1, C, H, W) and weights → a mean over positions of anything. The weights,
            (1, 1, H, W) or None, say how much each position counts; their mean is 1.
        summary: what is compared, from these means.
        distance: two summaries → a scalar, 0 for equal ones.
        name: in the checkpoint of a run.
    """

    means: Callable[[Tensor, Tensor | None], Tensor]
    summary: Callable[[Tensor], Tensor] = lambda means: means
    distance: Callable[[Tensor, Tensor], Tensor] = style_loss
    name: str = "of the reader's own"

    def __post_init__(self) -> None:
        for name in ("means", "summary", "distance"):
            if not callable(getattr(self, name)):
                raise CourseError(f"{name} is a function, not {shown(getattr(self, name))}.")

    def __call__(self, features: Tensor) -> Tensor:
        """The statistic of features (1, C, H, W)."""
        check_features("features", features, batch=1)
        return self.summary(self.means(features, None))

    def mix(self, means: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """The means of several artworks, averaged by weight."""
        return weighted_mean(means, weights)

    def is_mean(self, channels: int, device: torch.device) -> bool:
        """Whether `means` really is a mean over positions: tried on two halves of some features."""
        generator = torch.Generator().manual_seed(0)
        features = torch.rand((1, channels, 4, 6), generator=generator).to(device)
        whole = self.means(features, None)
        top, bottom = (self.means(half, None) for half in features.split(2, dim=2))
        if not whole.shape == top.shape == bottom.shape:
            return False
        return torch.allclose(whole, (top + bottom) / 2, rtol=1e-3, atol=1e-6)


def as_statistic(statistic: Statistic | Callable[[Tensor], Tensor]) -> Statistic:
    """One of this module's functions, a `Statistic`, or a function of the reader's own.

    Such a function takes no weights: for a region it gets the positions inside alone, as features
    (1, C, n, 1).
    """
    if isinstance(statistic, type):
        name = statistic.__name__
        raise CourseError(f"statistic={name} is a class; write {name}(), with parentheses.")
    if isinstance(statistic, Statistic):
        return statistic
    if not callable(statistic):
        raise CourseError(f"statistic is a function of features, not {shown(statistic)}.")
    name = getattr(statistic, "__qualname__", Statistic.name)
    return STATISTICS.get(statistic) or Statistic(_of_positions_inside(statistic), name=name)


def weighted_mean(tensors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Σ w x / Σ w of tensors of one shape."""
    weighted = (w * tensor for w, tensor in zip(weights, tensors, strict=True))
    return sum(weighted, torch.zeros_like(tensors[0])) / sum(weights)


def widened_features(features: Tensor) -> Tensor:
    """Features in 16 bits as float32, others as they are."""
    return features.float() if features.dtype.itemsize < 4 else features


def _of_positions_inside(statistic: Callable[[Tensor], Tensor]) -> Callable:
    def means(features: Tensor, weights: Tensor | None) -> Tensor:
        features = widened_features(features)
        if weights is None:
            return statistic(features)
        inside = weights.flatten() > 0
        if not inside.any():
            return torch.zeros_like(statistic(features))
        return weights.mean() * statistic(features.flatten(2)[:, :, inside].unsqueeze(3))

    return means


def _gram(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """F F ᵀ / (H·W), each position with its weight."""
    return fast_gram_matrix(features if weights is None else features * weights.sqrt())


def _shifted_gram(features: Tensor, weights: Tensor | None = None) -> Tensor:
    return _gram(features + SHIFT, weights)


def _mean(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """(1, C), in float32 or longer."""
    features = widened_features(features)
    return (features if weights is None else features * weights).mean((2, 3))


def _two_moments(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """(1, 2, C): the means of the activations and of their squares."""
    features = widened_features(features)
    return torch.stack([_mean(features, weights), _mean(features.square(), weights)], dim=1)


def _moments_loss(found: Tensor, target: Tensor) -> Tensor:
    """The mean of squared differences, in the units of the Gram matrix (see `distributions`)."""
    return target.square().sum(1).mean() * style_loss(found, target)


def _mean_and_std(moments: Tensor) -> Tensor:
    mean, square = moments.unbind(1)
    variance = (square - mean.square()).clamp(min=LEAST_VARIANCE)
    return torch.stack([mean, variance.sqrt()], dim=1)


def gram_and_mean(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """(1, C, C + 1): the Gram matrix, and the means as a last column."""
    return torch.cat([_gram(features, weights), _mean(features, weights).unsqueeze(2)], dim=2)


def _covariance(means: Tensor) -> Tensor:
    gram, mean = means[..., :-1], means[..., -1:]
    return gram - mean @ mean.mT


STATISTICS: dict[Callable, Statistic] = {
    gram_matrix: Statistic(_gram, name="gram_matrix"),
    mean_and_std: Statistic(_two_moments, _mean_and_std, _moments_loss, "mean_and_std"),
    covariance: Statistic(gram_and_mean, _covariance, name="covariance"),
    shifted_gram_matrix: Statistic(_shifted_gram, name="shifted_gram_matrix"),
}


# ---------------------------------------------------------------- the Gram matrix of the loop


def fast_gram_matrix(features: Tensor) -> Tensor:
    """G = F Fᵀ / (H·W) with a cheaper gradient, and in float32 for features in 16 bits.

    Both factors of F Fᵀ are the same, which PyTorch cannot know: the gradient here takes one matrix
    product instead of two. The style loss is the small difference of two Gram matrices. Near the
    end of a run, an error of 0.2 % in them, that of bfloat16, would hide it.

    Args:
        features: F, (1, C, H, W).

    Returns:
        (1, C, C), float32 if the features are float16 or bfloat16, else of their type.
    """
    return _Gram.apply(features)


class _Gram(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        if is_channels_last(features):
            matrix = features[0].movedim(0, -1).flatten(0, 1).T
        else:
            matrix = features[0].flatten(1)
        channels, positions = matrix.shape  # F
        if features.dtype not in (torch.bfloat16, torch.float16):
            return (matrix @ matrix.T / positions)[None]
        total = matrix.new_zeros((channels, channels), dtype=torch.float32)
        for part in matrix.split(POSITIONS_AT_ONCE, dim=1):
            part = part.float()
            total.addmm_(part, part.T)
        return (total / positions)[None]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        return gram_gradient(features, gradient, features[0, 0].numel())


def gram_gradient(features: Tensor, gradient: Tensor, positions: int) -> Tensor:
    """dL/dF = (D + Dᵀ) F / M, where dL/dG = D; the rounding error of 16 bits does no harm here.

    Args:
        features: F, (1, C, h, w), at all M positions or at some of them.
        gradient: D, (1, C, C).
        positions: M, of the whole image.

    Returns:
        (1, C, h, w), of the type of the features.
    """
    both = ((gradient + gradient.mT) / positions).to(features.dtype)
    if is_channels_last(features):
        return (features.movedim(1, -1) @ both).movedim(-1, 1)
    return (both @ features.flatten(2)).view(features.shape)


def is_channels_last(features: Tensor) -> bool:
    """Whether the channels of a position lie next to each other in memory; products keep that."""
    return features.stride(1) == 1
