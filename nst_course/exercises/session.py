"""What a student can ask of an exercise: `check`, `hint`, `solution`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .grader.answer import NOTHING
from .grader.judge import judge
from .grader.source import compiled
from .grader.verdicts import Verdict
from .report import Report, show
from .spec import Exercise


class Session:
    """One exercise in one kernel.

    Attributes:
        exercise: the exercise itself, as data.
        state: "open", "tried" or "solved".
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.state = "open"
        self._hints_shown = 0

    def check(self, answer: Any = NOTHING) -> None:
        """Say whether `answer` (a function) is right, and if not, what is wrong. Never raises."""
        show(self.examine(answer).report)

    def hint(self) -> None:
        """Show the next hint."""
        self._hints_shown += 1
        hints, title = self.exercise.hints, self.exercise.title
        count, number = len(hints), self._hints_shown
        if number <= count:
            headline, shown = f"Hint {number} of {count} · {title}", [hints[number - 1]]
        else:
            headline, shown = f"All {count} hints · {title}", list(hints)
        if number >= count:
            shown.append(
                f"There are no more hints. `{self.exercise.call_name}.solution()` is next."
            )
        show(Report("note", headline, tuple(shown)))

    def solution(self) -> None:
        """Show the solution's code and the reason for it."""
        exercise = self.exercise
        headline, code = f"Solution · {exercise.title}", exercise.code.rstrip()
        show(Report("note", headline, (), code, (exercise.why,)))

    # What tests and instructors use.

    def examine(self, answer: Any = NOTHING) -> Verdict:
        """The verdict on an answer, without showing it."""
        verdict = judge(self.exercise, answer)
        if verdict.solved:
            self.state = "solved"
        elif verdict.attempted and self.state == "open":
            self.state = "tried"
        return verdict

    def cell(self, source: str | None = None) -> str:
        """Source of the exercise's notebook cell: the stub (or `source`) and the call of check."""
        return self.exercise.cell(source)

    @property
    def code(self) -> str:
        """The solution."""
        return self.exercise.code

    def compiled(self, source: str) -> Callable:
        """The function that a piece of source code defines."""
        return compiled(self.exercise, source)

    def __repr__(self) -> str:
        return repr(self._as_report)

    def _repr_html_(self) -> str:
        return self._as_report._repr_html_()

    @property
    def _as_report(self) -> Report:
        exercise = self.exercise
        sentences = tuple(" ".join(part.split()) for part in exercise.prompt.strip().split("\n\n"))
        after = (f"`.check({exercise.function_name})`, `.hint()`, `.solution()` · {self.state}",)
        headline = f"{exercise.title} · {exercise.name}"
        return Report("note", headline, sentences, exercise.stub.rstrip(), after)
