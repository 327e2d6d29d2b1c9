"""The part that every painting lab shares: the picture as it forms, its curves, and the buttons."""

import time
from collections.abc import Callable

import ipywidgets as widgets
from torch import Tensor

from ..device import readable_time
from ..errors import CourseError
from ..images.encode import jpeg, png
from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer
from .curves import curves_svg
from .frames import enlarged, img
from .painter import Painter, Settings
from .worker import Worker

FRAMES_A_SECOND = 6
BUTTON = {"width": "auto", "min_width": "72px"}


class LiveRun:
    """Play, pause, step and reset a style transfer and watch it.

    Args:
        name: of the lab; a second run of that name in the same kernel ends the first.
        make, live, settings: as in `Painter`.
        first_image: the picture to show before the first step, for given settings.
        steps: how many to take.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Settings, Tensor | None], StyleTransfer],
        live: Callable[[Settings], Settings],
        settings: Settings,
        first_image: Callable[[Settings], Tensor],
        steps: int = 200,
    ):
        self.first_image = first_image
        self.on_draw: list[Callable[[], None]] = []  # a lab's own parts, drawn with the picture
        self.on_rest: list[Callable[[], None]] = []
        self.play = self._button("Play", "play", "go on until the last step", "success")
        self.pause = self._button("Pause", "pause", "stop after the present step")
        self.step = self._button("Step", "step-forward", "take one step")
        self.reset = self._button("Reset", "undo", "start anew with the knobs as they are now")
        self.total = widgets.BoundedIntText(
            value=steps, min=1, max=100_000, description="Steps", layout={"width": "160px"}
        )
        self.picture = widgets.HTML()
        self.caption = widgets.HTML()
        self.curves = widgets.HTML(layout={"width": "370px", "max_width": "100%"})
        self.status = widgets.HTML()
        self.buttons = widgets.HBox(
            [self.play, self.pause, self.step, self.reset, self.total],
            layout={"flex_flow": "row wrap"},
        )
        self.painter = Painter(make, live, settings)
        self.worker = Worker(name, self._advance, self._rest, self._fail)
        self.play.on_click(lambda _: self._start(self.worker.play))
        self.step.on_click(lambda _: self._start(self.worker.step))
        self.pause.on_click(lambda _: self.worker.pause())
        self._next_frame = self._started = 0.0
        self._started_at = 0
        self.show_start()

    @staticmethod
    def _button(text: str, icon: str, tooltip: str, style: str = "") -> widgets.Button:
        return widgets.Button(
            description=text, icon=icon, tooltip=tooltip, button_style=style, layout=BUTTON
        )

    def say(self, text: str, error: bool = False) -> None:
        """Show a sentence in the status line."""
        self._failed = error
        colour = "var(--jp-error-color1, #d32f2f)" if error else "inherit"
        self.status.value = f'<div role="status" style="color:{colour}">{text}</div>'

    def show_start(self) -> None:
        """The picture before the first step."""
        self.show(self.first_image(self.painter.branch.changes[0][1]), "the starting image")
        self.curves.value = curves_svg(self.painter.branch.history)
        self.say("Press Play, or Step for one step at a time.")

    def restart(self, settings: Settings) -> None:
        """Start anew; nothing of the old run is kept."""
        self.worker.pause()
        self.painter.reset(settings)
        self.show_start()

    def show(self, image: Tensor, caption: str) -> None:
        """Show an image at once, as the last state of something: without loss."""
        self.show_picture(png(enlarged(image)), "png", caption)

    def show_picture(self, data: bytes, kind: str, caption: str) -> None:
        """Put the bytes of a JPEG or PNG on the page, with words that say what it is."""
        self.picture.value = img(data, kind, caption)
        self.caption.value = caption

    def run(self, steps: int | None = None) -> None:
        """Work in the cell until the run is over: for pages that a thread cannot update."""
        if steps is not None:
            self.total.value = steps
        self._start(self.worker.run)

    def close(self) -> None:
        """End the worker; the picture stays."""
        self.worker.stop()

    # ------------------------------------------------------------ in the worker's thread

    def _start(self, start: Callable[[], None]) -> None:
        if self.painter.branch.steps >= self.total.value:
            self.say("The last step is done: raise Steps, continue from a frame, or press Reset.")
            return
        self._started, self._started_at = time.perf_counter(), self.painter.branch.steps
        if self._started_at == 0:
            self.say("Measuring the content and the style …")
        start()

    def _advance(self) -> bool:
        step = self.painter.advance()
        if step is None:  # another branch or run took over
            return True
        now = time.perf_counter()
        if now >= self._next_frame:
            self._next_frame = now + 1 / FRAMES_A_SECOND
            self._draw(step)
        return self.painter.branch.steps < self.total.value

    def _draw(self, step: Step) -> None:
        branch = self.painter.branch
        done = max(1, branch.steps - self._started_at)
        seconds = (time.perf_counter() - self._started) / done
        left = readable_time(seconds * (self.total.value - branch.steps))
        message = f" {step.message}" if step.message else ""
        self.say(
            f"Step {step.iteration} of {self.total.value - 1} · {seconds:.2f} s a step · "
            f"about {left} left.{message}"
        )
        for draw in self.on_draw or [self.draw_newest]:
            draw()

    def draw_newest(self) -> None:
        """The newest frame and the curves up to it."""
        branch = self.painter.branch
        if branch.frames:
            frame = branch.frames[-1]
            caption = f"the image at step {frame.iteration}"
            self.show_picture(jpeg(enlarged(frame.image)), "jpeg", caption)
        self.curves.value = curves_svg(branch.history, branch.marks)

    def _rest(self) -> None:
        branch = self.painter.branch
        if not branch.steps:
            return
        for draw in [*(self.on_draw or [self.draw_newest]), *self.on_rest]:
            draw()
        if not self._failed:  # an error stays on the page
            over = branch.steps >= self.total.value
            what = "The run is over" if over else "Paused"
            self.say(f"{what} after step {branch.steps - 1}.")

    def _fail(self, error: Exception) -> None:
        text = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
        self.say(text, error=True)
