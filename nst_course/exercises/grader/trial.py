"""One answer, the right one and the known mistakes, each on every case."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..compare import tensors
from ..spec import Exercise, Inputs, Mistake, Property
from .multiple import COMMON, multiple
from .outcome import Outcome, observed, run, same, same_numbers
from .repair import Repair, repairs
from .sandbox import AnswerRaised, Sandbox, Stopped
from .source import compiled

_SECONDS_OF_A_REPAIR = 0.2  # a changed loop may never end
_REPAIRS_SECONDS = 0.4


@dataclass
class Trial:
    """What the check knows about one answer."""

    exercise: Exercise
    answer: Any  # as the student gave it
    call: Callable  # the answer as a function of positional arguments
    sandbox: Sandbox

    @functools.cached_property
    def outcomes(self) -> list[Outcome]:
        return [run(self.exercise, self.call, case, self.sandbox) for case in self.exercise.cases]

    @functools.cached_property
    def expected(self) -> list[Outcome]:
        cases = range(len(self.exercise.cases))
        return [_outcome_of(self.exercise, self.exercise.code, i) for i in cases]

    @functools.cached_property
    def wrong(self) -> list[int]:
        """The cases in which the answer does not do what it should."""
        pairs = enumerate(zip(self.outcomes, self.expected, strict=True))
        return [i for i, (mine, right) in pairs if not same(mine, right)]

    def inputs(self, case: int) -> Inputs:
        return self.exercise.cases[case]()

    def known_mistakes(self) -> Iterator[Mistake]:
        """Known mistakes that do what the answer does, on every case."""
        for mistake in self.exercise.mistakes:
            if self._does(self.exercise.mistake_source(mistake), mistake.raises):
                yield mistake

    def known_pairs(self) -> Iterator[tuple[Mistake, Mistake]]:
        """Two known mistakes that do together what the answer does.

        One of them may hide the other where the code stops, so an exception proves nothing.
        """
        if any(outcome.raised for outcome in self.outcomes):
            return
        for first, second in itertools.combinations(self.exercise.mistakes, 2):
            source = _with_both(self.exercise, first, second)
            if source and self._does(source):
                yield first, second

    def mistakes_in_another_form(self) -> Iterator[Mistake]:
        """Known mistakes with the answer's numbers, in tensors of another shape or type."""
        for mistake in self.exercise.mistakes:
            if self.has_the_numbers_of(self.exercise.mistake_source(mistake)):
                yield mistake

    def mistakes_times_a_constant(self) -> Iterator[tuple[Mistake, str]]:
        """Known mistakes of which the answer is a constant multiple, with the multiple in words."""
        cases = range(len(self.outcomes))
        if self.exercise.observe or any(o.raised or o.changed for o in self.outcomes):
            return
        for mistake in self.exercise.mistakes:
            source = self.exercise.mistake_source(mistake)
            theirs = [_outcome_of(self.exercise, source, i) for i in cases]
            if any(o.raised for o in theirs):
                continue
            values = [o.value for o in self.outcomes], [o.value for o in theirs]
            words = multiple(*values, [{} for _ in cases])
            if words.startswith(COMMON):
                yield mistake, words

    def has_the_numbers_of(self, source: str) -> bool:
        """Whether the numbers agree wherever the answer has any, and in most cases it has."""
        answered = [i for i, outcome in enumerate(self.outcomes) if not outcome.raised]
        return 2 * len(answered) > len(self.outcomes) and all(
            same_numbers(self.outcomes[i], _outcome_of(self.exercise, source, i)) for i in answered
        )

    def _does(self, source: str, raises: str = "") -> bool:
        cases = range(len(self.outcomes) - 1, -1, -1)  # the last cases are the most telling
        return all(
            same(self.outcomes[i], _outcome_of(self.exercise, source, i), raises) for i in cases
        )

    @functools.cached_property
    def repair(self) -> Repair | None:
        """One small change of the student's code that makes it right, if there is any."""
        if any(tensor.numel() > 1e5 for o in self.outcomes for tensor in tensors(o.value)):
            return None  # a change might compute with all of it
        began = time.thread_time()
        for repair, changed in repairs(self.answer):
            if time.thread_time() - began > _REPAIRS_SECONDS:
                return None
            if self._is_right(changed):
                return repair
        return None

    def _is_right(self, changed: Callable) -> bool:
        exercise = self.exercise
        for i in range(len(exercise.cases) - 1, -1, -1):
            try:
                outcome = run(
                    exercise, changed, exercise.cases[i], self.sandbox, _SECONDS_OF_A_REPAIR
                )
            except Stopped:
                raise
            except Exception:
                return False
            if not same(outcome, self.expected[i]):
                return False
        return self.failing_property(changed) is None

    def failing_property(self, call: Callable | None = None) -> tuple[Property, str] | None:
        """A property that fails, with its numbers; raises `AnswerRaised` where the answer does."""
        answer = call or self.call

        def called(inputs: Inputs) -> Any:
            return observed(self.exercise, lambda *given: self.sandbox.call(answer, *given), inputs)

        for statement in self.exercise.properties:
            for case in self.exercise.cases:
                try:
                    block = statement.test(called, case())
                except AnswerRaised:
                    if call is None:
                        raise
                    return statement, ""
                if block is not None:
                    return statement, block
        return None


@functools.lru_cache(maxsize=4096)
def _outcome_of(exercise: Exercise, source: str, case: int) -> Outcome:
    """What a piece of the exercise's own code does. It is the same at every check."""
    return run(exercise, compiled(exercise, source), exercise.cases[case], Sandbox())


@functools.lru_cache(maxsize=4096)
def _with_both(exercise: Exercise, first: Mistake, second: Mistake) -> str:
    """The solution with two mistakes in it; empty if they change the same place."""
    alone = (exercise.mistake_source(first), exercise.mistake_source(second))
    for mistakes in ((first, second), (second, first)):
        source = exercise.code
        for right, wrong in [edit for mistake in mistakes for edit in mistake.edits.items()]:
            source = source.replace(right, wrong) if source.count(right) == 1 else ""
        if first.edits and second.edits and source and source not in alone:
            try:
                compile(source, "<two mistakes>", "exec")
            except SyntaxError:
                continue
            return source
    return ""
