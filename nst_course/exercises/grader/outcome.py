"""Calls an answer on one case and records everything that one may want to compare."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ..compare import difference, near, tensors
from ..spec import Exercise, Inputs
from .sandbox import AnswerRaised, Raised, Sandbox, Stopped


@dataclass
class Outcome:
    """What one call did."""

    value: Any = None
    raised: Raised | None = None
    returned: list = field(default_factory=list)  # what the answer itself returned, call by call
    changed: tuple[str, ...] = ()
    inputs_after: Inputs = field(default_factory=dict)
    gradients: list[torch.Tensor | None] = field(default_factory=list)
    no_backward: str = ""  # message, if the gradient cannot be computed at all


def run(
    exercise: Exercise,
    answer: Callable,
    case: Callable[[], Inputs],
    sandbox: Sandbox,
    allowed: float = float("inf"),
) -> Outcome:
    """Call the answer on fresh inputs; `allowed` is the processor time of one call in seconds."""
    inputs, outcome = case(), Outcome()
    leaves: list[torch.Tensor] = []
    for name in exercise.gradient:
        inputs[name] = _differentiable(inputs[name], leaves)

    def call(*arguments: Any) -> Any:
        outcome.returned.append(sandbox.call(answer, *arguments, allowed=allowed))
        return outcome.returned[-1]

    try:
        outcome.value = observed(exercise, call, inputs)
    except AnswerRaised as error:
        outcome.raised = error.raised
    except Stopped:
        raise
    except Exception:  # what came back is not what `observe` can look at
        if not any(value is None or value is ... for value in outcome.returned):
            raise
    before = case()
    outcome.inputs_after = inputs
    outcome.changed = tuple(
        name
        for name in before
        if name not in exercise.may_change and is_data(before[name])
        if _is_changed(inputs[name], before[name], name in exercise.gradient)
    )
    if leaves and outcome.raised is None:
        _differentiate(outcome, leaves)
    return outcome


def observed(exercise: Exercise, call: Callable, inputs: Inputs) -> Any:
    """What there is to compare about a call: its result, unless the exercise looks elsewhere."""
    if exercise.observe is not None:
        return exercise.observe(call, inputs)
    return call(*inputs.values())


def is_data(value: Any) -> bool:
    return not callable(value) and not isinstance(value, torch.Generator)


def _is_changed(after: Any, before: Any, differentiable: bool) -> bool:
    mark_changed = (
        not differentiable
        and isinstance(before, torch.Tensor)
        and getattr(after, "requires_grad", None) != before.requires_grad
    )
    return mark_changed or difference(after, before) is not None


def _differentiable(value: Any, leaves: list[torch.Tensor]) -> Any:
    """A copy whose gradient can be asked for through `leaves`.

    The copy is no leaf itself, as features are none: an answer that changes it in place can.
    """
    if isinstance(value, dict):
        return {key: _differentiable(item, leaves) for key, item in value.items()}
    leaves.append(value.detach().clone().requires_grad_(True))
    return leaves[-1].clone()


def _differentiate(outcome: Outcome, leaves: list[torch.Tensor]) -> None:
    """Gradient of a fixed mixture of the result's entries, so that every entry counts."""
    outcome.gradients = [None] * len(leaves)
    results = [t for t in tensors(outcome.value) if t.requires_grad and t.is_floating_point()]
    if not results:
        return
    try:
        mixed = [(t * torch.cos(torch.arange(t.numel()).view(t.shape))).sum() for t in results]
        total = sum(mixed[1:], mixed[0])
        outcome.gradients = list(torch.autograd.grad(total, leaves, allow_unused=True))
    except RuntimeError as error:
        outcome.no_backward = str(error).split("\n")[0].split("; expected")[0]


def same(a: Outcome, b: Outcome, raises: str = "") -> bool:
    """Whether two calls did the same; `raises` is a pattern that makes two messages equal."""
    if a.raised and b.raised:
        return _same_exception(a.raised, b.raised, raises)
    if a.raised or b.raised:
        return False
    changed = {*a.changed, *b.changed}
    if any(difference(a.inputs_after[name], b.inputs_after[name]) for name in changed):
        return False
    if difference(a.value, b.value) or bool(a.no_backward) != bool(b.no_backward):
        return False
    return same_gradients(a, b)


def same_numbers(a: Outcome, b: Outcome) -> bool:
    """Whether two calls gave the same numbers and gradients, in tensors of any form."""
    if a.raised or b.raised or a.changed != b.changed or a.no_backward:
        return False
    mine, theirs = flat(a.value), flat(b.value)
    if mine is None or theirs is None or mine.shape != theirs.shape:
        return False
    if not near(mine, theirs.to(mine.dtype) if mine.dtype == torch.float32 else theirs):
        return False
    return same_gradients(a, b)


def flat(value: Any) -> torch.Tensor | None:
    """The numbers of a tensor in one row; None for anything else."""
    if not isinstance(value, torch.Tensor) or value.device.type != "cpu":
        return None
    if not value.is_floating_point() or value.layout != torch.strided:
        return None
    return value.detach().reshape(-1)


def same_gradients(a: Outcome, b: Outcome) -> bool:
    return all(map(same_gradient, a.gradients, b.gradients))


def same_gradient(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    """Whether two gradients agree; none at all is as good as zero."""
    if a is None or b is None:
        return not any(gradient is not None and gradient.any() for gradient in (a, b))
    return near(a, b, loosely=True)


def _same_exception(a: Raised, b: Raised, raises: str) -> bool:
    if raises and re.search(raises, a.message) and re.search(raises, b.message):
        return True
    words = [re.sub(r"[\d\W]+", " ", raised.message) for raised in (a, b)]
    return a.type == b.type and words[0] == words[1]
