"""What all labs with a run share: the present image, the loss curves, and the buttons."""

import contextlib
import html
import time
from collections.abc import Callable, Iterator

import ipywidgets as widgets
from PIL import Image
from torch import Tensor

from ..device import readable_time
from ..errors import CourseError
from ..images.io import to_pil
from ..transfer.multiscale import MultiScale
from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer
from .controls import WRAP, button, picture_upload
from .curves import curves_svg
from .frames import status_line
from .runner import Runner, Settings
from .viewer import Viewer
from .worker import Worker, error_text

FRAMES_PER_SECOND = 6


class LiveRun:
    """A style transfer with buttons to play, pause, step and reset it.

    Args:
        name: of the lab; a second run of that name in the same kernel stops the first.
        make, live, settings: as in `Runner`.
        first_image: settings → the image to show before the first step.
        steps: number of steps.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Settings, Tensor | None], StyleTransfer | MultiScale],
        live: Callable[[Settings], Settings],
        settings: Settings,
        first_image: Callable[[Settings], Tensor],
        steps: int = 200,
    ):
        self.first_image = first_image
        self.on_start: Callable[[], object] = lambda: None  # before each start
        self.on_draw: list[Callable[[], None]] = []  # to draw the views of a lab
        self.on_pause: list[Callable[[], None]] = []
        self.advice = ""  # follows the message that a run is finished
        self.play = button("Play", "play", "run until the last step", "success")
        self.pause = button("Pause", "pause", "pause after the current step")
        self.step = button("Step", "step-forward", "take one step")
        self.reset = button("Reset", "undo", "start over with the current settings")
        self.total = widgets.BoundedIntText(
            value=steps, min=1, max=100_000, description="Steps", layout={"width": "160px"}
        )
        self.picture = Viewer()
        self.caption = widgets.HTML()
        self.curves = widgets.HTML(layout={"width": "370px", "max_width": "100%"})
        self.status = widgets.HTML()
        self.buttons = widgets.HBox(
            [self.play, self.pause, self.step, self.reset, self.total],
            layout=WRAP,
        )
        self.runner = Runner(make, live, settings)
        self.worker = Worker(name, self._advance, self._paused, self._fail)
        self.play.on_click(lambda _: self._start(self.worker.play))
        self.step.on_click(lambda _: self._start(self.worker.step))
        self.pause.on_click(lambda _: self._ask_to_pause())
        self._next_frame = self._started = 0.0
        self._started_at: int | None = None  # the step from which on the time is taken
        self.show_start()

    def say(self, text: str, error: bool = False) -> None:
        """Show a message, plain text, in the status line."""
        self._failed = error
        self.status.value = status_line(text, error)

    @contextlib.contextmanager
    def errors_shown(self) -> Iterator[None]:
        """Show what is wrong with an input, or with a file, in the status line."""
        try:
            yield
        except (CourseError, OSError, ValueError) as error:
            self.say(str(error), error=True)

    def upload(self, description: str, menu: widgets.Dropdown) -> widgets.DOMWidget:
        """A button that adds a picture of the reader's own to a `picture_menu`."""
        return picture_upload(description, menu, lambda text: self.say(text, error=True))

    def show_start(self) -> None:
        """Show the image before the first step."""
        self.show(self.first_image(self.runner.branch.changes[0][1]), "the initial image")
        self.curves.value = curves_svg(self.runner.branch.history)
        self.say("Press Play, or Step for one step at a time.")

    def restart(self, settings: Settings) -> None:
        """Discard the run and prepare a new one."""
        self.worker.pause()
        self.runner.reset(settings)
        self.show_start()

    def change(self, settings: Settings) -> None:
        """Use these settings from the next step on, and say when that will be."""
        self.runner.change(settings)
        steps = self.runner.branch.steps
        if steps >= self.total.value:
            self.say("The run is finished: press Reset, then Play, to start again with this.")
        elif steps and not self.worker.playing:
            self.say("Press Play to go on with this setting, or Reset to start again with it.")

    def reset_or_ask(self, reset: Callable[[], object]) -> None:
        """Start again with a setting that needs it, unless a run would be lost: then ask."""
        if self.runner.branch.steps == 0 and not self.worker.playing:
            reset()
        else:
            self.say("Press Reset to start again with this setting.")

    def show(self, image: Tensor, caption: str) -> None:
        """Show an image, without compression loss."""
        self.show_picture(to_pil(image), caption)

    def show_picture(self, picture: Image.Image, caption: str, final: bool = True) -> None:
        """Show a picture with a caption that is also its alt text; as JPEG unless it is final."""
        self.picture.show(picture, caption, final)
        self.caption.value = html.escape(caption)

    def run(self, steps: int | None = None) -> None:
        """Run in the cell until the last step, for pages that a thread cannot update."""
        self._start(self.worker.run, steps)

    def close(self) -> None:
        """Stop the worker; the page does not change."""
        self.worker.stop()

    def _ask_to_pause(self) -> None:
        if self.worker.playing:
            self.say("Pausing after this step …")
        self.worker.pause()

    # ------------------------------------------------------------ in the worker's thread

    def _start(self, start: Callable[[], None], steps: int | None = None) -> None:
        try:
            self.on_start()
        except CourseError as error:
            self.say(str(error), error=True)
            return
        if steps is not None:
            self.total.value = steps
        if self.runner.branch.steps >= self.total.value:
            self.say("The run is finished: increase Steps, continue from a frame, or press Reset.")
            return
        self._started_at = None
        if self.runner.branch.steps == 0:
            self.say("Computing the features of the content and the style …")
        start()

    def _advance(self) -> bool:
        step = self.runner.advance()
        if step is None:  # another branch became current
            return True
        now = time.perf_counter()
        if self._started_at is None:  # the first step also computes the targets
            self._started, self._started_at = now, self.runner.branch.steps
        if now >= self._next_frame:
            self._next_frame = now + 1 / FRAMES_PER_SECOND
            self._draw(step)
        return self.runner.branch.steps < self.total.value

    def _draw(self, step: Step) -> None:
        run = self.runner.branch.run
        assert run is not None  # it has just made a step
        final = run.scales[-1].size
        size = f" at {run.scale.size} of {final} px" if len(run.scales) > 1 else ""
        message = f" {step.message}" if step.message else ""
        self.say(f"Step {step.iteration} of {self.total.value - 1}{size}{self._left()}.{message}")
        for draw in self.on_draw or [self.draw_newest]:
            draw()

    def _left(self) -> str:
        """The time until the last step, by the steps since Play; nothing at the first of them."""
        branch, run = self.runner.branch, self.runner.branch.run
        if run is None or self._started_at is None or branch.steps <= self._started_at:
            return ""
        done = run.work(branch.steps) - run.work(self._started_at)
        left = run.work(self.total.value) - run.work(branch.steps)
        seconds = (time.perf_counter() - self._started) * left / done
        return f" · about {readable_time(seconds)} left"

    def draw_newest(self) -> None:
        """Show the newest frame and the curves."""
        branch = self.runner.branch
        if branch.frames:
            frame = branch.frames[-1]
            caption = f"the image at step {frame.iteration}"
            self.show_picture(to_pil(frame.image), caption, final=False)
        self.curves.value = curves_svg(branch.history, branch.marks)

    def _paused(self) -> None:
        branch = self.runner.branch
        if not branch.steps:
            return
        for draw in [*(self.on_draw or [self.draw_newest]), *self.on_pause]:
            draw()
        if not self._failed:  # an error remains visible
            if branch.steps >= self.total.value:
                self.say(f"Finished at step {branch.steps - 1}.{self.advice}")
            else:
                self.say(f"Paused after step {branch.steps - 1}. Press Play to go on.")

    def _fail(self, error: Exception) -> None:
        self.say(error_text(error), error=True)
