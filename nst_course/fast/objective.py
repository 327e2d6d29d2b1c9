"""The objective of the loop for a whole batch: each painting against its photograph and artwork.

The terms are those of `transfer.terms`, with the covariance as statistic: content at relu4_2,
style at five layers, strength 3 of `nst.stylize`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..losses import total_variation
from ..network.vgg import Backbone
from ..transfer import CONTENT_LAYERS, STYLE_LAYERS


class BatchObjective:
    """Content, style and total variation of every painting of a batch.

    Args:
        artworks: (1, 3, H, W) each, at the size that their strokes should have.
        backbone: the network in float32.
        dtype: the number format that paintings go through the network in.
    """

    def __init__(
        self,
        artworks: Sequence[Tensor],
        backbone: Backbone,
        dtype: torch.dtype = torch.float32,
    ):
        self.backbone = backbone.in_precision(dtype)
        for name, convolution in self.backbone.convolutions.items():
            if name != "conv1_1":  # which sees the pixels; the loop keeps more layers exact
                convolution.to(dtype)
        with torch.no_grad():
            features = [backbone(artwork, STYLE_LAYERS) for artwork in artworks]
        self.targets = {  # layer → (S, C, C)
            layer: torch.cat([covariances(found[layer]) for found in features])
            for layer in STYLE_LAYERS
        }

    def __call__(self, paintings: Tensor, photographs: Tensor, mix: Tensor) -> dict[str, Tensor]:
        """``"content"``, ``"style"``, ``"tv"``, without weights, and each style layer, (B,) each.

        Args:
            paintings, photographs: (B, 3, H, W), 0…1.
            mix: (B, S), how much of each artwork; the targets are mixed.
        """
        with torch.no_grad():
            wanted = self.backbone(photographs, CONTENT_LAYERS)
        features = self.backbone(paintings, {*CONTENT_LAYERS, *STYLE_LAYERS})
        content = torch.zeros(len(paintings), device=paintings.device)
        for layer, weight in CONTENT_LAYERS.items():
            content = content + weight * per_image(features[layer], wanted[layer])
        losses, style = {}, torch.zeros_like(content)
        for layer, weight in STYLE_LAYERS.items():
            targets = torch.tensordot(mix, self.targets[layer], 1)
            losses[f"style/{layer}"] = per_image(covariances(features[layer]), targets)
            style = style + weight * losses[f"style/{layer}"]
        return {"content": content, "style": style, "tv": variations(paintings), **losses}


def covariances(features: Tensor) -> Tensor:
    """The covariance of the channels of each image: (B, C, H, W) → (B, C, C), in float32."""
    rows = features.float().movedim(1, -1).flatten(1, 2)
    centered = rows - rows.mean(1, keepdim=True)
    return centered.mT @ centered / rows.shape[1]


def per_image(values: Tensor, targets: Tensor) -> Tensor:
    """The mean squared difference of each image, (B,)."""
    return (values.float() - targets.float()).square().flatten(1).mean(1)


def variations(images: Tensor) -> Tensor:
    """The total variation of each image, (B,)."""
    return torch.stack([total_variation(image[None]) for image in images])
