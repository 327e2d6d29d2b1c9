"""Runs the student's code so that whatever it does becomes a value one can talk about.

Output and pictures are caught, the state of the kernel is put back, and Ctrl-C or an endless loop
ends the check and not the notebook.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import random
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from IPython.utils.capture import capture_output

from .clock import SECONDS, Clock
from .kernel import Refused, nobody_waits, put_back

_PRINTED = 2_000  # characters kept of what an answer prints
_PATHS = sysconfig.get_paths()
_NOT_THE_STUDENTS = (
    str(Path(__file__).parents[2]),  # this package
    *(_PATHS[name] for name in ("stdlib", "purelib", "platlib")),
    "<frozen ",
)


@dataclass(frozen=True)
class Raised:
    """An exception of the student's code, kept as words (an exception would keep its frames)."""

    type: str
    message: str
    line_number: int | None = None
    line: str = ""


class AnswerRaised(Exception):
    """Carries a `Raised` through a property's test."""

    def __init__(self, raised: Raised) -> None:
        super().__init__(raised.type)
        self.raised = raised


class Stopped(Exception):
    """The check was ended from outside; the text says by what."""


class Sandbox:
    """Context in which answers are called.

    Attributes:
        printed: the beginning of what the first call of an answer printed.
        notes: sentences on what the answer changed in the kernel.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.printed = ""
        self.notes: list[str] = []
        self._output = _FirstCharacters()
        self._clock = Clock(seconds)
        self._exits = contextlib.ExitStack()

    @property
    def reason(self) -> str:
        """Why the check was ended from outside, if it was."""
        return self._clock.reason

    def __enter__(self) -> Sandbox:
        self._exits.enter_context(contextlib.redirect_stdout(self._output))
        self._exits.enter_context(contextlib.redirect_stderr(self._output))
        self._exits.enter_context(_pictures_dropped())
        self._exits.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        self._exits.enter_context(nobody_waits(self.notes))
        self._exits.enter_context(torch.inference_mode(False))
        self._exits.enter_context(torch.enable_grad())
        self._exits.callback(self._clock.stop)
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def call(self, function: Callable, *arguments: Any, allowed: float = float("inf")) -> Any:
        """The function's result; `AnswerRaised` if it raises anything at all.

        Args:
            allowed: seconds of processor time for this one call; more counts as an exception.
        """
        if self.reason:
            raise Stopped(self.reason)
        trace = sys.gettrace()
        try:
            with put_back(self.notes):
                torch.default_generator.manual_seed(0)  # whoever draws numbers draws the same ones
                random.seed(0)
                self._clock.begin_call(allowed)
                try:
                    return function(*arguments)
                finally:
                    sys.settrace(trace)
                    self._clock.end_call()
        except BaseException as error:
            sys.settrace(trace)
            self._clock.end_call()
            if self.reason:
                raise Stopped(self.reason) from None
            raise AnswerRaised(describe(error)) from None
        finally:
            self.printed = self.printed or self._output.getvalue()


class _FirstCharacters(io.StringIO):
    """Keeps the beginning of what is written, and takes the rest without storing it."""

    def write(self, text: str) -> int:
        room = _PRINTED - self.tell()
        if room > 0:
            super().write(str(text)[:room])
        return len(text)


@contextlib.contextmanager
def _pictures_dropped() -> Iterator[None]:
    """Figures and what is displayed go nowhere: a check calls an answer dozens of times."""
    before, backend = _open_figures(), _backend()
    try:
        with capture_output(stdout=False, stderr=False):
            yield
    finally:
        for number in _open_figures() - before:
            sys.modules["matplotlib.pyplot"].close(number)
        if backend and _backend() != backend:
            sys.modules["matplotlib"].use(backend)


def _open_figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _backend() -> str | None:
    matplotlib = sys.modules.get("matplotlib")
    backend = dict.get(matplotlib.rcParams, "backend") if matplotlib else None
    return backend if isinstance(backend, str) else None  # until it is chosen it is an object


def written_by_the_student(filename: str) -> bool:
    """Whether a file is neither Python's, nor a library's, nor the course's."""
    return not filename.startswith(_NOT_THE_STUDENTS)


def describe(error: BaseException) -> Raised:
    """Type and message of an exception, and the line of the student's code it came from."""
    try:
        message = str(error)
    except BaseException:  # an exception class of the student's, with a broken __str__
        message = ""
    message = message.strip().split("\n\n")[0]
    message = message if len(message) <= 400 else message[:399] + "…"
    number, line = None, ""
    for frame, frame_line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if frame_line and written_by_the_student(name):
            number, line = frame_line, linecache.getline(name, frame_line).strip()
    kind = "" if isinstance(error, Refused) else type(error).__name__
    return Raised(kind, message, number, line)
