"""What can be compared as style: formulas in float64, weights, means over positions."""

import pytest
import torch

import nst_course as nst
from nst_course.statistics import STATISTICS, Statistic, as_statistic

NAMES = ["gram_matrix", "mean_and_std", "covariance", "shifted_gram_matrix"]


def features(channels: int = 5, height: int = 6, width: int = 8) -> torch.Tensor:
    generator = torch.Generator().manual_seed(channels)
    shape = (1, channels, height, width)
    return torch.randn(shape, generator=generator, dtype=torch.float64).relu()


def formula(name: str, x: torch.Tensor) -> torch.Tensor:
    """Each statistic once more, from the positions as rows: (n, C)."""
    rows = x[0].flatten(1).T
    if name == "gram_matrix":
        return torch.einsum("ni,nj->ij", rows, rows) / len(rows)
    if name == "mean_and_std":
        return torch.stack([rows.mean(0), rows.std(0, correction=0)])
    if name == "covariance":
        return torch.cov(rows.T, correction=0)
    return torch.einsum("ni,nj->ij", rows - 1, rows - 1) / len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_formula(name):
    x = features()
    torch.testing.assert_close(getattr(nst, name)(x)[0], formula(name, x))
    torch.testing.assert_close(as_statistic(getattr(nst, name))(x)[0], formula(name, x))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_finite_differences(name):
    statistic = as_statistic(getattr(nst, name))
    x = features(3, 4, 4).requires_grad_()
    slope = torch.linspace(-1, 2, statistic(x).numel(), dtype=x.dtype)
    (gradient,) = torch.autograd.grad((statistic(x).flatten() * slope).sum(), x)
    step = 1e-6 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).to(x)
    ahead, behind = ((statistic(x.detach() + s).flatten() * slope).sum() for s in (step, -step))
    assert ((ahead - behind) / 2).item() == pytest.approx((gradient * step).sum().item(), rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_a_rectangle_mean_the_rectangle(name):
    statistic, x = as_statistic(getattr(nst, name)), features()
    inside = torch.zeros(1, 1, 6, 8, dtype=x.dtype)
    inside[..., 1:4, 2:7] = 1
    found = statistic.summary(statistic.means(x, inside / inside.mean()))
    torch.testing.assert_close(found, statistic(x[..., 1:4, 2:7]))


@pytest.mark.parametrize("name", ["gram_matrix", "mean_and_std", "covariance"])
def test_soft_weights_are_those_of_repeated_positions(name):
    """A position with weight 3 counts as often as three copies of it."""
    statistic, x = as_statistic(getattr(nst, name)), features(4, 1, 6)
    counts = torch.tensor([3, 1, 0, 2, 1, 5])
    weights = counts.to(x.dtype).view(1, 1, 1, 6)
    found = statistic.summary(statistic.means(x, weights / weights.mean()))
    torch.testing.assert_close(found, statistic(x.repeat_interleave(counts, dim=3)))


def test_function_of_ones_own_gets_the_positions_inside():
    def cubes(x: torch.Tensor) -> torch.Tensor:
        return x.pow(3).mean((2, 3))

    statistic, x = as_statistic(cubes), features()
    inside = torch.zeros(1, 1, 6, 8, dtype=x.dtype)
    inside[..., 1:4, 2:7] = 1
    torch.testing.assert_close(statistic(x), cubes(x))
    found = statistic.means(x, inside / inside.mean())
    torch.testing.assert_close(found, cubes(x[..., 1:4, 2:7]))
    nothing = torch.zeros_like(inside)
    assert torch.equal(statistic.means(x, nothing), torch.zeros(1, 5, dtype=x.dtype))


@pytest.mark.parametrize("statistic", [*STATISTICS, lambda x: x.abs().mean((2, 3))])
def test_means_are_recognized(statistic):
    assert as_statistic(statistic).is_mean(7, torch.device("cpu"))


@pytest.mark.parametrize(
    "statistic",
    [
        lambda x: x.amax((2, 3)),
        lambda x: x.std((2, 3)),
        lambda x: x.sum((2, 3)),
        lambda x: torch.einsum("bihw,bjhw->bij", x, x),
        lambda x: x.flatten(2).sort(2).values.mean(2) ** 2,
    ],
    ids=["maximum", "deviation", "sum", "raw Gram", "squared mean"],
)
def test_what_is_no_mean_over_positions_is_recognized_too(statistic):
    assert not as_statistic(statistic).is_mean(7, torch.device("cpu"))


def test_statistic_is_its_summary_of_its_means():
    statistic = Statistic(lambda x, weights: x.mean((2, 3)), torch.exp)
    x = features()
    torch.testing.assert_close(statistic(x), x.mean((2, 3)).exp())
    assert as_statistic(statistic) is statistic


def test_channel_that_is_constant_has_a_finite_gradient():
    x = torch.ones(1, 2, 4, 4, requires_grad=True)
    nst.mean_and_std(x).sum().backward()
    assert x.grad.isfinite().all()
