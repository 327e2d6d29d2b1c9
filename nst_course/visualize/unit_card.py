"""Everything about one unit, collected: `plots.unit_card` draws it."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..checks import as_image
from ..network.vgg import Backbone
from .maximize import Optimum, maximise
from .patches import Patch, PatchSearch


@dataclass(frozen=True)
class UnitCard:
    """Everything about one unit; `plots.unit_card` draws it.

    Attributes:
        optimum, opposite: the images that excite the channel most and least.
        patches: the places in real pictures that excite it most, the strongest first.
        photo: a photograph, (1, 3, H, W).
        activation: the channel's map on that photograph, (H_l, W_l).
    """

    optimum: Optimum
    opposite: Optimum
    patches: list[Patch]
    photo: Tensor = field(repr=False)
    activation: Tensor = field(repr=False)


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
    """Collect what there is to know about one unit.

    Args:
        backbone: the network.
        layer, channel: the unit.
        photo: (1, 3, H, W), 0…1, of your own.
        search: a `PatchSearch` that covers the layer.
        size, steps, seed, precision: of the optimised images, as in `maximise`.

    Raises:
        CourseError: the unit does not exist, or the search does not cover its layer.
    """
    patches = search.top(layer, channel)
    settings = {"size": size, "steps": steps, "seed": seed, "precision": precision}
    [optimum] = maximise(backbone, layer, channel, **settings)
    [opposite] = maximise(backbone, layer, channel, sign=-1, **settings)
    with torch.no_grad():
        activation = backbone(as_image("photo", photo), [layer])[layer][0, channel].cpu()
    return UnitCard(optimum, opposite, patches, photo, activation)
