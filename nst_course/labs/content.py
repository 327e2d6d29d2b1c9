"""The content lab: reconstruct a photograph from the features of one layer."""

import html

import ipywidgets as widgets
import torch
from torch import Tensor

from ..images.encode import png
from ..images.io import load_image, to_pil
from ..transfer.style_transfer import StyleTransfer
from .controls import WIDE, WRAP, choice_slider, on_change, picture_menu, size_menu
from .frames import img
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone, steady_precision

LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_3", "relu4_2", "relu5_1")
STARTS = ("faint noise", "strong noise", "gray", "another photograph")
SIZES = (96, 128, 192, 256, 384)
TV_WEIGHTS = (0.0, 1.0, 10.0, 100.0, 1e3, 1e4)
OTHER = {"cat": "astronaut"}  # photograph → the other one to start from; "cat" for all others


def live(settings: dict) -> dict:
    """The settings that take effect at the next step."""
    return {"content_layers": {settings["layer"]: 1.0}, "tv_weight": settings["tv_weight"]}


def initial_image(settings: dict) -> Tensor:
    """The image from which the optimization starts, (1, 3, H, W), 0…1."""
    photo = load_image(settings["photo"], settings["size"])
    if settings["start"] == "another photograph":
        other = load_image(OTHER.get(settings["photo"], "cat"), settings["size"])
        return torch.nn.functional.interpolate(other, photo.shape[2:], mode="bilinear")
    generator = torch.Generator().manual_seed(settings["seed"])
    noise = torch.rand(photo.shape, generator=generator) - 0.5
    amplitude = {"faint noise": 0.1, "strong noise": 1.0, "gray": 0.0}[settings["start"]]
    return 0.5 + amplitude * noise


def make_transfer(settings: dict, start: Tensor | None) -> StyleTransfer:
    """A transfer with the content loss of one layer and without a style loss."""
    photo = load_image(settings["photo"], settings["size"])
    return StyleTransfer(
        photo,
        photo,
        shared_backbone(),
        style_layers={},
        init=initial_image(settings) if start is None else start,
        precision=steady_precision(),
        **live(settings),
    )


class ContentLab(LiveRunLab):
    """Reconstruct a photograph from the features of a layer that can be changed during the run.

    Args:
        photo: bundled name or path of a file.
        size: longer side in pixels.
        steps: number of steps.
    """

    def __init__(self, photo: str = "cat", size: int = 128, steps: int = 150):
        self.photo = picture_menu("Photograph", photo)
        self.size = size_menu(size, SIZES)
        self.layer = choice_slider("Layer", LAYERS, "relu4_2")
        self.start = widgets.Dropdown(options=STARTS, description="Start", layout=WIDE)
        self.tv_weight = choice_slider("Smooth γ", TV_WEIGHTS, 0.0)
        self.target = widgets.HTML()
        self.live_run = run = LiveRun(
            "content explorer", make_transfer, live, self.settings(), initial_image, steps
        )
        run.reset.on_click(lambda _: self._start_over())
        on_change(lambda: run.change(self.settings()), self.layer, self.tv_weight)
        on_change(lambda: run.reset_or_ask(self._start_over), self.photo, self.size, self.start)
        self.upload = run.upload("Upload a photo", self.photo)
        controls = widgets.VBox(
            [self.photo, self.upload, self.size, self.layer, self.start, self.tv_weight],
            layout={"flex": "0 0 310px"},
        )
        half = {"flex": "1 1 260px", "min_width": "0"}
        found = widgets.VBox([run.picture, run.caption], layout=half)
        target = widgets.VBox([self.target], layout=half)
        right = widgets.VBox(
            [widgets.HBox([found, target], layout=WRAP), run.curves],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([controls, right], layout=WRAP)
        self.widget = self.framed(run.buttons, run.status, body)
        self._show_target()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.target,
                "This is the photograph whose features are wanted. The pixels of the other "
                "picture are not copied from it.",
            ),
            (
                self.layer,
                "Choose relu1_1, the first layer, and press Play. How soon is the photograph back?",
            ),
            (self.live_run.reset, "Press Reset, choose relu4_2, and play again. What is lost?"),
            (
                self.live_run.curves,
                "The curve is the content loss on a logarithmic axis. Change the layer during a "
                "run: a mark shows when.",
            ),
            (
                self.tv_weight,
                "Smooth adds total variation. Which layers need it, and what does it cost?",
            ),
            (self.upload, "Try it with a photo of your own."),
        ]

    def settings(self) -> dict:
        """The values of the controls."""
        return {
            "photo": self.photo.value,
            "size": self.size.value,
            "layer": self.layer.value,
            "start": self.start.value,
            "tv_weight": self.tv_weight.value,
            "seed": 0,
        }

    def _start_over(self) -> None:
        super()._start_over()
        self._show_target()

    def _show_target(self) -> None:
        photo = to_pil(load_image(self.photo.value, self.size.value))
        words = f"the target: {self.photo.label}"
        self.target.value = f"{img(png(photo), 'png', words, '100%')}{html.escape(words)}"
