"""What differs between two values, in words: type, shape, dtype, device, keys, numbers."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import allclose, equal  # kept, in case an answer replaces torch's

_MANY = 12  # numbers of a tensor; above this only the shape is shown
_MANY_IN_A_DICT = 6
_LONG = 400  # characters; longer text is cut


@dataclass(frozen=True)
class Difference:
    """The first thing that differs. `form` is False where only the numbers are different."""

    aspect: str  # "type", "shape", "dtype", "device", "keys", "length", "not a number", "value"
    got: str
    expected: str
    where: str = ""  # place inside the result, such as [0]

    @property
    def form(self) -> bool:
        return self.aspect not in ("value", "not a number")


def difference(got: Any, expected: Any, where: str = "") -> Difference | None:
    """First difference between an answer's result and the expected one; None if there is none."""
    if isinstance(expected, torch.Tensor):
        return _tensor_difference(got, expected, where)
    if isinstance(expected, dict):
        return _dict_difference(got, expected, where)
    if isinstance(expected, (tuple, list)):
        return _sequence_difference(got, expected, where)
    if isinstance(expected, bool) or not isinstance(expected, numbers.Real):
        same = type(got) is type(expected) and got == expected
        return None if same else Difference("value", brief(got), brief(expected), where)
    return _number_difference(got, expected, where)


def _tensor_difference(got: Any, expected: torch.Tensor, where: str) -> Difference | None:
    if not isinstance(got, torch.Tensor):
        return Difference("type", kind(got), kind(expected), where)
    for aspect in ("shape", "device", "dtype", "layout"):
        mine, theirs = getattr(got, aspect), getattr(expected, aspect)
        if mine != theirs:
            if aspect == "shape":
                mine, theirs = tuple(mine), tuple(theirs)
            return Difference(aspect, str(mine), str(theirs), where)
    got, expected = got.detach(), expected.detach()
    if not (got.is_floating_point() or got.is_complex()):
        same = equal(got, expected)
    elif torch.isnan(got).any() and not torch.isnan(expected).any():
        return Difference("not a number", brief(got), brief(expected), where)
    else:
        same = near(got, expected)
    return None if same else Difference("value", brief(got), brief(expected), where)


def _number_difference(got: Any, expected: numbers.Real, where: str) -> Difference | None:
    if isinstance(got, torch.Tensor) and got.numel() == 1 and got.device.type == "cpu":
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, numbers.Real):
        return Difference("type", kind(got), kind(expected), where)
    if math.isnan(got):
        return Difference("not a number", "nan", brief(expected), where)
    same = math.isclose(got, expected, rel_tol=1e-5, abs_tol=1e-12)
    return None if same else Difference("value", brief(got), brief(expected), where)


def _dict_difference(got: Any, expected: dict, where: str) -> Difference | None:
    if not isinstance(got, dict):
        return Difference("type", kind(got), kind(expected), where)
    if set(got) != set(expected):
        return Difference("keys", brief(list(got)), brief(list(expected)), where)
    found = (difference(got[key], expected[key], f"{where}[{key!r}]") for key in expected)
    return next(filter(None, found), None)


def _sequence_difference(got: Any, expected: tuple | list, where: str) -> Difference | None:
    if not isinstance(got, (tuple, list)):
        return Difference("type", kind(got), kind(expected), where)
    if len(got) != len(expected):
        return Difference("length", str(len(got)), str(len(expected)), where)
    pairs = enumerate(zip(got, expected, strict=True))
    found = (difference(mine, theirs, f"{where}[{i}]") for i, (mine, theirs) in pairs)
    return next(filter(None, found), None)


def near(got: torch.Tensor, expected: torch.Tensor, loosely: bool = False) -> bool:
    """Whether numbers agree within the rounding of sums of a few dozen terms.

    Args:
        loosely: allow for the small constants (1e-6, 1e-8) that many functions add to be safe.
    """
    got, expected = got.detach(), expected.detach()
    if got.is_complex() and expected.is_complex():
        got, expected = (torch.view_as_real(z.resolve_conj()) for z in (got, expected))
    got = got.to(torch.float64)
    single = expected.dtype != torch.float64
    expected = expected.to(torch.float64)
    finite = expected[expected.isfinite()]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    relative = 1e-4 if single else 1e-5
    absolute = (1e-6 if single else 1e-9) + (1e-5 if single else 1e-7) * largest
    if loosely:
        relative, absolute = 1e-3, absolute + 1e-5 * largest
    return bool(allclose(got, expected, relative, absolute, equal_nan=True))


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors agree within rounding; for the properties of an exercise."""
    return difference(a, b) is None


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor inside a value, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors(item)


def kind(value: Any) -> str:
    """The type of a value in a few words."""
    if value is None:
        return "None"
    name = type(value).__name__
    module = getattr(type(value), "__module__", "")
    known = {"builtins": "", "torch": "torch."}
    return f"{known.get(module, f'{module}.')}{name}"


def brief(value: Any) -> str:
    """A value on one line: short numbers, whole when small, else its type and shape.

    Axes of length one are left out of the numbers, and the shape is added where that hides one.
    """
    try:
        text = _brief(value)
        if isinstance(value, torch.Tensor) and 1 in value.shape and not text.startswith("tensor"):
            text += f"   shape {tuple(value.shape)}"
        return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
    except Exception:  # an object of the student's, with a __repr__ of its own
        return f"a value of type {kind(value)}"


def _brief(value: Any, most: int = _MANY) -> str:
    if isinstance(value, torch.Tensor):
        if value.device.type != "cpu" or value.numel() > most:
            return f"tensor of shape {tuple(value.shape)}"
        return _brief(value.detach().squeeze().tolist())
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, numbers.Real):
        number = float(value) + 0.0  # no minus in front of a zero
        return f"{number:.5g}".replace("e+0", "e").replace("e-0", "e-")
    if isinstance(value, dict):
        items = (f"{key!r}: {_brief(item, _MANY_IN_A_DICT)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, (tuple, list)):
        marks = "()" if isinstance(value, tuple) else "[]"
        return marks[0] + ", ".join(_brief(item) for item in value) + marks[1]
    if isinstance(value, torch.optim.Optimizer):
        return f"{type(value).__name__}(lr={value.param_groups[0]['lr']:g})"
    if isinstance(value, torch.Generator):
        return "a generator of random numbers"
    if callable(value):
        return (getattr(value, "__doc__", None) or "a function").strip().splitlines()[0]
    return repr(value)
