"""What a student can ask of an exercise: `check`, `hint`, `solution`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .grader.answer import NOTHING
from .grader.judge import judge
from .grader.source import compiled
from .grader.verdicts import Verdict
from .lock import LOCKS
from .record import RECORD
from .report import Report, show
from .spec import Exercise


class Session:
    """One exercise in one kernel.

    Attributes:
        exercise: the exercise itself, as data.
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self._hints_shown = 0
        self._to_speak_of: Verdict | None = None  # what was wrong, until a hint has spoken of it

    def check(self, answer: Any = NOTHING) -> None:
        """Say whether `answer` (a function) is right, and if not, what is wrong. Never raises."""
        verdict = self.examine(answer)
        show(verdict.report)
        self._to_speak_of = None if verdict.solved or not verdict.attempted else verdict
        if verdict.attempted and answer is not NOTHING:
            RECORD.add(self.exercise.name, "solved" if verdict.solved else "tried")

    def hint(self) -> None:
        """Show the next hint; the first one after a check speaks of what was wrong in it."""
        verdict, self._to_speak_of = self._to_speak_of, None
        show(self._next_hint() if verdict is None else self._hint_on(verdict))
        RECORD.add(self.exercise.name, "hint")

    def _hint_on(self, verdict: Verdict) -> Report:
        headline = f"Hint on your last answer · {self.exercise.title}"
        more = f"`{self.exercise.call_name}.hint()` again shows a hint on the exercise itself."
        return Report("note", headline, (verdict.hint,), verdict.report.block, (more,))

    def _next_hint(self) -> Report:
        self._hints_shown += 1
        hints, title = self.exercise.hints, self.exercise.title
        count, number = len(hints), self._hints_shown
        if number <= count:
            headline, shown = f"Hint {number} of {count} · {title}", [hints[number - 1]]
        else:
            headline, shown = f"All {count} hints · {title}", list(hints)
        if number >= count:
            shown.append(f"There are no more hints; see `{self.exercise.call_name}.solution()`.")
        return Report("note", headline, tuple(shown))

    def solution(self, word: str = "") -> None:
        """Show the solution's code and the reason for it; `word` opens it where it is kept back."""
        exercise, lock = self.exercise, LOCKS.lock
        if lock and not lock.is_open(word):
            show(lock.refusal(exercise.call_name, word))
            return
        headline, code = f"Solution · {exercise.title}", exercise.code.rstrip()
        show(Report("note", headline, (), code, (exercise.why,)))
        RECORD.add(exercise.name, "solution")

    def use(self, answer: Any) -> Callable:
        """The answer if it is right, so that the next cells can use it; else the course's own."""
        verdict = self.examine(answer)
        if verdict.solved:
            return answer
        text = f"`{self.exercise.function_name}` is not right yet: the course's own is used here."
        show(Report("note", text))
        return self.compiled(self.code)

    # What tests and instructors use.

    def examine(self, answer: Any = NOTHING) -> Verdict:
        """The verdict on an answer, without showing or remembering it."""
        return judge(self.exercise, answer)

    @property
    def state(self) -> str:
        """ "open", "tried" or "solved"."""
        return RECORD.entry(self.exercise.name).state

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
        headline = f"{exercise.title} · {exercise.name} · {exercise.effort}"
        return Report("note", headline, sentences, exercise.stub.rstrip(), after)
