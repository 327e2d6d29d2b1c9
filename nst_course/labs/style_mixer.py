"""The style mixer: a point in a triangle of three artworks moves the style during the run."""

from collections.abc import Sequence
from functools import partial

import ipywidgets as widgets
from PIL import Image, ImageDraw
from torch import Tensor

from ..errors import CourseError
from ..images.animation import save_animation
from ..images.encode import data_url, jpeg
from ..images.io import as_path, load_image, to_pil
from ..images.layout import hstack
from ..transfer.style_transfer import StyleTransfer
from ..transfer.styles import Style
from .controls import WIDE, WRAP, artwork_menu, button, on_change, picture_menu, size_menu
from .curves import curves_svg
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone, steady_precision
from .saving import unused
from .triangle_pad import TrianglePad

CORNERS = ("Top", "Left", "Right")
SIZES = (128, 192, 256, 384)
THUMBNAIL = 56  # pixels, of an artwork beside its corner
CENTER = (1 / 3, 1 / 3, 1 / 3)
ANIMATION_SIDE = 256  # pixels of the picture; the triangle stands beside it
PATH_COLOR = "#e6550d"


class StyleMixer(LiveRunLab):
    """Mix three artworks by moving a point in a triangle while the picture forms.

    The point is moved with the pointer, with the arrow keys, or by three sliders. A new mixture
    takes effect at the next step; other pictures begin a new run.

    Args:
        content: bundled name or path of the photograph.
        styles: of the three artworks: top, left and right corner.
        size: longer side in pixels.
        steps: number of steps.

    Raises:
        CourseError: there are not three artworks, or a picture cannot be opened.
    """

    def __init__(
        self,
        content: str = "summer_palace",
        styles: Sequence[str] = ("great_wave", "village_street_in_auvers", "composition_viii"),
        size: int = 192,
        steps: int = 150,
    ):
        if isinstance(styles, str) or len(styles) != len(CORNERS):
            raise CourseError("StyleMixer mixes three artworks; give three names.")
        self.size = size_menu(size, SIZES)
        self.artworks: list[Style] = []  # of the present run
        self._following = False  # whether the sliders are being set to where the point is
        self.content = picture_menu("Content", content)
        self.menus = [
            artwork_menu(f"At the {corner.lower()}", style)
            for corner, style in zip(CORNERS, styles, strict=True)
        ]
        self.sliders = [
            widgets.IntSlider(
                value=33, max=100, description=corner, continuous_update=False, layout=WIDE
            )
            for corner in CORNERS
        ]
        self.pad = TrianglePad(weights=list(CENTER), layout={"width": "310px"})
        self.mixture = widgets.HTML()
        self.file = widgets.Text(value="my_mixture.webp", description="File", layout=WIDE)
        self.animate = button("Save animation", "film", "write the picture and the path as WebP")
        self.live_run = run = LiveRun(
            "style mixer", self.make_transfer, self.live, self.settings(), self.first_image, steps
        )
        run.on_draw.append(self._draw)
        run.reset.on_click(lambda _: self._start_over())
        on_change(lambda: run.reset_or_ask(self._start_over), self.content, self.size, *self.menus)
        self.upload = run.upload("Upload a photo", self.content)
        for number, slider in enumerate(self.sliders):
            on_change(partial(self._take_slider, number), slider)
        self.pad.observe(lambda _: self._change(), "weights")
        self.animate.on_click(lambda _: self._save_animation())
        controls = widgets.VBox(
            [self.content, self.upload, self.pad, self.mixture, *self.sliders, *self.menus]
            + [self.size, self.file, self.animate],
            layout={"flex": "0 0 320px"},
        )
        right = widgets.VBox(
            [run.picture, run.caption, run.curves],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([controls, right], layout=WRAP)
        self.widget = self.framed(run.buttons, run.status, body)
        self._show_inputs()
        self._show_mixture()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (self.pad, "The point in the triangle is the mixture. Drag it to a corner."),
            (self.live_run.play, "Press Play, and move the point while the picture forms."),
            (self.sliders[0], "The sliders set the shares exactly, and with the keyboard."),
            (self.menus[0], "Put another artwork into a corner."),
            (self.animate, "Save the way of the point and the picture as an animation."),
        ]

    def settings(self) -> dict:
        """The values of the controls."""
        return {
            "content": self.content.value,
            "size": self.size.value,
            "styles": tuple(menu.value for menu in self.menus),
            "weights": tuple(self.pad.weights),
        }

    def live(self, settings: dict) -> dict:
        """Give the artworks of the run the present weights; no attribute of it changes."""
        for artwork, weight in zip(self.artworks, settings["weights"], strict=True):
            artwork.weight = weight
        return {}

    def make_transfer(self, settings: dict, start: Tensor | None) -> StyleTransfer:
        """A transfer with the three artworks, mixed by the present weights."""
        size = settings["size"]
        self.artworks = [Style(load_image(name, size)) for name in settings["styles"]]
        self.live(settings)
        return StyleTransfer(
            load_image(settings["content"], size),
            self.artworks,
            shared_backbone(),
            init="content" if start is None else start,
            precision=steady_precision(),
        )

    def first_image(self, settings: dict) -> Tensor:
        return load_image(settings["content"], settings["size"])

    # ------------------------------------------------------------ controls

    def _take_slider(self, number: int) -> None:
        """Give an artwork the share of its slider; the other two keep their ratio."""
        if self._following:
            return
        share = self.sliders[number].value / 100
        others = [0.0 if k == number else w for k, w in enumerate(self.pad.weights)]
        if not sum(others):
            others = [float(k != number) for k in range(len(CORNERS))]
        weights = [(1 - share) * other / sum(others) for other in others]
        weights[number] = share
        self.pad.weights = weights

    def _change(self) -> None:
        """Use the mixture from the next step on."""
        run, runner = self.live_run, self.live_run.runner
        run.change({**runner.settings, "weights": tuple(self.pad.weights)})
        if runner.branch.steps == 0:
            self.pad.path = []
        self._show_mixture()

    def _start_over(self) -> None:
        super()._start_over()
        self.pad.path = []
        self._show_inputs()
        self._show_mixture()

    # ------------------------------------------------------------ views

    def _show_inputs(self) -> None:
        self.pad.names = [menu.label for menu in self.menus]
        self.pad.sources = [
            data_url(jpeg(to_pil(load_image(menu.value, 2 * THUMBNAIL))), "jpeg")
            for menu in self.menus
        ]

    def _show_mixture(self) -> None:
        self.mixture.value = self.words(self.pad.weights)
        self._following = True
        for slider, value in zip(self.sliders, percents(self.pad.weights), strict=True):
            slider.value = value
        self._following = False

    def words(self, weights: Sequence[float]) -> str:
        """A mixture of the artworks of the present run, in words."""
        parts = zip(self.pad.names, percents(weights), strict=True)
        return ", ".join(f"{value} % {name}" for name, value in parts if value)

    def _draw(self) -> None:
        """Show the newest frame and the path; runs in the worker's thread."""
        branch = self.live_run.runner.branch
        frame = branch.frames[-1]
        caption = f"step {frame.iteration}: {self.words(self._weights_at(frame.iteration))}"
        final = not self.live_run.worker.playing
        self.live_run.show_picture(to_pil(frame.image), caption, final)
        self.live_run.curves.value = curves_svg(branch.history, branch.marks)
        self.pad.path = [list(settings["weights"]) for _, settings in branch.changes]

    def _weights_at(self, iteration: int) -> Sequence[float]:
        changes = self.live_run.runner.branch.changes
        return [s["weights"] for step, s in changes if step <= iteration][-1]

    # ------------------------------------------------------------ the animation

    def _save_animation(self) -> None:
        with self.live_run.errors_shown():
            frames = self.frames()
            path = save_animation(frames, unused(as_path(self.file.value).with_suffix(".webp")))
            self.live_run.say(f"Saved {path.resolve()}, {len(frames)} frames")

    def frames(self) -> list[Image.Image]:
        """The kept frames, each beside the triangle with the path up to there.

        Raises:
            CourseError: there are none yet.
        """
        branch = self.live_run.runner.branch
        kept, changes = list(branch.frames), list(branch.changes)
        if not kept:
            raise CourseError("There are no frames yet; press Play or Step first.")
        pictures = []
        for frame in kept:
            picture = to_pil(frame.image)
            picture.thumbnail((ANIMATION_SIDE, ANIMATION_SIDE))
            path = [s["weights"] for step, s in changes if step <= frame.iteration]
            pictures.append(hstack([picture, triangle(path, picture.height)], 0))
        return pictures


def percents(weights: Sequence[float]) -> list[int]:
    """Weights that add up to 1, in percent."""
    return [round(100 * weight) for weight in weights]


def triangle(path: Sequence[Sequence[float]], side: int) -> Image.Image:
    """A white square with a triangle, the path of a point in it, and the point at its end."""
    corners = [(0.5, 0.15), (0.1, 0.85), (0.9, 0.85)]
    points = [
        tuple(side * sum(w * c[k] for w, c in zip(weights, corners, strict=True)) for k in (0, 1))
        for weights in path
    ]
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(side * x, side * y) for x, y in corners], outline="#777777")
    if len(points) > 1:
        draw.line(points, fill=PATH_COLOR, width=2)
    x, y = points[-1]
    draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=PATH_COLOR)
    return picture
