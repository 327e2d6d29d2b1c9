"""Right numbers in a wrong form: several values, another shape, another number type."""

from __future__ import annotations

from typing import Any

import torch

from ..compare import Difference, difference
from . import verdicts
from .edits import TELLING
from .outcome import same_numbers
from .sandbox import AnswerRaised, Raised
from .shown import numbers
from .trial import Trial
from .verdicts import Verdict


def single_number_in_a_tensor(trial: Trial) -> Verdict | None:
    """Sums that were begun with a tensor: (1,) or float32. They are right, with a word of advice.

    A mean that has kept the axis of the batch looks the same for one picture, and not for two.
    """
    for mine, theirs in zip(trial.outcomes, trial.expected, strict=True):
        if not _is_single_number(theirs.value, shapes=((),)):
            return None
        if not _is_single_number(mine.value, shapes=((), (1,))) or not same_numbers(mine, theirs):
            return None
    if trial.outcomes[-1].value.shape == (1,) and not _stays_single(trial):
        return None
    if trial.outcomes[-1].value.shape == (1,):
        which = "has the shape (1,), and a single number has the shape ()"
    else:
        which = "has another number type than the input"
    advice = f"One remark: your result {which}. Start a sum from `0.0`, not from a tensor."
    return verdicts.right(trial.exercise, advice)


def _is_single_number(value: Any, shapes: tuple) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.device.type == "cpu"
        and tuple(value.shape) in shapes
    )


def _stays_single(trial: Trial) -> bool:
    """Whether the result is still one number for a batch of two pictures."""

    def doubled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: doubled(item) for key, item in value.items()}
        if isinstance(value, torch.Tensor) and value.dim() > 2 and value.shape[0] == 1:
            return torch.cat([value, value])
        return value

    inputs = [doubled(value) for value in trial.inputs(-1).values()]
    try:
        result = trial.sandbox.call(trial.call, *inputs)
    except AnswerRaised:
        return True
    return result.numel() == 1


def several_values(trial: Trial) -> Verdict | None:
    first = trial.outcomes[0].value
    if trial.exercise.observe or not isinstance(first, (tuple, list)):
        return None
    if isinstance(trial.expected[0].value, (tuple, list)):
        return None
    for position in range(min(len(first), 5)):
        for mine, theirs in zip(trial.outcomes, trial.expected, strict=True):
            if not isinstance(mine.value, (tuple, list)) or len(mine.value) <= position:
                break
            if difference(mine.value[position], theirs.value):
                break
        else:
            what = "a tuple with one value" if len(first) == 1 else f"{len(first)} values"
            return verdicts.one_of_several(position, len(first), what)
    return None


def right_numbers_in_another_form(trial: Trial) -> Verdict | None:
    stops = next((o.raised for o in trial.outcomes if o.raised), None)
    if trial.has_the_numbers_of(trial.exercise.code):
        if trial.repair and trial.repair.kind in TELLING:
            return None
        for i in trial.wrong:
            found = difference(trial.outcomes[i].value, trial.expected[i].value)
            if found and not trial.outcomes[i].raised:
                return verdicts.only_form(
                    found.got, found.expected, _form(found), _also_stops(stops)
                )
        return None
    for mistake in trial.mistakes_in_another_form():
        shapes = [
            (found.got, found.expected)
            for mine, theirs in zip(trial.outcomes, trial.expected, strict=True)
            if (found := difference(mine.value, theirs.value)) and found.aspect == "shape"
            if not mine.raised
        ]
        also = f"The shape is {shapes[-1][0]} where {shapes[-1][1]} is asked for." if shapes else ""
        also = " ".join(filter(None, [also, _also_stops(stops)]))
        return verdicts.mistake(mistake, numbers(trial), also)
    return None


def _also_stops(error: Raised | None) -> str:
    return f"With a batch of two it stops: {error.message}" if error else ""


def _form(found: Difference) -> str:
    if found.aspect == "shape":
        if found.expected.replace("(1, ", "(", 1) == found.got:
            return (
                "The axis of the batch is lost. Every picture of a batch has a result of its own."
            )
        if found.expected == "()":
            return "An axis is left over: a single number has the shape ()."
        return f"The shape is {found.got} where {found.expected} is asked for."
    if found.aspect == "dtype":
        return "Keep the number type of the input: a new tensor can take `dtype=` from it."
    return f"The {found.aspect} is {found.got} where {found.expected} is asked for."
