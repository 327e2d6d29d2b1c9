"""The run of a clip, frame by frame: what it needs of earlier frames, forecast, resume."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..images.color import match_colors
from ..transfer.multiscale import BAR, Forecast, MultiScale
from ..transfer.progress import Step
from .flow import optical_flow, scene_cuts, visible, warp
from .frame_store import FrameStore
from .temporal import Temporal, remembered


@dataclass(frozen=True)
class VideoResult:
    """What `stylize_video` returns.

    Attributes:
        frames: the stylized frames, each (1, 3, H, W), 0…1; less than the clip has if it was
            interrupted.
        fps: frames a second of the clip.
        cuts: the numbers of the frames at which a scene begins, 0 included.
        seconds: how long the run took.
        interrupted: whether it was stopped before its last frame.
        messages: what the loop had to correct, in words.
    """

    frames: list[Tensor] = field(repr=False)
    fps: float
    cuts: list[int]
    seconds: float
    interrupted: bool = False
    messages: tuple[str, ...] = ()


class VideoRun:
    """A style transfer of one frame after another.

    Args:
        frames: of the clip, each (1, 3, H, W).
        fps: how many there are a second.
        first: builds the run of a scene's first frame, given its checkpoint.
        other: builds the run of another frame from its starting image and its temporal term.
        keep: what a finished frame is in a run: its gray values, if the colors stay.
        temporal_weight, distances: as in `stylize_video`.
        frame_steps: of every frame but the first of a scene.
        store: for finished frames, or None.
    """

    def __init__(
        self,
        frames: list[Tensor],
        fps: float,
        first: Callable[..., MultiScale],
        other: Callable[..., MultiScale],
        keep: Callable[[Tensor], Tensor],
        temporal_weight: float,
        distances: Sequence[int],
        frame_steps: int,
        store: FrameStore | None,
    ):
        self.frames, self.fps, self.first, self.other, self.keep = frames, fps, first, other, keep
        self.temporal_weight, self.distances, self.store = temporal_weight, distances, store
        self.frame_steps = frame_steps
        self.cuts = scene_cuts(frames)
        self.finished: list[Tensor] = []
        planned = first(frames[0])
        self.work_of_first = planned.work(sum(scale.steps for scale in planned.scales))

    def resume(self) -> bool:
        """Take the frames that an earlier run has finished; whether there were any."""
        if self.store is not None:
            self.finished = self.store.open()[: len(self.frames)]
        return bool(self.finished)

    def forget(self) -> None:
        """Delete the folder with the finished frames."""
        if self.store is not None:
            self.store.forget(len(self.frames))

    def make(self, number: int) -> MultiScale:
        """The run of a frame; all frames before it are finished."""
        path = None if self.store is None else self.store.checkpoint(number)
        frame = self.frames[number]
        scene = max(cut for cut in self.cuts if cut <= number)
        earlier = [number - d for d in sorted(self.distances) if number - d >= scene]
        if not earlier:
            return self.first(frame, path)
        warped, weights = remembered(self.seen_from(number, before) for before in earlier)
        # Where nothing was visible before: the frame in the colors of the painting so far.
        fresh = self.keep(match_colors(frame, self.finished[number - 1]).clamp(0, 1))
        start = torch.lerp(fresh, warped, weights)
        return self.other(frame, start, Temporal(warped, weights, self.temporal_weight), path)

    def seen_from(self, number: int, before: int) -> tuple[Tensor, Tensor]:
        """An earlier stylized frame, warped to a later one, and where it shows the same points."""
        frame, earlier = self.frames[number], self.frames[before]
        flow = optical_flow(frame, earlier)
        painted = self.keep(self.finished[before])
        warped = warp(painted, flow, "bicubic").clamp(0, 1)
        return warped, visible(flow, optical_flow(earlier, frame))

    def estimate(self) -> Forecast:
        """What is left to do."""
        left = range(len(self.finished), len(self.frames))
        scenes = sum(number in self.cuts for number in left)
        first = self.first(self.frames[0]).estimate()
        blank = torch.zeros_like(self.frames[0])
        term = Temporal(blank, blank[:, :1], self.temporal_weight)
        other = self.other(self.frames[0], blank, term, None).estimate()
        seconds = scenes * first.seconds + (len(left) - scenes) * other.seconds
        return Forecast(seconds, first.bytes, first.height, first.width, first.tile, first.device)

    def run(
        self,
        progress: bool = True,
        on_frame: Callable[[int, Tensor], None] | None = None,
        on_step: Callable[[Step], None] | None = None,
    ) -> VideoResult:
        """Go through all frames that are left, with one progress bar.

        Args:
            progress: show a bar with the time left.
            on_frame: called with the number and the image of each finished frame.
            on_step: called with every `Step` of every frame.
        """
        from tqdm.auto import tqdm  # imported here because it looks for widgets

        start, interrupted = time.perf_counter(), False
        messages: tuple[str, ...] = ()
        count = len(self.frames)
        with tqdm(total=self.work(count), leave=False, disable=not progress, bar_format=BAR) as bar:
            bar.update(self.work(len(self.finished)))
            for number in range(len(self.finished), count):
                run, done = self.make(number), self.work(number)
                run.resume()

                def note(step: Step, run: MultiScale = run, done: float = done) -> None:
                    bar.set_postfix_str(f"frame {len(self.finished) + 1}/{count}", refresh=False)
                    bar.update(done + run.work(run.iteration) - bar.n)
                    if on_step is not None:
                        on_step(step)

                result = run.run(progress=False, on_step=note)
                messages += result.messages
                if result.interrupted:
                    interrupted = True
                    break
                image = (result.image.cpu().clamp(0, 1) * 255).round() / 255  # as in its file
                if self.store is not None:
                    self.store.save(number, image)
                run.forget()
                self.finished.append(image)
                if on_frame is not None:
                    on_frame(number, image)
        seconds = time.perf_counter() - start
        return VideoResult(self.finished, self.fps, self.cuts, seconds, interrupted, messages)

    def work(self, count: int) -> float:
        """Of the first so many frames; a step at the final size counts 1."""
        scenes = sum(cut < count for cut in self.cuts)
        return scenes * self.work_of_first + (count - scenes) * self.frame_steps
