"""Exercises that diagnose: `check`, `hint`, `solution`.

    import nst_course as nst

    nst.exercises.gram_matrix                   # the prompt and the stub
    nst.exercises.gram_matrix.check(my_gram)    # says what is wrong, and never raises
    nst.exercises.gram_matrix.hint()            # one more hint at each call
    nst.exercises.gram_matrix.solution()        # the code and the reason
    nst.exercises.progress()                    # what is solved in this kernel, by notebook

**In a notebook** an exercise is one code cell: the stub, two empty lines, and the call of `check`,
as `nst.exercises.NAME.cell()` writes it. So the student edits and runs one cell and reads the
verdict below it. The cell carries the tag `exercise` and the exercise's id in its metadata:

    {"tags": ["exercise"], "exercise": "gram_matrix"}

The notebook has `import torch` and `import nst_course as nst` in a cell above. Every exercise of a
notebook has one such cell, with the stub as it is here; `tests/exercises/test_exercises.py` holds
that.

An instructor's script can ask `nst.exercises.NAME.examine(answer)` for the verdict itself:
`.category`, `.mistake`, `.solved`.

**To add an exercise**, write one `Exercise` in a file of its own, in the folder of its notebook,
and put it into the list in that folder's `__init__.py`. Its solution and its mistakes are tested as
soon as they are there.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..errors import CourseError

if TYPE_CHECKING:
    from .exercise import Exercise

# The exercises' modules are read when the first exercise is asked for: importing the course stays
# cheap. A module is called after its notebook's number, and so never hides an exercise.
_MODULES = ("notebook_01", "notebook_02", "notebook_03", "notebook_04", "notebook_05")
_registry: dict[str, Exercise] = {}


class UnknownExercise(CourseError, AttributeError):
    """There is no exercise of this name."""


def registry() -> dict[str, Exercise]:
    """Every exercise by its name, in the order of the notebooks."""
    if not _registry:
        for module in _MODULES:
            found = import_module(f"{__name__}.{module}").EXERCISES
            _registry.update({exercise.name: exercise for exercise in found})
    return _registry


def progress() -> None:
    """Show what is solved in this kernel, by notebook."""
    from .progress_report import Progress
    from .report import show

    show(Progress(list(registry().values())))


def __getattr__(name: str) -> Exercise:
    if name.startswith("_") or find_spec(f"{__name__}.{name}"):  # a module on its way in
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    exercises = registry()
    if name in exercises:
        return exercises[name]
    near = difflib.get_close_matches(name, exercises, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(exercises)}."
    raise UnknownExercise(f"There is no exercise {name!r}; {advice}")


def __dir__() -> list[str]:
    return [*registry(), "progress"]
