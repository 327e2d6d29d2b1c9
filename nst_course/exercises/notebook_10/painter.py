"""A network of nine numbers, and what describes its paintings, for the cases of an exercise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cases import drawn, picture
from ..notebook_05.optimizers import GradientDescent
from ..spec import Inputs


class Painter(nn.Module):
    """A network that mixes the three colors, and normalizes by the batch while it is trained."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        start = torch.eye(3, dtype=torch.float64) + 0.2 * drawn(3, 3, seed=seed)
        self.colors = nn.Parameter(start)

    def forward(self, photographs: Tensor) -> Tensor:
        mixed = torch.einsum("ij,bjhw->bihw", self.colors, photographs)
        return mixed - mixed.mean((0, 2, 3), keepdim=True) if self.training else mixed


def describe(images: Tensor) -> tuple[Tensor, Tensor]:
    """a function of images: their features, (B, C, H, W), and Gram matrices, (B, C, C)"""
    features = torch.cat([images, images.square()], dim=1)
    rows = features.flatten(2)
    return features, rows @ rows.mT / rows.shape[2]


def training_case(seed: int, batch: int, style_weight: float, lr: float = 0.02) -> Inputs:
    network = Painter(seed).eval()
    return {
        "network": network,
        "photographs": picture(batch, 3, 3, 4, seed=seed + 1),
        "describe": describe,
        "target_gram": describe(picture(1, 3, 4, 5, seed=seed + 2))[1],
        "style_weight": style_weight,
        "optimizer": GradientDescent([network.colors], lr=lr),
    }
