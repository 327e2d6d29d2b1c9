"""The objective of a picture that is larger than memory: computed tile by tile, and exactly.

Both losses are sums over positions, so a picture can be cut into tiles, each tile run through the
network on its own, and the sums added up. What a tile needs beyond itself is a halo, the few
pixels that its convolutions look at next door. To keep the halo small, the network is cut too, into
segments; each picture-wide input of a segment is kept, which takes 56 bytes a pixel in place of the
1400 or so of all layers. The gradient depends on the whole Gram matrix, so there are two passes:

    forward   segment after segment, tile after tile: add up F Fᵀ and (F − P)², keep the last pool
    backward  segments in reverse: compute the tile again, and send its gradients to its input

Two passes forward and one back, where the untiled network takes one and one, make a step cost
about one and a half times as much, and the halos a little more.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..device import return_memory
from ..errors import CourseError
from ..losses import content_loss
from ..network.vgg import Backbone
from ..statistics import fast_gram_matrix, gram_gradient, is_channels_last

TILE = 384  # pixels; the tile with its halo and all that its layers keep takes about 0.4 GB
CUTS = ("pool2", "pool3", "pool4")  # a cut at pool1 as well would double what is kept


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
    edge of the picture there is no halo, and the zeros are those of the untiled network.
    """

    top: int
    bottom: int
    left: int
    right: int
    halo: int
    height: int
    width: int

    def positions(self, pools: int) -> int:
        """How many positions the whole picture has after some poolings."""
        return (self.height >> pools) * (self.width >> pools)

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


class TiledNetwork:
    """Gram matrices and content losses of a picture of any size, in memory that stays small.

    Args:
        backbone: the network.
        tile: pixels on the side of a tile of the picture. Deeper segments have more channels and
            smaller tiles, of as many bytes. The results do not depend on it.
    """

    def __init__(self, backbone: Backbone, tile: int = TILE):
        self.backbone = backbone
        self.tile = tile

    def losses(
        self, image: Tensor, content_targets: Mapping[str, Tensor], style_layers: Iterable[str]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The content losses by layer, and the Gram matrices by layer; gradients flow through both.

        They equal `content_loss` and `gram_matrix` of the untiled features up to rounding.
        A graph can be gone through backward once.

        Args:
            image: (1, 3, H, W), 0…1.
            content_targets: layer → P, (1, C, H_l, W_l).
            style_layers: the layers whose Gram matrices are wanted.
        """
        style_layers = tuple(style_layers)
        for layer, target in content_targets.items():
            pools = pools_before(self.backbone.layers, layer)
            size = tuple(side >> pools for side in image.shape[2:])
            if target.shape[2:] != size:
                raise CourseError(
                    f"The content at {layer} is that of another picture size, "
                    f"{tuple(target.shape)}."
                )
        found = _Sums.apply(image, self, dict(content_targets), style_layers)
        contents = dict(zip(content_targets, found, strict=False))
        return contents, dict(zip(style_layers, found[len(contents) :], strict=True))

    @torch.no_grad()
    def grams(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """The Gram matrix of each layer, (1, C, C)."""
        return self.losses(image, {}, layers)[1]

    @torch.no_grad()
    def features(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """The features of the whole picture, which have to fit into the memory."""
        wanted, whole = set(layers), {}

        def note(layer: str, features: Tensor, tile: Tile, pools: int) -> None:
            if layer not in whole:
                size = (tile.height >> pools, tile.width >> pools)
                whole[layer] = picture_wide(features, size)
            tile.inner(whole[layer], pools).copy_(features)

        self.forward(image, wanted, note)
        return whole

    def forward(
        self, image: Tensor, wanted: set[str], note: Callable[[str, Tensor, Tile, int], None]
    ) -> list[Tensor]:
        """Run every tile of every segment and give the input of each segment.

        Args:
            image: (1, 3, H, W), 0…1.
            wanted: the layers that ``note`` is called with.
            note: called with the layer, its features in this tile without the halo, the tile, and
                how many poolings there are between the segment's input and the layer.
        """
        inputs = [image]
        segments = self.segments(wanted)
        for segment in segments:
            whole, pooled = inputs[-1], None
            for tile in segment.tiles(*whole.shape[2:]):
                output, features = self.run(segment, tile.outer(whole), wanted)
                for layer, found in features.items():
                    pools = pools_before(segment.layers, layer)
                    note(layer, tile.without_halo(found, pools), tile, pools)
                if segment is not segments[-1]:
                    pools = pools_before(segment.layers, segment.layers[-1])
                    if pooled is None:
                        pooled = picture_wide(output, (tile.height >> pools, tile.width >> pools))
                    tile.inner(pooled, pools).copy_(tile.without_halo(output, pools))
            if pooled is not None:
                inputs.append(pooled)
            return_memory()
        return inputs

    def backward(
        self,
        inputs: list[Tensor],
        wanted: set[str],
        pull: Callable[[str, Tensor, Tile, int], Tensor],
    ) -> Tensor:
        """The gradient to the picture, (1, 3, H, W).

        Args:
            inputs: those of the segments, as `forward` gives them; used up one by one.
            wanted: the layers that ``pull`` is called with.
            pull: called as ``note`` is in `forward`; returns the gradient to the features.
        """
        after = None  # the gradient to the output of the segment, picture-wide
        for segment in reversed(self.segments(wanted)):
            whole = inputs.pop()
            before = torch.zeros_like(whole)
            for tile in segment.tiles(*whole.shape[2:]):
                with torch.enable_grad():
                    part = tile.outer(whole).detach().requires_grad_()
                    output, features = self.run(segment, part, wanted)
                    ends = {
                        layer: tile.without_halo(found, pools_before(segment.layers, layer))
                        for layer, found in features.items()
                    }
                    end = tile.without_halo(
                        output, pools_before(segment.layers, segment.layers[-1])
                    )
                gradients = [
                    pull(layer, found.detach(), tile, pools_before(segment.layers, layer))
                    for layer, found in ends.items()
                ]
                if after is not None:
                    gradients.append(
                        tile.inner(after, pools_before(segment.layers, segment.layers[-1]))
                    )
                (gradient,) = torch.autograd.grad(
                    [*ends.values(), end][: len(gradients)], part, gradients
                )
                tile.outer(before).add_(gradient)
            after = before
            return_memory()
        return after

    def run(
        self, segment: Segment, part: Tensor, wanted: set[str]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One segment on one part of its input: its output, and the features wanted."""
        if segment.layers[0] == self.backbone.layers[0]:
            part = self.backbone.prepare(part)
        return self.backbone.run(part, segment.layers, wanted)

    def segments(self, wanted: Iterable[str]) -> list[Segment]:
        """The network up to the deepest layer wanted, in segments."""
        names = self.backbone.up_to(wanted)
        segments: list[Segment] = []
        while names:
            end = next((i + 1 for i, name in enumerate(names) if name in CUTS), len(names))
            segments.append(self._segment(tuple(names[:end])))
            names = names[end:]
        return segments

    def _segment(self, layers: tuple[str, ...]) -> Segment:
        multiple = 2 ** sum(name.startswith("pool") for name in layers)
        halo = 0
        for name in reversed(layers):  # what one position of the last layer looks at
            halo = 2 * halo if name.startswith("pool") else halo + name.startswith("conv")
        halo = -(-halo // multiple) * multiple
        # As many bytes as in the first layer: fewer pixels where there are more channels.
        side = (
            self.tile
            * (self.backbone.channels("conv1_1") / self.backbone.channels(layers[0])) ** 0.5
        )
        return Segment(layers, halo, multiple, max(multiple, int(side) // multiple * multiple))


def pools_before(layers: Sequence[str], layer: str) -> int:
    """How many poolings there are in a row of layers up to one of them, itself included."""
    return sum(name.startswith("pool") for name in layers[: layers.index(layer) + 1])


def picture_wide(like: Tensor, size: tuple[int, int]) -> Tensor:
    """Room for the features of the whole picture, of the kind that ``like`` has of a tile."""
    order = torch.channels_last if is_channels_last(like) else torch.contiguous_format
    shape = (*like.shape[:2], *size)
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=order)


class _Sums(torch.autograd.Function):
    """Content losses and Gram matrices of a picture, which keep the segments' inputs only."""

    @staticmethod
    def forward(ctx, image, network, content_targets, style_layers):
        contents: dict[str, Tensor] = {}
        grams: dict[str, Tensor] = {}

        def note(layer: str, features: Tensor, tile: Tile, pools: int) -> None:
            # A mean over all positions: each tile counts by its share of them.
            share = features[0, 0].numel() / tile.positions(pools)
            if layer in content_targets:
                target = tile.inner(content_targets[layer], pools)
                loss = content_loss(features.to(target.dtype), target)
                contents[layer] = contents.get(layer, 0) + share * loss
            if layer in style_layers:
                grams[layer] = grams.get(layer, 0) + share * fast_gram_matrix(features)

        wanted = {*content_targets, *style_layers}
        ctx.inputs = network.forward(image.detach(), wanted, note)
        ctx.network, ctx.content_targets, ctx.style_layers = network, content_targets, style_layers
        return (
            *(contents[layer] for layer in content_targets),
            *(grams[layer] for layer in style_layers),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        if not ctx.inputs:
            raise RuntimeError("The inputs of the segments are gone after one backward pass.")
        of_content = dict(zip(ctx.content_targets, gradients, strict=False))
        of_gram = dict(zip(ctx.style_layers, gradients[len(of_content) :], strict=True))

        def pull(layer: str, features: Tensor, tile: Tile, pools: int) -> Tensor:
            """The gradient of all losses of this layer with respect to its features in the tile."""
            total = 0
            if layer in of_content:  # of mean (F − P)²: 2 (F − P) / (C·M)
                away = features - tile.inner(ctx.content_targets[layer], pools)
                entries = features.shape[1] * tile.positions(pools)
                total = away * (of_content[layer] * 2 / entries)
            if layer in of_gram:
                positions = tile.positions(pools)
                total = total + gram_gradient(features, of_gram[layer], positions)
            return total.to(features.dtype)

        return ctx.network.backward(ctx.inputs, {*of_content, *of_gram}, pull), None, None, None
