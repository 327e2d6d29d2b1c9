"""All results about one channel in one place; `plots.unit_card` draws them."""

import functools
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..checks import as_image, explained
from ..network.vgg import Backbone
from .maximize import Optimum, maximize
from .patches import Patch, PatchSearch


@dataclass(frozen=True)
class UnitCard:
    """All results about one channel; `plots.unit_card` draws them.

    Attributes:
        optimum, opposite: the images that maximize and minimize the channel.
        patches: the patches with its highest activations, in descending order.
        photo: a photograph, (1, 3, H, W).
        activation: the activations of the channel on that photograph, (H_l, W_l).
    """

    optimum: Optimum
    opposite: Optimum
    patches: list[Patch]
    photo: Tensor = field(repr=False)
    activation: Tensor = field(repr=False)


@explained
def unit_card(
    backbone: Backbone,
    layer: str,
    channel: int,
    photo: Tensor,
    search: PatchSearch,
    size: int = 128,
    steps: int = 96,
    seed: int = 0,
    precision: str = "auto",
) -> UnitCard:
    """Maximize and minimize one channel, find its patches, and apply it to a photograph.

    Args:
        backbone: the network.
        layer, channel: the channel, counted from 0 in its layer.
        photo: (1, 3, H, W), 0…1.
        search: a `PatchSearch` over this layer.
        size, steps, seed, precision: of the optimized images, as in `maximize`.

    Raises:
        CourseError: the channel does not exist, or its layer was not searched.
    """
    patches = search.top(layer, channel)
    optimize = functools.partial(
        maximize, backbone, layer, channel, size, steps, seed, precision=precision
    )
    [optimum], [opposite] = optimize(), optimize(sign=-1)
    with torch.no_grad():
        activation = backbone(as_image("photo", photo), [layer])[layer][0, channel].cpu()
    return UnitCard(optimum, opposite, patches, photo, activation)
