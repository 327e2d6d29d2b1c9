"""A thread that computes while the notebook remains usable: play, pause, step, stop."""

import threading
from collections.abc import Callable

from ..errors import CourseError

_workers: dict[str, "Worker"] = {}  # name of a lab → its only worker in this kernel
_workers_lock = threading.Lock()


class Worker:
    """Calls ``advance`` repeatedly in its own thread, between `play` and `pause`.

    Every method can be called from any thread, any number of times. Only `stop` waits for
    ``advance``.

    Args:
        name: a new worker stops an earlier one of the same name, so that running the cell of a lab
            twice leaves one thread.
        advance: does one unit of work; returns False when the work is finished.
        on_pause: called in the worker's thread whenever it pauses.
        on_error: called in the worker's thread with an exception that ``advance`` raised.
    """

    def __init__(
        self,
        name: str,
        advance: Callable[[], bool],
        on_pause: Callable[[], None],
        on_error: Callable[[Exception], None],
    ):
        self._advance, self._on_pause, self._on_error = advance, on_pause, on_error
        self._go = threading.Event()
        self._once = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # of the thread that works: the worker's, or that of `run`
        self._thread: threading.Thread | None = None
        self._runner: threading.Thread | None = None  # that of `run`
        self._thread_name = f"nst_course {name}"
        with _workers_lock:
            if earlier := _workers.get(name):
                earlier.stop()
            _workers[name] = self

    def play(self) -> None:
        """Work until `pause`, `stop`, or the end of the work."""
        self._once.clear()
        self._start()

    def step(self) -> None:
        """Call ``advance`` once, then pause."""
        self._once.set()
        self._start()

    def pause(self) -> None:
        """Pause after the current unit of work."""
        with self._lock:
            if not self._stopped.is_set():  # a stopped thread still has to wake up, to end
                self._go.clear()

    def stop(self) -> None:
        """End the thread after the current unit of work; the worker cannot be started again."""
        with self._lock:
            self._stopped.set()
            self._go.set()
        thread = self._thread
        if thread is not None and not self.is_current():
            thread.join()

    @property
    def playing(self) -> bool:
        """Whether it works, or will as soon as its thread runs."""
        return self._go.is_set() and not self._stopped.is_set()

    def is_current(self) -> bool:
        """Whether the caller runs in the thread that works."""
        return threading.current_thread() in (self._thread, self._runner)

    def run(self) -> None:
        """Work in the caller's thread to the end, for pages that a thread cannot update."""
        self.pause()
        try:
            with self._turn:  # the unit that the worker's own thread is at ends first
                self._runner = threading.current_thread()
                self._once.clear()
                self._go.set()
                self._work()
        except KeyboardInterrupt:  # the stop button of the notebook
            self.pause()
            self._on_pause()
        finally:
            self._runner = None

    def _start(self) -> None:
        with self._lock:
            if self._stopped.is_set():
                return
            self._go.set()
            if self._thread is None:
                # A daemon thread does not delay the restart of a kernel.
                self._thread = threading.Thread(
                    target=self._serve, name=self._thread_name, daemon=True
                )
                self._thread.start()

    def _serve(self) -> None:
        while self._go.wait() and not self._stopped.is_set():
            with self._turn:
                self._work()

    def _work(self) -> None:
        """Call ``advance`` until a pause or the end of the work."""
        while self.playing:
            if self._once.is_set():
                self._once.clear()
                self.pause()
            try:
                # A step that was asked for in the meantime is still to be done.
                if not self._advance() and not self._once.is_set():
                    self.pause()
            except (
                Exception
            ) as error:  # shown on the page; a thread has no other place to report it
                self.pause()
                self._on_error(error)
        if not self._stopped.is_set():
            self._on_pause()


def error_text(error: Exception) -> str:
    """The message of a `CourseError`; of any other exception its type as well."""
    return str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
