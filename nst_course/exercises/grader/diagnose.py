"""What is wrong with an answer: one look after the other, until one has something to say."""

from __future__ import annotations

from collections.abc import Callable

from ..compare import difference
from ..properties import example, table
from ..spec import Exercise, Inputs
from . import verdicts
from .edits import TELLING
from .form import right_numbers_in_another_form, several_values, single_number_in_a_tensor
from .multiple import multiple
from .outcome import Outcome, same_gradient
from .places import place
from .sandbox import AnswerRaised, Raised
from .shown import numbers, shapes
from .trial import Trial
from .verdicts import Verdict


def diagnosis(trial: Trial) -> Verdict:
    """The verdict on an answer that can be called."""
    if verdict := _nothing_there(trial):
        return verdict
    if not trial.wrong:
        return _right(trial)
    for look in _LOOKS:
        if verdict := look(trial):
            return verdict
    return verdicts.differs(trial.exercise, numbers(trial)).with_line(trial.repair)


def _nothing_there(trial: Trial) -> Verdict | None:
    nothing = [any(value is None for value in o.returned) for o in trial.outcomes]
    for outcome in trial.outcomes:
        if any(value is ... for value in outcome.returned):
            return verdicts.not_attempted(trial.exercise, dots_left=True)
        if outcome.raised and _is_placeholder(outcome.raised):
            return verdicts.not_attempted(trial.exercise)
    if any(nothing):
        inputs = trial.inputs(nothing.index(True))
        return verdicts.returns_nothing("" if all(nothing) else shapes(inputs))
    return None


def _is_placeholder(error: Raised) -> bool:
    """Whether the answer says of itself that it is not written; torch raises this type as well."""
    return error.type == "NotImplementedError" and error.line.strip().startswith("raise")


def _right(trial: Trial) -> Verdict:
    if verdict := _failing_property(trial):
        return verdict
    for remark in trial.exercise.remarks:
        for case in trial.exercise.cases:
            if remark.test(lambda i: trial.sandbox.call(trial.call, *i.values()), case()):
                return verdicts.right_but(trial.exercise, remark)
    return verdicts.right(trial.exercise)


def _known_mistake(trial: Trial) -> Verdict | None:
    for mistake in trial.known_mistakes():
        return verdicts.mistake(mistake, numbers(trial)).with_line(trial.repair)
    return None


def _telling_place(trial: Trial) -> Verdict | None:
    if trial.repair and trial.repair.kind in TELLING:
        return _raised(trial) or _place(trial)
    return None


def _multiple(trial: Trial) -> Verdict | None:
    exercise = trial.exercise
    if any(o.raised or o.changed or o.no_backward for o in trial.outcomes):
        return None
    if any(
        mine is None and not same_gradient(mine, right)
        for o, e in zip(trial.outcomes, trial.expected, strict=True)
        for mine, right in zip(o.gradients, e.gradients, strict=True)
    ):
        return None
    sizes = [exercise.sizes(case()) if exercise.sizes else {} for case in exercise.cases]
    got, expected = ([o.value for o in many] for many in (trial.outcomes, trial.expected))
    if not exercise.observe and (words := multiple(got, expected, sizes)):
        at = place(trial.repair) if trial.repair else ""
        verdict = verdicts.multiple(words, exercise.definition, numbers(trial), at)
        return verdict.with_line(trial.repair)
    return None


def _raised(trial: Trial) -> Verdict | None:
    for i in trial.wrong:
        if error := trial.outcomes[i].raised:
            at = place(trial.repair) if trial.repair else ""
            return verdicts.raised(error, shapes(trial.inputs(i)), at)
    return None


def _place(trial: Trial) -> Verdict | None:
    if trial.repair is None:
        return None
    return verdicts.one_place(trial.repair, numbers(trial)).with_line(trial.repair)


def _wrong_form(trial: Trial) -> Verdict | None:
    for i in trial.wrong:
        found = difference(trial.outcomes[i].value, trial.expected[i].value)
        if found and found.form:
            verdict = verdicts.wrong_form(found, shapes(trial.inputs(i)))
            return verdict.with_place(trial.repair)
    return None


def _changed(trial: Trial) -> Verdict | None:
    for i in trial.wrong:
        outcome = trial.outcomes[i]
        if outcome.changed:
            name, inputs = outcome.changed[0], trial.inputs(i)
            rows = [(f"{name} before", inputs[name]), (f"{name} after", outcome.inputs_after[name])]
            return verdicts.input_changed(name, table(rows)).with_place(trial.repair)
    return None


def _gradient(trial: Trial) -> Verdict | None:
    for i in trial.wrong:
        outcome, right, inputs = trial.outcomes[i], trial.expected[i], trial.inputs(i)
        found = difference(outcome.value, right.value)
        if found and found.aspect == "not a number":
            nan = verdicts.not_a_number(example(inputs, outcome.value, right.value))
            return nan.with_place(trial.repair)
        if outcome.no_backward:
            return verdicts.no_backward(outcome.no_backward).with_place(trial.repair)
        if verdict := _gradient_of_a_case(trial.exercise, inputs, outcome, right, found is None):
            return verdict.with_place(trial.repair)
    return None


def _gradient_of_a_case(
    exercise: Exercise, inputs: Inputs, outcome: Outcome, right: Outcome, same_values: bool
) -> Verdict | None:
    for mine, theirs in zip(outcome.gradients, right.gradients, strict=True):
        if not same_gradient(mine, theirs):
            if mine is None:
                return verdicts.gradient_cut(exercise.gradient[0])
            if same_values:
                block = table([*inputs.items(), ("your gradient", mine), ("expected", theirs)])
                return verdicts.gradient_partly_cut(exercise.gradient[0], block)
    return None


def _two_mistakes(trial: Trial) -> Verdict | None:
    if trial.repair:
        return None  # one change is enough
    for first, second in trial.known_pairs():
        return verdicts.two_mistakes(first, second, numbers(trial))
    for mistake, words in trial.mistakes_times_a_constant():
        return verdicts.mistake_and_factor(mistake, words, numbers(trial))
    return None


def _failing_property(trial: Trial) -> Verdict | None:
    try:
        failing = trial.failing_property()
    except AnswerRaised as error:
        return verdicts.raised(error.raised, shapes(trial.inputs(0)))
    return verdicts.property_fails(*failing) if failing else None


_LOOKS: tuple[Callable[[Trial], Verdict | None], ...] = (
    _known_mistake,
    single_number_in_a_tensor,
    several_values,
    right_numbers_in_another_form,
    _telling_place,
    _multiple,
    _two_mistakes,
    _raised,
    _wrong_form,
    _changed,
    _gradient,
    _place,
    _failing_property,
)
