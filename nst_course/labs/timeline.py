"""What a lab has painted so far: kept frames, branches, and the code that repeats them."""

import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import Tensor

from ..errors import CourseError
from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer

MOST_FRAMES = 40  # of a branch
MOST_BYTES = 64 * 2**20  # of the frames of a branch
MOST_BRANCHES = 6  # each keeps the memory of its optimiser
CURVES = ("total", "α·content", "β·style")  # as they add up, so that one sees who leads


@dataclass(frozen=True)
class Frame:
    """The image of one step, kept."""

    iteration: int
    image: Tensor = field(repr=False)


@dataclass
class Branch:
    """One run: where it began, what was changed on the way, and what it painted.

    Attributes:
        name: "A", "B", …
        changes: (step, settings in force from that step on), the first one at step 0.
        parent: the branch and the frame of it that this one began from, or None.
        transfer: built at the first step.
    """

    name: str
    changes: list[tuple[int, dict]]
    parent: "tuple[Branch, Frame] | None" = None
    transfer: StyleTransfer | None = None
    frames: list[Frame] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVES})
    _stride: int = 1

    @property
    def steps(self) -> int:
        """How many steps have been taken."""
        return len(self.history["total"])

    @property
    def marks(self) -> list[int]:
        """The steps at which a setting was changed."""
        return [step for step, _ in self.changes[1:]]

    def add(self, step: Step, content_weight: float, style_weight: float) -> None:
        """Note a step; keep its image, and thin out the older ones when there are too many."""
        losses = step.losses
        weighted = content_weight * losses["content"], style_weight * losses["style"]
        for name, value in zip(CURVES, (losses["total"], *weighted), strict=True):
            self.history[name].append(value)
        if self.frames and self.frames[-1].iteration % self._stride:
            self.frames.pop()  # the newest image is kept always, the one before it by the stride
        self.frames.append(Frame(step.iteration, step.image))
        most = max(2, min(MOST_FRAMES, MOST_BYTES // max(1, step.image.nbytes)))
        while len(self.frames) > most:
            self._stride *= 2
            newest = self.frames[-1]
            self.frames = [f for f in self.frames if f.iteration % self._stride == 0]
            if not self.frames or self.frames[-1] is not newest:
                self.frames.append(newest)

    def use(self, settings: dict) -> None:
        """Note the settings of the next step, if they are new."""
        if settings == self.changes[-1][1]:
            return
        if self.steps == 0:
            self.changes.clear()
        self.changes.append((self.steps, settings))

    def ancestry(self) -> Iterator[tuple["Branch", int]]:
        """(branch, how many of its steps led here), from the first branch to this one."""
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
            CourseError: there are `MOST_BRANCHES` already.
        """
        number = len(self.branches)
        if number == MOST_BRANCHES:
            raise CourseError(f"There are {number} branches already; press Reset to start anew.")
        branch = Branch(string.ascii_uppercase[number], [(0, dict(settings))], parent)
        self.branches.append(branch)
        return branch
