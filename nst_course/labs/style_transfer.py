"""The style transfer lab: all parameters of a run, many of which can change during it."""

import functools
from collections.abc import Sequence

import ipywidgets as widgets

from ..transfer.initial import STARTS
from ..transfer.optimizers import LEARNING_RATES
from ..transfer.style_transfer import STYLE_LAYERS
from ..transfer.stylize import STRENGTHS, report, usual_start
from .branch_view import BranchView
from .controls import (
    WIDE,
    WRAP,
    button,
    choice_slider,
    choose_upload,
    chosen_picture,
    on_change,
    picture_menu,
)
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone
from .photo_upload import PhotoUpload
from .saving import Saving
from .transfer_settings import SIZES, first_image, live, make_run, planned_steps

CONTENT_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
STYLE_WEIGHTS = (0.0, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4, 1e5)
STROKES = {"very large": 96, "large": 128, "medium": 181, "fine": 256, "very fine": 512}
LAYER_FACTORS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3)
TV_WEIGHTS = (0.0, 1e2, 1e3, 1e4, 1e5)
LARGE_SIZES = (1024, 2048, 3000)


class StyleTransferLab(LiveRunLab):
    """Change the parameters of a style transfer while it runs, coarse to fine like `nst.stylize`.

    Weights take effect at the next step. The pictures, the size, the size of the strokes, the
    initial image, the seed, the pooling and the optimizer take effect when the run is reset.

    Args:
        content, style: bundled names or paths of files.
        size: longer side in pixels, one of `SIZES`.
        steps: at the first size; fewer at each larger one.
        beginner: show only three controls.
    """

    def __init__(
        self,
        content: str = "cat",
        style: str = "great_wave",
        size: int = 256,
        steps: int = 120,
        beginner: bool = True,
    ):
        self.steps = steps
        self._following = False  # while the controls are set to those of a branch
        self._make_controls(content, style, size, beginner)
        shared_backbone(self.pooling.value)  # before Play is pressed
        settings = self.settings()
        self.live_run = LiveRun(
            "style transfer",
            make_run,
            live,
            settings,
            first_image,
            planned_steps(settings),
            picture_width="100%",
        )
        self._make_views()
        self.live_run.reset.on_click(lambda _: self._reset())
        self._lay_out()
        self._show_inputs()
        self._simplify()

    def settings(self) -> dict:
        """The values of the controls, by the parameter names of `nst.multi_scale`."""
        layers = {
            layer: STYLE_LAYERS[layer] * factor.value
            for layer, factor in self.layer_factors.items()
            if factor.value
        }
        return {
            "content": self.content.value,
            "style": self.style.value,
            "size": self.size.value,
            "brush": self.strokes.value,
            "steps": self.steps,
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
        self.strength = choice_slider("Strength", tuple(STRENGTHS), 3)
        self.strokes = menu(options=list(STROKES.items()), value=181, description="Strokes")
        self.start = menu(options=list(STARTS), value="recolored", description="Start")
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
            options=["Main settings", "All settings"],
            value="Main settings" if beginner else "All settings",
            style={"button_width": "110px"},
        )
        on_change(self._simplify, self.mode)
        on_change(self._take_strength, self.strength)
        weights = (self.content_weight, self.style_weight, self.tv_weight)
        on_change(self._change, *weights, *self.layer_factors.values())
        images = (self.content, self.style, self.size, self.strokes, self.start, self.seed)
        on_change(self._ask_for_reset, *images, self.pooling, self.optimizer)

    def _upload(self, description: str, menu: widgets.Dropdown) -> PhotoUpload:
        return PhotoUpload(
            description,
            take=lambda name, content: self._take_upload(name, content, menu),
            refuse=lambda sentence: self.live_run.say(sentence, error=True),
        )

    def _take_upload(self, name: str, content: bytes, menu: widgets.Dropdown) -> None:
        with self.live_run.errors_shown():
            choose_upload(menu, name, content)

    def _take_strength(self) -> None:
        """Set what a strength of `nst.stylize` stands for."""
        weight, first_size = STRENGTHS[self.strength.value]
        self.style_weight.value = weight
        self.strokes.value = first_size
        self.start.value = usual_start(weight)

    def _change(self) -> None:
        if self._following:
            return
        runner = self.live_run.runner
        runner.change({**runner.settings, **live(self.settings())})
        if runner.branch.steps:
            self.live_run.say("The new weights take effect at the next step.")

    def _ask_for_reset(self) -> None:
        if self._following:
            return
        self._show_inputs()
        if self.live_run.runner.branch.steps == 0 and not self.live_run.worker.playing:
            self._reset()
        else:
            self.live_run.say("Press Reset to start over with this setting.")

    def _reset(self) -> None:
        settings = self.settings()
        with self.live_run.errors_shown():
            self.live_run.restart(settings)
            self.live_run.total.value = planned_steps(settings)
        self.view.reset()

    def _simplify(self) -> None:
        """Show the main settings, or all of them, including the controls for branches."""
        display = "" if self.mode.value == "All settings" else "none"
        for part in (self.other_controls, self.fork, self.branches, self.saving.copy):
            part.layout.display = display

    # ------------------------------------------------------------ views

    def _make_views(self) -> None:
        self.thumbnails = [widgets.HTML(layout={"margin": "4px"}) for _ in range(2)]
        self.view = view = BranchView(self.live_run)
        self.timeline, self.wipe = view.timeline, view.wipe
        self.branch_menu, self.compare = view.branch_menu, view.compare
        self.fork = button("Continue from here", "code-fork", "a new branch from this frame")
        self.saving = Saving(view)
        self.large_size = widgets.Dropdown(
            options=[(f"{size} px", size) for size in LARGE_SIZES],
            description="Large size",
            layout={"width": "180px"},
        )
        self.large = button("Paint it large", "expand", "a new branch at the large size")
        self.forecast = widgets.HTML()
        self.fork.on_click(lambda _: self._fork())
        self.large.on_click(lambda _: self._paint_large())
        view.on_choose = self._show_settings

    def _lay_out(self) -> None:
        run = self.live_run
        others = [self.strokes, self.start, self.seed]
        others += [self.content_weight, self.style_weight, self.tv_weight]
        others += [*self.layer_factors.values(), self.pooling, self.optimizer]
        self.other_controls = widgets.VBox(others)
        pictures = widgets.HBox(self.thumbnails, layout=WRAP)
        first = [self.content, self.content_upload, self.style, self.style_upload, pictures]
        controls = widgets.VBox(
            [self.mode, *first, self.size, self.strength, self.other_controls],
            layout={"flex": "0 0 310px"},
        )
        self.branches = widgets.HBox([self.branch_menu, self.compare], layout=WRAP)
        large = widgets.HBox([self.large_size, self.large], layout=WRAP)
        views = widgets.VBox(
            [
                widgets.HBox([self.timeline, self.fork], layout=WRAP),
                self.wipe,
                self.branches,
                self.saving.widget,
                large,
                self.forecast,
            ],
            layout={"flex": "1 1 320px", "min_width": "0"},
        )
        picture = widgets.VBox(
            [run.picture, run.caption, widgets.HBox([views, run.curves], layout=WRAP)],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([controls, picture], layout=WRAP)
        self.widget = widgets.VBox([run.buttons, run.status, body, self.saving.code])

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
        with self.live_run.errors_shown():
            new = self.live_run.runner.continue_from(branch, frame)
            self.view.reset()
            self.live_run.say(
                f"Branch {new.name} starts from step {frame.iteration} of branch {branch.name}: "
                "change a setting and press Play."
            )

    def _paint_large(self) -> None:
        """Run the present settings at a large size, as a branch of its own."""
        settings = {**self.settings(), "size": self.large_size.value}
        self.live_run.worker.pause()
        self.live_run.say("Timing a few steps …")
        with self.live_run.errors_shown():
            run = make_run(settings, None)
            self.forecast.value = report(run, run.estimate())
            self.live_run.runner.begin(settings)
            self.live_run.total.value = planned_steps(settings)
            self.view.reset()
            self.live_run.play.click()

    def _show_settings(self, settings: dict) -> None:
        """Set the controls to the settings of a branch that was chosen."""
        layers = settings["style_layers"]
        values = {
            self.content: settings["content"],
            self.style: settings["style"],
            self.size: settings["size"],
            self.strokes: settings["brush"],
            self.start: settings["init"],
            self.seed: settings["seed"],
            self.pooling: settings["pooling"],
            self.optimizer: settings["optimizer"],
            self.content_weight: settings["content_weight"],
            self.style_weight: settings["style_weight"],
            self.tv_weight: settings["tv_weight"],
            **{
                slider: nearest(LAYER_FACTORS, layers.get(layer, 0.0) / STYLE_LAYERS[layer])
                for layer, slider in self.layer_factors.items()
            },
        }
        self._following = True
        for control, value in values.items():
            control.value = value
        self._following = False
        self._show_inputs()


def nearest(values: Sequence[float], value: float) -> float:
    """The one of the values that is closest, because a product and a quotient are rounded."""
    return min(values, key=lambda candidate: abs(candidate - value))
