"""The network on a picture that is larger than memory: run tile by tile, with equal results.

Every measurement of a term is a mean over positions, so a picture can be divided into tiles, each
tile run through the network on its own, and the means combined. What a tile needs beyond itself is
a halo, the few pixels next door that its convolutions read. To keep the halo small, the network is
divided too, into segments; the picture-wide input of each segment is kept, which takes 56 bytes a
pixel in place of the 1400 or so of all layers. The gradient depends on the means of the whole
picture, so there are two passes:

    forward   segment after segment, tile after tile: add up the measurements, keep the last pool
    backward  segments in reverse: compute the tile again, and send its gradients to its input

Two passes forward and one back, where the network without tiles takes one and one, make a step cost
about one and a half times as much, and the halos a little more.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..device import return_memory
from ..network.vgg import Backbone
from ..statistics import is_channels_last
from .tiles import Part, Segment, Tile, Whole, pools_before

TILE = 384  # pixels; the tile with its halo and all that its layers keep takes about 0.4 GB
CUTS = ("pool2", "pool3", "pool4")  # a cut at pool1 as well would double what is kept


# A layer, and what is measured there: features (1, C, h, w) and the part of the layer that they
# cover → a mean over these positions.
Measurement = tuple[str, Callable[[Tensor, Part | Whole], Tensor]]


class WholeNetwork:
    """The network on all of a picture at once."""

    def __init__(self, backbone: Backbone):
        self.backbone = backbone

    def measure(self, image: Tensor, measurements: Sequence[Measurement]) -> list[Tensor]:
        """The value of every measurement, in their order; gradients flow to the image."""
        found: dict[int, Tensor] = {}

        def note(layer: str, features: Tensor) -> None:
            for number, (wanted, function) in enumerate(measurements):
                if wanted == layer:
                    found[number] = function(features, Whole())

        self.backbone(image, {layer for layer, _ in measurements}, note)
        return [found[number] for number in range(len(measurements))]

    @torch.no_grad()
    def features(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """The features of each layer, (1, C, H_l, W_l)."""
        return self.backbone(image, layers)


class TiledNetwork:
    """The network on a picture of any size, in memory that stays small.

    Args:
        backbone: the network.
        tile: pixels on the side of a tile of the picture. Deeper segments have more channels and
            smaller tiles, of as many bytes. The results do not depend on it.
    """

    def __init__(self, backbone: Backbone, tile: int = TILE):
        self.backbone = backbone
        self.tile = tile

    def measure(self, image: Tensor, measurements: Sequence[Measurement]) -> list[Tensor]:
        """The value of every measurement, in their order; gradients flow to the image.

        They equal those of `WholeNetwork` up to rounding. The graph allows one backward pass.
        """
        return list(_Measurements.apply(image, self, measurements)) if measurements else []

    @torch.no_grad()
    def features(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """The features of each layer, which have to fit into memory."""
        wanted, whole = set(layers), {}

        def note(layer: str, features: Tensor, part: Part) -> None:
            if layer not in whole:
                whole[layer] = picture_wide(features, part.tile, part.pools)
            part.of(whole[layer]).copy_(features)

        self.forward(image, wanted, note)
        return whole

    def forward(
        self, image: Tensor, wanted: set[str], note: Callable[[str, Tensor, Part], None]
    ) -> list[Tensor]:
        """Run every tile of every segment and return the input of each segment.

        Args:
            image: (1, 3, H, W), 0…1.
            wanted: the layers that ``note`` is called with.
            note: called with the layer, its features in a tile without the halo, and their place.
        """
        inputs = [image]
        segments = self.segments(wanted)
        for segment in segments:
            whole, pooled = inputs[-1], None
            for tile in segment.tiles(*whole.shape[2:]):
                output, features = self.run(segment, tile.outer(whole), wanted)
                for layer, found in features.items():
                    part = Part(tile, pools_before(segment.layers, layer))
                    note(layer, tile.without_halo(found, part.pools), part)
                if segment is not segments[-1]:
                    pools = pools_before(segment.layers, segment.layers[-1])
                    if pooled is None:
                        pooled = picture_wide(output, tile, pools)
                    tile.inner(pooled, pools).copy_(tile.without_halo(output, pools))
            if pooled is not None:
                inputs.append(pooled)
            return_memory()
        return inputs

    def backward(
        self, inputs: list[Tensor], measurements: Sequence[Measurement], gradients: Sequence[Tensor]
    ) -> Tensor:
        """The gradient with respect to the picture, (1, 3, H, W).

        Args:
            inputs: those of the segments, as `forward` returns them; consumed one by one.
            measurements, gradients: what was measured, and the gradient of the loss to each value.
        """
        wanted = {layer for layer, _ in measurements}
        after: Tensor | None = None  # the gradient to the output of the segment, picture-wide
        for segment in reversed(self.segments(wanted)):
            whole = inputs.pop()
            before = torch.zeros_like(whole)
            for tile in segment.tiles(*whole.shape[2:]):
                with torch.enable_grad():
                    tile_input = tile.outer(whole).detach().requires_grad_()
                    output, features = self.run(segment, tile_input, wanted)
                    ends, pulls = [], []
                    for (layer, function), gradient in zip(measurements, gradients, strict=True):
                        if layer in features:
                            part = Part(tile, pools_before(segment.layers, layer))
                            inner = tile.without_halo(features[layer], part.pools)
                            ends.append(function(inner, part))
                            pulls.append(gradient * part.share(inner))
                    if after is not None:
                        pools = pools_before(segment.layers, segment.layers[-1])
                        ends.append(tile.without_halo(output, pools))
                        pulls.append(tile.inner(after, pools))
                (gradient,) = torch.autograd.grad(ends, tile_input, pulls)
                tile.outer(before).add_(gradient)
            after = before
            return_memory()
        assert after is not None  # something was measured, so there is a segment
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
        for name in reversed(layers):  # what one position of the last layer reads
            halo = 2 * halo if name.startswith("pool") else halo + name.startswith("conv")
        halo = -(-halo // multiple) * multiple
        # As many bytes as in the first layer: fewer pixels where there are more channels.
        side = (
            self.tile
            * (self.backbone.channels("conv1_1") / self.backbone.channels(layers[0])) ** 0.5
        )
        return Segment(layers, halo, multiple, max(multiple, int(side) // multiple * multiple))


def picture_wide(like: Tensor, tile: Tile, pools: int) -> Tensor:
    """Room for the features of the whole picture, of the kind that ``like`` has of a tile."""
    order = torch.channels_last if is_channels_last(like) else torch.contiguous_format
    shape = (*like.shape[:2], tile.height >> pools, tile.width >> pools)
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=order)


class _Measurements(torch.autograd.Function):
    """Measurements of a picture, which keep the inputs of the segments only."""

    @staticmethod
    def forward(
        ctx: Any, image: Tensor, network: TiledNetwork, measurements: Sequence[Measurement]
    ) -> tuple[Tensor, ...]:
        found: dict[int, Tensor] = {}

        def note(layer: str, features: Tensor, part: Part) -> None:
            for number, (wanted, function) in enumerate(measurements):
                if wanted == layer:  # a mean over all positions: a tile counts by its share
                    value = part.share(features) * function(features, part)
                    found[number] = found.get(number, 0) + value

        wanted = {layer for layer, _ in measurements}
        ctx.inputs = network.forward(image.detach(), wanted, note)
        ctx.network, ctx.measurements = network, measurements
        return tuple(found[number] for number in range(len(measurements)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        if not ctx.inputs:
            raise RuntimeError("The inputs of the segments are gone after one backward pass.")
        return ctx.network.backward(ctx.inputs, ctx.measurements, gradients), None, None
