"""The feature explorer: the channels of a layer, their receptive fields, their optimized images."""

import functools
from collections.abc import Callable

import ipywidgets as widgets
import torch
from PIL import ImageDraw
from torch import Tensor

from ..images.encode import jpeg, png
from ..images.io import load_image, to_pil
from ..visualize import PatchSearch, maximize, receptive_field
from .clickable import ClickablePicture
from .controls import (
    WIDE,
    WRAP,
    button,
    on_change,
    picture_menu,
    picture_upload,
    set_limit,
    size_menu,
    together,
)
from .frames import enlarged, heat_map, img, status_line
from .lab import Lab
from .network import shared_backbone
from .worker import Worker, error_text

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_2", "relu5_1")
SIZES = (128, 192, 224, 256, 384, 512)
CHANNELS_PER_PAGE = 16
MAP_SIDE = 92  # pixels on the page
PATCH_SIDE = 84
SEARCHED = (96, 192)  # sizes of the pictures in which patches are looked for
BOX = "#ffd400"


class FeatureExplorer(Lab):
    """Browse the channels of a network on a photograph.

    A click on a map selects its channel. A click on the photograph or on the large map selects a
    position and shows its receptive field.

    Args:
        photo: bundled name or path of a file.
        layer: one of `LAYERS`.
        size: longer side of the photograph, in pixels.
    """

    def __init__(self, photo: str = "cat", layer: str = "relu3_3", size: int = 224):
        self.size = size_menu(size, SIZES)
        slider = functools.partial(widgets.IntSlider, continuous_update=False, layout=WIDE)
        self.photo = picture_menu("Photograph", photo)
        self.layer = widgets.Dropdown(options=LAYERS, value=layer, description="Layer", layout=WIDE)
        self.upload = picture_upload("Upload a photo", self.photo, self._say)
        self.page = slider(description="Page", min=1)
        self.pages = widgets.Label()
        self.row, self.column = slider(description="Row"), slider(description="Column")
        self.optimum_button = button(
            "Maximize this channel", "magic", "optimize an image for the selected channel"
        )
        self.buttons = [
            widgets.Button(layout={"width": f"{MAP_SIDE}px", "padding": "0"})
            for _ in range(CHANNELS_PER_PAGE)
        ]
        self.maps = [ClickablePicture() for _ in range(CHANNELS_PER_PAGE)]
        self.map, self.view = ClickablePicture(), ClickablePicture()
        self.title, self.caption, self.optimum = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.status = widgets.HTML()
        self.patches_button = button(
            "Nine patches", "th", "where the bundled pictures activate the channel most"
        )
        self.patches = widgets.HTML(layout={"width": f"{3 * PATCH_SIDE + 8}px"})
        self._searches: dict[str, PatchSearch] = {}  # layer → the search over all pictures
        self._task: Callable[[], None] = self._maximize  # what the worker does when it is asked
        self.worker = Worker("feature explorer", self._work, lambda: None, self._fail)
        for index, select in enumerate(self.buttons):
            select.on_click(lambda _, index=index: self._choose(index))
        for index, picture in enumerate(self.maps):
            picture.observe(lambda _, index=index: self._choose(index), "position")
        for picture in (self.map, self.view):
            picture.observe(lambda click: self._point_at(*click.new), "position")
        on_change(self._read_photo, self.photo, self.layer, self.size)
        on_change(self._show_page, self.page)
        on_change(self._show_position, self.row, self.column)
        self.optimum_button.on_click(lambda _: self._ask(self._maximize, "Optimizing an image"))
        self.patches_button.on_click(lambda _: self._ask(self._find_patches, "Looking for patches"))
        self._lay_out()
        self._read_photo()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (self.layer, "Choose a layer. The maps of its channels appear, the strongest first."),
            (
                self.maps[0],
                "Click a map. Its name and its largest activation appear when the pointer rests "
                "on it.",
            ),
            (self.view, "Click the photograph: the yellow square is all that this position sees."),
            (self.row, "Row and Column move the position with the keyboard as well."),
            (
                self.optimum_button,
                "Generate the image that activates the channel most. Does it look like the square?",
            ),
            (
                self.patches_button,
                "Find the nine patches of the bundled pictures that activate the channel most. "
                "What do they have in common?",
            ),
            (self.upload, "Now look at a photo of your own."),
        ]

    def close(self) -> None:
        """Stop the worker."""
        self.worker.stop()

    def _lay_out(self) -> None:
        cells = [
            widgets.VBox([picture, select], layout={"margin": "2px"})
            for picture, select in zip(self.maps, self.buttons, strict=True)
        ]
        grid = widgets.Box(
            cells, layout={**WRAP, "flex": "0 1 410px", "align_content": "flex-start"}
        )
        inputs = [self.photo, self.upload, self.size, self.layer, self.page, self.pages]
        controls = widgets.HBox(inputs, layout=WRAP)
        position = widgets.VBox(
            [self.row, self.column, self.view, self.caption, self.patches_button, self.patches],
            layout={"flex": "1 1 310px", "max_width": "420px"},
        )
        unit = widgets.VBox(
            [self.title, self.map, self.optimum_button, self.optimum],
            layout={"flex": "1 1 266px", "max_width": "420px"},
        )
        details = widgets.HBox([position, unit], layout={**WRAP, "flex": "1 1 300px"})
        body = widgets.HBox([grid, details], layout=WRAP)
        self.widget = self.framed(controls, self.status, body)

    @torch.no_grad()
    def _read_photo(self) -> None:
        self.image = load_image(self.photo.value, self.size.value)
        features = shared_backbone()(self.image, [self.layer.value])
        self.features = features[self.layer.value][0].float().cpu()
        channels, height, width = self.features.shape
        # In descending order of their maxima; many channels are 0 everywhere.
        peaks = inside(self.features, self.layer.value).amax((1, 2))
        self.order = peaks.argsort(descending=True).tolist()
        with together(self.page, self.row, self.column):
            set_limit(self.page, -(-channels // CHANNELS_PER_PAGE))
            set_limit(self.row, height - 1)
            set_limit(self.column, width - 1)
            self._choose(0)
        self.pages.value = f"of {self.page.max}"
        self._show_page()

    def _show_page(self) -> None:
        first = (self.page.value - 1) * CHANNELS_PER_PAGE
        shown = self.order[first : first + CHANNELS_PER_PAGE]
        for channel, picture, select in zip(shown, self.maps, self.buttons, strict=True):
            values = self.features[channel]
            peak = values.max().item()
            reached = f"up to {peak:.0f}" if peak > 0 else "inactive"
            alt = f"map of channel {channel}, {reached}"
            picture.show(png(heat_map(values, MAP_SIDE)), "png", alt)
            select.description, select.tooltip = f"channel {channel}", alt

    def _choose(self, index: int) -> None:
        """Select a channel, and the position of its maximum on the photograph."""
        self.channel = channel = self.order[(self.page.value - 1) * CHANNELS_PER_PAGE + index]
        values = self.features[channel]
        inner = inside(values, self.layer.value)
        edge = (values.shape[1] - inner.shape[1]) // 2
        row, column = divmod(inner.argmax().item(), inner.shape[1])
        self.row.value, self.column.value = row + edge, column + edge
        title = f"{self.layer.value}, channel {channel}, up to {values.max().item():.0f}"
        self.title.value = f"<b>{title}</b>"
        self.map.show(png(heat_map(values, 520)), "png", f"map of {title}")
        self.optimum.value = self.patches.value = ""
        self._show_position()

    def _point_at(self, x: float, y: float) -> None:
        """Select the position at these fractions of the width and the height of a picture."""
        height, width = self.features.shape[1:]
        self.row.value, self.column.value = int(y * height), int(x * width)

    def _show_position(self) -> None:
        """Show the receptive field of the selected position on the photograph."""
        field = receptive_field(self.layer.value)
        top, left, bottom, right = field.box(self.row.value, self.column.value)
        picture = to_pil(self.image)
        ImageDraw.Draw(picture).rectangle((left, top, right - 1, bottom - 1), outline=BOX, width=2)
        value = self.features[self.channel, self.row.value, self.column.value].item()
        caption = (
            f"the photograph with the receptive field of this position, {field.size} pixels wide; "
            f"the activation of channel {self.channel} is {value:.0f}"
        )
        self.view.show(jpeg(picture), "jpeg", caption)
        self.caption.value = f"<div style='line-height:1.4'>{caption}</div>"

    def _say(self, text: str) -> None:
        self.status.value = status_line(text)

    def _ask(self, task: Callable[[], None], words: str) -> None:
        self._say(f"{words} for channel {self.channel} …")
        self._task = task
        self.worker.step()

    def _work(self) -> bool:
        """Do what was asked for last; runs in the worker's thread."""
        self._task()
        if not self.worker.playing:  # nothing else has been asked for in the meantime
            self._say("")
        return False

    def _maximize(self) -> None:
        layer, channel = self.layer.value, self.channel
        [optimum] = maximize(shared_backbone(), layer, channel, size=128, steps=64)
        alt = f"the image that maximizes {optimum.title}"
        if (layer, channel) == (self.layer.value, self.channel):
            self.optimum.value = img(jpeg(enlarged(optimum.image), 90), "jpeg", alt, "100%")

    def _find_patches(self) -> None:
        layer, channel = self.layer.value, self.channel
        if layer not in self._searches:
            self._searches[layer] = PatchSearch(shared_backbone(), [layer], sizes=SEARCHED)
        found = self._searches[layer].top(layer, channel)
        if (layer, channel) == (self.layer.value, self.channel):
            self.patches.value = "".join(
                img(
                    jpeg(to_pil(patch.image).resize((PATCH_SIDE, PATCH_SIDE))),
                    "jpeg",
                    f"patch of {patch.picture}, activation {patch.activation:.0f}",
                )
                for patch in found
            )

    def _fail(self, error: Exception) -> None:
        self._say(error_text(error))


def inside(maps: Tensor, layer: str) -> Tensor:
    """Maps (…, H, W) without the positions whose receptive field leaves the photograph.

    They respond to the edge between the photograph and the padding. Of a small map, at least a half
    of each side remains.
    """
    field = receptive_field(layer)
    wanted = -(-field.size // (2 * field.jump))
    edge = min(wanted, *(side // 4 for side in maps.shape[-2:]))
    return maps[..., edge:-edge, edge:-edge] if edge else maps
