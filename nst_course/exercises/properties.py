"""Ways to write down a property of a right answer in a line or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .compare import brief, difference
from .spec import Call, Inputs, Property

_MOST_ENTRIES = 40  # finite differences take two calls for each entry


def holds(says: str, test: Callable[[Any, Inputs], bool]) -> Property:
    """`test(result, inputs)` is true for a right answer's result."""

    def run(call: Call, inputs: Inputs) -> str | None:
        result = call(inputs)
        return None if test(result, inputs) else example(inputs, result)

    return Property(says, run)


def agrees(says: str, other: Callable[[Inputs], Any]) -> Property:
    """The result is what `other(inputs)` finds in another way."""

    def run(call: Call, inputs: Inputs) -> str | None:
        expected, result = other(inputs), call(inputs)
        return None if difference(result, expected) is None else example(inputs, result, expected)

    return Property(says, run)


def relation(
    says: str,
    change: Callable[[Inputs], Inputs],
    effect: Callable[[Any, Inputs], Any] = lambda result, inputs: result,
) -> Property:
    """Changing the inputs has this effect on the result (none, if no effect is given).

    `change(inputs)` returns the inputs that become different; the others stay.
    `effect(result, inputs)` says what the result has to become.
    """

    def run(call: Call, inputs: Inputs) -> str | None:
        changed = change(inputs)
        first, second = call(inputs), call({**inputs, **changed})
        expected = effect(first, inputs)
        if difference(second, expected) is None:
            return None
        rows = [*_rows(inputs), ("yours", first), ("", None)]
        rows += [(f"changed {name}", value) for name, value in changed.items()]
        return table([*rows, ("yours", second), ("expected", expected)])

    return Property(says, run)


def finite_differences(argument: str, step: float = 1e-6) -> Property:
    """Autograd's gradient of the result's sum agrees with (f(x + h) − f(x − h)) / 2h, by entry."""

    def run(call: Call, inputs: Inputs) -> str | None:
        point = inputs[argument].detach()
        if point.dtype != torch.float64 or point.numel() > _MOST_ENTRIES:
            return None
        leaf = point.clone().requires_grad_(True)
        result = call({**inputs, argument: leaf.clone()}).sum()
        (gradient,) = torch.autograd.grad(result, leaf)
        slopes = torch.empty_like(point).reshape(-1)
        for i in range(point.numel()):
            shift = torch.zeros_like(point).reshape(-1)
            shift[i] = step
            shift = shift.reshape(point.shape)
            ends = (call({**inputs, argument: point + sign * shift}).sum() for sign in (1, -1))
            slopes[i] = (next(ends) - next(ends)).detach() / (2 * step)
        slopes = slopes.reshape(point.shape)
        if torch.allclose(gradient, slopes, rtol=1e-4, atol=1e-6):
            return None
        return table(
            [*_rows(inputs), ("autograd's gradient", gradient), ("slope measured", slopes)]
        )

    says = f"The gradient that autograd finds for `{argument}` is the slope of the result."
    return Property(says, run)


def example(inputs: Inputs, yours: Any, expected: Any = None) -> str:
    """Inputs, the answer's result and the expected one, a line each."""
    rows = _rows(inputs)
    if isinstance(yours, dict) and isinstance(expected, dict) and set(yours) == set(expected):
        for key in expected:
            if difference(yours[key], expected[key]):
                what = f", {key}" if key else ""
                rows += [(f"yours{what}", yours[key]), (f"expected{what}", expected[key])]
        return table(rows)
    return table([*rows, ("yours", yours), *([] if expected is None else [("expected", expected)])])


def _rows(inputs: Inputs) -> list[tuple[str, Any]]:
    return list(inputs.items())


def table(rows: list[tuple[str, Any]]) -> str:
    """Names and values in two columns; a row without a name is an empty line."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {brief(value)}" if name else "" for name, value in rows)
