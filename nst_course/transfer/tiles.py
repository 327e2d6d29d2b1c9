"""How a picture is divided: segments of the network, tiles of their input, parts of a layer."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..errors import CourseError


@dataclass(frozen=True)
class Segment:
    """Some layers in a row, and how they are run on tiles.

    Attributes:
        layers: their names, up to the pooling that ends the segment.
        halo: how many pixels of the segment's input a tile needs on each side.
        multiple: where tiles may begin; pooling windows must not straddle two tiles.
        side: of a tile, in pixels of the segment's input.
    """

    layers: tuple[str, ...]
    halo: int
    multiple: int
    side: int

    def tiles(self, height: int, width: int) -> "Iterator[Tile]":
        """The tiles that cover an input of this size, each position once."""
        for top, bottom in self._spans(height):
            for left, right in self._spans(width):
                yield Tile(top, bottom, left, right, self.halo, height, width)

    def _spans(self, size: int) -> list[tuple[int, int]]:
        count = -(-size // self.side)
        side = -(-size // count // self.multiple) * self.multiple
        # The last one reaches to the end, which no multiple may reach, and is never too narrow to
        # be pooled.
        starts = range(0, size - self.multiple + 1, side)
        return list(zip(starts, [*starts[1:], size], strict=True))


@dataclass(frozen=True)
class Tile:
    """A rectangle of a segment's input, from ``top`` to before ``bottom``, ``left`` to ``right``.

    At an inner edge the tile is read with its halo. The convolutions pad it with zeros there,
    which is wrong, but the error moves in by one pixel a convolution and stays in the halo. At the
    edge of the picture there is no halo, and the zeros are those of the network without tiles.
    """

    top: int
    bottom: int
    left: int
    right: int
    halo: int
    height: int
    width: int

    def outer(self, whole: Tensor) -> Tensor:
        """The tile with its halo, of a picture-wide tensor: a view."""
        rows = slice(max(0, self.top - self.halo), min(self.height, self.bottom + self.halo))
        columns = slice(max(0, self.left - self.halo), min(self.width, self.right + self.halo))
        return whole[:, :, rows, columns]

    def inner(self, whole: Tensor, pools: int) -> Tensor:
        """The tile without its halo, of a picture-wide tensor after some poolings: a view."""
        rows = slice(self.top >> pools, self.bottom >> pools)
        columns = slice(self.left >> pools, self.right >> pools)
        return whole[:, :, rows, columns]

    def without_halo(self, features: Tensor, pools: int) -> Tensor:
        """The same part, of features that were computed from `outer`."""
        above, before = min(self.top, self.halo), min(self.left, self.halo)
        first_row, first_column = self.top - above, self.left - before
        rows = slice(above >> pools, (self.bottom >> pools) - (first_row >> pools))
        columns = slice(before >> pools, (self.right >> pools) - (first_column >> pools))
        return features[:, :, rows, columns]


@dataclass(frozen=True)
class Part:
    """The part of a layer that some features cover: one tile, after some poolings."""

    tile: Tile
    pools: int

    @property
    def size(self) -> tuple[int, int]:
        """(H_l, W_l) of the whole layer."""
        return self.tile.height >> self.pools, self.tile.width >> self.pools

    def of(self, whole: Tensor) -> Tensor:
        """The same part of a tensor (…, H_l, W_l) that covers the whole layer: a view."""
        if whole.shape[2:] != self.size:
            raise CourseError(
                f"An image is compared with one of another size: {tuple(whole.shape[2:])} and "
                f"{self.size} positions at the same layer; give both the same size."
            )
        return self.tile.inner(whole, self.pools)

    def share(self, features: Tensor) -> float:
        """The share of all positions of the layer that these features, (1, C, h, w), are."""
        return features[0, 0].numel() / math.prod(self.size)


class Whole:
    """The part that is everything: the network without tiles."""

    def of(self, whole: Tensor) -> Tensor:
        """The tensor itself."""
        return whole


def pools_before(layers: Sequence[str], layer: str) -> int:
    """How many poolings there are in a row of layers up to one of them, itself included."""
    return sum(name.startswith("pool") for name in layers[: layers.index(layer) + 1])
