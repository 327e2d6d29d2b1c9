"""The terms of the objective: content, style, total variation, and whatever a reader adds.

A term names the layers that it wants. At each of them it *measures* something that is a mean over
positions, such as a Gram matrix, and makes a *loss* of what it measured. Because means of tiles
combine to the mean of the whole picture, the same code works in tiles.
"""

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..checks import check_weight, layer_weights, shown
from ..errors import CourseError
from ..losses import content_loss, gram_matrix, total_variation
from ..network.vgg import Backbone
from ..statistics import Statistic, as_statistic
from .styles import Region, Style, at_layers, group_by_region, scaled_region
from .tiles import Part, Whole
from .tiling import TILE, Measurement, TiledNetwork, WholeNetwork

PIXELS = "pixels"  # the layer of terms that compare the image itself, (1, 3, H, W), 0…1
Layers = Mapping[str, float] | Iterable[str]


class Term:
    """One term of the objective; a new one overrides `measure`, and perhaps `loss`.

    Attributes:
        name: of its entries in `Step.losses`, such as ``"style"`` and ``"style/relu1_1"``.
        weight: its factor in the total.
        layers: layer → w_l, or a list of names (each with weight 1); by default the pixels.
        mean_over_positions: whether `measure` is a mean over positions. A term where it is not
            sets this to False, and is refused where the picture needs tiles.
        takes_short_formats: whether `measure` wants features in bfloat16 as they are, where the
            run has them; else they come as float32.
    """

    name: str
    layers: Mapping[str, float] = {PIXELS: 1.0}
    mean_over_positions = True
    takes_short_formats = False

    def __init__(self, weight: float = 1.0, layers: Layers | None = None):
        self.weight = weight
        given = self.layers if layers is None else layers
        self.layers = layer_weights(f"{self.title}_layers", given)

    def __setattr__(self, name: str, value: Any) -> None:
        """Bring layers to the form layer → w_l, and refuse what is no weight."""
        if name == "layers":
            value = layer_weights(f"{self.title}_layers", value)
        elif name == "weight":
            check_weight(f"{self.title}_weight", value)
        super().__setattr__(name, value)

    @property
    def title(self) -> str:
        """What messages call it."""
        return getattr(self, "name", type(self).__name__)

    def check(self, backbone: Backbone) -> None:
        """Refuse what cannot work, such as a layer that does not exist."""
        self.layers = self.layers  # its entries may have been changed in place
        backbone.check(set(self.layers) - {PIXELS})

    def settings(self) -> tuple:
        """Everything that may be changed between steps."""
        return (self.weight, *self.layers.items())

    def works_in_tiles(self, backbone: Backbone) -> bool:
        """Whether measurements of tiles combine to that of the whole picture."""
        return self.mean_over_positions

    def of(self, styles: Sequence[Style], size: tuple[int, int]) -> "Term":
        """The term for a run with these artworks and an image of (H, W): by default itself."""
        return self

    def prepare(self, backbone: Backbone, tile: int | None) -> None:
        """Compute what the image is compared with, at layers where that has not been done.

        Args:
            backbone: the network in float32.
            tile: side of the tiles in pixels, or None for none.
        """

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        """What is compared at a layer: a mean over the positions of ``features``.

        Args:
            layer: its name; `PIXELS` for the image.
            features: (1, C, h, w), of the layer or of one part of it.
            part: ``part.of(x)`` is the same part of a tensor (…, H_l, W_l) of the whole layer.
        """
        raise CourseError(f"{type(self).__name__} has no method measure; write one.")

    def loss(self, layer: str, measured: Tensor) -> Tensor:
        """The loss of a layer, a scalar, given the measurement of all its positions."""
        return measured


def as_terms(terms: Iterable[Term]) -> list[Term]:
    """Further terms as a list, if each is one and has a name."""
    if not isinstance(terms, Iterable) or isinstance(terms, Tensor):
        raise CourseError(f"terms is a list of nst.Term, not {shown(terms)}.")
    found = list(terms)
    for term in found:
        if not isinstance(term, Term):
            raise CourseError(f"terms are objects of nst.Term, not {shown(term)}.")
        if not isinstance(getattr(term, "name", None), str):
            raise CourseError(f"{type(term).__name__} has no name; give it one, a string.")
    return found


class ContentTerm(Term):
    """The mean of (F − P)² at each layer, with P of the photograph.

    Args:
        content: photograph p, (1, 3, H, W).
        layers: layer → w_l.
        weight: α.
    """

    name = "content"
    takes_short_formats = True  # and converts them itself, one tile at a time

    def __init__(self, content: Tensor, layers: Layers, weight: float):
        super().__init__(weight, layer_weights(f"{self.name}_layers", layers))
        self.content = content
        self.targets: dict[str, Tensor] = {}  # P^l

    def prepare(self, backbone: Backbone, tile: int | None) -> None:
        if missing := [layer for layer in self.layers if layer not in self.targets]:
            self.targets |= network(backbone, tile).features(self.content, missing)

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        target = part.of(self.targets[layer])
        return content_loss(features.to(target.dtype), target)


class StyleTerm(Term):
    """The distance at each layer to one artwork or to several, by a statistic of the features.

    Artworks of the same region are mixed: their statistics are averaged by weight (the means over
    positions that they are made of, so that a covariance is that of the mixture). Each region
    counts by its area, so that the gradient at a position does not depend on the region's size.

    The artworks are those of the run. As one of its further ``terms``, with a name of its own, it
    compares another statistic as well.

    Args:
        statistic: what is compared: a function of features (1, C, H, W) that is a mean over
            positions, a `Statistic`, or one of `nst.distributions`.
        weight: β.
        layers: layer → w_l.
        name: of its losses.
    """

    takes_short_formats = True

    def __init__(
        self,
        statistic: Statistic | Callable[[Tensor], Tensor] = gram_matrix,
        weight: float = 1.0,
        layers: Layers = ("relu1_1", "relu4_1"),
        name: str = "style",
    ):
        self.name = name
        super().__init__(weight, layers)
        self.statistic = as_statistic(statistic)
        self._take((), (1, 1))

    def of(self, styles: Sequence[Style], size: tuple[int, int]) -> "StyleTerm":
        term = copy.copy(self)
        term._take(styles, size)
        return term

    def _take(self, styles: Sequence[Style], size: tuple[int, int]) -> None:
        self.styles, self.size = styles, size
        self.groups = group_by_region(styles, size)
        self.regions: dict[str, list[Region]] = {}  # layer → every region at its size
        self.means: dict[str, list[Tensor]] = {}  # layer → the means of every artwork

    def settings(self) -> tuple:
        weights = (style.weight_at(layer) for style in self.styles for layer in self.layers)
        return (*super().settings(), self.statistic.name, *weights)

    def check(self, backbone: Backbone) -> None:
        super().check(backbone)
        for style in self.styles:
            style.check()
            backbone.check(style.layers or ())
            backbone.check_image(style.image, self.layers)
        for _, numbers in self.groups:
            styles = [self.styles[number] for number in numbers]
            if self.layers and not any(s.weight_at(layer) for s in styles for layer in self.layers):
                raise CourseError(
                    f"All styles of a region have the weight 0 at the layers of {self.name!r}; "
                    "give one a weight there."
                )

    def works_in_tiles(self, backbone: Backbone) -> bool:
        channels = {backbone.channels(layer) for layer in self.layers}
        return all(self.statistic.is_mean(count, backbone.device) for count in channels)

    def prepare(self, backbone: Backbone, tile: int | None) -> None:
        if missing := [layer for layer in self.layers if layer not in self.means]:
            self.regions |= at_layers([region for region, _ in self.groups], backbone, missing)
            found = [self._means_of(style, backbone, tile, missing) for style in self.styles]
            self.means |= {layer: [means[layer] for means in found] for layer in missing}

    @torch.no_grad()
    def _means_of(
        self, style: Style, backbone: Backbone, tile: int | None, layers: list[str]
    ) -> dict[str, Tensor]:
        """Layer → the means of one artwork."""
        larger = style.image[0, 0].numel() > math.prod(self.size)
        if larger and self.works_in_tiles(backbone):
            tile = tile or TILE  # it may not fit into memory where the photograph does
        source = scaled_region(style.source_region, (style.image.shape[2], style.image.shape[3]))
        regions = at_layers([source], backbone, layers)

        def measurement(layer: str) -> Measurement:
            return layer, lambda features, part: self._means(features, regions[layer][0], part)

        found = network(backbone, tile).measure(style.image, list(map(measurement, layers)))
        return dict(zip(layers, found, strict=True))

    def _means(self, features: Tensor, region: Region, part: Part | Whole) -> Tensor:
        """The statistic's means over a region, of the positions that these features cover."""
        weights = None if region is None else part.of(region / region.mean())
        return self.statistic.means(features, weights)

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        return torch.stack([self._means(features, r, part) for r in self.regions[layer]])

    def loss(self, layer: str, measured: Tensor) -> Tensor:
        total = measured.new_zeros(())
        for means, region, (_, numbers) in zip(
            measured, self.regions[layer], self.groups, strict=True
        ):
            weights = [self.styles[number].weight_at(layer) for number in numbers]
            if not sum(weights):  # these artworks count at other layers
                continue
            targets = [self.means[layer][number] for number in numbers]
            target = self.statistic.summary(self.statistic.mix(targets, weights))
            area = 1.0 if region is None else region.mean()
            total = total + area * self.statistic.distance(self.statistic.summary(means), target)
        return total


class TotalVariation(Term):
    """How much neighboring pixels differ (`losses.total_variation`), with weight γ."""

    name = "tv"

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        return total_variation(features)


def network(backbone: Backbone, tile: int | None) -> WholeNetwork | TiledNetwork:
    """The network on whole pictures, or on tiles of so many pixels."""
    return WholeNetwork(backbone) if tile is None else TiledNetwork(backbone, tile)


def whole_layers(terms: Iterable[Term], backbone: Backbone) -> frozenset[str]:
    """The layers whose features a term compares as a whole, and not by means over positions."""
    whole = (term for term in terms if not term.works_in_tiles(backbone))
    return frozenset(layer for term in whole for layer in term.layers) - {PIXELS}
