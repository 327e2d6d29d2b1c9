"""The instant lab: a photograph repainted at every move of a slider."""

import functools
import threading
import time
from collections.abc import Iterator

import ipywidgets as widgets
from torch import Tensor

from ..fast import FAST_STYLES, stylize_fast
from ..images.io import load_image, to_pil
from ..statistics import covariance
from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer
from ..transfer.styles import Style
from ..transfer.stylize import dial
from .controls import WIDE, WRAP, button, on_change, picture_menu, picture_upload
from .frames import status_line
from .lab import Lab
from .network import shared_backbone
from .viewer import Viewer
from .worker import Worker, error_text

STEPS = 40  # of a real run
FRAME_TIME = 0.2  # seconds between two pictures of a real run


class Instant(Lab):
    """Move between two styles and turn the strength while the picture follows.

    A button starts a real run of the loop from the picture that is shown.

    Args:
        photo: bundled name or path of a file.
        size: longer side of the picture, in pixels.
    """

    def __init__(self, photo: str = "cat", size: int = 256):
        self.size = size
        self.photo = picture_menu("Photograph", photo)
        self.upload = picture_upload("Upload a photo", self.photo, self._say)
        self.first, self.second = (
            widgets.Dropdown(
                options=[(style.replace("_", " "), style) for style in FAST_STYLES],
                value=value,
                description=name,
                layout=WIDE,
            )
            for name, value in (("From", "great_wave"), ("To", "composition_viii"))
        )
        # Unlike the sliders of other labs, these report every move: the network keeps up.
        slider = functools.partial(widgets.FloatSlider, layout=WIDE)
        self.place = slider(0.0, min=0, max=1, step=0.01, description="Between")
        self.strength = slider(3.0, min=1, max=5, step=0.05, description="Strength")
        self.refine = button("Start a real run from here", "play", f"{STEPS} steps of the loop")
        self.picture = Viewer()
        self.status = widgets.HTML()
        self._lock = threading.Lock()
        self._asked = True  # whether the picture has to be repainted
        self._run: Iterator[Step] | None = None
        self._painting: Tensor | None = None
        self._shown = 0.0  # when the last frame of a real run was shown
        self._worker = Worker("Instant", self._advance, self._paused, self._failed)
        on_change(self._ask, self.photo, self.first, self.second, self.place, self.strength)
        self.refine.on_click(lambda _: self._start_run())
        controls = [self.photo, self.upload, self.first, self.second, self.place, self.strength]
        left = widgets.VBox([*controls, self.refine], layout={"flex": "0 0 310px"})
        right = widgets.VBox(
            [self.picture, self.status], layout={"flex": "1 1 400px", "min_width": "0"}
        )
        self.widget = self.framed(widgets.HBox([left, right], layout=WRAP))
        self._worker.play()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.place,
                "Move Between: the picture goes from one artwork to the other, several times a "
                "second.",
            ),
            (self.strength, "Move Strength down to 1 and up to 5."),
            (self.second, "Choose another artwork to go to."),
            (
                self.upload,
                "Paint a photo of your own: choose a file, drop one here, or use the camera.",
            ),
            (
                self.refine,
                "Let the loop go on from here. What does it add that one pass has missed?",
            ),
        ]

    def run(self) -> None:
        """Paint in the cell, for pages such as Colab's that a thread cannot update."""
        with self._lock:
            self._asked = self._run is None
        self._worker.run()

    def close(self) -> None:
        """Stop the worker; the page does not change."""
        self._worker.stop()

    def mixture(self) -> dict[str, float]:
        """Artwork → weight, for the place between the two."""
        weights = {self.first.value: 1 - self.place.value}
        weights[self.second.value] = weights.get(self.second.value, 0.0) + self.place.value
        return weights

    def _ask(self) -> None:
        """Have the picture repainted; a real run ends."""
        with self._lock:
            self._asked, self._run = True, None
        self._worker.play()

    def _start_run(self) -> None:
        """Begin a real run from the picture that is shown."""
        if self._painting is None:
            return
        styles = [
            Style(load_image(name, self.size), weight)
            for name, weight in self.mixture().items()
            if weight
        ]
        transfer = StyleTransfer(
            load_image(self.photo.value, self.size),
            styles,
            shared_backbone(),
            style_weight=dial(self.strength.value)[0],
            init=self._painting,
            statistic=covariance,
        )
        with self._lock:
            self._asked, self._run = False, transfer.steps(STEPS)
        self._worker.play()

    def _advance(self) -> bool:
        """Paint what was asked for last, or take a step of the real run."""
        with self._lock:
            asked, run, self._asked = self._asked, self._run, False
        if asked:
            self._paint()
        elif run is not None:
            self._take_step(run)
        return asked or self._run is not None

    def _paint(self) -> None:
        start = time.perf_counter()
        photo = load_image(self.photo.value, self.size)
        self._painting = stylize_fast(photo, self.mixture(), self.size, self.strength.value).cpu()
        seconds = time.perf_counter() - start
        self._show(self._painting, final=False)
        self._say(f"One pass: {1000 * seconds:.0f} ms.")

    def _take_step(self, run: Iterator[Step]) -> None:
        step = next(run, None)
        if step is None:
            with self._lock:
                if self._run is run:
                    self._run = None
            return
        last = step.iteration + 1 >= STEPS
        if last or time.monotonic() - self._shown > FRAME_TIME:
            self._shown = time.monotonic()
            self._show(step.image, final=last)
            self._say(
                f"Step {step.iteration + 1} of {STEPS}: style loss {step.losses['style']:.3g}."
            )

    def _show(self, image: Tensor, final: bool) -> None:
        used = [name for name, weight in self.mixture().items() if weight]
        names = " and ".join(name.replace("_", " ") for name in used)
        alt = f"{self.photo.label} in the style of {names}, strength {self.strength.value:g}"
        self.picture.show(to_pil(image), alt, final)

    def _say(self, text: str) -> None:
        self.status.value = status_line(text)

    def _paused(self) -> None:
        if self._asked:  # it was asked for just as the worker went to rest
            self._worker.play()

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._run = None
        self._say(error_text(error))
