"""Coarse to fine: a small image first, then larger ones that start from it.

At a small size the receptive fields of the network cover more of the picture, so strokes and shapes
are large; the larger sizes refine them. That looks more like a painting, and costs less, than as
many steps at the final size (Gatys et al. 2017, section 6; jcjohnson/neural-style 2015).
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..checks import check_count, shown
from ..errors import CourseError
from ..files import remove_leftovers
from .checkpoint import damaged, load_checkpoint, save_checkpoint
from .estimate import estimate, seconds_per_step
from .progress import Result, Step
from .schedule import Scale, steps_at
from .style_transfer import StyleTransfer, describe, time_step

CHECKPOINT_SECONDS = 5  # between two checkpoints, at least
WRITING_SHARE = 0.1  # of the time of a run, at most
BAR = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


@dataclass(frozen=True)
class Forecast:
    """What is left of a run on several scales.

    Attributes:
        seconds: of all scales.
        bytes: the most that the process will hold, what it holds already included.
        height, width: of the final image, in pixels.
        tile: side of its tiles, or None.
        device: where it runs.
    """

    seconds: float
    bytes: int
    height: int
    width: int
    tile: int | None
    device: torch.device


class MultiScale:
    """A style transfer at one size after another.

    Args:
        make: builds the transfer for a size in pixels, from the starting image given or, where
            that is None, from its own.
        scales: as `schedule` makes them.
        checkpoint: the file that a killed run can be resumed from, or None for none.
        settings: whatever else decides about the image; a checkpoint of others is refused.
        finish: what the run gives away of an image, of any size; by default the image itself.
    """

    def __init__(
        self,
        make: Callable[[int, Tensor | None], StyleTransfer],
        scales: list[Scale],
        checkpoint: Path | None = None,
        settings: dict | None = None,
        finish: Callable[[Tensor], Tensor] = lambda image: image,
    ):
        self.finish = finish
        self.make, self.scales, self.checkpoint = make, scales, checkpoint
        self.settings = {**(settings or {}), "scales": [[s.size, s.steps] for s in scales]}
        self.number = 0  # of the present scale
        self.transfer: StyleTransfer | None = None
        self.changes: dict[str, Any] = {}  # attributes that all further transfers get
        self.notes: dict[str, str] = {}  # kept in the checkpoint for whoever resumes the run
        self._coarser: Tensor | None = None  # the finished image of the scale before
        self._next_writing = -math.inf
        self._cannot_write = False

    @property
    def scale(self) -> Scale:
        """The present one."""
        return self.scales[self.number]

    @property
    def image(self) -> Tensor | None:
        """The best image so far, (1, 3, H, W); None before the first step."""
        image = self._coarser
        if self.transfer is not None and self.transfer.iteration:
            image = self.transfer.image
        return None if image is None else self.finish(image)

    @property
    def iteration(self) -> int:
        """The number of steps so far, over all scales."""
        here = self.transfer.iteration if self.transfer else 0
        return sum(scale.steps for scale in self.scales[: self.number]) + here

    def work(self, steps: int) -> float:
        """Of the first so many steps; one at the final size counts 1, a smaller one by its time.

        A bar that counts work moves as evenly as the time does.
        """
        work: float = 0
        for scale in self.scales[:-1]:
            here = min(steps, scale.steps)
            work += here * scale.step_cost / self.scales[-1].step_cost
            steps -= here
        return work + steps

    def start_from(self, image: Tensor) -> None:
        """Start from an image (1, 3, H, W) of one of the scales, at that scale."""
        side = max(image.shape[2:])
        self.scales = [s for s in self.scales if s.size >= side] or self.scales[-1:]
        self._coarser = image

    def change(self, **attributes: Any) -> None:
        """Set attributes of the transfers, such as ``style_weight``, from the next step on."""
        self.changes |= attributes
        for name, value in attributes.items() if self.transfer else ():
            setattr(self.transfer, name, value)

    def steps(self, count: int) -> Iterator[Step]:
        """Up to ``count`` further steps, counted over all scales.

        Those beyond the plan are at the final size.
        """
        while count > 0:
            if self.transfer is not None and self.transfer.iteration >= self.scale.steps:
                self._refine(self.transfer.image)
            transfer, first = self._present(), self.iteration
            left = count if self._is_final() else self.scale.steps - transfer.iteration
            for number, step in enumerate(transfer.steps(min(count, left))):
                yield replace(step, iteration=first + number, image=self.finish(step.image))
            count -= min(count, left)

    def _is_final(self) -> bool:
        return self.number == len(self.scales) - 1

    def _present(self) -> StyleTransfer:
        """The transfer of the present scale."""
        if self.transfer is None:
            self.transfer = self.make(self.scale.size, self._coarser)
            for name, value in self.changes.items():
                setattr(self.transfer, name, value)
        return self.transfer

    def _refine(self, image: Tensor) -> None:
        """Go on to the next scale, unless this is the final one."""
        if not self._is_final():
            self._coarser, self.transfer = image, None
            self.number += 1

    def estimate(self) -> Forecast:
        """What is left to do, from the present scale on; small copies are timed once for all."""
        largest = self.make(self.scales[-1].size, None)
        work = describe(largest, self.scales[-1].steps)
        timed = cache(lambda side: time_step(largest, side))
        seconds = 0.0
        for scale in self.scales[self.number :]:
            running = self.transfer if scale is self.scale else None
            left = scale.steps - (running.iteration if running else 0)
            at_scale = replace(work.at_size(scale.size), steps=max(0, left))
            if running is not None and running.iteration:
                seconds += at_scale.steps * seconds_per_step(at_scale, timed)
            else:
                seconds += estimate(at_scale, timed).seconds
        final = estimate(work, timed)
        return Forecast(
            seconds,
            final.bytes,
            work.height,
            work.width,
            work.tile,
            largest.content.device,
        )

    def resume(self) -> bool:
        """Go back to where the checkpoint is, if there is one; whether there was.

        Raises:
            CourseError: it is damaged, or belongs to a run of other settings.
        """
        if self.checkpoint is None or not self.checkpoint.exists():
            return False
        state = load_checkpoint(self.checkpoint)
        if not all(isinstance(state.get(name), dict) for name in ("settings", "notes", "transfer")):
            raise damaged(self.checkpoint)
        try:
            different = self._difference(state["settings"])
            check_count("scale", state["scale"])
            scale = self.scales[0 if different else state["scale"]]
        except Exception as error:  # entries that are missing, or of another type
            raise damaged(self.checkpoint) from error
        if different:
            raise CourseError(
                f"This checkpoint belongs to {different}: resume with the same settings, or "
                f"delete {self.checkpoint} and start again."
            )
        transfer = self.make(scale.size, None)
        try:
            transfer.load_state_dict(state["transfer"])
        except Exception as error:  # entries that are missing, or of another type
            raise damaged(self.checkpoint) from error
        self.number, self.notes, self.transfer = state["scale"], state["notes"], transfer
        return True

    def forget(self) -> None:
        """Delete the checkpoint, and what a killed run has left of one."""
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
            remove_leftovers(self.checkpoint)

    def _difference(self, saved: dict) -> str:
        """The first setting that differs from those of a checkpoint, in words."""
        for name, now in self.settings.items():
            before = saved.get(name)
            if before != now and name == "scales":
                before = [[int(size), int(steps)] for size, steps in saved[name]]
                return f"a run of {steps_at(before)}, not {steps_at(now)}"
            if before != now:
                return f"a run with {name} {shown(before)}, not {shown(now)}"
        return ""

    def run(self, progress: bool = True, on_step: Callable[[Step], None] | None = None) -> Result:
        """Go through all scales that are left, with one progress bar.

        Ctrl-C ends the run early, as in `StyleTransfer.run`. The result has the image and the
        history of the last scale.

        Args:
            progress: show a bar with the time left.
            on_step: called with every `Step`, for live pictures; their size grows.
        """
        from tqdm.auto import tqdm  # imported here because it looks for widgets

        style = {"unit": "step"} if len(self.scales) == 1 else {"bar_format": BAR}
        start = time.perf_counter()
        messages: tuple[str, ...] = ()
        with tqdm(
            total=self.work(sum(scale.steps for scale in self.scales)),
            initial=self.work(self.iteration),
            leave=False,
            disable=not progress,
            **style,
        ) as bar:
            while True:
                transfer, scale = self._present(), self.scale
                before = self.iteration - transfer.iteration

                def note(step: Step, scale: Scale = scale, before: int = before) -> None:
                    loss = f"loss {step.losses['total']:.4g}"
                    if len(self.scales) > 1:
                        loss = f"{scale.size} px, step {step.iteration + 1}/{scale.steps}, {loss}"
                    bar.set_postfix_str(loss, refresh=False)
                    bar.update(self.work(before + step.iteration + 1) - bar.n)
                    if warning := self._save_from_time_to_time():
                        bar.write(warning)
                    if on_step is not None:
                        on_step(replace(step, image=self.finish(step.image)))

                left = max(0, scale.steps - transfer.iteration)
                result = transfer.run(left, progress=False, on_step=note)
                messages += result.messages
                if result.interrupted or self._is_final():
                    break
                self._refine(result.image)
        seconds, image = time.perf_counter() - start, self.finish(result.image)
        return replace(result, image=image, seconds=seconds, messages=messages)

    def save(self) -> None:
        """Write the checkpoint now.

        Raises:
            CourseError: it cannot be written.
        """
        if self.checkpoint is not None and self.transfer is not None:
            state = {"settings": self.settings, "scale": self.number, "notes": self.notes}
            save_checkpoint(self.checkpoint, {**state, "transfer": self.transfer.state_dict()})

    def _save_from_time_to_time(self) -> str:
        """Write the checkpoint if it is time; a warning if that fails for the first time."""
        begin = time.monotonic()
        if self.checkpoint is None or begin < self._next_writing:
            return ""
        warning = ""
        try:
            self.save()
        except CourseError as error:
            warning = "" if self._cannot_write else f"The run goes on without a checkpoint: {error}"
            self._cannot_write = True
        end = time.monotonic()
        self._next_writing = end + max(CHECKPOINT_SECONDS, (end - begin) / WRITING_SHARE)
        return warning
