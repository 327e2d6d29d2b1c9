"""From an answer to a verdict: runs it on every case and finds out what is wrong with it.

The order: not attempted; a known mistake; an exception; the form of the result; a changed input;
a gradient that is cut; a property that fails; the definition. A known mistake is the most useful
thing to hear, so it comes early. It is only named when it does on every case exactly what the
answer does: the same numbers, gradients and changed inputs, or the same exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from ..compare import brief, difference, tensors
from ..properties import example, table
from ..spec import Exercise, Inputs, Mistake
from . import verdicts
from .attempt import still_the_stub, unusable
from .sandbox import AnswerRaised, Raised, Sandbox, Stopped
from .source import compiled
from .verdicts import Verdict


def judge(exercise: Exercise, answer: Any, seconds: float | None = None) -> Verdict:
    """The verdict on an answer. Never raises: Ctrl-C and endless code become sentences too."""
    sandbox = Sandbox() if seconds is None else Sandbox(seconds)
    try:
        with sandbox:
            verdict = _judge(exercise, answer, sandbox)
    except Stopped as stop:
        verdict = verdicts.stopped(str(stop))
    except KeyboardInterrupt:  # while an exception of the answer was being described
        verdict = verdicts.stopped(sandbox.reason or "You stopped the check before it was done.")
    except Exception as error:
        verdict = verdicts.unclear(error)
    return verdict.with_printed(sandbox.printed)


def matching_mistakes(exercise: Exercise, answer: Callable) -> list[Mistake]:
    """Every known mistake that does what the answer does. There should never be two."""
    with Sandbox() as sandbox:
        outcomes = [_outcome(exercise, answer, case, sandbox) for case in exercise.cases]
        return list(_reproducing(exercise, outcomes, sandbox))


@dataclass
class _Outcome:
    """What one call did."""

    value: Any = None
    raised: Raised | None = None
    returned: list = field(default_factory=list)  # what the answer itself returned, call by call
    changed: tuple[str, ...] = ()
    inputs_after: Inputs = field(default_factory=dict)
    gradients: list[torch.Tensor | None] = field(default_factory=list)
    no_backward: str = ""  # message, if the gradient cannot be computed at all


def _judge(exercise: Exercise, answer: Any, sandbox: Sandbox) -> Verdict:
    if still_the_stub(exercise, answer):
        return verdicts.not_attempted(exercise)
    if sentence := unusable(exercise, answer):
        return verdicts.no_answer(sentence)

    outcomes = [_outcome(exercise, answer, case, sandbox) for case in exercise.cases]
    if verdict := _nothing_there(exercise, outcomes):
        return verdict
    solution = compiled(exercise, exercise.code)
    expected = [_outcome(exercise, solution, case, sandbox) for case in exercise.cases]
    pairs = list(zip(exercise.cases, outcomes, expected, strict=True))
    wrong = [pair for pair in pairs if not _same(*pair[1:])]
    if wrong:
        for mistake in _reproducing(exercise, outcomes, sandbox):
            return verdicts.mistake(mistake, _numbers(*wrong[0]))
        for look in (_raised, _wrong_form, _changed, _gradient):
            for case, outcome, right in wrong:
                if verdict := look(exercise, case(), outcome, right):
                    return verdict
    if verdict := _failing_property(exercise, answer, sandbox):
        return verdict
    return verdicts.differs(exercise, _numbers(*wrong[0])) if wrong else verdicts.right(exercise)


def _outcome(exercise: Exercise, answer: Callable, case: Callable, sandbox: Sandbox) -> _Outcome:
    """Calls the answer on fresh inputs and records everything that one may want to compare."""
    inputs, outcome = case(), _Outcome()
    leaves: list[torch.Tensor] = []
    for name in exercise.gradient:
        inputs[name] = _differentiable(inputs[name], leaves)

    def call(*arguments: Any) -> Any:
        outcome.returned.append(sandbox.call(answer, *arguments))
        return outcome.returned[-1]

    try:
        outcome.value = _observed(exercise, call, inputs)
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
        if name not in exercise.may_change and _is_data(before[name])
        if difference(inputs[name], before[name])
    )
    if leaves and outcome.raised is None:
        _differentiate(outcome, leaves)
    return outcome


def _observed(exercise: Exercise, call: Callable, inputs: Inputs) -> Any:
    if exercise.observe is not None:
        return exercise.observe(call, inputs)
    return call(*inputs.values())


def _is_data(value: Any) -> bool:
    return not callable(value) and not isinstance(value, torch.Generator)


def _differentiable(value: Any, leaves: list[torch.Tensor]) -> Any:
    """A copy whose gradient can be asked for through `leaves`.

    The copy is no leaf itself, as features are none: an answer that changes it in place can.
    """
    if isinstance(value, dict):
        return {key: _differentiable(item, leaves) for key, item in value.items()}
    leaves.append(value.detach().clone().requires_grad_(True))
    return leaves[-1].clone()


def _differentiate(outcome: _Outcome, leaves: list[torch.Tensor]) -> None:
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


def _same(a: _Outcome, b: _Outcome, raises: str = "") -> bool:
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
    return all(map(_same_gradient, a.gradients, b.gradients))


def _same_exception(a: Raised, b: Raised, raises: str) -> bool:
    if a.type != b.type:
        return False
    if raises and re.search(raises, a.message) and re.search(raises, b.message):
        return True
    return re.sub(r"[\d\W]+", " ", a.message) == re.sub(r"[\d\W]+", " ", b.message)


def _same_gradient(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    if a is None or b is None:
        return a is b
    return difference(a, b) is None


def _reproducing(
    exercise: Exercise, outcomes: list[_Outcome], sandbox: Sandbox
) -> Iterator[Mistake]:
    for mistake in exercise.mistakes:
        code = compiled(exercise, exercise.mistake_source(mistake))
        wrong = (_outcome(exercise, code, case, sandbox) for case in exercise.cases)
        if all(_same(*pair, mistake.raises) for pair in zip(outcomes, wrong, strict=True)):
            yield mistake


# One look each: a verdict if there is something to say, None if not.


def _nothing_there(exercise: Exercise, outcomes: list[_Outcome]) -> Verdict | None:
    for outcome in outcomes:
        if any(value is ... for value in outcome.returned):
            return verdicts.not_attempted(exercise, dots_left=True)
        if any(value is None for value in outcome.returned):
            return verdicts.returns_nothing()
        if outcome.raised and _is_placeholder(outcome.raised):
            return verdicts.not_attempted(exercise)
    return None


def _is_placeholder(error: Raised) -> bool:
    """Whether the answer says of itself that it is not written; torch raises this type as well."""
    return error.type == "NotImplementedError" and error.line.strip().startswith("raise")


def _raised(exercise: Exercise, inputs: Inputs, outcome: _Outcome, right: _Outcome) -> Any:
    return verdicts.raised(outcome.raised, _shapes(inputs)) if outcome.raised else None


def _wrong_form(exercise: Exercise, inputs: Inputs, outcome: _Outcome, right: _Outcome) -> Any:
    found = difference(outcome.value, right.value)
    return verdicts.wrong_form(found, _shapes(inputs)) if found and found.form else None


def _changed(exercise: Exercise, inputs: Inputs, outcome: _Outcome, right: _Outcome) -> Any:
    if not outcome.changed:
        return None
    name = outcome.changed[0]
    rows = [(f"{name} before", inputs[name]), (f"{name} after", outcome.inputs_after[name])]
    return verdicts.input_changed(name, table(rows))


def _gradient(exercise: Exercise, inputs: Inputs, outcome: _Outcome, right: _Outcome) -> Any:
    found = difference(outcome.value, right.value)
    if found and found.aspect == "not a number":
        return verdicts.not_a_number(_example(inputs, outcome, right))
    if outcome.no_backward:
        return verdicts.no_backward(outcome.no_backward)
    for mine, theirs in zip(outcome.gradients, right.gradients, strict=True):
        if mine is None and theirs is not None:
            return verdicts.gradient_cut(exercise.gradient[0])
        if found is None and not _same_gradient(mine, theirs):
            block = table([*inputs.items(), ("your gradient", mine), ("expected", theirs)])
            return verdicts.gradient_partly_cut(exercise.gradient[0], block)
    return None


def _failing_property(exercise: Exercise, answer: Callable, sandbox: Sandbox) -> Verdict | None:
    def call(inputs: Inputs) -> Any:
        return _observed(exercise, lambda *given: sandbox.call(answer, *given), inputs)

    for statement in exercise.properties:
        for case in exercise.cases:
            try:
                block = statement.test(call, case())
            except AnswerRaised as error:
                return verdicts.raised(error.raised, _shapes(case()))
            if block is not None:
                return verdicts.property_fails(statement, block)
    return None


def _numbers(case: Callable[[], Inputs], outcome: _Outcome, right: _Outcome) -> str:
    """The smallest example, as far as it can be shown in numbers."""
    inputs = case()
    if outcome.raised:
        return verdicts.error_lines(outcome.raised)
    if difference(outcome.value, right.value):
        return _example(inputs, outcome, right)
    if outcome.changed:
        name = outcome.changed[0]
        return table([(f"{name} before", inputs[name]), ("after", outcome.inputs_after[name])])
    return ""


def _example(inputs: Inputs, outcome: _Outcome, right: _Outcome) -> str:
    return example(inputs, outcome.value, right.value)


def _shapes(inputs: Inputs) -> str:
    """The inputs in a few words: shapes of tensors, values of the rest."""
    parts = []
    for name, value in inputs.items():
        if isinstance(value, torch.Tensor) and value.dim():
            parts.append(f"`{name}` of shape {tuple(value.shape)}")
        elif _is_data(value) and not isinstance(value, (dict, torch.optim.Optimizer)):
            parts.append(f"`{name}` = {brief(value)}")
        else:
            parts.append(f"`{name}`")
    return ", ".join(parts)
