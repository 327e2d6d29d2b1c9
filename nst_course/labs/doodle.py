"""The doodle lab: regions painted over the photograph and the artworks, and who rules where."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ipywidgets as widgets
import numpy as np
from torch import Tensor

from ..errors import CourseError
from ..images.encode import data_url, jpeg
from ..images.io import load_image, to_pil
from ..transfer.initial import recolored
from ..transfer.kept import finisher
from ..transfer.multiscale import MultiScale
from ..transfer.schedule import Scale
from ..transfer.style_transfer import StyleTransfer
from ..transfer.styles import as_styles
from .controls import WIDE, WRAP, artwork_menu, button, on_change, picture_menu
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone, steady_precision
from .photo_upload import PhotoUpload
from .region_map import COLORS, bright_parts, load_regions, save_regions, styles_of
from .region_painter import RegionPainter
from .uploads import store_upload

MOST_UNDONE = 50  # strokes
ERASER = "Erase"


class Doodle(LiveRunLab):
    """Paint regions over a photograph, give each an artwork, and watch the picture form.

    On the artworks, the part is painted that the style is taken from; all of an artwork where
    nothing is. Where the photograph is not painted, it stays as it is. Regions take effect when
    the run is reset.

    Args:
        content: bundled name or path of the photograph.
        styles: of the artworks, one for each region; at most nine.
        size: longer side in pixels.
        steps: number of steps.

    Raises:
        CourseError: there are no artworks or too many, or a picture cannot be opened.
    """

    def __init__(
        self,
        content: str = "summer_palace",
        styles: tuple[str, ...] = ("village_street_in_auvers", "great_wave"),
        size: int = 192,
        steps: int = 100,
    ):
        if isinstance(styles, str) or not 1 <= len(styles) <= len(COLORS):
            raise CourseError(f"Doodle takes one to {len(COLORS)} artworks, as a list of names.")
        self.size = size
        self.content = picture_menu("Photograph", content)
        self.menus = [artwork_menu(f"Region {k}", name) for k, name in enumerate(styles, start=1)]
        self.painter = self._painter()
        self.sources = [self._painter() for _ in styles]
        self.undo_stack: list[tuple[RegionPainter, bytes]] = []
        self._make_controls()
        self._show_photograph()
        for number in range(len(styles)):
            self._show_artwork(number)
        self.live_run = run = LiveRun(
            "doodle", self.make_run, lambda _: {}, self.settings(), self.first_image, steps
        )
        run.reset.on_click(lambda _: self._start_over())
        self.photo_upload = run.upload("Upload a photo", self.content)
        self._connect()
        self._lay_out()
        self._choose()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (self.region, "Choose a region. Each has an artwork of its own."),
            (
                self.canvas,
                "Paint on the photograph with the mouse, or with the arrow keys and the space bar.",
            ),
            (self.live_run.play, "Press Play. Where do the two styles meet?"),
            (self.shown, "Paint on an artwork: its region takes the style from there only."),
            (self.softness, "Soften the edges, press Reset and Play. What becomes of the border?"),
            (self.save, "Save the masks: the render command takes them as regions."),
        ]

    def settings(self) -> dict:
        """The pictures and the painted regions."""
        return {
            "content": self.content.value,
            "styles": tuple(menu.value for menu in self.menus),
            "regions": numbers(self.painter),
            "sources": [numbers(source) for source in self.sources],
            "softness": self.softness.value,
        }

    def styles(self, settings: dict) -> list:
        """A `Style` for each artwork that rules somewhere."""
        images = [load_image(name, self.size) for name in settings["styles"]]
        names = ("regions", "sources", "softness")
        return styles_of(images, *(settings[name] for name in names))

    def make_run(self, settings: dict, start: Tensor | None) -> MultiScale:
        """A transfer with the painted regions; outside of all, the photograph is shown.

        Raises:
            CourseError: nothing is painted.
        """
        content, styles = load_image(settings["content"], self.size), self.styles(settings)
        if not styles:
            raise CourseError("No region is painted; paint over the photograph, then press Reset.")
        transfer = StyleTransfer(
            content,
            styles,
            shared_backbone(),
            init="recolored" if start is None else start,
            precision=steady_precision(),
        )
        finish = finisher("artwork", content, transfer.styles)
        return MultiScale(lambda *_: transfer, [Scale(self.size, steps=1)], finish=finish)

    def first_image(self, settings: dict) -> Tensor:
        """The photograph, each region in the colors of its artwork."""
        content, styles = load_image(settings["content"], self.size), self.styles(settings)
        return recolored(content, as_styles(styles, content.device)) if styles else content

    # ------------------------------------------------------------ controls

    def _painter(self) -> RegionPainter:
        return RegionPainter(colors=list(COLORS[: len(self.menus)]), layout={"width": "100%"})

    def _make_controls(self) -> None:
        names = [f"Region {k}" for k in range(1, len(self.menus) + 1)]
        self.region = widgets.ToggleButtons(
            options=[*zip(names, range(1, len(names) + 1), strict=True), (ERASER, 0)],
            style={"button_width": "84px"},
        )
        self.legend = widgets.HTML()
        slider = partial(widgets.IntSlider, continuous_update=False, layout=WIDE)
        self.brush = slider(value=self.size // 10, min=1, max=self.size // 2, description="Brush")
        self.softness = slider(value=4, min=0, max=self.size // 8, description="Soft edge")
        self.undo = button("Undo", "undo", "take back the last stroke (U)")
        self.fill = button("Fill rest", "fill", "give what is not painted to the present region")
        self.clear = button("Clear", "eraser", "erase all regions of the photograph")
        self.file = widgets.Text(value="my_regions.png", description="File", layout=WIDE)
        self.save = button("Save masks", "save", "the map as PNG, and a mask of each region")
        self.load = button("Load map", "folder-open", "read the map from the file")
        self.upload = PhotoUpload(
            "Upload a map",
            take=lambda name, content: self._take(lambda: store_upload(name, content)),
            refuse=lambda sentence: self.live_run.say(sentence, error=True),
            camera=False,
        )
        self.shown = widgets.Dropdown(
            options=[("the photograph", 0)]
            + [(f"artwork of region {k}", k) for k in range(1, len(names) + 1)],
            description="Paint on",
            layout=WIDE,
        )

    def _connect(self) -> None:
        on_change(self._choose, self.region, self.brush, self.shown)
        on_change(self._reset_if_idle, self.softness)
        on_change(self._show_photograph, self.content)
        on_change(self._reset_if_idle, self.content)
        for number, menu in enumerate(self.menus):
            on_change(partial(self._show_artwork, number), menu)
            on_change(self._reset_if_idle, menu)
        for painter in (self.painter, *self.sources):
            painter.observe(self._note_stroke, "regions")
            painter.observe(self._take_key, ["region", "brush"])
            painter.observe(lambda _: self._undo(), "undone")
        self.undo.on_click(lambda _: self._undo())
        self.fill.on_click(lambda _: self._fill())
        self.clear.on_click(lambda _: self._paint(self.painter, 0 * numbers(self.painter)))
        self.save.on_click(lambda _: self._save())
        self.load.on_click(lambda _: self._take(lambda: Path(self.file.value)))

    def _lay_out(self) -> None:
        run = self.live_run
        self.canvas = widgets.Box([self.painter, *self.sources], layout={"width": "100%"})
        files = widgets.VBox(
            [self.file, widgets.HBox([self.save, self.load], layout=WRAP), self.upload]
        )
        painting = widgets.VBox(
            [
                self.shown,
                self.region,
                self.legend,
                self.canvas,
                self.brush,
                self.softness,
                widgets.HBox([self.undo, self.fill, self.clear], layout=WRAP),
            ],
            layout={"flex": "1 1 380px", "max_width": "560px", "margin": "0 8px 0 0"},
        )
        right = widgets.VBox(
            [run.picture, run.caption, *self.menus, files, run.curves],
            layout={"flex": "1 1 600px", "min_width": "0"},
        )
        photograph = widgets.HBox([self.content, self.photo_upload], layout=WRAP)
        body = widgets.HBox([painting, right], layout=WRAP)
        self.widget = self.framed(photograph, run.buttons, run.status, body)

    # ------------------------------------------------------------ painting

    def _choose(self) -> None:
        """Show one picture to paint on, with the present region and brush."""
        for number, painter in enumerate((self.painter, *self.sources)):
            painter.region = self.region.value and (number or self.region.value)
            painter.brush = self.brush.value
            painter.layout.display = "" if number == self.shown.value else "none"

    def _take_key(self, change: dict) -> None:
        """Follow the keys of a painter: the number of a region, and the size of the brush."""
        if change["name"] == "brush":
            self.brush.value = min(max(change["new"], self.brush.min), self.brush.max)
        elif change["owner"] is self.painter or not change["new"]:
            self.region.value = change["new"]
        else:  # an artwork has one region
            self.region.value = self.region.value or 1
        self._choose()

    def _note_stroke(self, change: dict) -> None:
        if len(change["old"]) == len(change["new"]):  # else another picture
            self.undo_stack.append((change["owner"], change["old"]))
            del self.undo_stack[:-MOST_UNDONE]
        self._reset_if_idle()

    def _paint(self, painter: RegionPainter, regions: np.ndarray) -> None:
        painter.regions = regions.astype(np.uint8).tobytes()

    def _undo(self) -> None:
        if not self.undo_stack:
            self.live_run.say("There is no stroke to take back.")
            return
        painter, before = self.undo_stack.pop()
        painter.regions = before
        self.undo_stack.pop()  # that was one, too

    def _fill(self) -> None:
        regions = numbers(self.painter)
        self._paint(self.painter, np.where(regions == 0, self.region.value, regions))

    def _show_photograph(self) -> None:
        image = load_image(self.content.value, self.size)
        regions = bright_parts(image, len(self.menus))
        show(self.painter, image, regions, f"the photograph: {self.content.label}")
        self.undo_stack.clear()

    def _show_artwork(self, number: int) -> None:
        menu, painter = self.menus[number], self.sources[number]
        image = load_image(menu.value, self.size)
        nothing = np.zeros(image.shape[2:], np.uint8)
        show(painter, image, nothing, f"the artwork of region {number + 1}: {menu.label}")
        self.legend.value = " ".join(
            f'<span style="color:{color}">■</span> {number}: {html.escape(menu.label)}'
            for number, (color, menu) in enumerate(zip(COLORS, self.menus, strict=False), start=1)
        )
        self.undo_stack.clear()

    # ------------------------------------------------------------ files and the run

    def _save(self) -> None:
        with self.live_run.errors_shown():
            paths = save_regions(numbers(self.painter), self.softness.value, self.file.value)
            self.live_run.say(f"Saved {', '.join(path.name for path in paths)}.")

    def _take(self, find: Callable[[], Path]) -> None:
        """Read a map; its path may be that of an upload."""
        with self.live_run.errors_shown():
            size = self.painter.size
            self._paint(self.painter, load_regions(find(), size, len(self.menus)))
            self.live_run.say("The map is loaded; press Reset to start over with it.")

    def _reset_if_idle(self) -> None:
        self.live_run.reset_or_ask(self._start_over)


def numbers(painter: RegionPainter) -> np.ndarray:
    """The map of a painter, (H, W), uint8."""
    width, height = painter.size
    return np.frombuffer(bytes(painter.regions), np.uint8).reshape(height, width)


def show(painter: RegionPainter, image: Tensor, regions: np.ndarray, alt: str) -> None:
    """Put a picture and its map, (H, W), below the brush."""
    with painter.hold_sync(), painter.hold_trait_notifications():  # size and map go together
        painter.source, painter.alt = data_url(jpeg(to_pil(image)), "jpeg"), alt
        painter.size = (image.shape[3], image.shape[2])
        painter.regions = regions.tobytes()
