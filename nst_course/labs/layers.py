"""The layer mixer: the share of each layer in the gradient, set with sliders."""

from collections.abc import Sequence

import ipywidgets as widgets
from torch import Tensor

from ..images.io import load_image
from ..transfer.gradient_balance import balanced_weights, gradient_norms
from ..transfer.style_transfer import STYLE_LAYERS, StyleTransfer
from .controls import WIDE, WRAP, artwork_menu, chosen_picture, on_change, picture_menu, size_menu
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone, steady_precision
from .share_bar import ShareBar, whole_percent

SIZES = (96, 128, 192, 256, 384)
SKETCH_STEPS = 8  # at the photograph itself the gradient of the content loss is 0
PRESETS = {
    "equal shares": (5, 19, 19, 19, 19, 19),
    "color and grain": (5, 60, 30, 5, 0, 0),
    "strokes": (5, 5, 20, 40, 25, 5),
    "large shapes": (5, 2, 3, 10, 40, 40),
    "deepest layer alone": (5, 0, 0, 0, 0, 95),
}


class LayerMixer(LiveRunLab):
    """Set the share of each term in the gradient, before and during a run.

    Args:
        content, style: bundled names or paths of files.
        size: longer side in pixels.
        steps: number of steps.
    """

    def __init__(
        self,
        content: str = "cat",
        style: str = "composition_viii",
        size: int = 128,
        steps: int = 100,
    ):
        self.size = size_menu(size, SIZES)
        self.norms: dict[str, float] = {}  # of the gradients at the sketch, once measured
        self.pictures = {
            "content": picture_menu("Content", content),
            "style": artwork_menu("Style", style),
        }
        self.preset = widgets.Dropdown(options=list(PRESETS), description="Preset", layout=WIDE)
        self.shares = {
            term: widgets.IntSlider(
                value=share, max=100, description=term, continuous_update=False, layout=WIDE
            )
            for term, share in zip(("content", *STYLE_LAYERS), PRESETS["equal shares"], strict=True)
        }
        self.shares["content"].min = 1  # the weights are relative to it
        self.bar = ShareBar(names=list(self.shares), shares=list(PRESETS["equal shares"]))
        self._together = False  # while several sliders are set
        self.thumbnails = {what: widgets.HTML(layout={"margin": "4px"}) for what in self.pictures}
        self.live_run = LiveRun(
            "layer mixer", self.make_transfer, self.live, self.settings(), self.first_image, steps
        )
        self.live_run.reset.on_click(lambda _: self._start_over())
        on_change(self._take_preset, self.preset)
        on_change(self._take_sliders, *self.shares.values())
        self.bar.observe(lambda _: self._take_bar(), "shares")
        run = self.live_run
        on_change(self._show_inputs, *self.pictures.values())
        on_change(lambda: run.reset_or_ask(self._start_over), *self.pictures.values(), self.size)
        self.uploads = [
            run.upload(f"Upload {what}", menu)
            for what, menu in zip(("a photo", "an artwork"), self.pictures.values(), strict=True)
        ]
        thumbnails = widgets.HBox(list(self.thumbnails.values()))
        (content, style), (photograph, artwork) = self.pictures.values(), self.uploads
        controls = widgets.VBox(
            [
                content,
                photograph,
                style,
                artwork,
                thumbnails,
                self.size,
                self.preset,
                *self.shares.values(),
            ],
            layout={"flex": "0 0 310px"},
        )
        right = widgets.VBox(
            [self.bar, run.picture, run.caption, run.curves],
            layout={"flex": "1 1 380px", "min_width": "0"},
        )
        body = widgets.HBox([controls, right], layout=WRAP)
        self.widget = self.framed(run.buttons, run.status, body)
        self._show_inputs()

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.bar,
                "The bar is the gradient of the image, split among the terms. Drag a border.",
            ),
            (
                self.live_run.play,
                "Press Play, and drag a border while the picture forms: the next step uses the "
                "new shares.",
            ),
            (
                self.preset,
                "Choose the deepest layer alone. Which shapes come, and which colors stay?",
            ),
            (
                self.shares["relu1_1"],
                "Give relu1_1 a little share. How little is enough for the colors of the artwork?",
            ),
            (self.live_run.curves, "Each change of the shares is marked in the curves."),
            (
                self.uploads[0],
                "Try it with a photo of your own, and with an artwork that you know well.",
            ),
        ]

    def settings(self) -> dict:
        """The values of the controls."""
        return {
            "content": self.pictures["content"].value,
            "style": self.pictures["style"].value,
            "size": self.size.value,
            "shares": {term: slider.value for term, slider in self.shares.items()},
        }

    def live(self, settings: dict) -> dict:
        """The weights for the shares, once the gradient norms have been measured."""
        if not self.norms:
            return {}
        return {"style_layers": balanced_weights(settings["shares"], self.norms)}

    def make_transfer(self, settings: dict, start: Tensor | None) -> StyleTransfer:
        """A transfer that starts from a sketch, where the gradient norms are measured."""
        content, style = (
            load_image(settings[name], settings["size"]) for name in ("content", "style")
        )
        sketch = StyleTransfer(content, style, shared_backbone())
        image = sketch.run(SKETCH_STEPS, progress=False).image if start is None else start
        self.norms = gradient_norms(sketch, image)
        return StyleTransfer(
            content,
            style,
            shared_backbone(),
            style_weight=1.0,
            init=image,
            precision=steady_precision(),
        )

    def first_image(self, settings: dict) -> Tensor:
        return load_image(settings["content"], settings["size"])

    def _take_sliders(self) -> None:
        """Show the shares that the sliders stand for; their values need not add up to 100."""
        if self._together:
            return
        self.bar.shares = whole_percent([slider.value for slider in self.shares.values()])
        self.live_run.change(self.settings())

    def _take_preset(self) -> None:
        self._set_sliders(PRESETS[self.preset.value])
        self._take_sliders()

    def _take_bar(self) -> None:
        """Set the sliders to the shares of the bar, unless they say the same."""
        if self.bar.shares != whole_percent([slider.value for slider in self.shares.values()]):
            self._set_sliders(self.bar.shares)
            self.live_run.change(self.settings())

    def _set_sliders(self, shares: Sequence[int]) -> None:
        self._together = True
        for slider, share in zip(self.shares.values(), shares, strict=True):
            slider.value = share
        self._together = False

    def _show_inputs(self) -> None:
        for what, place in self.thumbnails.items():
            place.value = chosen_picture(self.pictures[what])
