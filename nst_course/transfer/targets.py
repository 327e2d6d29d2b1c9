"""What an image is compared with: the content of one picture, the style of another."""

from collections.abc import Collection, Iterable, Mapping

import torch
from torch import Tensor

from ..losses import content_loss, style_loss
from ..network.vgg import Backbone
from ..statistics import fast_gram_matrix
from .tiling import TILE, TiledNetwork


class Targets:
    """P^l of the content image and A^l of the artwork, and how far an image is from them.

    The targets are computed once for each layer, when it is first asked for, and in the precision
    of the network given.

    Args:
        content: photograph p, (1, 3, H, W).
        style: artwork a, (1, 3, H', W').
        backbone: the network.
        tile: side of the tiles that the network is run on, in pixels, or None for none.
    """

    def __init__(self, content: Tensor, style: Tensor, backbone: Backbone, tile: int | None):
        self.content, self.style = content, style
        self.backbone, self.tile = backbone, tile
        self._contents: dict[str, Tensor] = {}  # P^l
        self._grams: dict[str, Tensor] = {}  # A^l

    def distances(
        self,
        image: Tensor,
        content_layers: Collection[str],
        style_layers: Collection[str],
        backbone: Backbone | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Content losses by layer and style losses by layer; gradients flow through both.

        Args:
            image: (1, 3, H, W), of the content's size.
            content_layers, style_layers: where the two are compared.
            backbone: a network of another precision that the image goes through.
        """
        self._compute_missing(content_layers, style_layers)
        contents = {layer: self._contents[layer] for layer in content_layers}
        losses, grams = self._network(backbone or self.backbone).losses(
            image, contents, style_layers
        )
        return losses, {layer: style_loss(grams[layer], self._grams[layer]) for layer in grams}

    @torch.no_grad()
    def _compute_missing(
        self, content_layers: Collection[str], style_layers: Collection[str]
    ) -> None:
        network = self._network(self.backbone)
        if contents := [layer for layer in content_layers if layer not in self._contents]:
            self._contents |= network.features(self.content, contents)
        if grams := [layer for layer in style_layers if layer not in self._grams]:
            if self.style.numel() > self.content.numel():  # may not fit where the content does
                network = TiledNetwork(self.backbone, self.tile or TILE)
            self._grams |= network.grams(self.style, grams)

    def _network(self, backbone: Backbone) -> "WholeNetwork | TiledNetwork":
        return WholeNetwork(backbone) if self.tile is None else TiledNetwork(backbone, self.tile)


class WholeNetwork:
    """`TiledNetwork` without tiles: all features of the picture at once."""

    def __init__(self, backbone: Backbone):
        self.backbone = backbone

    def losses(
        self, image: Tensor, content_targets: Mapping[str, Tensor], style_layers: Iterable[str]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        contents, grams = {}, {}

        def measure(layer: str, features: Tensor) -> None:
            if layer in content_targets:
                contents[layer] = content_loss(features.float(), content_targets[layer])
            if layer in style_layers:
                grams[layer] = fast_gram_matrix(features)

        self.backbone(image, {*content_targets, *style_layers}, measure)
        return contents, grams

    def grams(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        return self.losses(image, {}, layers)[1]

    def features(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        return self.backbone(image, layers)
