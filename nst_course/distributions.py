"""Styles as distributions of features, compared by how far one has to be moved to be the other.

Each works as ``StyleTransfer(…, statistic=nst.SlicedWasserstein())``, or next to another statistic
as ``terms=[nst.StyleTerm(nst.HistogramMatching(), weight, layers, "histogram")]``.

The distances are squares of activations, while the loss of two Gram matrices has their fourth
power. As statistics they are therefore multiplied by the mean square of the artwork's activations:
the same β and w_l then serve for all.
"""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from .checks import check_count
from .statistics import Statistic, gram_and_mean, weighted_mean, widened_features

RIDGE = 1e-5  # of the mean variance, added to all variances: a channel may be constant


class GaussianWasserstein(Statistic):
    """Mean and covariance, compared by the Wasserstein distance of the two Gaussians.

        W² = ‖μ − ν‖² + tr(Σ + T − 2 (Σ^½ T Σ^½)^½), here divided by the number of channels

    (Dowson and Landau 1982). Unlike the difference of two covariances it is in units of an
    activation, so that no pair of strong channels outweighs the rest. A mean over positions.
    """

    def __init__(self) -> None:
        super().__init__(gram_and_mean, _gaussian, _gaussian_loss, "W2 of Gaussians")


class HistogramMatching(Statistic):
    """The histogram of each channel (Risser, Wilmot and Barnes 2017, section 4.3).

    The mean of (F − R)², where R is F after its histogram has been matched to the artwork's: as
    matching keeps the order of the values, the k-th smallest is compared with the k-th smallest.
    Not a mean over positions.
    """

    def __init__(self) -> None:
        super().__init__(_sorted, distance=_quantile_loss, name="histograms")

    def mix(self, means: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        return mixed_quantiles(means, weights)


class SlicedWasserstein(Statistic):
    """All of the distribution, seen from random directions (Heitz et al. 2021, eq. 4 and 5).

    Features are projected onto as many random unit vectors as there are channels, and the sorted
    projections compared. The paper draws new directions at each step. Here they stay, so that the
    objective of a run does not change and the best image is the best by one measure. Not a mean
    over positions.

    Args:
        seed: of the directions.
    """

    def __init__(self, seed: int = 0):
        check_count("seed", seed)
        super().__init__(
            partial(_sorted_projections, seed=int(seed)),
            distance=_quantile_loss,
            name=f"sliced Wasserstein, seed {seed}",
        )

    def mix(self, means: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        return mixed_quantiles(means, weights)


def gaussian_distance(gaussian: Tensor, target: Tensor) -> Tensor:
    """W² of two Gaussians (1, C, C + 1), covariance and mean, divided by C: a scalar.

    The trace of the root is the sum of the roots of the eigenvalues of Rᵀ Σ R, where T = R Rᵀ.
    """
    # In float64, where the roots of small eigenvalues are exact enough, and on the CPU, because
    # Apple's GPUs have neither float64 nor eigenvalues. C is 512 at most.
    own, other = (values[0].cpu().double() for values in (gaussian, target))
    channels = own.shape[0]
    ridge = RIDGE * other[:, :-1].trace() / channels + torch.finfo(torch.float32).tiny
    first, second = (x[:, :-1] + ridge * torch.eye(channels, dtype=x.dtype) for x in (own, other))
    variances, axes = torch.linalg.eigh(second)
    root = axes * variances.clamp(min=ridge).sqrt()
    # Rounding may leave an eigenvalue below 0; clamped above it, its root has a finite gradient.
    roots = torch.linalg.eigvalsh(root.T @ first @ root).clamp(min=ridge**2).sqrt()
    means = (own[:, -1] - other[:, -1]).square().sum()
    distance = means + first.trace() + second.trace() - 2 * roots.sum()
    return (distance / channels).to(gaussian)


def quantile_distance(values: Tensor, target: Tensor) -> Tensor:
    """The mean of squared differences of sorted values (1, K, n) and (1, K, m): a scalar."""
    return (values - resampled(target, values.shape[2])).square().mean()


def resampled(values: Tensor, count: int) -> Tensor:
    """Sorted values (1, K, n) as if there were ``count`` of them: the quantiles in between."""
    if values.shape[2] == count:
        return values
    return F.interpolate(values, count, mode="linear")


def mixed_quantiles(quantiles: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The weighted mean of sorted values: a distribution between those given, and no sum of them.

    Its values lie between theirs, as for the mean of two numbers. (In one dimension it is the
    barycenter of Wasserstein's distance.)
    """
    count = max(values.shape[2] for values in quantiles)
    alike = [resampled(values, count) for values in quantiles]
    return weighted_mean(alike, weights)


def _quantile_loss(values: Tensor, target: Tensor) -> Tensor:
    return target.square().mean() * quantile_distance(values, target)


def _gaussian_loss(gaussian: Tensor, target: Tensor) -> Tensor:
    covariance, mean = target[..., :-1], target[..., -1]
    mean_square = covariance.diagonal(dim1=1, dim2=2).mean() + mean.square().mean()
    return mean_square * gaussian_distance(gaussian, target)


def _gaussian(means: Tensor) -> Tensor:
    """(1, C, C + 1): the Gram matrix in the columns before the mean becomes the covariance."""
    gram, mean = means[..., :-1], means[..., -1:]
    return torch.cat([gram - mean @ mean.mT, mean], dim=2)


def _sorted(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """(1, C, n): the values of each channel in ascending order.

    With weights, only the positions inside a region count; their quantiles are resampled to as many
    as there are positions, so that all regions have the same shape.
    """
    rows = widened_features(features).flatten(2)
    count = rows.shape[2]
    if weights is not None:
        rows = rows[:, :, weights.flatten() > 0]
    return resampled(rows.sort(dim=2).values, count)


def _sorted_projections(
    features: Tensor, weights: Tensor | None = None, *, seed: int = 0
) -> Tensor:
    """(1, C, n): the projections onto C random unit vectors, each in ascending order."""
    channels = features.shape[1]
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn((channels, channels), generator=generator, dtype=torch.float64)
    directions = directions / directions.norm(dim=1, keepdim=True)
    features = widened_features(features)
    projections = directions.to(features) @ features.flatten(2)
    return _sorted(projections.view(features.shape), weights)
