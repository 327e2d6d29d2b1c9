"""Runs the student's code so that whatever it does becomes a value one can talk about.

Output and pictures are caught, the state of the random generators and of autograd is put back, and
Ctrl-C or an endless loop ends the check and not the notebook.
"""

from __future__ import annotations

import _thread
import contextlib
import io
import linecache
import random
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from IPython.utils.capture import capture_output

SECONDS = 5.0  # a check takes well under one second; an answer that needs more does not end

_PRINTED = 2_000  # characters kept of what an answer prints
_PATHS = sysconfig.get_paths()
_NOT_THE_STUDENTS = (
    str(Path(__file__).parent.parent),  # this package
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
        reason: why the check was ended from outside, if it was.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.printed = ""
        self.reason = ""
        self._seconds = seconds
        self._used = 0.0  # seconds in answers so far
        self._began = 0.0  # when the call that runs began; 0 while none does
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Sandbox:
        self._output = _FirstCharacters()
        self._exits.enter_context(contextlib.redirect_stdout(self._output))
        self._exits.enter_context(contextlib.redirect_stderr(self._output))
        self._exits.enter_context(_pictures_dropped())
        self._exits.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        self._exits.enter_context(torch.inference_mode(False))
        self._exits.enter_context(torch.enable_grad())
        if threading.current_thread() is threading.main_thread():
            self._exits.callback(signal.signal, signal.SIGINT, self._take_over_interrupts())
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._done.set()  # from here on the clock interrupts nobody
        if self.reason:
            time.sleep(0.001)  # lets a signal that is under way arrive while the handler is ours
        self._exits.close()

    def call(self, function: Callable, *arguments: Any) -> Any:
        """The function's result; `AnswerRaised` if it raises anything at all."""
        if self.reason:
            raise Stopped(self.reason)
        try:
            self._began = time.monotonic()
            with _state_put_back():
                torch.default_generator.manual_seed(0)  # whoever draws numbers draws the same ones
                random.seed(0)
                return function(*arguments)
        except BaseException as error:
            if self.reason:
                raise Stopped(self.reason) from None
            raise AnswerRaised(describe(error)) from None
        finally:
            began, self._began = self._began, 0.0
            self._used += time.monotonic() - began
            self.printed = self.printed or self._output.getvalue()

    def _take_over_interrupts(self) -> Any:
        """Installs the handler of Ctrl-C and returns the one to put back."""
        before = signal.signal(signal.SIGINT, self._interrupt)
        return signal.default_int_handler if before is None else before

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.reason = self.reason or "You stopped the check before it was done."
        if self._began:  # only an answer is interrupted, never the check itself
            raise KeyboardInterrupt

    def _watch(self) -> None:
        """Ends an answer that takes too long, the way Ctrl-C would, on every platform.

        Only the time in which an answer runs counts, not what the check itself takes.
        """
        allowed = self._seconds
        while not self._done.wait(0.02):
            with self._lock:
                began = self._began
                used = self._used + (time.monotonic() - began if began else 0.0)
                if used > allowed and not self._done.is_set():
                    self.reason = self.reason or (
                        f"Your code was still running after {self._seconds:g} seconds, so the"
                        " check stopped it. Does a loop never end?"
                    )
                    _interrupt_main_thread()
                    allowed += 1.0  # again in a second: the code may have caught the first one


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):  # a real signal also ends a sleep
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


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
    before = _open_figures()
    try:
        with capture_output(stdout=False, stderr=False):
            yield
    finally:
        for number in _open_figures() - before:
            sys.modules["matplotlib.pyplot"].close(number)


def _open_figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


@contextlib.contextmanager
def _state_put_back() -> Iterator[None]:
    """Leaves random generators, dtype, device, autograd and the recursion limit as they were."""
    on_gpu = torch.cuda.is_available() and torch.cuda.is_initialized()
    devices = list(range(torch.cuda.device_count())) if on_gpu else []
    drawn, limit = random.getstate(), sys.getrecursionlimit()
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    numpy = sys.modules.get("numpy")
    numpy_drawn = numpy.random.get_state() if numpy else None
    # Leaving enable_grad also undoes what the answer did to the grad mode.
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        try:
            yield
        finally:
            random.setstate(drawn)
            sys.setrecursionlimit(limit)
            torch.set_default_dtype(dtype)
            if torch.get_default_device() != device:
                torch.set_default_device(None if device.type == "cpu" else device)
            if numpy:
                numpy.random.set_state(numpy_drawn)


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
        if frame_line and not name.startswith(_NOT_THE_STUDENTS):
            number, line = frame_line, linecache.getline(name, frame_line).strip()
    return Raised(type(error).__name__, message, number, line)
