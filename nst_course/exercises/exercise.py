"""An exercise: one declarative piece of code, and what a student can ask of it.

Nothing here, nor in `judge`, knows what an exercise is about. To add one, write an `Exercise` in a
file of its own, in the folder of its notebook. Stub, solution and mistakes are source code, because
they are shown, put into notebook cells by the tests, and run.
"""

from __future__ import annotations

import ast
import linecache
import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from ..errors import CourseError
from .report import Report, show

if TYPE_CHECKING:
    from .judge import Verdict

Inputs = dict[str, Any]  # the arguments of one call, by the names that the stub gives them
Call = Callable[[Inputs], Any]  # calls the student's answer

NOTHING = object()  # check() without an argument


@dataclass(frozen=True)
class Property:
    """Something that holds for every right answer.

    `test(call, inputs)` returns None where it holds, and lines with the numbers where it does not.
    """

    says: str
    test: Callable[[Call, Inputs], str | None]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give, as code.

    The code is the solution with some pieces exchanged (`edits`: what it says → what is written
    instead), or a whole `source`. `raises` is a regular expression: the message of an exception by
    which this mistake is recognised where it raises one.
    """

    name: str  # what was done, in words; it completes "Not right yet: "
    why: str  # why that is wrong, and what to look at
    edits: dict[str, str] = field(default_factory=dict)
    source: str = ""
    raises: str = ""


@dataclass(eq=False)
class Exercise:
    """One exercise. The name is its id in cell metadata and its attribute in `nst.exercises`."""

    name: str
    notebook: str  # its file name, without .ipynb
    title: str
    prompt: str
    stub: str  # one function; its parameters name the inputs
    code: str  # the solution
    why: str  # shown below the solution
    notice: str  # one line for someone who got it right
    hints: tuple[str, ...]  # from a nudge to nearly there
    cases: tuple[Callable[[], Inputs], ...]  # each makes fresh inputs; the smallest first
    mistakes: tuple[Mistake, ...]
    properties: tuple[Property, ...] = ()
    definition: str = "The result follows the definition in the text."
    gradient: tuple[str, ...] = ()  # inputs that the result's gradient must reach
    may_change: tuple[str, ...] = ()  # inputs that an answer may alter
    observe: Callable[[Callable, Inputs], Any] | None = None  # what to look at, if not the result

    state: str = field(default="open", init=False)  # "open", "tried" or "solved", in this kernel
    _hints_shown: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name in ("stub", "code"):
            setattr(self, name, textwrap.dedent(getattr(self, name)).strip() + "\n")

    # What a student calls.

    def check(self, answer: Any = NOTHING) -> None:
        """Say whether `answer` (a function) is right, and if not, what is wrong. Never raises."""
        show(self.examine(answer).report)

    def hint(self) -> None:
        """Show the next hint."""
        self._hints_shown += 1
        count, number = len(self.hints), self._hints_shown
        if number <= count:
            headline, hints = f"Hint {number} of {count} · {self.title}", [self.hints[number - 1]]
        else:
            headline, hints = f"All {count} hints · {self.title}", list(self.hints)
        if number >= count:
            hints.append(f"There are no more hints. `{self.call_name}.solution()` is next.")
        show(Report("note", headline, tuple(hints)))

    def solution(self) -> None:
        """Show the solution's code and the reason for it."""
        show(Report("note", f"Solution · {self.title}", (), self.code.rstrip(), (self.why,)))

    # What tests and instructors use.

    def examine(self, answer: Any) -> Verdict:
        """The verdict on an answer, without showing it."""
        from .judge import judge

        verdict = judge(self, answer)
        if verdict.solved:
            self.state = "solved"
        elif verdict.attempted and self.state == "open":
            self.state = "tried"
        return verdict

    def cell(self, source: str | None = None) -> str:
        """Source of the exercise's notebook cell: the stub (or `source`) and the call of check."""
        code = (self.stub if source is None else source).rstrip()
        return f"{code}\n\n\n{self.call_name}.check({self.function_name})  # .hint()  .solution()"

    def mistake_source(self, mistake: Mistake) -> str:
        """Code of a known mistake."""
        if mistake.source:
            return textwrap.dedent(mistake.source).strip() + "\n"
        source = self.code
        for right, wrong in mistake.edits.items():
            if source.count(right) != 1:
                raise CourseError(
                    f"Mistake {mistake.name!r} of exercise {self.name!r} exchanges {right!r}, which"
                    f" occurs {source.count(right)} times in the solution; it must occur once."
                )
            source = source.replace(right, wrong)
        return source

    @property
    def call_name(self) -> str:
        """How a notebook calls the exercise."""
        return f"nst.exercises.{self.name}"

    @cached_property
    def function_name(self) -> str:
        return self._definition_in_stub.name

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        return tuple(argument.arg for argument in self._definition_in_stub.args.args)

    @property
    def _definition_in_stub(self) -> ast.FunctionDef:
        return next(n for n in ast.parse(self.stub).body if isinstance(n, ast.FunctionDef))

    def compiled(self, source: str) -> Callable:
        """The function that a piece of source code defines."""
        import nst_course

        filename = f"<{self.name} {hash(source):x}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        names: dict[str, Any] = {"torch": torch, "math": math, "nst": nst_course}
        exec(compile(source, filename, "exec"), names)
        return names[self.function_name]

    def __repr__(self) -> str:
        return repr(self._as_report)

    def _repr_html_(self) -> str:
        return self._as_report._repr_html_()

    @property
    def _as_report(self) -> Report:
        sentences = tuple(" ".join(part.split()) for part in self.prompt.strip().split("\n\n"))
        after = (f"`.check({self.function_name})`, `.hint()`, `.solution()` · {self.state}",)
        return Report("note", f"{self.title} · {self.name}", sentences, self.stub.rstrip(), after)
