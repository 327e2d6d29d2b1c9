"""A style transfer that can be played, changed on the way, and continued from any kept frame."""

import threading
from collections.abc import Callable

from torch import Tensor

from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer
from .timeline import Branch, Frame, Timeline

Settings = dict[str, object]


class Painter:
    """Drives a `StyleTransfer` for each branch, without any widget.

    `advance` belongs to one thread at a time, the worker's; the other methods may be called from
    any thread and never wait for a step.

    Args:
        make: builds the transfer for some settings, from the starting image given or, where that
            is None, from the one that the settings name.
        live: picks from the settings the attributes of a transfer that act at its next step.
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
        """Forget everything and start anew with these settings."""
        timeline = Timeline()
        with self._lock:
            self.timeline = timeline
            self.settings = settings
            self.branch = timeline.begin(settings)

    def continue_from(self, branch: Branch, frame: Frame) -> Branch:
        """A new branch that starts from a kept frame, with the settings of now.

        Raises:
            CourseError: there are `MOST_BRANCHES` already.
        """
        with self._lock:
            self.branch = self.timeline.begin(self.settings, (branch, frame))
            return self.branch

    def choose(self, branch: Branch) -> None:
        """Go on with another branch."""
        with self._lock:
            self.branch = branch

    def change(self, settings: Settings) -> None:
        """Use these settings from the next step on; what `live` leaves out waits for a reset."""
        with self._lock:
            self.settings = settings

    def advance(self) -> Step | None:
        """One step; None if the branch was left behind while it was computed."""
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
            branch.add(step, branch.transfer.content_weight, branch.transfer.style_weight)
            return step if branch is self.branch else None
