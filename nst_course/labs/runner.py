"""Style transfers whose settings can change during a run, and that can branch at any frame."""

import threading
from collections.abc import Callable

from torch import Tensor

from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer
from .timeline import Branch, Frame, Timeline

Settings = dict[str, object]


class Runner:
    """Runs a `StyleTransfer` for each branch, step by step, without widgets.

    `advance` must be called by one thread at a time, the worker's. The other methods can be called
    by any thread and never wait for a step.

    Args:
        make: (settings, image) → the transfer that starts from this image or, if it is None, from
            the initial image of the settings.
        live: settings → attributes of a transfer that can change between two steps.
        settings: those of the first branch.
    """

    def __init__(
        self,
        make: Callable[[Settings, Tensor | None], StyleTransfer],
        live: Callable[[Settings], Settings],
        settings: Settings,
    ):
        self._make, self._live = make, live
        self._lock = threading.Lock()
        self.reset(settings)

    def reset(self, settings: Settings) -> None:
        """Discard all branches and begin a new one with these settings."""
        timeline = Timeline()
        with self._lock:
            self.timeline = timeline
            self.settings = settings
            self.branch = timeline.begin(settings)

    def continue_from(self, branch: Branch, frame: Frame) -> Branch:
        """Begin a branch that starts from a kept frame, with the current settings.

        Raises:
            CourseError: there are `MAX_BRANCHES` already.
        """
        with self._lock:
            self.branch = self.timeline.begin(self.settings, (branch, frame))
            return self.branch

    def choose(self, branch: Branch) -> None:
        """Continue another branch."""
        with self._lock:
            self.branch = branch

    def change(self, settings: Settings) -> None:
        """Use these settings from the next step on; those not in `live` take effect at a reset."""
        with self._lock:
            self.settings = settings

    def advance(self) -> Step | None:
        """One step of the current branch; None if another branch became current during it."""
        with self._lock:
            branch, settings = self.branch, self.settings
            branch.use(settings)
        if branch.transfer is None:
            start = branch.parent[1].image if branch.parent else None
            branch.transfer = self._make(settings, start)
        for name, value in self._live(settings).items():
            setattr(branch.transfer, name, value)
        step = next(branch.transfer.steps(1))
        with self._lock:
            branch.add(step, {term.name: term.weight for term in branch.transfer.objective})
            return step if branch is self.branch else None
