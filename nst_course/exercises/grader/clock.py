"""Ends an answer that takes too long, and lets Ctrl-C end the check instead of the notebook.

What counts is the processor time of the answer itself: neither what the check does around it, nor
the import of a module, nor the time in which other programs have the processor.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from time import sleep  # kept: inside a check, the student's does not wait
from types import FrameType
from typing import Any

SECONDS = 5.0  # a check takes well under a second; an answer that needs more does not end
WAITING = 10.0  # seconds without use of the processor; longer is a download, or a sleep

_TICK = 0.02
_IMPORT = "<frozen importlib._bootstrap>"


class Clock:
    """Watches one thread from another one.

    Attributes:
        reason: why the whole check was ended, once it was.
        call_ended: whether the present call has used up its own allowance.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.reason = ""
        self.call_ended = False
        self._seconds = seconds
        self._used = 0.0  # processor time of all calls so far
        self._call_used = self._call_allowed = 0.0
        self._waited = 0.0
        self._running = False
        self._interrupts = 0
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._watched = threading.current_thread()
        self._before: Any = None
        self._works = self._watched is threading.main_thread()  # only there signals arrive

    def start(self) -> None:
        if self._works:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
            threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        if self._works:
            with self._lock:
                self._done.set()  # from here on the clock interrupts nobody
            if self._interrupts:
                sleep(0.001)  # lets a signal that is under way arrive while it is ours
            signal.signal(signal.SIGINT, self._before or signal.default_int_handler)

    def begin_call(self, allowed: float = float("inf")) -> None:
        """Start to count; the call may use `allowed` seconds."""
        self._call_used, self._call_allowed, self.call_ended = 0.0, allowed, False
        self._interrupts = 0
        self._running = True

    def end_call(self) -> None:
        self._running = False

    def _watch(self) -> None:
        processor_time = _processor_time_of(self._watched)
        before, wall = processor_time(), time.monotonic()
        while not self._done.wait(_TICK):
            now, wall_now = processor_time(), time.monotonic()
            with self._lock:
                if self._running and not self._done.is_set():
                    frame = sys._current_frames().get(self._watched.ident or 0)
                    if not _imports(frame):
                        self._count(now - before, wall_now - wall)
            before, wall = now, wall_now

    def _count(self, used: float, elapsed: float) -> None:
        self._call_used += used
        if self._call_allowed == float("inf"):
            self._used += used
        self._waited += max(0.0, elapsed - used)
        if self._used > self._seconds:
            self.reason = self.reason or (
                f"Your code was still running after {self._seconds:g} seconds, so the check stopped"
                " it. Does a loop never end?"
            )
        elif self._waited > WAITING and self._waited > 9 * self._used:
            self.reason = self.reason or (
                f"Your code waited for {WAITING:g} seconds without computing anything, so the check"
                " stopped it. Leave out `sleep`, downloads and whatever else it waits for."
            )
        self.call_ended = self._call_used > self._call_allowed
        if self.reason or self.call_ended:
            self._send_interrupt()

    def _send_interrupt(self) -> None:
        if hasattr(signal, "pthread_kill"):  # a real signal also ends a wait
            signal.pthread_kill(self._watched.ident or 0, signal.SIGINT)
        else:
            _thread.interrupt_main()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self.call_ended:
            self.reason = self.reason or "You stopped the check before it was done."
        if not self._running or _imports(frame):
            return  # only an answer is interrupted; half an import would break the module for good
        self._interrupts += 1
        if self._interrupts > 1:  # the code has caught the first one
            _raise_in_the_next_line(frame)
        raise KeyboardInterrupt


def _processor_time_of(thread: threading.Thread) -> Any:
    """A function that returns the seconds of processor time that a thread has used."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(thread.ident or 0)
        return lambda: time.clock_gettime(clock)
    return time.process_time


def _imports(frame: FrameType | None) -> bool:
    """Whether the code of a frame is called by an import statement."""
    while frame is not None:
        if frame.f_code.co_filename == _IMPORT:
            return True
        frame = frame.f_back
    return False


def _raise_in_the_next_line(frame: FrameType | None) -> None:
    """Interrupt `try: … except: pass` in its last line, where it catches nothing.

    Python takes the trace function away as soon as it has raised.
    """

    def interrupt(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            raise KeyboardInterrupt
        return interrupt

    sys.settrace(interrupt)
    while frame is not None and frame.f_code.co_filename != _SANDBOX:
        frame.f_trace = interrupt
        frame = frame.f_back


_SANDBOX = __file__.replace("clock", "sandbox")
