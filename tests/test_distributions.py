"""Styles as distributions: independent formulas, gradients, regions, mixtures."""

import pytest
import torch

import nst_course as nst
from nst_course.distributions import gaussian_distance, mixed_quantiles, resampled

CLASSES = [nst.GaussianWasserstein, nst.HistogramMatching, nst.SlicedWasserstein]
DOUBLE = torch.float64


def drawn(channels: int = 4, height: int = 5, width: int = 6, seed: int = 0, dtype=DOUBLE):
    generator = torch.Generator().manual_seed(seed)
    shape = (1, channels, height, width)
    return torch.randn(shape, generator=generator, dtype=DOUBLE).add(seed / 2).to(dtype)


def mean_and_covariance(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = x[0].flatten(1).double()
    return rows.mean(1), torch.cov(rows, correction=0)


def formula(kind: type, x: torch.Tensor, y: torch.Tensor) -> float:
    """Each distance once more, times the mean square of the artwork's features y."""
    if kind is nst.GaussianWasserstein:
        (mean, cov), (other_mean, other_cov) = map(mean_and_covariance, (x, y))
        first, second = map(root_of, (cov, other_cov))
        # tr (Σ^½ T Σ^½)^½ is the sum of the singular values of Σ^½ T^½.
        cross = torch.linalg.svdvals(first @ second).sum()
        squared = (mean - other_mean).square().sum() + cov.trace() + other_cov.trace() - 2 * cross
        return (squared / len(mean) * y.square().mean()).item()
    rows, others = x[0].flatten(1).T, y[0].flatten(1).T
    if kind is nst.SlicedWasserstein:
        generator = torch.Generator().manual_seed(0)
        directions = torch.randn(2 * (rows.shape[1],), generator=generator, dtype=DOUBLE)
        directions = torch.nn.functional.normalize(directions, dim=1)
        rows, others = rows @ directions.T, others @ directions.T
    total = 0.0
    for column, other in zip(rows.T.tolist(), others.T.tolist(), strict=True):
        pairs = zip(sorted(column), sorted(other), strict=True)
        total += sum((a - b) ** 2 for a, b in pairs)
    return total / rows.numel() * others.square().mean().item()


def root_of(matrix: torch.Tensor) -> torch.Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ values.clamp(min=0).sqrt().diag() @ vectors.T


def loss(statistic: nst.Statistic, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return statistic.distance(statistic(x), statistic(y))


@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE])
@pytest.mark.parametrize("kind", CLASSES)
def test_distance_is_that_of_the_formula(kind, dtype):
    x, y = drawn(seed=1), drawn(seed=2)
    found = loss(kind(), x.to(dtype), y.to(dtype))
    assert found.dtype == dtype
    assert found.item() == pytest.approx(formula(kind, x, y), rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE])
@pytest.mark.parametrize("kind", CLASSES)
def test_gradient_agrees_with_finite_differences(kind, dtype):
    statistic, y = kind(), drawn(seed=2)
    x = drawn(seed=1)
    leaf = x.to(dtype).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(statistic, leaf, y.to(dtype)), leaf)
    step = 1e-5 * drawn(seed=0)
    ahead, behind = (loss(statistic, x + sign * step, y) for sign in (1, -1))
    slope = ((ahead - behind) / 2).item()
    assert (gradient.double() * step).sum().item() == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("kind", CLASSES)
def test_equal_distributions_have_distance_0_and_no_gradient(kind):
    x = drawn(seed=1)
    shuffled = x.flatten(2)[:, :, torch.randperm(30)].view(x.shape).requires_grad_()
    found = loss(kind(), shuffled, x)
    (gradient,) = torch.autograd.grad(found, shuffled)
    assert abs(found) < 1e-6 and gradient.abs().max() < 1e-6
    assert loss(kind(), 1.1 * x, x) > 1e-3


@pytest.mark.parametrize("channels", [1, 4, 40])
def test_gradient_is_finite_with_more_channels_than_positions_and_with_dead_ones(channels):
    x, y = drawn(channels, 2, 3, 1, torch.float32), drawn(channels, 3, 3, 2, torch.float32)
    x[:, 0], y[:, -1] = 0, 0
    for first, second in ((x, y), (torch.zeros_like(x), y), (x, torch.zeros_like(y)), (x, x)):
        leaf = first.clone().requires_grad_()
        found = loss(nst.GaussianWasserstein(), leaf, second)
        (gradient,) = torch.autograd.grad(found, leaf)
        assert found.isfinite() and gradient.isfinite().all()
        assert gradient.abs().max() < 100


def test_gaussians_of_one_channel_have_the_distance_of_means_and_deviations():
    first, second = (torch.tensor([[[v, m]]], dtype=DOUBLE) for v, m in ((9.0, 1.0), (4.0, 3.0)))
    expected = (1 - 3) ** 2 + (3 - 2) ** 2
    assert gaussian_distance(first, second).item() == pytest.approx(expected, rel=1e-4)


def test_sorting_is_matching_the_histogram():
    """Risser's mean of (F − R)²: R has the artwork's values, in the order of F."""
    x, y = drawn(seed=1), drawn(seed=2)
    matched = torch.empty_like(x).flatten(2)
    matched.scatter_(2, x.flatten(2).argsort(2), y.flatten(2).sort(2).values)
    expected = (x - matched.view(x.shape)).square().mean() * y.square().mean()
    torch.testing.assert_close(loss(nst.HistogramMatching(), x, y), expected)


@pytest.mark.parametrize("kind", [nst.HistogramMatching, nst.SlicedWasserstein])
def test_artwork_of_another_size_is_the_same_distribution(kind):
    x = drawn(seed=1)
    larger = x.repeat(1, 1, 3, 2)  # each value six times
    assert loss(kind(), x, larger) < 0.03 * loss(kind(), x, 1.5 * x)


def test_quantiles_in_between_are_interpolated():
    values = torch.tensor([[[0.0, 2.0, 10.0]]])
    assert resampled(values, 3) is values
    torch.testing.assert_close(resampled(values, 6)[0, 0], torch.tensor([0, 0.5, 1.5, 4, 8, 10]))


def test_mixture_of_two_distributions_lies_between_them():
    low, high = torch.zeros(1, 1, 4), torch.full((1, 1, 8), 10.0)
    torch.testing.assert_close(mixed_quantiles([low, high], [3, 1]), torch.full((1, 1, 8), 2.5))


def test_seed_decides_about_the_directions():
    x, y = drawn(seed=1), drawn(seed=2)
    first, same, other = (loss(nst.SlicedWasserstein(seed), x, y) for seed in (3, 3, 4))
    assert first == same and first != other
    with pytest.raises(nst.CourseError, match="seed is a whole number"):
        nst.SlicedWasserstein(seed=-1)


def test_what_only_a_joint_distribution_shows():
    """Two channels with equal histograms and moments: independent, or on a circle."""
    angles = torch.linspace(0, 2 * torch.pi, 401, dtype=DOUBLE)[:-1]
    circle = torch.stack([angles.cos(), angles.sin()]).view(1, 2, 20, 20)
    generator = torch.Generator().manual_seed(0)
    second = circle[0, 1].flatten()[torch.randperm(400, generator=generator)]
    independent = torch.stack([circle[0, 0].flatten(), second]).view(1, 2, 20, 20)
    assert loss(nst.HistogramMatching(), circle, independent) < 1e-12
    assert loss(nst.GaussianWasserstein(), circle, independent) < 1e-3
    assert loss(nst.SlicedWasserstein(), circle, independent) > 1e-3


@pytest.mark.parametrize("kind", CLASSES)
def test_region_means_the_positions_inside(kind):
    statistic, x = kind(), drawn(3, 6, 8)
    inside = torch.zeros(1, 1, 6, 8, dtype=DOUBLE)
    inside[..., 1:5, 2:8] = 1
    whole = statistic.summary(statistic.means(x, inside / inside.mean()))
    part = statistic(x[..., 1:5, 2:8])
    if kind is not nst.GaussianWasserstein:
        assert whole.shape == statistic(x).shape  # regions of any size can be stacked
        part = resampled(part, 48)
    torch.testing.assert_close(whole, part)


def test_only_gaussians_are_means_over_positions():
    device = torch.device("cpu")
    assert [kind().is_mean(5, device) for kind in CLASSES] == [True, False, False]


def test_features_in_16_bits_are_compared_in_float32():
    for kind in CLASSES:
        x = drawn(seed=1, dtype=torch.bfloat16)
        assert kind()(x).dtype == torch.float32


def test_class_without_parentheses_is_refused():
    with pytest.raises(nst.CourseError, match="with parentheses"):
        nst.StyleTerm(nst.SlicedWasserstein)
