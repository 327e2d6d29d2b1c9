"""Common implementations of the optimization, as short loops.

The network is frozen, in float32 and in NCHW layout, the objective is a closure, and the optimizer
comes from `torch.optim`. The objective, the weights, the layers and the initial image are those of
`StyleTransfer`.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

import nst_course as nst
from nst_course.transfer.style_transfer import CONTENT_LAYERS, STYLE_LAYERS

CONTENT_WEIGHT, STYLE_WEIGHT = 1.0, 1e3
DEEPEST = "relu5_1"


class PlainObjective:
    """α · content loss + β · style loss of an image, computed in NCHW layout."""

    def __init__(self, content: Tensor, style: Tensor, backbone: nst.Backbone):
        self.mean = backbone.mean
        self.layers = backbone.up_to([DEEPEST])
        self.weights = {
            name: (layer.weight.contiguous(), layer.bias)
            for name, layer in backbone.convolutions.items()
        }
        with torch.no_grad():
            features = self.features(content)
            self.contents = {layer: features[layer] for layer in CONTENT_LAYERS}
            self.grams = {
                layer: self.gram(found)
                for layer, found in self.features(style).items()
                if layer in STYLE_LAYERS
            }

    def features(self, image: Tensor) -> dict[str, Tensor]:
        x, features = image * 255 - self.mean, {}
        for name in self.layers:
            if name.startswith("conv"):
                x = F.conv2d(x, *self.weights[name], padding=1)
            elif name.startswith("relu"):
                x = F.relu(x, inplace=True)
            else:
                x = F.max_pool2d(x, 2)
            if name in STYLE_LAYERS or name in CONTENT_LAYERS:
                features[name] = x
        return features

    @staticmethod
    def gram(features: Tensor) -> Tensor:
        rows = features.flatten(2)
        return rows @ rows.mT / rows.shape[2]

    def __call__(self, image: Tensor) -> Tensor:
        features = self.features(image)
        content = sum(
            weight * F.mse_loss(features[layer], self.contents[layer])
            for layer, weight in CONTENT_LAYERS.items()
        )
        style = sum(
            weight * F.mse_loss(self.gram(features[layer]), self.grams[layer])
            for layer, weight in STYLE_LAYERS.items()
        )
        return CONTENT_WEIGHT * content + STYLE_WEIGHT * style


Turn = tuple[list[float], Tensor]  # the loss at each function evaluation, and the image after it


def lbfgs(
    objective: PlainObjective, start: Tensor, line_search: str | None, clamped: bool = False
) -> Iterator[Turn]:
    """`torch.optim.LBFGS` with its defaults, or with a strong Wolfe line search.

    A turn is one call of ``step``, with up to 20 iterations and up to 25 function evaluations. With
    ``clamped``, each evaluation first clamps the image to 0…1, as in PyTorch's tutorial.
    """
    image = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([image], line_search_fn=line_search)
    while True:
        losses: list[float] = []

        def closure(losses: list[float] = losses) -> Tensor:
            if clamped:
                with torch.no_grad():
                    image.clamp_(0, 1)
            optimizer.zero_grad()
            loss = objective(image)
            loss.backward()
            losses.append(loss.item())
            return loss

        optimizer.step(closure)
        yield losses, image.detach()


def adam(objective: PlainObjective, start: Tensor, rate: float = 0.02) -> Iterator[Turn]:
    """`torch.optim.Adam`; a turn is 20 steps."""
    image = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([image], lr=rate)
    while True:
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = objective(image)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        yield losses, image.detach()


REFERENCES: dict[str, Callable[[PlainObjective, Tensor], Iterator[Turn]]] = {
    "torch L-BFGS": lambda objective, start: lbfgs(objective, start, None),
    "torch L-BFGS, strong Wolfe": lambda objective, start: lbfgs(objective, start, "strong_wolfe"),
    "torch L-BFGS, clamped": lambda objective, start: lbfgs(objective, start, None, clamped=True),
    "torch Adam": adam,
}
