"""Nearest-neighbor style transfer: each place takes the features of a place of the artwork.

Kolkin et al. 2022. Nothing is averaged over positions here, so a painting cannot drift to features
that only have the right mean.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_images, names_of_layers
from ..errors import CourseError
from ..network.vgg import Backbone
from ..transfer.terms import Layers, Term
from ..transfer.tiles import Part, Whole

COLUMN_LAYERS = (
    *("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_2", "relu3_3"),
    *("relu4_1", "relu4_2", "relu4_3"),
)
SHRINKING = 4  # image pixels for one position of a hypercolumn, in each direction
AT_ONCE = 2048  # queries whose similarities to all keys are computed together
MOST_POSITIONS = 24**2  # of one layer that are compared; the paper takes up to 64²


def hypercolumns(
    backbone: Backbone, image: Tensor, layers: Layers = COLUMN_LAYERS, shrinking: int = SHRINKING
) -> Tensor:
    """What all layers say about each place: their features, one below the other.

    Each layer is divided by its number of channels, so that layers with many do not dominate, and
    brought to the same size.

    Args:
        backbone: the network.
        image: (1, 3, H, W), 0…1, with sides of at least 4 pixels.
        layers: their names.
        shrinking: of the sides.

    Returns:
        (1, Σ C, H/4, W/4).
    """
    check_images("image", image)
    size = [max(1, side // shrinking) for side in image.shape[2:]]
    maps = backbone(image, names_of_layers("layers", layers))
    parts = [
        F.interpolate(features / features.shape[1], size, mode="bilinear", antialias=True)
        for features in maps.values()
    ]
    return torch.cat(parts, dim=1)


def rows_of(features: Tensor) -> Tensor:
    """Features (1, C, H, W) as a matrix (H·W, C): a row for each position."""
    return features[0].flatten(1).T


def centered(rows: Tensor) -> Tensor:
    """Rows (n, C) minus their mean, each of length 1; a row of zeros stays one."""
    return F.normalize(rows - rows.mean(0), dim=1, eps=1e-8)


@torch.no_grad()
def nearest(queries: Tensor, keys: Tensor) -> Tensor:
    """For each query the number of the key with the largest cosine, both sets centered first.

    Without centering, the mean of all features, which is nearly the same in both pictures, would
    make every cosine large.

    Args:
        queries: (n, C).
        keys: (m, C).

    Returns:
        (n,), numbers from 0 to m − 1.

    Raises:
        CourseError: the two are no matrices with as many columns.
    """
    if queries.dim() != 2 or keys.dim() != 2 or queries.shape[1] != keys.shape[1] or not len(keys):
        raise CourseError(
            f"Neighbors are searched between matrices (n, C) and (m, C), not {tuple(queries.shape)}"
            f" and {tuple(keys.shape)}."
        )
    keys = centered(keys).T
    parts = centered(queries).split(AT_ONCE)
    return torch.cat([(part @ keys).argmax(1) for part in parts])


def rotations(image: Tensor) -> list[Tensor]:
    """The image and its rotations by 90, 180 and 270 degrees: four times as many strokes."""
    return [torch.rot90(image, turns, (2, 3)) for turns in range(4)]


class NearestNeighbors(Term):
    """The distance of every hypercolumn to the one of the artwork that was chosen for it.

    `match` chooses; until the next call, the choice stays. The distance is 1 minus the cosine, its
    mean over all positions. The features of the artwork are those of four rotations.

    Args:
        style: artwork, (1, 3, H', W'), 0…1.
        weight: in the objective.
    """

    name = "neighbors"
    mean_over_positions = False

    def __init__(self, style: Tensor, weight: float = 1.0):
        super().__init__(weight)
        self.style = as_image("style", style)
        self.matches = 0  # how often neighbors were chosen
        self.keys: Tensor | None = None
        self.targets: Tensor | None = None

    def settings(self) -> tuple:
        return (*super().settings(), self.matches)  # another choice is another objective

    def prepare(self, backbone: Backbone, tile: int | None) -> None:
        self.backbone = backbone
        if self.keys is None:
            with torch.no_grad():
                found = [hypercolumns(backbone, image) for image in rotations(self.style)]
                self.keys = torch.cat(list(map(rows_of, found)))

    @torch.no_grad()
    def match(self, image: Tensor, backbone: Backbone) -> None:
        """Choose for every hypercolumn of an image its nearest neighbor in the artwork.

        Args:
            image: (1, 3, H, W), of the size of the generated image.
            backbone: the network of the run.
        """
        self.prepare(backbone, None)
        keys = self.keys
        assert keys is not None
        queries = rows_of(hypercolumns(backbone, image))
        self.targets = F.normalize(keys[nearest(queries, keys)], dim=1)
        self.matches += 1

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        if self.targets is None:
            raise CourseError("No neighbors have been chosen yet; call match(image, backbone).")
        found = F.normalize(rows_of(hypercolumns(self.backbone, features)), dim=1, eps=1e-8)
        return 1 - (found * self.targets).sum(1).mean()


class LayerNeighbors(Term):
    """At each layer, the mean distance of the features to their nearest neighbors in the artwork.

    The neighbors are searched anew in every step, for each layer by itself. This sharpens what
    `NearestNeighbors` has arranged: a hypercolumn averages over 4×4 pixels.

    Args:
        style: artwork, (1, 3, H', W'), 0…1.
        weight: in the objective.
        layers: layer → w_l.
    """

    name = "layer_neighbors"
    mean_over_positions = False

    def __init__(self, style: Tensor, weight: float = 1.0, layers: Layers = COLUMN_LAYERS):
        super().__init__(weight, layers)
        self.style = as_image("style", style)
        self.keys: dict[str, Tensor] = {}

    def prepare(self, backbone: Backbone, tile: int | None) -> None:
        if missing := [layer for layer in self.layers if layer not in self.keys]:
            with torch.no_grad():
                maps = [backbone(image, missing) for image in rotations(self.style)]
                for layer in missing:
                    rows = [rows_of(sampled(features[layer])) for features in maps]
                    self.keys[layer] = centered(torch.cat(rows))

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        rows, keys = centered(rows_of(sampled(features))), self.keys[layer]
        with torch.no_grad():  # no gradient flows through the choice
            chosen = (rows @ keys.T).argmax(1)
        return 1 - (rows * keys[chosen]).sum(1).mean()


def sampled(features: Tensor) -> Tensor:
    """Every second, third, … position of features (1, C, H, W), at most `MOST_POSITIONS`."""
    positions = features.shape[2] * features.shape[3]
    stride = max(1, int((positions / MOST_POSITIONS) ** 0.5))
    return features[:, :, ::stride, ::stride]
