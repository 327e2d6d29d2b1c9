"""L-BFGS for pixels, in float64: against PyTorch's, against the dense formula, and its limits."""

import itertools
import math

import pytest
import torch

from nst_course.optim.lbfgs import LBFGS

SIZE = 12
UNBOUNDED = (-math.inf, math.inf)


def convex(seed: int = 0):
    """A convex, not quadratic function of 12 numbers with curvatures from 1 to 100."""
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
    function, pixels: torch.Tensor, steps: int, bounds: tuple = UNBOUNDED, **settings
) -> tuple[LBFGS, list]:
    """The optimizer after some steps, and every iterate with its gradient."""
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
    """With a first step of the same size and no limit afterwards."""
    function, _ = convex()
    ours, theirs = start(), start()
    first = LBFGS(
        [ours],
        history_size=history,
        initial_step=1 / SIZE,
        max_step=math.inf,
        preconditioner=False,
        bounds=UNBOUNDED,
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


@pytest.mark.parametrize("preconditioned", [False, True])
def test_direction_is_that_of_the_dense_inverse_hessian(preconditioned):
    """Nocedal and Wright 2006, eq. 6.17, written out with matrices."""
    function, _ = convex()
    optimizer, path = descend(
        function, start(), 9, history_size=4, max_step=0.05, preconditioner=preconditioned
    )
    pairs = [
        (later[0] - before[0], later[1] - before[1])
        for before, later in zip(path, path[1:], strict=False)
    ][-4:]
    step, change = pairs[-1]
    identity = torch.eye(SIZE, dtype=torch.float64)
    first_guess = (
        [optimizer.preconditioner.apply(row) for row in identity] if preconditioned else identity
    )
    first_guess = (step @ change) / (change @ change) * torch.stack([*first_guess])
    gradient = path[-1][1]
    # With an active set: as if the function had the other dimensions only.
    for active in (torch.zeros(SIZE, dtype=torch.bool), torch.arange(SIZE) % 3 == 0):
        free = (~active).double()
        inverse_hessian = first_guess * free * free[:, None]
        for step, change in pairs:
            rho = 1 / (step @ change)
            step, change = step * free, change * free
            side = identity - rho * torch.outer(step, change)
            inverse_hessian = side @ inverse_hessian @ side.T + rho * torch.outer(step, step)
        expected = -inverse_hessian @ gradient
        torch.testing.assert_close(optimizer._direction(gradient, active), expected)


def test_gradient_in_the_active_set_does_not_reach_the_neighbors():
    """The preconditioner would spread it, and free pixels would oscillate."""
    function, _ = convex()
    optimizer, path = descend(function, start(), 9)
    gradient, active = path[-1][1], torch.arange(SIZE) < 5
    before = optimizer._direction(gradient, active)
    assert not before[active].any() and before[~active].all()
    for _, change, _ in optimizer.pairs:
        change[active] += 100
    torch.testing.assert_close(optimizer._direction(gradient, active), before)


def test_minimum_of_an_ill_conditioned_function_is_found():
    function, goal = convex()
    pixels = start()
    descend(function, pixels, 80, max_step=0.1)
    torch.testing.assert_close(pixels.detach().flatten(), goal, atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", range(5))
def test_minimum_within_bounds_is_found(seed):
    """Karush, Kuhn and Tucker: a zero gradient where a pixel is free, outward where it is not."""
    function, goal = convex(seed)
    pixels, bounds = start(), (-0.3, 0.4)
    assert (goal < -0.3).any() and (goal > 0.4).any()
    optimizer, path = descend(function, pixels, 80, max_step=0.1, bounds=bounds)
    assert all(x.min() >= -0.3 and x.max() <= 0.4 for x, _ in path)
    found, slope = path[-1]
    lowest, highest = found == -0.3, found == 0.4
    assert lowest.any() or highest.any()
    assert slope[~lowest & ~highest].abs().max() < 1e-6
    assert (slope[lowest] > 0).all() and (slope[highest] < 0).all()


def test_pairs_hold_the_step_that_the_bounds_allowed():
    function, _ = convex()
    optimizer, path = descend(function, start(), 4, max_step=0.5, bounds=(-0.1, 0.1))
    assert path[-1][0].abs().max() == 0.1
    for (step, change, _), (before, after) in zip(
        optimizer.pairs, itertools.pairwise(path), strict=True
    ):
        torch.testing.assert_close(step, after[0] - before[0])
        torch.testing.assert_close(change, after[1] - before[1])


@pytest.mark.parametrize("lr", [1.0, 0.5, 0.01])
def test_first_step_has_the_initial_size_against_the_gradient(lr):
    function, _ = convex()
    pixels = start()
    _, ((before, gradient),) = descend(function, pixels, 1, lr=lr, initial_step=0.03)
    step = pixels.detach().flatten() - before
    assert step.abs().mean().item() == pytest.approx(min(0.02, 0.03) * lr)
    torch.testing.assert_close(step / step.norm(), -gradient / gradient.norm())


def test_steps_grow_while_no_curvature_is_known():
    optimizer, path = descend(lambda x: -(x + 0.1).square().sum(), start(), 9, initial_step=0.001)
    reaches = [(b[0] - a[0]).abs().mean().item() for a, b in zip(path, path[1:], strict=False)]
    expected = [0.001, 0.004, 0.016, 0.02, 0.02, 0.02, 0.02, 0.02]
    assert reaches == pytest.approx(expected) and optimizer.inverse_curvature is None


def test_first_step_uses_the_inverse_curvature_of_an_earlier_optimizer():
    function, _ = convex()
    pixels = start()
    _, ((before, gradient),) = descend(function, pixels, 1, inverse_curvature=1e-6)
    torch.testing.assert_close(pixels.detach().flatten() - before, -1e-6 * gradient)
    pixels = start()  # the earlier function may have been another one
    _, ((before, _),) = descend(function, pixels, 1, inverse_curvature=1.0, initial_step=0.003)
    assert (pixels.detach().flatten() - before).abs().mean().item() == pytest.approx(0.003)
    optimizer, path = descend(function, start(), 5)
    step, change = path[-1][0] - path[-2][0], path[-1][1] - path[-2][1]
    assert optimizer.inverse_curvature == pytest.approx((step @ change / (change @ change)).item())


@pytest.mark.parametrize("lr", [1.0, 0.25])
def test_no_step_goes_further_than_the_limit(lr):
    def cliff(x):  # far from quadratic
        return (x - 0.3).pow(4).sum() * 1e6 + x.sin().sum()

    _, path = descend(cliff, start(), 40, lr=lr, max_step=0.02)
    reaches = [(b[0] - a[0]).abs().mean().item() for a, b in zip(path, path[1:], strict=False)]
    assert max(reaches) <= 0.02 * lr * (1 + 1e-9)


@pytest.mark.parametrize("history", [1, 2, 5])
def test_no_more_pairs_are_kept_than_history_says(history):
    function, _ = convex()
    optimizer, path = descend(function, start(), 9, history_size=history)
    assert len(optimizer.pairs) == history
    newest = path[-1][0] - path[-2][0]
    torch.testing.assert_close(optimizer.pairs[-1][0], newest)


def test_pairs_in_bfloat16_find_the_minimum_as_well():
    function, goal = convex()
    pixels = start()
    optimizer, path = descend(function, pixels, 80, max_step=0.1, history_dtype=torch.bfloat16)
    torch.testing.assert_close(pixels.detach().flatten(), goal, atol=1e-3, rtol=0)
    step, change, curvature = optimizer.pairs[-1]
    assert step.dtype == change.dtype == torch.bfloat16
    assert curvature == torch.dot(step.double(), change.double()).item()  # of the rounded pair


def test_pairs_of_negative_curvature_are_skipped():
    optimizer, _ = descend(lambda x: -(x + 0.1).square().sum(), start(), 6)
    assert optimizer.pairs == []


@pytest.mark.parametrize("factor", [1e-12, 1e-4, 1e6])
def test_path_does_not_depend_on_the_scale_of_the_loss(factor):
    function, _ = convex()
    _, plain = descend(function, start(), 20)
    _, scaled = descend(lambda x: factor * function(x), start(), 20)
    torch.testing.assert_close(scaled[-1][0], plain[-1][0], rtol=1e-6, atol=1e-9)


def test_pixels_without_a_gradient_stay():
    pixels = start()
    descend(lambda x: (x * 0).sum(), pixels, 3)
    assert torch.equal(pixels, start())


def test_two_tensors_are_refused():
    with pytest.raises(ValueError):
        LBFGS([start(), start()])


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("history", "history_size", 7),
        ("largest_move", "max_step", 0.5),
        ("first_move", "trial_step", 0.5),
        ("kept_as", "history_dtype", torch.bfloat16),
        ("by_wave", "preconditioner", None),
        ("scale", "inverse_curvature", 2.0),
    ],
)
def test_old_names_still_work_and_warn(old, new, value):
    with pytest.warns(DeprecationWarning, match=old):
        optimizer = LBFGS([start()], **{old: value})
    assert getattr(optimizer, new) == value
