"""The sound lab: two sounds, a spectrogram that forms, and a button to hear it at any moment."""

import threading
import time
from pathlib import Path

import ipywidgets as widgets
import matplotlib
import numpy as np
from PIL import Image
from torch import Tensor

from ..checks import check_choice, check_count
from ..errors import CourseError
from ..sound import SoundTransfer, bundled, load, spectrogram
from ..sound.files import check_seconds
from ..sound.player import player
from ..sound.transfer import audible
from .controls import WIDE, WRAP, button, choice_slider, on_change
from .curves import curves_svg
from .frames import status_line
from .lab import Lab
from .photo_upload import PhotoUpload
from .uploads import safe_name, upload_folder
from .viewer import Viewer
from .worker import Worker, error_text

NOISE = "noise"  # the content of a texture: none
FRAME_TIME = 0.2  # seconds between two pictures
WEIGHTS = (1e2, 1e3, 1e4, 1e5, 1e6, 1e7)
SIZE = 800, 400  # pixels of the picture
LIGHTEST = 0.55  # value of a spectrogram that has the lightest color
SOUNDS = ".wav,.flac,.mp3,.ogg,.aiff"  # what can be uploaded


class SoundLab(Lab):
    """Give one sound the texture of another, and listen while it forms.

    Args:
        content: bundled name or path of a file, or ``"noise"`` for a texture from noise.
        style: bundled name or path of a file.
        seconds: how much of the two sounds is used.
        steps: number of steps.
    """

    def __init__(
        self,
        content: str = "speech",
        style: str = "bells",
        seconds: float = 3.2,
        steps: int = 150,
    ):
        check_count("steps", steps, least=1)
        check_seconds("seconds", seconds, least=0.5)
        self.seconds, self.count = seconds, steps
        self.content, self.style = sound_menu("Content", content, NOISE), sound_menu("Style", style)
        self.weight = choice_slider("β, style", WEIGHTS, 1e5)
        self.upload = PhotoUpload(
            "Upload a sound as style",
            self._take,
            lambda _: self._say("The sound has more than 8 MB; choose a shorter one.", error=True),
            camera=False,
            accept=SOUNDS,
        )
        self.play = button("Play", "play", "run until the last step", "success")
        self.pause = button("Pause", "pause", "pause after the current step")
        self.reset = button("Reset", "undo", "start over")
        self.hear = button("Hear it now", "volume-up", "turn the picture of this moment into sound")
        self.picture, self.status = Viewer(file="spectrogram"), widgets.HTML()
        self.curves = widgets.HTML(layout={"width": "370px", "max_width": "100%"})
        self.heard = widgets.HTML()
        self.originals = widgets.HTML()
        self._lock = threading.Lock()
        self._running = self._listen = self._pausing = False
        self._next_frame = 0.0
        self._history: dict[str, list[float]] = {}
        self._worker = Worker("SoundLab", self._advance, self._paused, self._failed)
        on_change(self._restart_or_ask, self.content, self.style)
        self.play.on_click(lambda _: self._start())
        self.pause.on_click(lambda _: self._stop())
        self.reset.on_click(lambda _: self._restart())
        self.hear.on_click(lambda _: self._ask_to_hear())
        self.widget = self.framed(widgets.HBox(self._columns(), layout=WRAP))
        self._restart()

    def _columns(self) -> list[widgets.VBox]:
        settings = [self.content, self.style, self.upload, self.weight, self.originals]
        buttons = widgets.HBox([self.play, self.pause, self.reset, self.hear], layout=WRAP)
        shown = [self.picture, buttons, self.heard, self.status, self.curves]
        wide = {"flex": "1 1 400px", "min_width": "0"}
        return [
            widgets.VBox(settings, layout={"flex": "0 0 310px"}),
            widgets.VBox(shown, layout=wide),
        ]

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (self.originals, "Listen to the two sounds first."),
            (self.play, "Press Play: the spectrogram of the content takes the texture."),
            (self.hear, "Press Hear it now while it forms, and again at the end."),
            (self.weight, "Move the style weight. When are the words lost?"),
            (self.content, "Choose noise as content: a texture from nothing."),
            (self.upload, "Use a sound of your own as style."),
        ]

    def close(self) -> None:
        """Stop the worker; the page does not change."""
        self._worker.stop()

    def run(self, steps: int | None = None) -> None:
        """Run in the cell, for pages such as Colab's that a thread cannot update."""
        if steps is not None:
            check_count("steps", steps, least=1)
            self.count = self._transfer.iteration + steps
        with self._lock:
            self._running = True
        self._worker.run()
        self._hear(self._transfer)

    def _restart_or_ask(self) -> None:
        """Start again with another sound, unless a run would be lost."""
        if self._history or self._worker.playing:
            self._say("Press Reset to start again with this sound.")
        else:
            self._restart()

    def _restart(self) -> None:
        """Discard the run, and show and offer the two sounds."""
        try:
            style = load(self.style.value, self.seconds)
            content = None
            if self.content.value != NOISE:
                content = load(self.content.value, self.seconds)
            transfer = SoundTransfer(style, content, style_weight=self.weight.value)
        except (CourseError, OSError) as error:
            self._say(str(error), error=True)
            return
        with self._lock:
            self._running = self._listen = self._pausing = False
            self._transfer, self._history = transfer, {}
        self._names = f"{self.content.label} in the style of {self.style.label}"
        sounds = [
            (content, f"content: {self.content.label}"),
            (style, f"style: {self.style.label}"),
        ]
        self.originals.value = "".join(player(s, t) for s, t in sounds if s is not None)
        self.heard.value = ""
        self.curves.value = curves_svg({})
        self._show(transfer.spectrogram, "the start", final=True)
        self.picture.compare(
            drawn(spectrogram(style)), f"spectrogram of the style, {self.style.label}"
        )
        self._say("Press Play. Left of the line is the style.")

    def _start(self) -> None:
        with self._lock:
            self._running = True
        self._worker.play()

    def _stop(self) -> None:
        with self._lock:
            self._pausing, self._running = self._running, False
        if self._pausing:
            self._say("Pausing after this step …")

    def _paused(self) -> None:
        if self._pausing:
            self._pausing = False
            self._say(f"Paused after step {self._transfer.iteration}.")

    def _ask_to_hear(self) -> None:
        self._say("The sound is computed.")
        with self._lock:
            self._listen = True
        self._worker.play()

    def _advance(self) -> bool:
        """Turn the picture into sound if that was asked for, or take a step."""
        with self._lock:
            transfer, listen, self._listen = self._transfer, self._listen, False
            running = self._running
        if listen:
            self._hear(transfer)
        elif running:
            self._step(transfer)
        with self._lock:
            return self._running or self._listen

    def _step(self, transfer: SoundTransfer) -> None:
        if transfer.iteration >= self.count:
            self._finish(transfer)
            return
        if transfer.style_weight != self.weight.value:
            transfer.style_weight = self.weight.value
            self._history = {}  # losses under two weights are not one curve
        step = next(iter(transfer.steps(1)))
        with self._lock:
            if transfer is not self._transfer:  # Reset was pressed on the way
                return
            for name in ("total", *(term.name for term in transfer.objective)):
                self._history.setdefault(name, []).append(step.losses[name])
        if time.monotonic() >= self._next_frame:
            self._next_frame = time.monotonic() + FRAME_TIME
            self._show(step.image, f"step {step.iteration + 1}", final=False)
            losses = (f"{t.name} loss {step.losses[t.name]:.2g}" for t in transfer.objective)
            self._say(f"Step {step.iteration + 1} of {self.count}: {', '.join(losses)}.")
            self.curves.value = curves_svg(dict(self._history))

    def _finish(self, transfer: SoundTransfer) -> None:
        with self._lock:
            if transfer is self._transfer:
                self._running = False
        self._show(transfer.spectrogram, f"after {self.count} steps", final=True)
        self.curves.value = curves_svg(dict(self._history))
        self._say(f"Done: {self.count} steps. Press Hear it now.")

    def _hear(self, transfer: SoundTransfer) -> None:
        at = f"step {transfer.iteration}"
        self.heard.value = player(transfer.sound, f"{self._names}, {at}", autoplay=True)
        self._say(f"This is the sound of {at}.")

    def _show(self, picture: Tensor, moment: str, final: bool) -> None:
        self.picture.show(drawn(picture), f"spectrogram: {self._names}, {moment}", final)

    def _say(self, text: str, error: bool = False) -> None:
        self.status.value = status_line(text, error)

    def _take(self, name: str, content: bytes) -> None:
        """Use an uploaded sound as style."""
        try:
            self._store(name, content)
        except (CourseError, OSError) as error:
            self._say(str(error), error=True)

    def _store(self, name: str, content: bytes) -> None:
        path = upload_folder() / safe_name(name)
        path.write_bytes(content)
        try:
            audible(path.name, load(path, self.seconds))
        except CourseError as error:
            path.unlink()
            raise CourseError(str(error).replace(str(path), path.name)) from error
        self.style.options = [(path.name, str(path)), *self.style.options]  # chooses the first

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._running = False
        self._say(error_text(error), error=True)


def sound_menu(description: str, value: str, *others: str) -> widgets.Dropdown:
    """A menu of the bundled sounds and of ``others``, and the file ``value`` if that is a path."""
    options = [(name, name) for name in [*others, *bundled()]]
    if value not in [name for name, _ in options]:
        load(value, 0.1)  # raises the error here, before the lab is built
        options.append((Path(value).name, value))
    check_choice(description.lower(), value, [option for _, option in options])
    return widgets.Dropdown(options=options, value=value, description=description, layout=WIDE)


def drawn(picture: Tensor) -> Image.Image:
    """A spectrogram as a picture, the lowest frequency at the bottom."""
    values = (picture[0, 0].detach().cpu().flip(0) / LIGHTEST).clamp(0, 1).numpy()
    colors = (matplotlib.colormaps["magma"](values)[:, :, :3] * 255).astype(np.uint8)
    return Image.fromarray(colors).resize(SIZE, Image.Resampling.BILINEAR)
