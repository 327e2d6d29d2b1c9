"""The terminal and the signals of a command: nothing that they do ends in a traceback."""

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TextIO

# Signals that end a program: Ctrl-C, `kill`, a closed terminal, Ctrl-\, and those of batch systems.
ENDING = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGXCPU")
    if hasattr(signal, name)
]


class Stream:
    """A stream that may be closed, full or gone: what cannot be written is dropped."""

    def __init__(self, stream: TextIO | None):
        self.stream = stream or open(os.devnull, "w")  # noqa: SIM115  # None: started with 2>&-
        with contextlib.suppress(AttributeError, ValueError):
            self.stream.reconfigure(errors="replace")  # type: ignore[attr-defined]  # ASCII

    def write(self, text: str) -> int:
        self._try(lambda: self.stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(lambda: self.stream.flush())

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (OSError, ValueError):
            nowhere = open(os.devnull, "w")  # noqa: SIM115
            with contextlib.suppress(OSError, ValueError):  # Python writes the rest at its end
                os.dup2(nowhere.fileno(), self.stream.fileno())
            self.stream = nowhere

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextlib.contextmanager
def tolerant_streams() -> Iterator[None]:
    """Standard output and standard error that may be closed, and warnings of one line."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Stream(sys.stdout), Stream(sys.stderr)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: complain(str(message))
            yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def complain(text: str) -> None:
    """One line on standard error."""
    print(f"nst-course: {' '.join(text.split())}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def handling(handler: Any) -> Iterator[None]:
    """Let a function handle the signals that end a program; those that are ignored stay so."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` does
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def leave(number: int, frame: FrameType | None) -> None:
    """End at once, where there is nothing to save: imports do not survive an exception."""
    with contextlib.suppress(OSError):
        os.write(2, b"nst-course: stopped.\n")
    os._exit(130)


class Interrupt:
    """A handler that does what Ctrl-C does: it ends the run, which then saves its best image.

    An exception that meets a destructor or a callback is lost there, so the next step asks again.
    """

    def __init__(self) -> None:
        self.pending = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.pending = True
        raise KeyboardInterrupt

    def check(self, step: object) -> None:
        """Called at every step of the run."""
        if self.pending:
            raise KeyboardInterrupt
