"""L-BFGS for pixels, in float64: against PyTorch's, against the dense formula, and its limits."""

import itertools
import math

import pytest
import torch

from nst_course.optim.lbfgs import LBFGS

SIZE = 12
NONE = (-math.inf, math.inf)  # bounds that nothing meets


def valley(seed: int = 0):
    """A convex function of 12 numbers that is no parabola, with curvatures from 1 to 100."""
    generator = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(SIZE, SIZE, generator=generator, dtype=torch.float64))
    curvatures = torch.logspace(0, 2, SIZE, dtype=torch.float64)
    goal = torch.randn(SIZE, generator=generator, dtype=torch.float64)

    def function(x: torch.Tensor) -> torch.Tensor:
        away = basis @ (x.flatten() - goal)
        return (curvatures * away.square()).sum() / 2 + away.cosh().log().sum()

    return function, goal


def start() -> torch.Tensor:
    return torch.zeros(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)


def descend(
    function, pixels: torch.Tensor, steps: int, bounds: tuple = NONE, **settings
) -> tuple[LBFGS, list]:
    """The optimiser after some steps, and every iterate with its gradient."""
    optimizer = LBFGS([pixels], bounds=bounds, **settings)
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        function(pixels).backward()
        path.append((pixels.detach().flatten().clone(), pixels.grad.flatten().clone()))
        optimizer.step()
    return optimizer, path


@pytest.mark.parametrize("history", [1, 3, 30])
def test_iterates_equal_those_of_pytorch(history):
    """With a first step of the same length and no limit afterwards."""
    function, _ = valley()
    ours, theirs = start(), start()
    first = LBFGS(
        [ours],
        history=history,
        first_move=1 / SIZE,
        largest_move=math.inf,
        by_wave=False,
        bounds=NONE,
    )
    torchs = torch.optim.LBFGS(
        [theirs], lr=1, max_iter=1, history_size=history, tolerance_grad=0, tolerance_change=0
    )

    def closure():
        torchs.zero_grad()
        loss = function(theirs)
        loss.backward()
        return loss

    for _ in range(15):
        first.zero_grad()
        function(ours).backward()
        first.step()
        torchs.step(closure)
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("by_wave", [False, True])
def test_direction_is_that_of_the_dense_inverse_hessian(by_wave):
    """Nocedal and Wright 2006, eq. 6.17, written out with matrices."""
    function, _ = valley()
    optimizer, path = descend(function, start(), 9, history=4, largest_move=0.05, by_wave=by_wave)
    pairs = [
        (later[0] - before[0], later[1] - before[1])
        for before, later in zip(path, path[1:], strict=False)
    ][-4:]
    move, change = pairs[-1]
    identity = torch.eye(SIZE, dtype=torch.float64)
    first_guess = [optimizer.spectrum.rescale(row) for row in identity] if by_wave else identity
    first_guess = (move @ change) / (change @ change) * torch.stack([*first_guess])
    gradient = path[-1][1]
    # Where pixels are stuck: as if the valley had the other dimensions only.
    for stuck in (torch.zeros(SIZE, dtype=torch.bool), torch.arange(SIZE) % 3 == 0):
        free = (~stuck).double()
        inverse_hessian = first_guess * free * free[:, None]
        for move, change in pairs:
            rho = 1 / (move @ change)
            move, change = move * free, change * free
            side = identity - rho * torch.outer(move, change)
            inverse_hessian = side @ inverse_hessian @ side.T + rho * torch.outer(move, move)
        expected = -inverse_hessian @ gradient
        torch.testing.assert_close(optimizer._direction(gradient, stuck), expected)


def test_what_a_stuck_pixel_feels_does_not_reach_its_neighbours():
    """The first guess would spread it, and free pixels would be thrown to and fro for ever."""
    function, _ = valley()
    optimizer, path = descend(function, start(), 9)
    gradient, stuck = path[-1][1], torch.arange(SIZE) < 5
    before = optimizer._direction(gradient, stuck)
    assert not before[stuck].any() and before[~stuck].all()
    for _, change, _ in optimizer.pairs:
        change[stuck] += 100
    torch.testing.assert_close(optimizer._direction(gradient, stuck), before)


def test_minimum_of_a_narrow_valley_is_found():
    function, goal = valley()
    pixels = start()
    descend(function, pixels, 80, largest_move=0.1)
    torch.testing.assert_close(pixels.detach().flatten(), goal, atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", range(5))
def test_lowest_point_within_bounds_is_found(seed):
    """Karush, Kuhn and Tucker: no slope where a pixel is free, and outwards where it is not."""
    function, goal = valley(seed)
    pixels, bounds = start(), (-0.3, 0.4)
    assert (goal < -0.3).any() and (goal > 0.4).any()
    optimizer, path = descend(function, pixels, 80, largest_move=0.1, bounds=bounds)
    assert all(x.min() >= -0.3 and x.max() <= 0.4 for x, _ in path)
    found, slope = path[-1]
    lowest, highest = found == -0.3, found == 0.4
    assert lowest.any() or highest.any()
    assert slope[~lowest & ~highest].abs().max() < 1e-6
    assert (slope[lowest] > 0).all() and (slope[highest] < 0).all()


def test_curvature_is_that_of_the_move_that_the_bounds_allowed():
    function, _ = valley()
    optimizer, path = descend(function, start(), 4, largest_move=0.5, bounds=(-0.1, 0.1))
    assert path[-1][0].abs().max() == 0.1
    for (move, change, _), (before, after) in zip(
        optimizer.pairs, itertools.pairwise(path), strict=True
    ):
        torch.testing.assert_close(move, after[0] - before[0])
        torch.testing.assert_close(change, after[1] - before[1])


@pytest.mark.parametrize("lr", [1.0, 0.5, 0.01])
def test_first_step_goes_as_far_as_allowed_against_the_gradient(lr):
    function, _ = valley()
    pixels = start()
    _, ((before, gradient),) = descend(function, pixels, 1, lr=lr, first_move=0.03)
    move = pixels.detach().flatten() - before
    assert move.abs().mean().item() == pytest.approx(min(0.02, 0.03) * lr)
    torch.testing.assert_close(move / move.norm(), -gradient / gradient.norm())


def test_steps_grow_while_no_curvature_is_known():
    optimizer, path = descend(lambda x: -(x + 0.1).square().sum(), start(), 9, first_move=0.001)
    reaches = [(b[0] - a[0]).abs().mean().item() for a, b in zip(path, path[1:], strict=False)]
    expected = [0.001, 0.004, 0.016, 0.02, 0.02, 0.02, 0.02, 0.02]
    assert reaches == pytest.approx(expected) and optimizer.scale is None


def test_first_step_uses_the_scale_that_an_earlier_optimiser_left():
    function, _ = valley()
    pixels = start()
    _, ((before, gradient),) = descend(function, pixels, 1, scale=1e-6)
    torch.testing.assert_close(pixels.detach().flatten() - before, -1e-6 * gradient)
    pixels = start()  # what was left may be that of another function
    _, ((before, _),) = descend(function, pixels, 1, scale=1.0, first_move=0.003)
    assert (pixels.detach().flatten() - before).abs().mean().item() == pytest.approx(0.003)
    optimizer, path = descend(function, start(), 5)
    move, change = path[-1][0] - path[-2][0], path[-1][1] - path[-2][1]
    assert optimizer.scale == pytest.approx((move @ change / (change @ change)).item())


@pytest.mark.parametrize("lr", [1.0, 0.25])
def test_no_step_goes_further_than_the_limit(lr):
    def cliff(x):  # far from any parabola
        return (x - 0.3).pow(4).sum() * 1e6 + x.sin().sum()

    _, path = descend(cliff, start(), 40, lr=lr, largest_move=0.02)
    reaches = [(b[0] - a[0]).abs().mean().item() for a, b in zip(path, path[1:], strict=False)]
    assert max(reaches) <= 0.02 * lr * (1 + 1e-9)


@pytest.mark.parametrize("history", [1, 2, 5])
def test_no_more_pairs_are_kept_than_history_says(history):
    function, _ = valley()
    optimizer, path = descend(function, start(), 9, history=history)
    assert len(optimizer.pairs) == history
    newest = path[-1][0] - path[-2][0]
    torch.testing.assert_close(optimizer.pairs[-1][0], newest)


def test_pairs_in_bfloat16_find_the_minimum_as_well():
    function, goal = valley()
    pixels = start()
    optimizer, path = descend(function, pixels, 80, largest_move=0.1, kept_as=torch.bfloat16)
    torch.testing.assert_close(pixels.detach().flatten(), goal, atol=1e-3, rtol=0)
    move, change, curvature = optimizer.pairs[-1]
    assert move.dtype == change.dtype == torch.bfloat16
    assert curvature == torch.dot(move.double(), change.double()).item()  # of the rounded pair


def test_hills_leave_no_pair():
    optimizer, _ = descend(lambda x: -(x + 0.1).square().sum(), start(), 6)
    assert optimizer.pairs == []


@pytest.mark.parametrize("factor", [1e-12, 1e-4, 1e6])
def test_path_does_not_depend_on_the_unit_of_the_loss(factor):
    function, _ = valley()
    _, plain = descend(function, start(), 20)
    _, scaled = descend(lambda x: factor * function(x), start(), 20)
    torch.testing.assert_close(scaled[-1][0], plain[-1][0], rtol=1e-6, atol=1e-9)


def test_pixels_at_rest_stay():
    pixels = start()
    descend(lambda x: (x * 0).sum(), pixels, 3)
    assert torch.equal(pixels, start())


def test_other_tensors_are_left_alone():
    with pytest.raises(ValueError):
        LBFGS([start(), start()])
