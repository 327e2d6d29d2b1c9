"""The flicker lab: a clip painted twice, frame by frame and held to the frames before, in step."""

import io
import threading
import time

import ipywidgets as widgets
from PIL import Image
from torch import Tensor

from ..checks import check_count
from ..images.encode import data_url
from ..images.io import to_pil
from ..images.layout import hstack
from ..transfer.progress import Step
from ..video.clips import read_clip
from ..video.flow import optical_flow, visible
from ..video.stylize import video_run
from ..video.temporal import flicker
from .controls import WIDE, WRAP, artwork_menu, button, choice_slider, on_change
from .frames import GAP, status_line
from .lab import Lab
from .network import shared_backbone
from .viewer import Viewer
from .worker import Worker, error_text

STRIDE = 2  # of the clip's frames, every second one is painted
WEIGHTS = (0, 3e2, 3e3, 3e4, 3e5)
FRAME_TIME = 0.2  # seconds between two pictures of a frame that forms
PLAYED = 125  # milliseconds of a frame when the film is played


class FlickerLab(Lab):
    """Paint a clip twice at the same time: each frame by itself, and held to the frames before.

    Args:
        clip: bundled name or path of a file.
        style: bundled name or path of a picture.
        size: longer side of the frames, in pixels.
        count: of frames.
        steps: of each frame.
    """

    def __init__(
        self,
        clip: str = "big_buck_bunny",
        style: str = "great_wave",
        size: int = 128,
        count: int = 10,
        steps: int = 40,
    ):
        check_count("count", count, least=2)
        check_count("steps", steps, least=1)
        self.steps, self.size = steps, size
        self.frames = read_clip(clip, size, count=STRIDE * count).frames[::STRIDE]
        self.style = artwork_menu("Artwork", style)
        self.weight = choice_slider("Temporal weight", WEIGHTS, 3e4, "γ = ")
        self.weight.style.description_width = "initial"
        self.play = button("Play", "play", "paint until the last frame", "success")
        self.pause = button("Pause", "pause", "pause after the current frame")
        self.step = button("Step", "step-forward", "paint one frame")
        self.reset = button("Reset", "undo", "start over with the current artwork")
        self.frame = widgets.IntSlider(
            1, min=1, max=len(self.frames), description="Frame", layout=WIDE
        )
        self.frame.continuous_update = False
        self.film = widgets.ToggleButton(
            description="As a film", icon="film", tooltip="show all frames one after another"
        )
        self.picture = Viewer()
        self.status = widgets.HTML()
        self._lock = threading.Lock()
        self._pausing = False  # after the frame that is being painted
        self.alone: list[Tensor] = []
        self._worker = Worker("FlickerLab", self._advance, lambda: None, self._failed)
        self.play.on_click(lambda _: self._worker.play())
        self.step.on_click(lambda _: self._worker.step())
        self.pause.on_click(lambda _: self._ask_to_pause())
        self.reset.on_click(lambda _: self._begin())
        on_change(self._show, self.frame, self.film)
        on_change(self._begin_or_ask, self.style)
        buttons = widgets.HBox([self.play, self.pause, self.step, self.reset], layout=WRAP)
        left = widgets.VBox(
            [self.style, self.weight, buttons, self.frame, self.film], layout={"flex": "0 0 310px"}
        )
        right = widgets.VBox(
            [self.picture, self.status], layout={"flex": "1 1 400px", "min_width": "0"}
        )
        self.widget = self.framed(widgets.HBox([left, right], layout=WRAP))
        self._begin()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (self.play, "Press Play: both films are painted at the same time, frame by frame."),
            (self.film, "Show them as a film, also while they grow. On the left the strokes jump."),
            (self.weight, "Change the weight: it counts from the next frame on. What does 0 do?"),
            (self.style, "Choose another artwork. Which ones flicker most?"),
        ]

    def run(self) -> None:
        """Paint all frames in the cell, for pages that a thread cannot update."""
        self._worker.run()

    def close(self) -> None:
        """Stop the worker; the page does not change."""
        self._worker.stop()

    def _begin_or_ask(self) -> None:
        """Begin anew with another artwork, unless painted frames would be lost."""
        if self.alone or self._worker.playing:
            self._say("Press Reset to start again with this artwork.")
        else:
            self._begin()

    def _ask_to_pause(self) -> None:
        self._pausing = self._worker.playing
        self._worker.pause()
        if self._pausing:
            self._say("Pausing after this frame …")

    def _begin(self) -> None:
        """Discard what is painted, and show the frames of the clip."""
        self._worker.pause()
        run = video_run(
            self.frames,
            self.style.value,
            self.size,
            steps=self.steps,
            frame_steps=self.steps,
            brush=self.size,
            backbone=shared_backbone(),
        )
        with self._lock:
            self._run = run
            self.alone = []
        self.film.value = False
        self._show()
        self._say("Press Play, or Step for one frame at a time.")

    @property
    def held(self) -> list[Tensor]:
        """The painted frames that are held to those before, each (1, 3, H, W)."""
        return self._run.finished

    def _advance(self) -> bool:
        """Paint the next frame twice; whether there are more."""
        with self._lock:
            run, number = self._run, len(self.alone)
        if number == len(self.frames):
            return False
        self._pausing = False
        run.temporal_weight = self.weight.value
        left = run.first(run.frames[number]).run(False, self._watch(number, "by itself")).image
        right = left
        if number:
            watch = self._watch(number, "held to the frames before")
            right = run.make(number).run(False, watch).image
        with self._lock:
            if run is not self._run:  # Reset was pressed meanwhile
                return False
            self.held.append(right.cpu())
            self.alone.append(left.cpu())
        self.frame.value = number + 1
        self._show()
        self._say(self._report())
        return number + 1 < len(self.frames)

    def _watch(self, number: int, how: str) -> "Watch":
        return Watch(self, f"Frame {number + 1} of {len(self.frames)}, {how}")

    def _report(self) -> str:
        """How much both films flicker so far."""
        done = f"{len(self.alone)} of {len(self.frames)} frames."
        if len(self.alone) < 2:
            return done
        before, now = self.frames[: len(self.alone) - 1], self.frames[1 : len(self.alone)]
        flows = [optical_flow(*pair) for pair in zip(now, before, strict=True)]
        forward = [optical_flow(*pair) for pair in zip(before, now, strict=True)]
        seen = [visible(*pair) for pair in zip(flows, forward, strict=True)]
        left, right = (
            sum(flicker(film, flows, seen)) / len(flows) for film in (self.alone, self.held)
        )
        return f"{done} Flicker in levels of 256: {left:.1f} by itself, {right:.1f} held."

    def _show(self) -> None:
        """Show the chosen frame of both films, or of the clip until it is painted; or the films."""
        number, alone = self.frame.value - 1, self.alone
        if self.film.value and len(alone) > 1:
            pairs = [self._pair(*images) for images in zip(alone, self.held, strict=False)]
            self.picture.source = data_url(film_bytes(pairs), "webp")
            self.picture.alt = f"A film of {len(pairs)} frames, by themselves, and held"
        elif number < len(alone):
            alt = f"Frame {number + 1} by itself, and held to the frames before"
            self.picture.show(self._pair(alone[number], self.held[number]), alt, True)
        else:
            alt = f"Frame {number + 1} of the clip, twice"
            self.picture.show(self._pair(self.frames[number], self.frames[number]), alt, True)

    def _pair(self, left: Tensor, right: Tensor) -> Image.Image:
        return hstack([to_pil(left), to_pil(right)], GAP)

    def _say(self, text: str, error: bool = False) -> None:
        self.status.value = status_line(text, error)

    def _failed(self, error: Exception) -> None:
        self._say(error_text(error), error=True)


def film_bytes(pictures: list[Image.Image]) -> bytes:
    """An animated WebP that the page plays, and repeats."""
    stream = io.BytesIO()
    first, *others = pictures
    first.save(
        stream, "WEBP", save_all=True, append_images=others, duration=PLAYED, loop=0, quality=85
    )
    return stream.getvalue()


class Watch:
    """Says in the status line how far a frame is, by the clock.

    Args:
        lab: whose status line.
        what: the frame, in words.
    """

    def __init__(self, lab: FlickerLab, what: str):
        self.lab, self.what, self.next = lab, what, 0.0

    def __call__(self, step: Step) -> None:
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + FRAME_TIME
            pausing = " · pausing after this frame …" if self.lab._pausing else ""
            self.lab._say(f"{self.what}: step {step.iteration + 1} of {self.lab.steps}{pausing}")
