"""Exercises that diagnose: `check`, `hint`, `solution`. Every notebook from 01 on has some.

    import nst_course as nst

    nst.exercises.gram_matrix                   # the prompt and the stub
    nst.exercises.gram_matrix.check(my_gram)    # says what is wrong, and never raises
    nst.exercises.gram_matrix.hint()            # one more hint at each call
    nst.exercises.gram_matrix.solution()        # the code and the reason
    nst.exercises.gram_matrix.use(my_gram)      # my_gram once it is right, the course's till then
    nst.exercises.progress()                    # what is solved, in all notebooks and kernels
    nst.exercises.progress.reset()              # erases that
    nst.exercises.lock_solutions(until="2027-01-31")        # an instructor keeps solutions back

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
from importlib.util import find_spec
from typing import Any

from ..errors import CourseError


class UnknownExercise(CourseError, AttributeError):
    """There is no exercise of this name."""


def registry() -> dict[str, Any]:
    """Every exercise's session by its name, in the order of the notebooks."""
    # Read when the first exercise is asked for: importing the course stays cheap.
    from .catalog import SESSIONS

    return SESSIONS


class _Progress:
    """What this user has solved so far, in all notebooks and kernels."""

    def __call__(self) -> None:
        """Show it, by notebook."""
        from .progress_table import Progress
        from .record import RECORD
        from .report import show

        exercises = [session.exercise for session in registry().values()]
        show(Progress(exercises, RECORD.entries()))

    def reset(self) -> None:
        """Erase it."""
        from .record import RECORD
        from .report import Report, show

        RECORD.reset()
        show(Report("note", "Your progress was erased. All exercises are open again."))


progress = _Progress()


def lock_solutions(until: str = "", word: str = "") -> None:
    """Keep the solutions back in this kernel; see `nst_course.exercises.lock`."""
    from .lock import lock_solutions as lock

    lock(until, word)


def __getattr__(name: str) -> Any:
    if name.startswith("_") or find_spec(f"{__name__}.{name}"):  # a module on its way in
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    exercises = registry()
    if name in exercises:
        return exercises[name]
    near = difflib.get_close_matches(name, exercises, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(exercises)}."
    raise UnknownExercise(f"There is no exercise {name!r}; {advice}")


def __dir__() -> list[str]:
    return [*registry(), "lock_solutions", "progress"]
