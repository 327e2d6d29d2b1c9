"""The style transfer lab: every knob of a run, turned while the picture forms."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets
from torch import Tensor

from ..device import available_memory, readable_bytes
from ..errors import CourseError
from ..images.animation import save_animation
from ..images.encode import jpeg, png
from ..images.io import load_image, save_image, to_pil
from ..transfer.initial import STARTS, starting_image
from ..transfer.optimizers import LEARNING_RATES
from ..transfer.style_transfer import STYLE_LAYERS, StyleTransfer
from .curves import curves_svg
from .frames import enlarged, img, side_by_side, thumbnail, wiped
from .lab import PaintingLab, picture_menu
from .live_run import LiveRun
from .network import shared_backbone, steady_precision
from .photo_upload import PhotoUpload
from .recipe import recipe
from .timeline import Branch, Frame
from .uploads import store_upload

SIZES = (128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
CHECKED_FROM = 512  # pixels; smaller pictures fit anywhere, and the forecast takes a while
CONTENT_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
STYLE_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
LAYER_FACTORS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3)
TV_WEIGHTS = (0.0, 1e2, 1e3, 1e4, 1e5)
LIVE = ("content_weight", "style_weight", "tv_weight", "style_layers")
ANIMATION_SIDE = 320  # pixels: forty frames stay under 1 MB
WIDE = {"width": "300px"}


def live(settings: dict) -> dict:
    """The settings that act at the next step; the others need a new run."""
    return {name: settings[name] for name in LIVE}


class StyleTransferLab(PaintingLab):
    """Turn the knobs of a style transfer while it runs; the last line of a cell shows it.

    Weights act at the next step. The pictures, the size, the start, the seed, the pooling and the
    optimiser belong to a run: they act when it is reset.

    Args:
        content, style: bundled names or paths of files.
        size: longer side in pixels, one of `SIZES`.
        steps: how many.
        beginner: show three knobs alone.
    """

    def __init__(
        self,
        content: str = "cat",
        style: str = "great_wave",
        size: int = 256,
        steps: int = 200,
        beginner: bool = True,
    ):
        self._make_knobs(content, style, size, beginner)
        shared_backbone(self.pooling.value)  # loaded now, and not when Play is pressed
        self.live_run = LiveRun(
            "style transfer", make_transfer, live, self.settings(), first_image, steps
        )
        self._make_views()
        self.live_run.on_draw.append(self._draw)
        self.live_run.on_rest.append(self._offer_branches)
        self.live_run.reset.on_click(lambda _: self._reset())
        self._lay_out()
        self._show_inputs()
        self._simplify()

    def settings(self) -> dict:
        """What the knobs say, in the names of `StyleTransfer`."""
        layers = {
            layer: STYLE_LAYERS[layer] * knob.value
            for layer, knob in self.layer_knobs.items()
            if knob.value
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

    # ------------------------------------------------------------ knobs

    def _make_knobs(self, content: str, style: str, size: int, beginner: bool) -> None:
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
        self.content_weight = self._slider("Content α", CONTENT_WEIGHTS, 1.0)
        self.style_weight = self._slider("Style β", STYLE_WEIGHTS, 1e3)
        self.tv_weight = self._slider("Smooth γ", TV_WEIGHTS, 0.0)
        self.layer_knobs = {
            layer: self._slider(layer, LAYER_FACTORS, 1.0, "×") for layer in STYLE_LAYERS
        }
        self.mode = widgets.ToggleButtons(
            options=["Three knobs", "All knobs"],
            value="Three knobs" if beginner else "All knobs",
            style={"button_width": "110px"},
        )
        self.mode.observe(lambda _: self._simplify(), "value")
        for knob in (self.content_weight, self.style_weight, self.tv_weight):
            knob.observe(lambda _: self._change(), "value")
        for knob in self.layer_knobs.values():
            knob.observe(lambda _: self._change(), "value")
        for knob in (self.content, self.style, self.size, self.start, self.seed):
            knob.observe(lambda _: self._ask_for_reset(), "value")
        for knob in (self.pooling, self.optimizer):
            knob.observe(lambda _: self._ask_for_reset(), "value")

    @staticmethod
    def _slider(description: str, values: tuple, value: float, sign: str = "") -> widgets.Widget:
        return widgets.SelectionSlider(
            options=[(f"{sign}{number:g}", number) for number in values],
            value=value,
            description=description,
            continuous_update=False,
            layout=WIDE,
        )

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
        menu.options = [*menu.options, (name, path)]
        menu.value = path

    def _change(self) -> None:
        painter = self.live_run.painter
        painter.change({**painter.settings, **live(self.settings())})
        if painter.branch.steps:
            self.live_run.say("The new weights act at the next step.")

    def _ask_for_reset(self) -> None:
        self._show_inputs()
        if self.live_run.painter.branch.steps == 0 and not self.live_run.worker.playing:
            self._reset()
        else:
            self.live_run.say("Press Reset to start anew with this; until then the run goes on.")

    def _reset(self) -> None:
        try:
            self.live_run.restart(self.settings())
        except CourseError as error:
            self.live_run.say(str(error), error=True)
        self.timeline.max = 0
        self._offer_branches()

    def _simplify(self) -> None:
        """Show three knobs, or all, and with them what belongs to branches."""
        display = "" if self.mode.value == "All knobs" else "none"
        for part in (self.other_knobs, self.fork, self.branches, self.copy):
            part.layout.display = display

    # ------------------------------------------------------------ views

    def _make_views(self) -> None:
        self.thumbnails = [widgets.HTML(layout={"margin": "4px"}) for _ in range(2)]
        self.wipe = widgets.IntSlider(
            max=100, description="Before %", continuous_update=False, layout=WIDE
        )
        self.timeline = widgets.IntSlider(
            max=0, description="Timeline", continuous_update=False, layout=WIDE
        )
        self.branch_menu = widgets.Dropdown(
            options=[("A", 0)], description="Branch", layout={"width": "160px"}
        )
        self.compare = widgets.Dropdown(
            options=[("nothing", None)], description="Beside it", layout={"width": "180px"}
        )
        button = functools.partial(LiveRun._button)
        self.fork = button("Continue from here", "code-fork", "a new branch from this frame")
        self.file = widgets.Text(value="my_picture.png", description="File", layout=WIDE)
        self.save = button("Save picture", "save", "write the picture that is shown to the file")
        self.animate = button("Save animation", "film", "write the kept frames as animated WebP")
        self.copy = button("Copy settings", "code", "the Python code that repeats this run")
        self.code = widgets.Textarea(
            rows=18, description="Code", layout={"width": "100%", "display": "none"}
        )
        self.wipe.observe(lambda _: self._show_frame(), "value")
        self.compare.observe(lambda _: self._show_frame(), "value")
        self.timeline.observe(self._scrub, "value")
        self.branch_menu.observe(lambda _: self._choose_branch(), "value")
        self.fork.on_click(lambda _: self._fork())
        self.save.on_click(lambda _: self._save())
        self.animate.on_click(lambda _: self._save_animation())
        self.copy.on_click(lambda _: self._show_code())

    def _lay_out(self) -> None:
        run = self.live_run
        first = [self.content, self.style, self.style_weight]
        others = [self.content_upload, self.style_upload, self.size, self.start, self.seed]
        others += [self.content_weight, *self.layer_knobs.values(), self.tv_weight]
        others += [self.pooling, self.optimizer]
        self.other_knobs = widgets.VBox(others)
        knobs = widgets.VBox([self.mode, *first, self.other_knobs], layout={"flex": "0 0 310px"})
        wrap = {"flex_flow": "row wrap"}
        self.branches = widgets.HBox([self.branch_menu, self.compare], layout=wrap)
        views = widgets.VBox(
            [
                widgets.HBox([self.timeline, self.fork], layout=wrap),
                self.wipe,
                self.branches,
                self.file,
                widgets.HBox([self.save, self.animate, self.copy], layout=wrap),
            ],
            layout={"flex": "1 1 320px", "min_width": "0"},
        )
        pictures = widgets.HBox([run.picture, widgets.VBox(self.thumbnails)], layout=wrap)
        picture = widgets.VBox(
            [pictures, run.caption, widgets.HBox([views, run.curves], layout=wrap)],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([knobs, picture], layout=wrap)
        self.widget = widgets.VBox([run.buttons, run.status, body, self.code])

    def _show_inputs(self) -> None:
        for image, menu in zip(self.thumbnails, (self.content, self.style), strict=True):
            words = f"{menu.description.lower()}: {menu.label}"
            image.value = img(thumbnail(load_image(menu.value, 160)), "jpeg", words)

    # ------------------------------------------------------------ what is shown

    def _draw(self) -> None:
        """In the worker's thread: the newest frame, unless an older one is being looked at."""
        branch = self.live_run.painter.branch
        self.live_run.curves.value = self._curves(branch)
        following = self._following()
        self._stretch_timeline(branch)
        if following:
            self._show_frame(final=not self.live_run.worker.playing)

    def _stretch_timeline(self, branch: Branch) -> None:
        """The slider reaches to the newest frame, and stays there if it was there."""
        following = self._following()
        newest = branch.frames[-1].iteration if branch.frames else 0
        self.timeline.max = newest
        if following:
            self.timeline.value = newest

    def _following(self) -> bool:
        """Whether the newest frame is looked at, and not one that was scrubbed back to."""
        return self.timeline.value == self.timeline.max

    def _shown_frame(self) -> tuple[Branch, Frame] | None:
        """(branch, frame) that the page shows, or None before the first step."""
        branch = self.live_run.painter.branch
        if not branch.frames:
            return None
        if self._following():
            return branch, branch.frames[-1]
        near = min(branch.frames, key=lambda frame: abs(frame.iteration - self.timeline.value))
        return branch, near

    def _show_frame(self, final: bool = True) -> None:
        shown = self._shown_frame()
        if shown is None:
            return
        branch, frame = shown
        picture = enlarged(frame.image)
        caption = f"branch {branch.name}, step {frame.iteration}"
        other = self.compare.value
        if other is not None and self.live_run.painter.timeline.branches[other].frames:
            beside = self.live_run.painter.timeline.branches[other]
            picture = side_by_side(picture, enlarged(beside.frames[-1].image))
            caption += f" · right: branch {beside.name}, step {beside.frames[-1].iteration}"
        elif self.wipe.value:
            settings = branch.changes[0][1]
            before = enlarged(load_image(settings["content"], settings["size"]))
            picture = wiped(before, picture, self.wipe.value / 100)
            caption += " · left of the line: the content"
        encode, kind = (png, "png") if final else (jpeg, "jpeg")
        self.live_run.show_picture(encode(picture), kind, caption)

    def _curves(self, branch: Branch) -> str:
        other = self.compare.value
        branches = self.live_run.painter.timeline.branches
        beside = branches[other].history if other is not None else None
        return curves_svg(branch.history, branch.marks, beside)

    def _offer_branches(self) -> None:
        painter = self.live_run.painter
        names = [(branch.name, index) for index, branch in enumerate(painter.timeline.branches)]
        now = painter.timeline.branches.index(painter.branch)
        chosen = self.compare.value
        self.branch_menu.options = names
        self.branch_menu.value = now
        self.compare.options = [("nothing", None), *[pair for pair in names if pair[1] != now]]
        self.compare.value = chosen if chosen != now else None

    def _scrub(self, _change: dict) -> None:
        if not self.live_run.worker.is_current():
            self._show_frame()

    def _choose_branch(self) -> None:
        if self.live_run.worker.is_current():
            return
        painter = self.live_run.painter
        branch = painter.timeline.branches[self.branch_menu.value]
        if branch is not painter.branch:
            self.live_run.worker.pause()
            painter.choose(branch)
            self.timeline.value = self.timeline.max  # the newest frame of the other branch
            self._stretch_timeline(branch)
            self._show_frame()
            self.live_run.curves.value = self._curves(branch)

    # ------------------------------------------------------------ actions

    def _fork(self) -> None:
        shown = self._shown_frame()
        if shown is None:
            self.live_run.say("There is no frame yet: press Play or Step first.")
            return
        branch, frame = shown
        self.live_run.worker.pause()
        try:
            new = self.live_run.painter.continue_from(branch, frame)
        except CourseError as error:
            self.live_run.say(str(error), error=True)
            return
        self.timeline.max = 0
        self._offer_branches()
        self.live_run.say(
            f"Branch {new.name} starts from step {frame.iteration} of branch {branch.name}: "
            "turn a knob and press Play."
        )

    def _save(self) -> None:
        with self._told():
            shown = self._shown_frame()
            if shown is None:
                raise CourseError("There is no picture yet; press Play or Step first.")
            path = save_image(shown[1].image, self.file.value)
            self.live_run.say(f"Saved {path.resolve()}")

    def _save_animation(self) -> None:
        with self._told():
            frames = [to_pil(frame.image) for frame in list(self.live_run.painter.branch.frames)]
            if not frames:
                raise CourseError("There are no frames yet; press Play or Step first.")
            for frame in frames:
                frame.thumbnail((ANIMATION_SIDE, ANIMATION_SIDE))
            path = save_animation(frames, Path(self.file.value).with_suffix(".webp"))
            self.live_run.say(f"Saved {path.resolve()}, {len(frames)} frames")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """A CourseError goes to the status line."""
        try:
            yield
        except CourseError as error:
            self.live_run.say(str(error), error=True)

    def _show_code(self) -> None:
        self.code.value = recipe(self.live_run.painter.branch)
        self.code.layout.display = ""


def first_image(settings: dict) -> Tensor:
    """What the run will start from; before noise, which shows nothing, the photograph."""
    content, style = (load_image(settings[name], settings["size"]) for name in ("content", "style"))
    start = settings["init"] if settings["init"] != "noise" else "content"
    return starting_image(start, content, style, settings["seed"])


def make_transfer(settings: dict, start: Tensor | None) -> StyleTransfer:
    """The transfer for these settings; a size that does not fit into memory is refused."""
    size = settings["size"]
    transfer = StyleTransfer(
        load_image(settings["content"], size),
        load_image(settings["style"], size),
        shared_backbone(settings["pooling"]),
        init=settings["init"] if start is None else start,
        optimizer=settings["optimizer"],
        seed=settings["seed"],
        precision=steady_precision(),
        **live(settings),
    )
    if size >= CHECKED_FROM:
        check_memory(transfer)
    return transfer


def check_memory(transfer: StyleTransfer) -> None:
    """Raise a CourseError that names the size that fits if this run would not."""
    free = available_memory(transfer.content.device)
    estimate = transfer.estimate(steps=1000)
    if estimate.more_bytes > free:
        fitting = max((n for n in SIZES if n <= estimate.size_that_fits(free)), default=SIZES[0])
        raise CourseError(
            f"At {estimate.size} px the run takes {readable_bytes(estimate.more_bytes)} and "
            f"{readable_bytes(free)} are free; choose {fitting} px and press Reset."
        )
