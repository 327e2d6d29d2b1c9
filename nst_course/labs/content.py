"""The content explorer: what a layer remembers of a photograph, found again from noise."""

import ipywidgets as widgets
import torch
from torch import Tensor

from ..images.io import load_image
from ..transfer.style_transfer import StyleTransfer
from .frames import img, thumbnail
from .lab import PaintingLab, picture_menu
from .live_run import LiveRun
from .network import shared_backbone, steady_precision

LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_3", "relu4_2", "relu5_1")
STARTS = ("faint noise", "strong noise", "grey", "another photograph")
TV_WEIGHTS = (0.0, 1.0, 10.0, 100.0, 1e3, 1e4)
OTHER = {"cat": "astronaut"}  # what "another photograph" is; the cat for all but itself
WIDE = {"width": "300px"}


def live(settings: dict) -> dict:
    """The settings that act at the next step."""
    return {"content_layers": {settings["layer"]: 1.0}, "tv_weight": settings["tv_weight"]}


def starting_image(settings: dict) -> Tensor:
    """The image that the search begins with, (1, 3, H, W)."""
    photo = load_image(settings["photo"], settings["size"])
    if settings["start"] == "another photograph":
        other = load_image(OTHER.get(settings["photo"], "cat"), settings["size"])
        return torch.nn.functional.interpolate(other, photo.shape[2:], mode="bilinear")
    generator = torch.Generator().manual_seed(settings["seed"])
    noise = torch.rand(photo.shape, generator=generator) - 0.5
    strength = {"faint noise": 0.1, "strong noise": 1.0, "grey": 0.0}[settings["start"]]
    return 0.5 + strength * noise


def make_transfer(settings: dict, start: Tensor | None) -> StyleTransfer:
    """A transfer without style: the content loss of one layer alone."""
    photo = load_image(settings["photo"], settings["size"])
    return StyleTransfer(
        photo,
        photo,
        shared_backbone(),
        style_layers={},
        init=starting_image(settings) if start is None else start,
        precision=steady_precision(),
        **live(settings),
    )


class ContentLab(PaintingLab):
    """Invert the features of a layer, and change the layer while the picture forms.

    Args:
        photo: bundled name or path of a file.
        size: longer side in pixels.
        steps: how many.
    """

    def __init__(self, photo: str = "cat", size: int = 128, steps: int = 150):
        self.photo = picture_menu("Photograph", photo)
        self.layer = widgets.SelectionSlider(
            options=LAYERS,
            value="relu4_2",
            description="Layer",
            continuous_update=False,
            layout=WIDE,
        )
        self.start = widgets.Dropdown(options=STARTS, description="Start", layout=WIDE)
        self.tv_weight = widgets.SelectionSlider(
            options=[(f"{weight:g}", weight) for weight in TV_WEIGHTS],
            description="Smooth γ",
            continuous_update=False,
            layout=WIDE,
        )
        self.size = size
        self.target = widgets.HTML()
        self.live_run = LiveRun(
            "content explorer", make_transfer, live, self.settings(), starting_image, steps
        )
        self.live_run.reset.on_click(lambda _: self.live_run.restart(self.settings()))
        for knob in (self.layer, self.tv_weight):
            knob.observe(lambda _: self.live_run.painter.change(self.settings()), "value")
        for knob in (self.photo, self.start):
            knob.observe(lambda _: self._start_anew(), "value")
        run = self.live_run
        knobs = widgets.VBox(
            [self.photo, self.layer, self.start, self.tv_weight], layout={"flex": "0 0 310px"}
        )
        wrap = {"flex_flow": "row wrap"}
        beside = widgets.VBox(
            [self.target, run.curves], layout={"flex": "1 1 280px", "min_width": "0"}
        )
        pictures = widgets.HBox([run.picture, beside], layout=wrap)
        right = widgets.VBox([pictures, run.caption], layout={"flex": "1 1 380px"})
        self.widget = widgets.VBox(
            [run.buttons, run.status, widgets.HBox([knobs, right], layout=wrap)]
        )
        self._show_target()

    def settings(self) -> dict:
        """What the knobs say."""
        return {
            "photo": self.photo.value,
            "size": self.size,
            "layer": self.layer.value,
            "start": self.start.value,
            "tv_weight": self.tv_weight.value,
            "seed": 0,
        }

    def _start_anew(self) -> None:
        self.live_run.restart(self.settings())
        self._show_target()

    def _show_target(self) -> None:
        words = f"the photograph whose features are looked for: {self.photo.label}"
        self.target.value = img(thumbnail(load_image(self.photo.value, 160)), "jpeg", words)
