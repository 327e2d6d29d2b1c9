"""How much memory a run takes, counted from the sizes of the layers before it starts."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch

from ..checks import check_count
from ..device import available_memory
from ..images.io import sides_at
from ..network.convolution import Convolution
from ..network.vgg import Backbone
from ..optim.lbfgs import HISTORY_SIZE
from .tiles import pools_before
from .tiling import TILE, TiledNetwork

BACKWARD_FACTOR = 1.35  # measured: most bytes alive in a step / bytes kept for the backward pass
TILE_FACTOR = 2.2  # the same of a tile, whose gradients of all layers are there at once
# With tiles, the history of L-BFGS may take so much, and has at least so many pairs. Measured at
# 64 px after 70 steps: the loss is 3 % higher with 10 pairs than with 30, 20 % with 5, 45 % with 3.
HISTORY_BYTES = 350_000_000
LEAST_HISTORY = 8
LARGEST_SIZE = 100_000  # pixels; no more than this is ever proposed
BYTES_OF_SORTING = 16  # per number: projected, sorted, and where it came from
IMAGES = 10  # images that a step holds at once: pixels, best, gradient, moves, …


@dataclass(frozen=True)
class Work:
    """What a run does, as far as its time and its memory depend on it.

    Attributes:
        height, width: of the generated image, in pixels.
        style_pixels: of all artworks together.
        steps: how many.
        targets_missing: whether the content and the style have yet to be measured.
        backbone: the network, in the longest number format that the run uses.
        layers: all that are compared.
        content_layers: those of them whose features are kept as targets.
        optimizer: ``"lbfgs"`` or ``"adam"``.
        tile: side of the tiles in pixels, or None for none.
        whole_layers: those of them whose features are compared as a whole, such as sorted.
    """

    height: int
    width: int
    style_pixels: int
    steps: int
    targets_missing: bool
    backbone: Backbone
    layers: frozenset[str]
    content_layers: frozenset[str]
    optimizer: str
    tile: int | None
    whole_layers: frozenset[str] = frozenset()

    @property
    def longer_side(self) -> int:
        """Of the generated image, in pixels."""
        return max(self.height, self.width)

    def at_size(self, longer_side: int) -> "Work":
        """The same work on an image of another size and the same shape."""
        height, width = sides_at((self.height, self.width), longer_side)
        return replace(self, height=height, width=width)


def bytes_of_run(work: Work) -> int:
    """What a run adds to the memory of the process, at most."""

    def numbers(layer: str) -> int:
        pools = pools_before(work.backbone.layers, layer)
        return work.backbone.channels(layer) * (work.height >> pools) * (work.width >> pools)

    targets = 4 * sum(map(numbers, work.content_layers))
    targets += BYTES_OF_SORTING * sum(map(numbers, work.whole_layers))
    step = bytes_of_step(work.backbone, work.layers, work.height, work.width, work.tile)
    image_bytes = 12 * work.height * work.width
    return step + bytes_of_images(image_bytes, work.optimizer, work.steps, work.tile) + targets


def size_that_fits(free_bytes: int, bytes_at: Callable[[int], float]) -> int:
    """The longer side, in pixels, of the largest picture that fits into so many free bytes.

    Args:
        free_bytes: of which a tenth is kept in reserve.
        bytes_at: longer side → bytes.
    """
    sizes = range(16, LARGEST_SIZE, 16)  # multiples of 16 suit VGG
    return sizes[max(1, bisect_right(sizes, 0.9 * free_bytes, key=bytes_at)) - 1]


def choose_tile(tile: str | int | None, work: Work) -> int | None:
    """The side of the tiles in pixels, or None for none.

    Args:
        tile: as the user gives it; ``"auto"`` means None if a long run without tiles fits into the
            free memory, else the usual size.
        work: what the run does; its own tile does not matter.
    """
    if isinstance(tile, str) and tile == "auto":
        needed = bytes_of_run(replace(work, steps=HISTORY_SIZE + 1, tile=None))
        return None if needed < available_memory(work.backbone.device) else TILE
    return as_tile(tile)


def as_tile(tile: Any) -> int | None:
    """The side of the tiles, checked."""
    if tile is not None:
        check_count("tile", tile, least=1)
        tile = int(tile)
    return tile


def history_size(image_bytes: int, tile: int | None) -> int:
    """How many pairs L-BFGS keeps: all it can use, or with tiles as many as are affordable.

    With tiles they are kept in bfloat16, and a pair takes as much as one image.
    """
    if tile is None:
        return HISTORY_SIZE
    return min(HISTORY_SIZE, max(LEAST_HISTORY, HISTORY_BYTES // image_bytes))


def bytes_of_images(image_bytes: int, optimizer: str, steps: int, tile: int | None) -> int:
    """What the images take that the loop and its optimizer hold."""
    pairs = min(max(0, steps - 1), history_size(image_bytes, tile)) if optimizer == "lbfgs" else 0
    a_pair = 2 * image_bytes if tile is None else image_bytes
    return pairs * a_pair + IMAGES * image_bytes


def bytes_of_step(
    backbone: Backbone, wanted: Collection[str], height: int, width: int, tile: int | None
) -> int:
    """The most that the network holds in a step.

    Args:
        backbone: the network.
        wanted: the layers that are compared.
        height, width: of the image.
        tile: side of the tiles in pixels, or None for none.
    """
    at_once = (height, width) if tile is None else (min(height, tile), min(width, tile))
    convolution = backbone.convolutions["conv1_2"]
    assert isinstance(convolution, Convolution)
    workspace = convolution.workspace_bytes(*at_once)
    if tile is None:
        kept = bytes_of_features(backbone, backbone.up_to(wanted), height, width)
        return int(BACKWARD_FACTOR * kept) + workspace
    inputs, of_one_tile = [], []
    channels, each = 3, 4
    for segment in TiledNetwork(backbone, tile).segments(wanted):
        inputs.append(channels * height * width * each)
        sides = (min(size, segment.side + 2 * segment.halo) for size in (height, width))
        of_one_tile.append(bytes_of_features(backbone, segment.layers, *sides))
        height, width = height // segment.multiple, width // segment.multiple
        channels = backbone.channels(segment.layers[-1])
        each = bytes_per_number(backbone, segment.layers[-1])
    inputs.append(0)
    # While a segment is gone through backward: its input and those of all before it, and the
    # gradients to its input and to its output.
    picture_wide = (
        sum(inputs[: number + 1]) + inputs[number] + inputs[number + 1]
        for number in range(len(inputs) - 1)
    )
    tiles = TILE_FACTOR * max(of_one_tile, default=0)
    return int(max(picture_wide, default=0) + tiles) + workspace


def bytes_of_features(backbone: Backbone, layers: Iterable[str], height: int, width: int) -> int:
    """What a forward pass through some layers keeps until the backward pass has used it.

    A ReLU works in place and takes nothing; max pooling also keeps where each maximum was.
    """
    kept = 3 * height * width * 4
    for layer in layers:
        number = bytes_per_number(backbone, layer)
        if layer.startswith("pool"):
            height, width = height // 2, width // 2
            indices = 8 if backbone.pooling == "max" else 0
            kept += backbone.channels(layer) * height * width * (number + indices)
        elif layer.startswith("conv"):
            kept += backbone.channels(layer) * height * width * number
    return kept


def bytes_per_number(backbone: Backbone, layer: str) -> int:
    """Of the features of a layer: 2 with bfloat16, else 4; what float16 multiplies is float32."""
    *_, last = (name for name in backbone.up_to([layer]) if name.startswith("conv"))
    return 2 if backbone.convolutions[last].weight.dtype == torch.bfloat16 else 4
