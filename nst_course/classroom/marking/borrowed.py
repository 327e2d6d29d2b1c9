"""What an answer calls of the package, in place of computing it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from ...exercises.grader.outcome import run
from ...exercises.grader.sandbox import Sandbox
from ...exercises.grader.source import compiled
from ...exercises.spec import Exercise

_PACKAGE = Path(__file__).parents[2]
_INSIDE = str(_PACKAGE)
_EXERCISES = str(_PACKAGE / "exercises")


def borrowed(exercise: Exercise, answer: Callable) -> list[str]:
    """The functions of the package that the answer uses and the solution does without."""
    module = getattr(answer, "__module__", None) or ""
    if module.split(".")[0] == _PACKAGE.name:
        return [_named(answer.__module__, answer.__name__)]
    own = _called(exercise, compiled(exercise, exercise.code))
    return sorted(_called(exercise, answer) - own)


def _called(exercise: Exercise, answer: Callable) -> set[str]:
    found: set[str] = set()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        file = frame.f_code.co_filename
        if event != "call" or not file.startswith(_INSIDE):
            return
        caller = frame.f_back.f_code.co_filename if frame.f_back else ""
        if not caller.startswith(_INSIDE):  # the first function, and not what it calls itself
            module = frame.f_globals.get("__name__", "")
            if not (file.startswith(_EXERCISES) and frame.f_code.co_name.startswith("_")):
                found.add(_named(module, frame.f_code.co_name))

    def watched(*arguments: Any) -> Any:
        sys.setprofile(watch)
        try:
            return answer(*arguments)
        finally:
            sys.setprofile(None)

    with Sandbox() as sandbox:
        for case in exercise.cases[-2:]:
            try:
                run(exercise, watched, case, sandbox)
            except Exception:  # the check has said what is wrong
                break
    return found


def _named(module: str, name: str) -> str:
    """As a reader would write it."""
    return f"{module.removeprefix(_PACKAGE.name + '.')}.{name}"
