"""Artworks, the weights that mix them, and the regions that they rule."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_weight, layer_weights, usable_in_graphs
from ..errors import CourseError
from ..network.vgg import Backbone
from .tiles import pools_before


@dataclass(eq=False)
class Style:
    """An artwork, and where it rules.

    Attributes:
        image: the artwork, (1, 3, H', W'), 0…1.
        weight: among the artworks of the same region, whose statistics are averaged; only ratios
            count. It may be changed between steps.
        region: the part of the generated image that takes this style: (H, W), 0…1, where values
            in between are soft edges; scaled to the image. None is what other regions leave.
        source_region: the part of the artwork that the style is taken from, (H', W'), 0…1.
        layers: where it counts, as names or as layer → factor of its weight there: the brush of
            one artwork at shallow layers, the shapes of another at deep ones. None is everywhere.
    """

    image: Tensor = field(repr=False)
    weight: float = 1.0
    region: Tensor | None = field(default=None, repr=False)
    source_region: Tensor | None = field(default=None, repr=False)
    layers: Mapping[str, float] | Iterable[str] | None = None

    def __post_init__(self) -> None:
        self.check("style")

    def check(self, name: str = "a style") -> None:
        """Refuse weights that are none; bring the layers to the form layer → factor."""
        check_weight(f"the weight of {name}", self.weight)
        if self.layers is not None:
            self.layers = layer_weights(f"the layers of {name}", self.layers)

    def weight_at(self, layer: str) -> float:
        """Its weight among the artworks of its region at one layer."""
        if self.layers is None:
            return self.weight
        return self.weight * layer_weights("the layers of a style", self.layers).get(layer, 0.0)


Region = Tensor | None  # (1, 1, H, W), 0…1; None is everything
Styles = Tensor | Style | Iterable[Tensor | Style]  # what users give


def as_styles(style: Styles, device: torch.device) -> list[Style]:
    """Whatever a user gives as style, as a list of checked styles on the device.

    Raises:
        CourseError: an artwork, a weight or a region that cannot be used.
    """
    if isinstance(style, (Tensor, Style, str, bytes)) or not isinstance(style, Iterable):
        style = [style]  # as_image refuses what is neither
    styles = [given if isinstance(given, Style) else Style(given) for given in style]
    if not styles:
        raise CourseError("style is an empty list; give at least one artwork.")
    for number, given in enumerate(styles):
        name = "style" if len(styles) == 1 else f"style[{number}]"
        given.image = as_image(name, given.image).to(device)
        given.check(name)
        given.region = as_region(f"the region of {name}", given.region, device)
        given.source_region = as_region(f"the source_region of {name}", given.source_region, device)
    return styles


def as_region(name: str, region: Tensor | None, device: torch.device) -> Region:
    """A mask (H, W), (1, H, W) or (1, 1, H, W), of bool or of numbers 0…1, as (1, 1, H, W)."""
    if region is None:
        return None
    if not isinstance(region, Tensor) or region.dim() not in (2, 3, 4) or region.numel() == 0:
        raise CourseError(f"{name} is a mask, a tensor (H, W) with values 0…1.")
    height, width = region.shape[-2:]
    if region.numel() != height * width:
        raise CourseError(f"{name} has one channel, shape (H, W), not {tuple(region.shape)}.")
    if region.is_complex() or region.is_meta or region.layout != torch.strided:
        raise CourseError(f"{name} is a mask, a dense tensor (H, W) with values 0…1.")
    region = usable_in_graphs(region.detach().float()).reshape(1, 1, height, width).to(device)
    if not (region.isfinite().all() and region.min() >= 0 and region.max() <= 1):
        raise CourseError(f"{name} has values outside 0…1; 1 is inside the region, 0 outside.")
    return region


def scaled_region(region: Region, size: tuple[int, int]) -> Region:
    """The region in another size (H, W)."""
    if region is None or region.shape[2:] == size:
        return region
    return F.interpolate(region.cpu(), size, mode="bilinear", antialias=True).to(region.device)


def group_by_region(
    styles: Sequence[Style], size: tuple[int, int]
) -> list[tuple[Region, list[int]]]:
    """The regions of an image of this size, each with the numbers of the styles that rule there.

    Styles without a region rule where no other does; where no style has a region, everywhere.
    """
    groups = _groups(styles, size)
    if any(region is None for region, _ in groups) and len(groups) > 1:
        rest = _rest([region for region, _ in groups if region is not None])
        return [(rest if region is None else region, numbers) for region, numbers in groups]
    return groups


def uncovered(styles: Sequence[Style], size: tuple[int, int]) -> Region:
    """Where no style rules in an image of (H, W): (1, 1, H, W), 0…1; None for no such place."""
    regions = [region for region, _ in _groups(styles, size) if region is not None]
    if not regions or any(style.region is None for style in styles):
        return None
    rest = _rest(regions)
    return rest if rest.max() > 0 else None


def _rest(regions: Sequence[Tensor]) -> Tensor:
    """What regions leave."""
    return (1 - torch.stack(list(regions)).sum(0)).clamp(min=0)


def _groups(styles: Sequence[Style], size: tuple[int, int]) -> list[tuple[Region, list[int]]]:
    """Each region at this size, with the numbers of its styles."""
    groups: list[tuple[Region, list[int]]] = []
    for number, style in enumerate(styles):
        region = scaled_region(style.region, size)
        for other, numbers in groups:
            if region is other or (
                region is not None and other is not None and torch.equal(region, other)
            ):
                numbers.append(number)
                break
        else:
            groups.append((region, [number]))
    return groups


def at_layers(
    regions: Sequence[Region], backbone: Backbone, layers: Iterable[str]
) -> dict[str, list[Region]]:
    """Each region at the size of each layer: averaged 2×2 by 2×2, as the poolings do.

    Raises:
        CourseError: a region is empty, or vanishes at the size of a layer.
    """
    found: dict[str, list[Region]] = {}
    for layer in layers:
        found[layer] = []
        for region in regions:
            if region is not None:
                for _ in range(pools_before(backbone.layers, layer)):
                    region = F.avg_pool2d(region, 2)
                if region.mean() == 0:
                    raise CourseError(
                        f"A region of a style is empty at {layer}; enlarge the region."
                    )
            found[layer].append(region)
    return found
