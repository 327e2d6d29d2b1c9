"""The style transfer lab: all parameters of a run, many of which can change during it."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets

from ..errors import CourseError
from ..images.animation import save_animation
from ..images.io import save_image, to_pil
from ..transfer.initial import STARTS
from ..transfer.optimizers import LEARNING_RATES
from ..transfer.style_transfer import STYLE_LAYERS
from .branch_view import BranchView
from .controls import WIDE, WRAP, button, choice_slider, chosen_picture, on_change, picture_menu
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone
from .photo_upload import PhotoUpload
from .recipe import recipe
from .transfer_settings import SIZES, first_image, live, make_transfer
from .uploads import store_upload

CONTENT_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
STYLE_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
LAYER_FACTORS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3)
TV_WEIGHTS = (0.0, 1e2, 1e3, 1e4, 1e5)
ANIMATION_SIDE = 320  # pixels: forty frames stay under 1 MB


class StyleTransferLab(LiveRunLab):
    """Change the parameters of a style transfer while it runs.

    Weights take effect at the next step. The pictures, the size, the initial image, the seed, the
    pooling and the optimizer take effect when the run is reset.

    Args:
        content, style: bundled names or paths of files.
        size: longer side in pixels, one of `SIZES`.
        steps: number of steps.
        beginner: show only three controls.
    """

    def __init__(
        self,
        content: str = "cat",
        style: str = "great_wave",
        size: int = 256,
        steps: int = 200,
        beginner: bool = True,
    ):
        self._make_controls(content, style, size, beginner)
        shared_backbone(self.pooling.value)  # before Play is pressed
        self.live_run = LiveRun(
            "style transfer", make_transfer, live, self.settings(), first_image, steps
        )
        self._make_views()
        self.live_run.reset.on_click(lambda _: self._reset())
        self._lay_out()
        self._show_inputs()
        self._simplify()

    def settings(self) -> dict:
        """The values of the controls, by the parameter names of `StyleTransfer`."""
        layers = {
            layer: STYLE_LAYERS[layer] * factor.value
            for layer, factor in self.layer_factors.items()
            if factor.value
        }
        return {
            "content": self.content.value,
            "style": self.style.value,
            "size": self.size.value,
            "init": self.start.value,
            "seed": self.seed.value,
            "pooling": self.pooling.value,
            "optimizer": self.optimizer.value,
            "content_weight": self.content_weight.value,
            "style_weight": self.style_weight.value,
            "tv_weight": self.tv_weight.value,
            "style_layers": layers,
        }

    # ------------------------------------------------------------ controls

    def _make_controls(self, content: str, style: str, size: int, beginner: bool) -> None:
        self.content = picture_menu("Content", content)
        self.style = picture_menu("Style", style)
        self.content_upload = self._upload("Your photograph", self.content)
        self.style_upload = self._upload("Your artwork", self.style)
        menu = functools.partial(widgets.Dropdown, layout=WIDE)
        self.size = menu(options=[(f"{n} px", n) for n in SIZES], value=size, description="Size")
        self.start = menu(options=list(STARTS), description="Start")
        self.seed = widgets.BoundedIntText(max=10**6, description="Seed", layout=WIDE)
        self.pooling = menu(options=["max", "avg"], description="Pooling")
        self.optimizer = menu(options=list(LEARNING_RATES), description="Optimizer")
        self.content_weight = choice_slider("Content α", CONTENT_WEIGHTS, 1.0)
        self.style_weight = choice_slider("Style β", STYLE_WEIGHTS, 1e3)
        self.tv_weight = choice_slider("Smooth γ", TV_WEIGHTS, 0.0)
        self.layer_factors = {
            layer: choice_slider(layer, LAYER_FACTORS, 1.0, prefix="×") for layer in STYLE_LAYERS
        }
        self.mode = widgets.ToggleButtons(
            options=["Three knobs", "All knobs"],
            value="Three knobs" if beginner else "All knobs",
            style={"button_width": "110px"},
        )
        on_change(self._simplify, self.mode)
        weights = (self.content_weight, self.style_weight, self.tv_weight)
        on_change(self._change, *weights, *self.layer_factors.values())
        images = (self.content, self.style, self.size, self.start, self.seed)
        on_change(self._ask_for_reset, *images, self.pooling, self.optimizer)

    def _upload(self, description: str, menu: widgets.Dropdown) -> PhotoUpload:
        return PhotoUpload(
            description,
            take=lambda name, content: self._take_upload(name, content, menu),
            refuse=lambda sentence: self.live_run.say(sentence, error=True),
        )

    def _take_upload(self, name: str, content: bytes, menu: widgets.Dropdown) -> None:
        try:
            path = str(store_upload(name, content))
        except (CourseError, OSError) as error:
            self.live_run.say(str(error), error=True)
            return
        menu.options = [*menu.options, (Path(path).name, path)]
        menu.value = path

    def _change(self) -> None:
        runner = self.live_run.runner
        runner.change({**runner.settings, **live(self.settings())})
        if runner.branch.steps:
            self.live_run.say("The new weights take effect at the next step.")

    def _ask_for_reset(self) -> None:
        self._show_inputs()
        if self.live_run.runner.branch.steps == 0 and not self.live_run.worker.playing:
            self._reset()
        else:
            self.live_run.say("Press Reset to start over with this setting.")

    def _reset(self) -> None:
        try:
            self.live_run.restart(self.settings())
        except CourseError as error:
            self.live_run.say(str(error), error=True)
        self.view.reset()

    def _simplify(self) -> None:
        """Show three controls, or all of them, including those for branches."""
        display = "" if self.mode.value == "All knobs" else "none"
        for part in (self.other_controls, self.fork, self.branches, self.copy):
            part.layout.display = display

    # ------------------------------------------------------------ views

    def _make_views(self) -> None:
        self.thumbnails = [widgets.HTML(layout={"margin": "4px"}) for _ in range(2)]
        self.view = view = BranchView(self.live_run)
        self.timeline, self.wipe = view.timeline, view.wipe
        self.branch_menu, self.compare = view.branch_menu, view.compare
        self.fork = button("Continue from here", "code-fork", "a new branch from this frame")
        self.file = widgets.Text(value="my_picture.png", description="File", layout=WIDE)
        self.save = button("Save picture", "save", "write the picture that is shown to the file")
        self.animate = button("Save animation", "film", "write the kept frames as animated WebP")
        self.copy = button("Copy settings", "code", "the Python code of this run")
        self.code = widgets.Textarea(
            rows=18, description="Code", layout={"width": "100%", "display": "none"}
        )
        self.fork.on_click(lambda _: self._fork())
        self.save.on_click(lambda _: self._save())
        self.animate.on_click(lambda _: self._save_animation())
        self.copy.on_click(lambda _: self._show_code())

    def _lay_out(self) -> None:
        run = self.live_run
        first = [self.content, self.style, self.style_weight]
        others = [self.content_upload, self.style_upload, self.size, self.start, self.seed]
        others += [self.content_weight, *self.layer_factors.values(), self.tv_weight]
        others += [self.pooling, self.optimizer]
        self.other_controls = widgets.VBox(others)
        controls = widgets.VBox(
            [self.mode, *first, self.other_controls], layout={"flex": "0 0 310px"}
        )
        self.branches = widgets.HBox([self.branch_menu, self.compare], layout=WRAP)
        views = widgets.VBox(
            [
                widgets.HBox([self.timeline, self.fork], layout=WRAP),
                self.wipe,
                self.branches,
                self.file,
                widgets.HBox([self.save, self.animate, self.copy], layout=WRAP),
            ],
            layout={"flex": "1 1 320px", "min_width": "0"},
        )
        pictures = widgets.HBox([run.picture, widgets.VBox(self.thumbnails)], layout=WRAP)
        picture = widgets.VBox(
            [pictures, run.caption, widgets.HBox([views, run.curves], layout=WRAP)],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([controls, picture], layout=WRAP)
        self.widget = widgets.VBox([run.buttons, run.status, body, self.code])

    def _show_inputs(self) -> None:
        for image, menu in zip(self.thumbnails, (self.content, self.style), strict=True):
            image.value = chosen_picture(menu)

    # ------------------------------------------------------------ actions

    def _fork(self) -> None:
        shown = self.view.shown_frame()
        if shown is None:
            self.live_run.say("There is no frame yet: press Play or Step first.")
            return
        branch, frame = shown
        self.live_run.worker.pause()
        try:
            new = self.live_run.runner.continue_from(branch, frame)
        except CourseError as error:
            self.live_run.say(str(error), error=True)
            return
        self.view.reset()
        self.live_run.say(
            f"Branch {new.name} starts from step {frame.iteration} of branch {branch.name}: "
            "change a setting and press Play."
        )

    def _save(self) -> None:
        with self._report_errors():
            shown = self.view.shown_frame()
            if shown is None:
                raise CourseError("There is no picture yet; press Play or Step first.")
            path = save_image(shown[1].image, self.file.value)
            self.live_run.say(f"Saved {path.resolve()}")

    def _save_animation(self) -> None:
        with self._report_errors():
            frames = [to_pil(frame.image) for frame in list(self.live_run.runner.branch.frames)]
            if not frames:
                raise CourseError("There are no frames yet; press Play or Step first.")
            for frame in frames:
                frame.thumbnail((ANIMATION_SIDE, ANIMATION_SIDE))
            path = save_animation(frames, Path(self.file.value).with_suffix(".webp"))
            self.live_run.say(f"Saved {path.resolve()}, {len(frames)} frames")

    @contextlib.contextmanager
    def _report_errors(self) -> Iterator[None]:
        """Show a CourseError in the status line."""
        try:
            yield
        except CourseError as error:
            self.live_run.say(str(error), error=True)

    def _show_code(self) -> None:
        self.code.value = recipe(self.live_run.runner.branch)
        self.code.layout.display = ""
