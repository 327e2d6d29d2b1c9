"""The optimization as the programs run it that people use: their pixels, optimizers and options.

The network is frozen, in float32 and in NCHW layout. The objective, the weights and the layers are
those of `StyleTransfer` for every program, so that only the optimization differs. All start from
the content image.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import nst_course as nst
from nst_course.transfer.style_transfer import CONTENT_LAYERS, STYLE_LAYERS

STYLE_WEIGHT = 1e3  # β, with α = 1


class PlainObjective:
    """α · content loss + β · style loss of an image, computed in NCHW layout.

    Args:
        content, style: the photograph and the artwork, (1, 3, H, W), 0…1.
        backbone: the network.
        content_layers, style_layers: layer → weight.
        content_weight, style_weight: α and β.
        variation: weight of the sum of the absolute differences of neighboring pixels in 0…255.
    """

    def __init__(
        self,
        content: Tensor,
        style: Tensor,
        backbone: nst.Backbone,
        content_layers: dict[str, float] = CONTENT_LAYERS,
        style_layers: dict[str, float] = STYLE_LAYERS,
        content_weight: float = 1.0,
        style_weight: float = STYLE_WEIGHT,
        variation: float = 0.0,
    ):
        self.mean = backbone.mean
        self.content_layers, self.style_layers = content_layers, style_layers
        self.content_weight, self.style_weight = content_weight, style_weight
        self.variation = variation
        self.layers = backbone.up_to([*content_layers, *style_layers])
        self.weights = {
            name: (layer.weight.contiguous(), layer.bias)
            for name, layer in backbone.convolutions.items()
        }
        with torch.no_grad():
            features = self.features(content)
            self.contents = {layer: features[layer] for layer in content_layers}
            features = self.features(style)
            self.grams = {layer: self.gram(features[layer]) for layer in style_layers}

    def features(self, image: Tensor) -> dict[str, Tensor]:
        x, features = image * 255 - self.mean, {}
        for name in self.layers:
            if name.startswith("conv"):
                x = F.conv2d(x, *self.weights[name], padding=1)
            elif name.startswith("relu"):
                x = F.relu(x, inplace=name.replace("relu", "conv") not in features)
            else:
                x = F.max_pool2d(x, 2)
            if name in self.style_layers or name in self.content_layers:
                features[name] = x
        return features

    @staticmethod
    def gram(features: Tensor) -> Tensor:
        rows = features.flatten(2)
        return rows @ rows.mT / rows.shape[2]

    def parts(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The content loss and the style loss, without α and β."""
        features = self.features(image)
        content = sum(
            weight * F.mse_loss(features[layer], self.contents[layer])
            for layer, weight in self.content_layers.items()
        )
        style = sum(
            weight * F.mse_loss(self.gram(features[layer]), self.grams[layer])
            for layer, weight in self.style_layers.items()
        )
        return content, style

    def __call__(self, image: Tensor) -> Tensor:
        content, style = self.parts(image)
        total = self.content_weight * content + self.style_weight * style
        if self.variation:
            rows, columns = image.diff(dim=2).abs().sum(), image.diff(dim=3).abs().sum()
            total = total + self.variation * 255 * (rows + columns)
        return total


Evaluation = tuple[float, Tensor]  # the loss, and the image 0…1 that the program would save then
Report = Callable[[float, Tensor], None]  # what a solver calls after each evaluation
Solver = Callable[[PlainObjective, Tensor, Report], None]


def one_at_a_time(solver: Solver, objective: PlainObjective, start: Tensor) -> Iterator[Evaluation]:
    """The evaluations of a solver that works in one long call; it waits between them."""
    turns: queue.Queue[bool] = queue.Queue()
    found: queue.Queue[Evaluation | None] = queue.Queue()

    def report(loss: float, image: Tensor) -> None:
        found.put((loss, image))
        if not turns.get():
            raise SystemExit  # ends this thread without a word

    def work() -> None:
        if turns.get():
            try:
                solver(objective, start, report)
            finally:
                found.put(None)

    threading.Thread(target=work, daemon=True).start()
    try:
        turns.put(True)
        while (evaluation := found.get()) is not None:
            yield evaluation
            turns.put(True)
    finally:
        turns.put(False)


def lbfgs(
    objective: PlainObjective,
    start: Tensor,
    report: Report,
    scale: float = 255.0,
    clamped: bool = False,
    **options: Any,
) -> None:
    """`torch.optim.LBFGS` on pixels in 0…``scale``.

    With ``clamped``, each evaluation first clamps the pixels, as in PyTorch's tutorial.
    """
    pixels = (start * scale).requires_grad_()
    optimizer = torch.optim.LBFGS([pixels], **options)

    def closure() -> Tensor:
        if clamped:
            with torch.no_grad():
                pixels.clamp_(0, scale)
        optimizer.zero_grad()
        loss = objective(pixels / scale)
        loss.backward()
        report(loss.item(), pixels.detach() / scale)
        return loss

    before = None
    while before is None or not torch.equal(pixels, before):  # until it stops by its tolerances
        before = pixels.detach().clone()
        optimizer.step(closure)


def averaged_adam(objective: PlainObjective, start: Tensor, report: Report) -> None:
    """Adam on pixels in 0…1, clamped after each step; the image is an average of the iterates."""
    pixels, decay = start.clone().requires_grad_(), 0.99
    optimizer = torch.optim.Adam([pixels], lr=0.02, betas=(0.9, 0.99))
    average, share = torch.zeros_like(start), 0.0
    while True:
        optimizer.zero_grad()
        loss = objective(pixels)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            pixels.clamp_(0, 1)
            average = decay * average + (1 - decay) * pixels
            share = decay * share + 1 - decay
        report(loss.item(), average / share)


def program(**options: Any) -> Solver:
    return lambda objective, start, report: lbfgs(objective, start, report, **options)


# Options as in the programs' own code in 2025.
REFERENCES: dict[str, Solver] = {
    "gordicaleksa": program(max_iter=1000, line_search_fn="strong_wolfe"),
    "leongatys": program(),
    "neural-style-pt": program(max_iter=1000, tolerance_change=-1, tolerance_grad=-1),
    "PyTorch tutorial": program(scale=1.0, clamped=True),
    "crowsonkb": averaged_adam,
}
