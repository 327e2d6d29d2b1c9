"""Numbers for how much style and how much content a painting has."""

import torch
from torch import Tensor

from ..losses import gram_matrix
from ..network.vgg import Backbone
from ..transfer import STYLE_LAYERS

CONTENT_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


@torch.no_grad()
def gram_distance(backbone: Backbone, image: Tensor, style: Tensor) -> float:
    """How far the Gram matrices of a painting are from those of the artwork, 0 for the same.

    At each layer the norm of the difference divided by the norm of the artwork's; the mean over
    five layers.

    Args:
        backbone: the network.
        image, style: (1, 3, H, W) and (1, 3, H', W'), 0…1.
    """
    maps, target_maps = (backbone(picture, STYLE_LAYERS) for picture in (image, style))
    distances = []
    for layer in STYLE_LAYERS:
        gram, target = gram_matrix(maps[layer]), gram_matrix(target_maps[layer])
        distances.append((gram - target).norm() / target.norm().clamp(min=1e-8))
    return float(torch.stack(distances).mean())


@torch.no_grad()
def perceptual_distance(backbone: Backbone, image: Tensor, content: Tensor) -> float:
    """How far the features of a painting are from those of the photograph, 0 for the same.

    The form of LPIPS (Zhang et al. 2018), without the weights that it learned from people: at each
    position of a layer, the features as vectors of length 1; the mean squared distance over
    positions; the sum over five layers.

    Args:
        backbone: the network.
        image, content: (1, 3, H, W), of one size, 0…1.
    """
    maps, target_maps = (backbone(picture, CONTENT_LAYERS) for picture in (image, content))
    distances = []
    for layer in CONTENT_LAYERS:
        ours, theirs = (
            torch.nn.functional.normalize(features[layer], dim=1, eps=1e-8)
            for features in (maps, target_maps)
        )
        distances.append((ours - theirs).square().sum(1).mean())
    return float(torch.stack(distances).sum())
