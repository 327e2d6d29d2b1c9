"""The record of a lab: its branches, with their settings, losses and frames."""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from ..errors import CourseError
from ..transfer.multiscale import MultiScale
from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer

MAX_FRAMES = 40  # of a branch
MAX_BYTES = 64 * 2**20  # of the frames of a branch
MAX_BRANCHES = 6  # each keeps the state of its optimizer
CURVES = ("total", "α·content", "β·style")  # weighted, so that the terms are comparable
LABELS = {"content": "α·content", "style": "β·style", "tv": "γ·tv"}  # of other terms: their name


@dataclass(frozen=True)
class Frame:
    """The image of one step."""

    iteration: int
    image: Tensor = field(repr=False)


@dataclass
class Branch:
    """One run: its start, the changes of its settings, its losses, and some of its images.

    Attributes:
        name: "A", "B", …
        changes: (step, settings from that step on); the first entry is for step 0.
        parent: the branch and the frame from which this one started, or None.
        run: created at the first step.
        frames: images of the run, evenly spaced, and the newest one.
        history: curve → its value at every step.
        sizes: the step at which the run came to a size → that size, in pixels.
    """

    name: str
    changes: list[tuple[int, dict]]
    parent: "tuple[Branch, Frame] | None" = None
    run: MultiScale | None = None
    frames: list[Frame] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVES})
    sizes: dict[int, int] = field(default_factory=dict)
    _stride: int = 1

    @property
    def transfer(self) -> StyleTransfer:
        """That of the present scale, once the run has begun."""
        assert self.run is not None and self.run.transfer is not None
        return self.run.transfer

    @property
    def steps(self) -> int:
        """The number of steps so far."""
        return len(self.history["total"])

    @property
    def marks(self) -> dict[int, str]:
        """The steps at which something was changed, and what."""
        marks = {
            step: f"{size} px from step {step} on" for step, size in self.sizes.items() if step
        }
        return marks | {step: f"a weight changed at step {step}" for step, _ in self.changes[1:]}

    def add(self, step: Step, weights: Mapping[str, float]) -> None:
        """Record a step and its image; if there are too many images, drop every second one.

        Args:
            step: of the transfer.
            weights: name of a term → its weight.
        """
        before, size = self.steps, max(step.image.shape[2:])
        if size not in self.sizes.values():
            self.sizes[before] = size
        values = {"total": step.losses["total"]}
        values |= {LABELS.get(n, n): weight * step.losses[n] for n, weight in weights.items()}
        for name, value in values.items():
            if name in CURVES or value > 0 or name in self.history:
                self.history.setdefault(name, [0.0] * before).append(value)
        if self.frames and self.frames[-1].iteration % self._stride:
            self.frames.pop()  # it was kept only as the newest one
        self.frames.append(Frame(step.iteration, step.image))
        most = max(2, min(MAX_FRAMES, MAX_BYTES // max(1, step.image.nbytes)))
        while len(self.frames) > most:
            self._stride *= 2
            newest = self.frames[-1]
            self.frames = [f for f in self.frames if f.iteration % self._stride == 0]
            if not self.frames or self.frames[-1] is not newest:
                self.frames.append(newest)

    def use(self, settings: dict) -> None:
        """Record the settings of the next step, if they have changed."""
        if settings == self.changes[-1][1]:
            return
        if self.steps == 0:
            self.changes.clear()
        self.changes.append((self.steps, settings))

    def ancestry(self) -> Iterator[tuple["Branch", int]]:
        """(branch, number of its steps that led here), from the first branch to this one."""
        if self.parent is not None:
            branch, frame = self.parent
            earlier = list(branch.ancestry())
            yield from earlier[:-1]
            yield branch, frame.iteration + 1  # step 0 is the starting image
        yield self, self.steps


class Timeline:
    """The branches of a lab."""

    def __init__(self) -> None:
        self.branches: list[Branch] = []

    def begin(self, settings: dict, parent: tuple[Branch, Frame] | None = None) -> Branch:
        """Add an empty branch.

        Raises:
            CourseError: there are `MAX_BRANCHES` already.
        """
        number = len(self.branches)
        if number == MAX_BRANCHES:
            raise CourseError(
                f"There are {number} pictures already; save what you like, and press Reset."
            )
        branch = Branch(string.ascii_uppercase[number], [(0, dict(settings))], parent)
        self.branches.append(branch)
        return branch
