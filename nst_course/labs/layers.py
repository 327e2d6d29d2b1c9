"""The layer mixer: the share of each layer in the gradient, set with sliders."""

import ipywidgets as widgets
from torch import Tensor

from ..images.io import load_image
from ..transfer.gradient_balance import balanced_weights, gradient_norms
from ..transfer.style_transfer import STYLE_LAYERS, StyleTransfer
from .controls import WIDE, WRAP, chosen_picture, on_change, picture_menu
from .lab import LiveRunLab
from .live_run import LiveRun
from .network import shared_backbone, steady_precision

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
        self.size = size
        self.norms: dict[str, float] = {}  # of the gradients at the sketch, once measured
        self.pictures = {
            what: picture_menu(what.capitalize(), chosen)
            for what, chosen in (("content", content), ("style", style))
        }
        self.preset = widgets.Dropdown(options=list(PRESETS), description="Preset", layout=WIDE)
        self.shares = {
            term: widgets.IntSlider(
                value=share, max=100, description=term, continuous_update=False, layout=WIDE
            )
            for term, share in zip(("content", *STYLE_LAYERS), PRESETS["equal shares"], strict=True)
        }
        self.shares["content"].min = 1  # the weights are relative to it
        self.mix = widgets.HTML()
        self.thumbnails = {what: widgets.HTML(layout={"margin": "4px"}) for what in self.pictures}
        self.live_run = LiveRun(
            "layer mixer", self.make_transfer, self.live, self.settings(), self.first_image, steps
        )
        self.live_run.reset.on_click(lambda _: self._start_over())
        on_change(self._take_preset, self.preset)
        on_change(self._change, *self.shares.values())
        on_change(self._start_over, *self.pictures.values())
        run = self.live_run
        controls = widgets.VBox(
            [*self.pictures.values(), self.preset, *self.shares.values(), self.mix],
            layout={"flex": "0 0 310px"},
        )
        thumbnails = widgets.VBox(list(self.thumbnails.values()))
        right = widgets.VBox(
            [widgets.HBox([run.picture, thumbnails], layout=WRAP), run.caption, run.curves],
            layout={"flex": "1 1 380px"},
        )
        body = widgets.HBox([controls, right], layout=WRAP)
        self.widget = widgets.VBox([run.buttons, run.status, body])
        self._show_inputs()
        self._show_mix()

    def settings(self) -> dict:
        """The values of the controls."""
        return {
            "content": self.pictures["content"].value,
            "style": self.pictures["style"].value,
            "shares": {term: slider.value for term, slider in self.shares.items()},
        }

    def live(self, settings: dict) -> dict:
        """The weights for the shares, once the gradient norms have been measured."""
        if not self.norms:
            return {}
        return {"style_layers": balanced_weights(settings["shares"], self.norms)}

    def make_transfer(self, settings: dict, start: Tensor | None) -> StyleTransfer:
        """A transfer that starts from a sketch, where the gradient norms are measured."""
        content, style = (load_image(settings[name], self.size) for name in ("content", "style"))
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
        return load_image(settings["content"], self.size)

    def _change(self) -> None:
        self.live_run.runner.change(self.settings())
        self._show_mix()

    def _take_preset(self) -> None:
        for slider, share in zip(self.shares.values(), PRESETS[self.preset.value], strict=True):
            slider.value = share

    def _start_over(self) -> None:
        self.live_run.restart(self.settings())
        self._show_inputs()

    def _show_inputs(self) -> None:
        for what, place in self.thumbnails.items():
            place.value = chosen_picture(self.pictures[what])

    def _show_mix(self) -> None:
        """Show the shares in percent; the values of the sliders need not add up to 100."""
        total = sum(slider.value for slider in self.shares.values())
        parts = [
            f"{term} {100 * slider.value / total:.0f} %" for term, slider in self.shares.items()
        ]
        self.mix.value = "Shares of the gradient: " + ", ".join(parts)
