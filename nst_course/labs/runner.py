"""Style transfers whose settings can change during a run, and that can branch at any frame."""

import threading
from collections.abc import Callable

from torch import Tensor

from ..transfer.multiscale import MultiScale
from ..transfer.progress import Step
from ..transfer.schedule import Scale
from ..transfer.style_transfer import StyleTransfer
from .timeline import Branch, Frame, Timeline

Settings = dict[str, object]


class Runner:
    """Runs a style transfer for each branch, step by step, without widgets.

    `advance` must be called by one thread at a time, the worker's. The other methods can be called
    by any thread and never wait for a step.

    Args:
        make: (settings, image) → the transfer, at one size or coarse to fine, that starts from this
            image or, if it is None, from the initial image of the settings.
        live: settings → attributes of a transfer that can change between two steps.
        settings: those of the first branch.
    """

    def __init__(
        self,
        make: Callable[[Settings, Tensor | None], StyleTransfer | MultiScale],
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

    def begin(self, settings: Settings) -> Branch:
        """Begin a branch from the initial image of these settings, beside the others.

        Raises:
            CourseError: there are `MAX_BRANCHES` already.
        """
        with self._lock:
            self.branch = self.timeline.begin(settings)
            self.settings = settings
            return self.branch

    def choose(self, branch: Branch) -> None:
        """Continue another branch, with the settings that it had."""
        with self._lock:
            self.branch, self.settings = branch, branch.changes[-1][1]

    def change(self, settings: Settings) -> None:
        """Use these settings from the next step on; those not in `live` take effect at a reset."""
        with self._lock:
            self.settings = settings

    def advance(self) -> Step | None:
        """One step of the current branch; None if another branch became current during it."""
        with self._lock:
            branch, settings = self.branch, self.settings
            branch.use(settings)
        if branch.run is None:
            branch.run = self._run(settings, branch.parent[1].image if branch.parent else None)
        branch.run.change(**self._live(settings))
        step = next(branch.run.steps(1))
        with self._lock:
            branch.add(step, {term.name: term.weight for term in branch.transfer.objective})
            return step if branch is self.branch else None

    def _run(self, settings: Settings, start: Tensor | None) -> MultiScale:
        made = self._make(settings, start)
        if isinstance(made, MultiScale):
            return made
        return MultiScale(lambda *_: made, [Scale(max(made.content.shape[2:]), steps=1)])
