"""Large pictures from coarse to fine, in a run that can be taken up again after it was killed.

Painted small first, a picture has large strokes, and the larger sizes only refine it: that looks
more like a painting, and costs less, than as many steps in the final size.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..errors import CourseError
from ..files import remove_leftovers
from .checkpoint import damaged, load_checkpoint, save_checkpoint
from .estimate import Estimate
from .progress import Result, Step
from .style_transfer import StyleTransfer

COARSEST = 384  # pixels; sizes above are halved until they are no larger
LEAST_STEPS = 10
CHECKPOINT_SECONDS = 5  # between two writings, at least
WRITING_SHARE = 0.1  # of the time of a run, at most
BAR = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


@dataclass(frozen=True)
class Scale:
    """Longer side in pixels, and how many steps are taken in this size."""

    size: int
    steps: int


def plan(size: int, steps: int, count: int | None = None) -> list[Scale]:
    """The sizes that a picture goes through, coarse to fine, each half of the next.

    Args:
        size: longer side of the finished picture, in pixels.
        steps: how many are taken in the smallest size; each larger one takes half as many.
        count: how many sizes; by default, as many as it takes to begin below `COARSEST` pixels.
    """
    sizes = [size]
    while sizes[0] > COARSEST if count is None else len(sizes) < count:
        sizes.insert(0, round(sizes[0] / 2))
    least = min(steps, LEAST_STEPS)
    return [Scale(side, max(least, steps >> number)) for number, side in enumerate(sizes)]


@dataclass(frozen=True)
class Forecast:
    """Of a poster: the seconds of all scales; memory, size in pixels and tiles of the largest."""

    seconds: float
    largest: Estimate
    height: int
    width: int
    tile: int | None
    device: torch.device


class Poster:
    """One picture, painted through several scales.

    Args:
        make: builds the transfer for a size in pixels, from the starting image given or, where
            that is None, from its own.
        scales: as `plan` makes them.
        checkpoint: the file that a killed run can be taken up from, or None for none.
        settings: whatever else decides about the picture; a checkpoint of others is refused.
    """

    def __init__(
        self,
        make: Callable[[int, Tensor | None], StyleTransfer],
        scales: list[Scale],
        checkpoint: Path | None = None,
        settings: dict | None = None,
    ):
        self.make, self.scales, self.checkpoint = make, scales, checkpoint
        self.settings = {**(settings or {}), "scales": [[s.size, s.steps] for s in scales]}
        self.number = 0  # of the scale at work
        self.transfer: StyleTransfer | None = None
        self._coarser: Tensor | None = None  # the finished picture of the scale before
        self._next_writing = -math.inf

    @property
    def scale(self) -> Scale:
        """The one at work."""
        return self.scales[self.number]

    @property
    def image(self) -> Tensor | None:
        """The best picture so far, (1, 3, H, W); None before the first step."""
        if self.transfer is not None and self.transfer.iteration:
            return self.transfer.image
        return self._coarser

    def estimate(self) -> Forecast:
        """What is left to do, from the scale at work on."""
        seconds = 0.0
        for scale in self.scales[self.number :]:
            running = self.transfer if scale is self.scale else None
            transfer = running or self.make(scale.size, None)
            largest = transfer.estimate(max(0, scale.steps - transfer.iteration))
            seconds += largest.seconds
        height, width = transfer.content.shape[2:]
        device = transfer.content.device
        return Forecast(seconds, largest, height, width, transfer.objective.tile, device)

    def resume(self) -> bool:
        """Go back to where the checkpoint is, if there is one; whether there was.

        Raises:
            CourseError: it is damaged, or belongs to a run of other settings.
        """
        if self.checkpoint is None or not self.checkpoint.exists():
            return False
        state = load_checkpoint(self.checkpoint)
        try:
            self._check_settings(state["settings"])
            self.number = state["scale"]
            self.transfer = self.make(self.scale.size, None)
            self.transfer.load_state_dict(state["transfer"])
        except CourseError:  # which is a ValueError
            raise
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise damaged(self.checkpoint) from error
        return True

    def forget(self) -> None:
        """Delete the checkpoint, and what a killed run has left of one."""
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
            remove_leftovers(self.checkpoint)

    def _check_settings(self, saved: dict) -> None:
        for name, now in self.settings.items():
            if saved[name] != now:
                raise CourseError(
                    f"{self.checkpoint} belongs to a run with {name} {saved[name]}, not {now}; "
                    "resume with the same settings, or delete it and start anew."
                )

    def run(self) -> Result:
        """Paint through all scales that are left, with one progress bar.

        Ctrl-C ends the run early, as in `StyleTransfer.run`. The result has the image and the
        history of the last scale.
        """
        from tqdm.auto import tqdm  # here: it looks for widgets, which takes a while

        # A step counts by its pixels, so that the bar moves as evenly as the time does.
        final = self.scales[-1].size
        shares = [1 if s.size == final else (s.size / final) ** 2 for s in self.scales]
        work = [share * scale.steps for share, scale in zip(shares, self.scales, strict=True)]
        done = sum(work[: self.number])
        if self.transfer is not None:
            done += shares[self.number] * self.transfer.iteration
        style = {"unit": "step"} if len(self.scales) == 1 else {"bar_format": BAR}
        start = time.perf_counter()
        messages: tuple[str, ...] = ()
        with tqdm(total=sum(work), initial=done, leave=False, **style) as bar:
            while True:
                scale = self.scale
                if self.transfer is None:
                    self.transfer = self.make(scale.size, self._coarser)

                def note(step: Step, scale: Scale = scale) -> None:
                    loss = f"loss {step.losses['total']:.4g}"
                    if len(self.scales) > 1:
                        loss = f"{scale.size} px, step {step.iteration + 1}/{scale.steps}, {loss}"
                    bar.set_postfix_str(loss, refresh=False)
                    bar.update(shares[self.number])
                    self._write()

                left = max(0, scale.steps - self.transfer.iteration)
                result = self.transfer.run(left, progress=False, on_step=note)
                messages += result.messages
                if result.interrupted or self.number == len(self.scales) - 1:
                    break
                self._coarser, self.transfer = result.image, None
                self.number += 1
        return replace(result, seconds=time.perf_counter() - start, messages=messages)

    def _write(self) -> None:
        begin = time.monotonic()
        if self.checkpoint is None or self.transfer is None or begin < self._next_writing:
            return
        transfer = self.transfer.state_dict()
        state = {"settings": self.settings, "scale": self.number, "transfer": transfer}
        save_checkpoint(self.checkpoint, state)
        end = time.monotonic()
        self._next_writing = end + max(CHECKPOINT_SECONDS, (end - begin) / WRITING_SHARE)
