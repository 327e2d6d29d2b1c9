"""Whether an answer is the right one times a constant, or times a power of a size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ..compare import near
from .outcome import flat

_MOST = 10_000  # entries; a larger result is wrong for another reason
_NUMBERS = {  # factors that come with a size
    1: "",
    2: "twice ",
    0.5: "half of ",
    4: "4 times ",
    0.25: "a quarter of ",
    -1: "minus ",
}
COMMON = ("half of", "a quarter of", "twice", "4 times", "minus")  # in formulas with a factor
_FRACTIONS = {0.5: "half of", 0.25: "a quarter of", 1 / 3: "a third of", 2: "twice", -1: "minus"}


def multiple(got: Sequence[Any], expected: Sequence[Any], sizes: Sequence[dict[str, float]]) -> str:
    """What the results are, as a multiple of the right ones; empty if they are none.

    Args:
        got: the results, case by case.
        expected: the right ones.
        sizes: the sizes in each case by name, such as {"C": 3, "H·W": 20}.

    Returns:
        words, such as "half of the right one" or "the right one divided by C".
    """
    cases = []
    for mine, theirs, known in zip(got, expected, sizes, strict=True):
        ratio = _ratio(mine, theirs)
        if ratio is None:
            return ""
        if ratio != "any":
            cases.append((float(ratio), known))
    ratios = [ratio for ratio, _ in cases]
    if len(cases) < 2 or min(map(abs, ratios)) < 1e-12:
        return ""
    if _alike(ratios, [ratios[0]] * len(ratios)):
        return (
            "" if _alike(ratios, [1.0] * len(ratios)) else f"{_in_words(ratios[0])} the right one"
        )
    for words, powers in _formulas([name for name in cases[0][1] if cases[0][1][name]]):
        values = [math.prod(known[n] ** p for n, p in powers.items()) for _, known in cases]
        for number, before in _NUMBERS.items():
            if _alike(ratios, [number * value for value in values]):
                return f"{before}the right one {words}"
    return ""


def _ratio(mine: Any, theirs: Any) -> Any:
    """mine / theirs, if it is the same in all entries; "any" where all are zero; else None."""
    if isinstance(mine, dict) or isinstance(theirs, dict):
        if type(mine) is not type(theirs) or set(mine) != set(theirs):
            return None
        mine = {name: mine[name] for name in theirs}
    mine, theirs = _numbers(mine), _numbers(theirs)
    if mine is None or theirs is None or mine.shape != theirs.shape:
        return None
    square = float(theirs.square().sum())
    if square == 0:
        return "any" if not mine.any() else None
    ratio = float((mine * theirs).sum()) / square
    return ratio if math.isfinite(ratio) and near(mine, ratio * theirs) else None


def _numbers(value: Any) -> torch.Tensor | None:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        parts = [_numbers(item) for item in value]
        return None if None in parts or not parts else torch.cat(parts)  # type: ignore[arg-type]
    if isinstance(value, torch.Tensor):
        row = flat(value)
        return None if row is None or row.numel() > _MOST else row.double()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return torch.tensor([float(value)], dtype=torch.float64)
    return None


def _alike(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(math.isclose(x, y, rel_tol=1e-3) for x, y in zip(a, b, strict=True))


def _in_words(ratio: float) -> str:
    for value, words in _FRACTIONS.items():
        if math.isclose(ratio, value, rel_tol=1e-3):
            return words
    return f"{ratio:.4g} times"


def _formulas(names: Sequence[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """Powers of the sizes, the simplest first, in words."""
    singles = (-1, 1, -2, 2, -0.5, 0.5)
    for power, name in itertools.product(singles, names):
        yield _product({name: power}), {name: power}
    for a, b in itertools.combinations(names, 2):
        for p, q in itertools.product((-1, 1, -2, 2), repeat=2):
            yield _product({a: p, b: q}), {a: p, b: q}
    for three in itertools.combinations(names, 3):
        for signs in itertools.product((-1, 1), repeat=3):
            powers: dict[str, float] = dict(zip(three, signs, strict=True))
            yield _product(powers), powers


def _product(powers: dict[str, float]) -> str:
    def joined(sign: int) -> str:
        chosen = {name: abs(power) for name, power in powers.items() if power * sign > 0}
        return " · ".join(_power(name, power) for name, power in chosen.items())

    above, below = joined(1), joined(-1)
    if above and below:
        return f"times {above} / ({below})"
    return f"times {above}" if above else f"divided by {below}"


def _power(name: str, power: float) -> str:
    if power == 1:
        return name
    inner = f"({name})" if "·" in name else name
    return f"{inner}²" if power == 2 else f"√{inner}"
