"""What an exercise is: data, and what follows from it alone.

To add an exercise, write an `Exercise` in a file of its own, in the folder of its notebook. Stub,
solution and mistakes are source code, because they are shown, put into notebook cells by the tests,
and run.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import CourseError

Inputs = dict[str, Any]  # the arguments of one call, by the names that the stub gives them
Call = Callable[[Inputs], Any]  # calls the student's answer


@dataclass(frozen=True)
class Property:
    """Something that holds for every right answer.

    `test(call, inputs)` returns None where it holds, and lines with the numbers where it does not.
    """

    says: str
    test: Callable[[Call, Inputs], str | None]


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer that people give, as code.

    The code is the solution with some pieces exchanged (`edits`: what it says → what is written
    instead), or a whole `source`. `raises` is a regular expression: the message of an exception by
    which this mistake is recognized where it raises one.
    """

    name: str  # what was done, in words; it completes "Not right yet: "
    why: str  # why that is wrong, and what to look at
    edits: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    raises: str = ""


@dataclass(frozen=True, eq=False)
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
    observe: Callable[[Callable, Inputs], Any] | None = None  # what to compare, if not the result
    names: Mapping[str, Any] = field(default_factory=dict)  # what the code uses besides torch, math
    sizes: Callable[[Inputs], dict[str, float]] | None = None  # by which an answer may be too large
    remarks: tuple[Property, ...] = ()  # that a right result may still break
    minutes: int = 10
    difficulty: str = "medium"  # "easy", "medium" or "hard"
    importance: str = "core"  # "core": later cells build on it; "useful"; or "optional"

    def __post_init__(self) -> None:
        for name in ("stub", "code"):
            object.__setattr__(self, name, textwrap.dedent(getattr(self, name)).strip() + "\n")

    @property
    def call_name(self) -> str:
        """How a notebook calls the exercise."""
        return f"nst.exercises.{self.name}"

    @property
    def effort(self) -> str:
        """Minutes, difficulty and importance in a few words."""
        return f"about {self.minutes} minutes · {self.difficulty} · {self.importance}"

    @property
    def function_name(self) -> str:
        return self._stub_definition.name

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(argument.arg for argument in self._stub_definition.args.args)

    @cached_property
    def _stub_definition(self) -> ast.FunctionDef:
        return next(n for n in ast.parse(self.stub).body if isinstance(n, ast.FunctionDef))

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
