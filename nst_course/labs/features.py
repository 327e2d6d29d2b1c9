"""The feature explorer: the channels of a layer, what one of them sees, and what excites it."""

import functools

import ipywidgets as widgets
import torch
from PIL import ImageDraw

from ..errors import CourseError
from ..images.encode import jpeg, png
from ..images.io import load_image, to_pil
from ..visualize import maximize, receptive_field
from .clickable import ClickablePicture
from .frames import enlarged, heat_map, img
from .lab import Lab, picture_menu
from .network import shared_backbone
from .worker import Worker

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_2", "relu5_1")
CHANNELS_A_PAGE = 16
MAP_SIDE = 92  # pixels on the page
WIDE = {"width": "300px"}
BOX = "#ffd400"


class FeatureExplorer(Lab):
    """Walk through the channels of a network on a photograph.

    A click on a map shows that channel, a click on the photograph or on the large map what the
    position sees.

    Args:
        photo: bundled name or path of a file.
        layer: one of `LAYERS`.
        size: longer side of the photograph, in pixels.
    """

    def __init__(self, photo: str = "cat", layer: str = "relu3_3", size: int = 224):
        self.size = size
        slider = functools.partial(widgets.IntSlider, continuous_update=False, layout=WIDE)
        self.photo = picture_menu("Photograph", photo)
        self.layer = widgets.Dropdown(options=LAYERS, value=layer, description="Layer", layout=WIDE)
        self.page = slider(description="Page")
        self.row, self.column = slider(description="Row"), slider(description="Column")
        self.optimum_button = widgets.Button(
            description="What excites it most?",
            icon="magic",
            tooltip="paint the image that excites the chosen channel most",
            layout={"width": "auto"},
        )
        self.buttons = [
            widgets.Button(layout={"width": f"{MAP_SIDE}px", "padding": "0"})
            for _ in range(CHANNELS_A_PAGE)
        ]
        self.maps = [ClickablePicture() for _ in range(CHANNELS_A_PAGE)]
        self.card, self.view = ClickablePicture(), ClickablePicture()
        self.title, self.reading, self.optimum = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.status = widgets.HTML()
        self.worker = Worker("feature explorer", self._maximize, lambda: None, self._fail)
        for index, button in enumerate(self.buttons):
            button.on_click(lambda _, index=index: self._choose(index))
        for index, picture in enumerate(self.maps):
            picture.observe(lambda _, index=index: self._choose(index), "place")
        for picture in (self.card, self.view):
            picture.observe(lambda click: self._point_at(*click.new), "place")
        for knob in (self.photo, self.layer):
            knob.observe(lambda _: self._read_photo(), "value")
        self.page.observe(lambda _: self._show_page(), "value")
        for knob in (self.row, self.column):
            knob.observe(lambda _: self._show_place(), "value")
        self.optimum_button.on_click(lambda _: self._ask_for_optimum())
        self._lay_out()
        self._read_photo()

    def close(self) -> None:
        """End the worker."""
        self.worker.stop()

    def _lay_out(self) -> None:
        cells = [
            widgets.VBox([picture, button], layout={"margin": "2px"})
            for picture, button in zip(self.maps, self.buttons, strict=True)
        ]
        grid = widgets.Box(cells, layout={"flex_flow": "row wrap", "flex": "0 1 410px"})
        knobs = widgets.HBox([self.photo, self.layer, self.page], layout={"flex_flow": "row wrap"})
        position = widgets.VBox(
            [self.row, self.column, self.view, self.reading], layout={"width": "300px"}
        )
        unit = widgets.VBox(
            [self.title, self.card, self.optimum_button, self.optimum], layout={"width": "266px"}
        )
        details = widgets.HBox(
            [position, unit], layout={"flex_flow": "row wrap", "flex": "1 1 300px"}
        )
        body = widgets.HBox([grid, details], layout={"flex_flow": "row wrap"})
        self.widget = widgets.VBox([knobs, self.status, body])

    @torch.no_grad()
    def _read_photo(self) -> None:
        self.image = load_image(self.photo.value, self.size)
        features = shared_backbone()(self.image, [self.layer.value])
        self.features = features[self.layer.value][0].float().cpu()
        channels, height, width = self.features.shape
        self.page.max = (channels - 1) // CHANNELS_A_PAGE
        self.page.value = min(self.page.value, self.page.max)
        self.row.max, self.column.max = height - 1, width - 1
        # The strongest on this photograph first; many of the others are dark all over.
        self.order = self.features.amax((1, 2)).argsort(descending=True).tolist()
        self._show_page()
        self._choose(0)

    def _show_page(self) -> None:
        first = self.page.value * CHANNELS_A_PAGE
        shown = self.order[first : first + CHANNELS_A_PAGE]
        for channel, place, button in zip(shown, self.maps, self.buttons, strict=True):
            values = self.features[channel]
            peak = values.max().item()
            answer = f"up to {peak:.0f}" if peak > 0 else "silent"
            words = f"map of channel {channel}, {answer}"
            place.show(png(heat_map(values, MAP_SIDE)), "png", words)
            button.description, button.tooltip = f"channel {channel}", words

    def _choose(self, index: int) -> None:
        """Show the card of a channel, at the position where the photograph excites it most."""
        self.channel = channel = self.order[self.page.value * CHANNELS_A_PAGE + index]
        values = self.features[channel]
        best = values.argmax().item()
        self.row.value, self.column.value = divmod(best, values.shape[1])
        words = f"{self.layer.value}, channel {channel}, up to {values.max().item():.0f}"
        self.title.value = f"<b>{words}</b>"
        self.card.show(png(heat_map(values, 260)), "png", f"map of {words}")
        self.optimum.value = ""
        self._show_place()

    def _point_at(self, x: float, y: float) -> None:
        """Choose the position at these fractions of the width and the height of a picture."""
        height, width = self.features.shape[1:]
        self.row.value, self.column.value = int(y * height), int(x * width)

    def _show_place(self) -> None:
        """The photograph with the receptive field of the chosen position."""
        field = receptive_field(self.layer.value)
        top, left, bottom, right = field.box(self.row.value, self.column.value)
        picture = to_pil(self.image)
        ImageDraw.Draw(picture).rectangle((left, top, right - 1, bottom - 1), outline=BOX, width=2)
        value = self.features[self.channel, self.row.value, self.column.value].item()
        words = (
            f"the photograph; the square of {field.size} pixels is all that this position sees; "
            f"there channel {self.channel} answers {value:.0f}"
        )
        self.view.show(jpeg(picture), "jpeg", words)
        self.reading.value = f"<div style='max-width:{picture.width}px'>{words}</div>"

    def _ask_for_optimum(self) -> None:
        self.status.value = f"Painting what excites channel {self.channel} most …"
        self.worker.step()

    def _maximize(self) -> bool:
        """In the worker's thread: one optimised image."""
        layer, channel = self.layer.value, self.channel
        [optimum] = maximize(shared_backbone(), layer, channel, size=128, steps=64)
        words = f"the image that excites {layer}, channel {channel} most: {optimum.title}"
        if channel == self.channel and layer == self.layer.value:
            self.optimum.value = img(jpeg(enlarged(optimum.image), 90), "jpeg", words)
        self.status.value = ""
        return False

    def _fail(self, error: Exception) -> None:
        text = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
        self.status.value = text
