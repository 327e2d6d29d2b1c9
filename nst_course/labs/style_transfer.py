"""The style transfer lab: all parameters of a run, many of which can change during it."""

from collections.abc import Collection

import ipywidgets as widgets

from ..transfer.stylize import report
from .branch_view import NOTHING, BranchView
from .controls import WRAP, button, chosen_picture, on_change
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone
from .saving import Saving
from .style_row import StyleRow
from .transfer_controls import TransferControls
from .transfer_settings import first_image, live, make_run, planned_steps

LARGE_SIZES = (1024, 2048, 3000)
DETAILED = 512  # pixels; a picture of fewer looks blurred when it fills the page
# Controls that take effect at the next step.
LIVE_CONTROLS = {"content_weight", "style_weight", "tv_weight"}


class StyleTransferLab(LiveRunLab):
    """Change the parameters of a style transfer while it runs, coarse to fine like `nst.stylize`.

    Weights take effect at the next step. The pictures, the size, the size of the strokes, the
    initial image, the seed, the pooling and the optimizer begin another picture at the next Play;
    the earlier ones stay until Reset is pressed.

    Args:
        content, style: bundled names or paths of files.
        size: longer side in pixels, one of `SIZES`.
        steps: at the first size; fewer at each larger one.
        beginner: show only the main settings.
    """

    def __init__(
        self,
        content: str = "cat",
        style: str = "great_wave",
        size: int = 256,
        steps: int = 120,
        beginner: bool = True,
    ):
        self.controls = TransferControls(content, style, size, steps)
        shared_backbone(self.controls.pooling.value)  # before Play is pressed
        settings = self.settings()
        self.live_run = LiveRun(
            "style transfer", make_run, live, settings, first_image, planned_steps(settings)
        )
        self._make_controls(beginner)
        self._make_views()
        self._lay_out()
        self._show_inputs()
        self._simplify()
        self._announce(settings)

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.live_run.play,
                "Press Play. The picture forms, first small, then at its full size.",
            ),
            (
                self.content_upload,
                "Now a photo of your own: choose a file, drop one here, or use the camera.",
            ),
            (
                self.styles,
                "Each small picture is your photograph after another artwork. Click one, and "
                "press Play.",
            ),
            (
                self.controls.strength,
                "Move Strength to 1 and press Play, then to 5 and again. How much of the "
                "photograph is left?",
            ),
            (
                self.controls.strokes,
                "Very large strokes make a bolder picture, and small things go. Which suit your "
                "photo?",
            ),
            (
                self.branch_menu,
                "Each time, a picture of its own has begun. Here you go back to an earlier one.",
            ),
            (
                self.compare,
                "Choose the photograph here. Drag the line over the picture: which contours have "
                "moved?",
            ),
            (
                self.timeline,
                "Move the timeline back to an early step. Which came first, the colors or the "
                "strokes?",
            ),
            (
                self.large,
                "When you like a picture, paint it at a size to print. The others stay.",
            ),
            (
                self.saving.widget,
                "Save what you like. Nothing is overwritten: a second picture gets a number.",
            ),
        ]

    def settings(self) -> dict:
        """The values of the controls, by the parameter names of `nst.multi_scale`."""
        return self.controls.settings()

    # ------------------------------------------------------------ controls

    def _make_controls(self, beginner: bool) -> None:
        self.content_upload = self.live_run.upload("Upload a photo", self.controls.content)
        self.style_upload = self.live_run.upload("Upload an artwork", self.controls.style)
        self.styles = StyleRow()
        self.undo = button("Undo", "undo", "take the last change of a setting back")
        self.mode = widgets.ToggleButtons(
            options=["Main settings", "All settings"],
            value="Main settings" if beginner else "All settings",
            style={"button_width": "110px"},
        )
        on_change(self._simplify, self.mode)
        self.controls.on_change = self._change
        self.styles.observe(lambda change: self._choose_style(change.new), "chosen")
        self.undo.on_click(lambda _: self._undo())

    def _choose_style(self, name: str) -> None:
        if name:
            self.controls.style.value = name

    def _undo(self) -> None:
        with self.live_run.errors_shown():
            self.controls.undo()

    def _change(self, names: set[str]) -> None:
        """Weights act at the next step; what needs a new run begins it at the next Play."""
        run, runner = self.live_run, self.live_run.runner
        runner.change({**runner.settings, **live(self.settings())})
        if not names - LIVE_CONTROLS - self.controls.layer_factors.keys():
            if runner.branch.steps:
                run.say("The new weights take effect at the next step.")
        elif not (runner.branch.steps or runner.timeline.branches[1:] or run.worker.playing):
            self._reset()
        else:
            self._offer_new_picture()
        self._show_inputs(names)  # last: the row of artworks takes a second or two

    def _offer_new_picture(self) -> None:
        """Go back to the picture with these settings, or say how to begin it."""
        branches, settings = self.live_run.runner.timeline.branches, self.settings()
        for number, branch in enumerate(branches):
            if branch.changes[-1][1] == settings:
                self.branch_menu.value = number
                self.live_run.say(f"Picture {branch.name} has these settings.")
                return
        self.live_run.say(
            f"Press Play to begin another picture with this setting, in {planned_steps(settings)} "
            f"steps. The present one stays, as picture {self.live_run.runner.branch.name}."
        )

    def _begin_if_changed(self) -> None:
        """Begin another picture if what needs it has changed since the present one began.

        Raises:
            CourseError: there are too many already.
        """
        settings, runner = self.settings(), self.live_run.runner
        if {**runner.settings, **live(settings)} != settings:
            self._begin(settings)

    def _begin(self, settings: dict) -> None:
        self.live_run.runner.begin(settings)
        self._announce(settings)
        self.view.reset()
        self.compare.value = NOTHING  # an earlier comparison would cover the new picture

    def _reset(self) -> None:
        settings = self.settings()
        with self.live_run.errors_shown():
            self.live_run.restart(settings)
            self._announce(settings)
        self.view.reset()

    def _announce(self, settings: dict) -> None:
        """Show how many steps a run of these settings takes, and leave room for its picture."""
        self.live_run.total.value = planned_steps(settings)
        self.live_run.picture.side = settings["size"]
        small = settings["size"] < DETAILED
        self.live_run.advice = " A larger Size gives finer detail." if small else ""

    def _simplify(self) -> None:
        """Show the main settings, or all of them."""
        display = "" if self.mode.value == "All settings" else "none"
        for part in (self.other_controls, self.fork, self.saving.exchange):
            part.layout.display = display

    # ------------------------------------------------------------ views

    def _make_views(self) -> None:
        self.thumbnails = [widgets.HTML(layout={"margin": "4px"}) for _ in range(2)]
        self.view = view = BranchView(self.live_run)
        controls = self.controls
        self.timeline, self.branch_menu, self.compare = (
            view.timeline,
            view.branch_menu,
            view.compare,
        )
        self.fork = button("Continue from here", "code-fork", "another picture from this frame")
        self.saving = Saving(view, self.controls)
        self.large_size = widgets.Dropdown(
            options=[(f"{size} px", size) for size in LARGE_SIZES],
            description="Large size",
            layout={"width": "180px"},
        )
        self.large = button("Paint it large", "expand", "another picture at the large size")
        self.forecast = widgets.HTML()
        self.fork.on_click(lambda _: self._fork())
        self.large.on_click(lambda _: self._paint_large())
        self.live_run.reset.on_click(lambda _: self._reset())
        self.live_run.on_start = self._begin_if_changed
        view.on_choose = self._show_settings
        view.label = lambda branch: f"{branch.name} · {controls.in_short(branch.changes[-1][1])}"
        view.offer_branches()

    def _lay_out(self) -> None:
        run, controls = self.live_run, self.controls
        self.other_controls = widgets.VBox(controls.others)
        pictures = widgets.HBox(self.thumbnails, layout=WRAP)
        first = [controls.content, self.content_upload, controls.style, self.style_upload]
        settings = [self.styles, pictures, *controls.basic, self.other_controls]
        left = widgets.VBox([self.mode, *first, *settings, self.undo], layout={"flex": "0 0 310px"})
        large = widgets.HBox([self.large_size, self.large], layout=WRAP)
        timeline = widgets.HBox([self.timeline, self.fork], layout=WRAP)
        views = widgets.VBox(
            [timeline, self.compare, self.saving.widget, large, self.forecast],
            layout={"flex": "1 1 320px", "min_width": "0"},
        )
        right = widgets.VBox(
            [run.picture, run.caption, widgets.HBox([views, run.curves], layout=WRAP)],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([left, right], layout=WRAP)
        top = widgets.HBox([run.buttons, self.branch_menu], layout=WRAP)
        self.widget = self.framed(top, run.status, body, self.saving.code)

    def _show_inputs(self, changed: Collection[str] = ("content", "style")) -> None:
        menus = {"content": self.controls.content, "style": self.controls.style}
        for name, image in zip(menus, self.thumbnails, strict=True):
            if name in changed:
                image.value = chosen_picture(menus[name])
        if "content" in changed:
            self.styles.preview(self.controls.content.value)
        self.styles.chosen = ""
        if self.controls.style.value in dict(self.styles.pictures):
            self.styles.chosen = self.controls.style.value

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
                f"Picture {new.name} starts from step {frame.iteration} of picture {branch.name}: "
                "change a setting and press Play."
            )

    def _paint_large(self) -> None:
        """Run the present settings at a large size, as a branch of its own."""
        settings = self.controls.settings(self.large_size.value)
        self.live_run.worker.pause()
        self.live_run.say("Timing a few steps …")
        with self.live_run.errors_shown():
            run = make_run(settings, None)
            forecast = report(run, run.estimate())
            self._begin(settings)
            name = self.live_run.runner.branch.name
            self.forecast.value = f"Picture {name}, from the photograph on: {forecast}"
            self.controls.show(settings)
            self.live_run.play.click()

    def _show_settings(self, settings: dict) -> None:
        """Set the controls to the settings of a branch that was chosen."""
        self.controls.show(settings)
        self._announce(settings)
        self._show_inputs()
        name = self.live_run.runner.branch.name
        self.live_run.say(f"This is picture {name}, with its settings.")
