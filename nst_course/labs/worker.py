"""One thread that computes while the notebook stays free: play, pause, step, stop."""

import threading
from collections.abc import Callable

_working: dict[str, "Worker"] = {}  # name of a lab → its only worker in this kernel
_taking_over = threading.Lock()


class Worker:
    """Calls ``advance`` again and again in a thread of its own, while it is told to.

    Every method may be called from any thread, any number of times; none of them waits for
    ``advance`` but `stop`.

    Args:
        name: a new worker of the same name stops the one before it, so that running the cell of a
            lab twice leaves one thread.
        advance: does one unit of work; returns False when there is nothing more to do.
        on_pause: called in the worker's thread each time it comes to rest.
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
        self._thread: threading.Thread | None = None
        self._thread_name = f"nst_course {name}"
        with _taking_over:
            if earlier := _working.get(name):
                earlier.stop()
            _working[name] = self

    def play(self) -> None:
        """Go on until `pause`, `stop`, or the end of the work."""
        self._once.clear()
        self._start()

    def step(self) -> None:
        """Call ``advance`` once and rest."""
        self._once.set()
        self._start()

    def pause(self) -> None:
        """Rest after the unit of work in hand."""
        with self._lock:
            if not self._stopped.is_set():  # a stopped thread has to wake up once more, to end
                self._go.clear()

    def stop(self) -> None:
        """End the thread, after the unit of work in hand; this worker does nothing any more."""
        with self._lock:
            self._stopped.set()
            self._go.set()
        thread = self._thread
        if thread is not None and not self.is_current():
            thread.join()

    @property
    def playing(self) -> bool:
        return self._go.is_set() and not self._stopped.is_set()

    def is_current(self) -> bool:
        """Whether the caller is the worker itself."""
        return threading.current_thread() is self._thread

    def run(self) -> None:
        """Work in the caller's thread until the work ends: for pages that no thread can update."""
        self._go.set()
        self._thread = threading.current_thread()
        try:
            self._work()
        except KeyboardInterrupt:  # the stop button of the notebook
            self.pause()
            self._on_pause()
        finally:
            self._thread = None

    def _start(self) -> None:
        with self._lock:
            if self._stopped.is_set():
                return
            self._go.set()
            if self._thread is None:
                # A daemon, so that it does not keep a kernel alive that is being restarted.
                self._thread = threading.Thread(
                    target=self._serve, name=self._thread_name, daemon=True
                )
                self._thread.start()

    def _serve(self) -> None:
        while self._go.wait() and not self._stopped.is_set():
            self._work()

    def _work(self) -> None:
        """Advance while told to go, then rest."""
        while self.playing:
            if self._once.is_set():
                self._once.clear()
                self.pause()
            try:
                if not self._advance():
                    self.pause()
            except Exception as error:  # shown on the page: a thread has nobody else to tell
                self.pause()
                self._on_error(error)
        if not self._stopped.is_set():
            self._on_pause()
