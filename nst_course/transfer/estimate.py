"""How long a run will take and how much memory, told before it starts."""

import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..device import available_memory, held_memory, return_memory
from ..images.io import resized
from ..network.vgg import Backbone
from ..optim.lbfgs import HISTORY_SIZE
from .tiling import TILE, TiledNetwork, pools_before

if TYPE_CHECKING:
    from .style_transfer import StyleTransfer

PROBE_SIZE = 192  # pixels on a side of the copy whose steps are timed
LARGE_PROBE_SIZE = 384  # the same where large convolutions go another way, which is faster a pixel
TILED_PROBE_SIZES = (384, 640)  # far enough apart that noise does not tilt the line much
GPU_PROBE_SIZES = (384, 768)  # a small picture keeps a GPU waiting for the next command
BACKWARD_FACTOR = 1.35  # measured: most bytes alive in a step / bytes kept for the backward pass
TILE_FACTOR = 2.2  # the same of a tile, whose gradients of all layers are there at once
# With tiles, what L-BFGS remembers may take so much, and is at least so many steps. Measured at
# 64 px after 70 steps: the loss is 3 % higher with 10 than with 30, 20 % with 5, 45 % with 3.
HISTORY_BYTES = 350_000_000
LEAST_HISTORY = 8
EXACT_SHARE = 0.1  # of the steps, at the end, are in float32 where precision is "auto"
TARGETS_SHARE, TILED_TARGETS_SHARE = 0.45, 0.3  # of a step's time is a forward pass
LARGEST_SIZE = 100_000  # pixels; no more than this is ever proposed
IMAGES = 10  # pictures that a step holds at once: pixels, best, gradient, moves, …


@dataclass(frozen=True)
class Estimate:
    """A forecast of a run on this machine.

    Attributes:
        seconds: for all steps.
        bytes: the most that the process will hold on the device, what it holds already included.
        more_bytes: what the run adds to the present.
        size: longer side of the picture, in pixels.
        more_bytes_at: longer side of the same picture in another size → what its run would add.
    """

    seconds: float
    bytes: int
    more_bytes: int
    size: int
    more_bytes_at: Callable[[int], float] = field(repr=False)

    def size_that_fits(self, free_bytes: int) -> int:
        """The longer side, in pixels, of the largest picture that fits into so many free bytes."""
        # A tenth is kept in reserve, and multiples of 16 suit VGG.
        sizes = range(16, LARGEST_SIZE, 16)
        return sizes[max(1, bisect_right(sizes, 0.9 * free_bytes, key=self.more_bytes_at)) - 1]


def fastest(step: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of a few calls; the first one prepares the convolutions."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def bytes_a_number(backbone: Backbone, layer: str) -> int:
    """Of the features of a layer: 2 with bfloat16, else 4; what float16 multiplies is float32."""
    *_, last = (name for name in backbone.up_to([layer]) if name.startswith("conv"))
    return 2 if backbone.convolutions[last].weight.dtype == torch.bfloat16 else 4


def bytes_of_features(backbone: Backbone, layers: Iterable[str], height: int, width: int) -> int:
    """What a forward pass through some layers keeps until the backward pass has used it.

    A ReLU works in place and takes nothing; max pooling also keeps where each maximum was.
    """
    kept = 3 * height * width * 4
    for layer in layers:
        number = bytes_a_number(backbone, layer)
        if layer.startswith("pool"):
            height, width = height // 2, width // 2
            indices = 8 if backbone.pooling == "max" else 0
            kept += backbone.channels(layer) * height * width * (number + indices)
        elif layer.startswith("conv"):
            kept += backbone.channels(layer) * height * width * number
    return kept


def bytes_of_step(
    backbone: Backbone, wanted: Collection[str], height: int, width: int, tile: int | None
) -> int:
    """The most that the network holds in a step.

    Args:
        backbone: the network.
        wanted: the layers that are compared.
        height, width: of the picture.
        tile: side of the tiles in pixels, or None for none.
    """
    at_once = (height, width) if tile is None else (min(height, tile), min(width, tile))
    workspace = backbone.convolutions["conv1_2"].workspace_bytes(*at_once)
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
        each = bytes_a_number(backbone, segment.layers[-1])
    inputs.append(0)
    # While a segment is gone through backward: its input and those of all before it, and the
    # gradients to its input and to its output.
    picture_wide = (
        sum(inputs[: number + 1]) + inputs[number] + inputs[number + 1]
        for number in range(len(inputs) - 1)
    )
    tiles = TILE_FACTOR * max(of_one_tile, default=0)
    return int(max(picture_wide, default=0) + tiles) + workspace


def bytes_of_images(image_bytes: int, optimizer: str, steps: int, tile: int | None) -> int:
    """What the pictures take that the loop and its optimiser hold."""
    pairs = min(max(0, steps - 1), history(image_bytes, tile)) if optimizer == "lbfgs" else 0
    a_pair = 2 * image_bytes if tile is None else image_bytes
    return pairs * a_pair + IMAGES * image_bytes


def history(image_bytes: int, tile: int | None) -> int:
    """How many pairs L-BFGS keeps: all it can use, or with tiles as many as are affordable.

    With tiles they are kept in bfloat16, and a pair takes as much as one image.
    """
    if tile is None:
        return HISTORY_SIZE
    return min(HISTORY_SIZE, max(LEAST_HISTORY, HISTORY_BYTES // image_bytes))


def overlap(network: TiledNetwork, wanted: Collection[str], height: int, width: int) -> float:
    """How many times as much is multiplied because of the halos of the tiles."""
    backbone, with_halos, without = network.backbone, 0, 0
    for segment in network.segments(wanted):
        work = 0.0  # multiplications a pixel of the segment's input
        for layer in segment.layers:
            if layer.startswith("conv"):
                pools = pools_before(segment.layers, layer)
                work += backbone.convolutions[layer].weight.numel() / 4**pools
        whole = torch.empty(1, 1, height, width, device="meta")
        tiles = segment.tiles(height, width)
        with_halos += work * sum(tile.outer(whole).numel() for tile in tiles)
        without += work * whole.numel()
        height, width = height // segment.multiple, width // segment.multiple
    return with_halos / without if without else 1.0


# ---------------------------------------------------------------- the forecast of a transfer


def forecast(transfer: "StyleTransfer", steps: int) -> Estimate:
    """Seconds and bytes that ``steps`` steps of a transfer will take, before they start."""
    a_step = seconds_of_step(transfer)
    height, width = transfer.content.shape[2:]
    # Before the first step, both pictures go forward through the network once.
    share = TARGETS_SHARE if transfer.tile is None else TILED_TARGETS_SHARE
    targets = share * a_step * (1 + transfer.style.numel() / transfer.content.numel())
    more = more_bytes(transfer, steps, height, width, transfer.tile)

    def more_bytes_at(size: int) -> int:
        sides = (max(1, round(side * size / max(height, width))) for side in (height, width))
        return more_bytes(transfer, steps, *sides, transfer.tile)

    return Estimate(
        seconds=a_step * steps + (targets if steps and not transfer.iteration else 0),
        bytes=held_memory(transfer.content.device) + more,
        more_bytes=more,
        size=max(height, width),
        more_bytes_at=more_bytes_at,
    )


def seconds_of_step(transfer: "StyleTransfer") -> float:
    """Seconds of one step, from the steps of small copies."""
    sides = [PROBE_SIZE] if transfer.content.device.type == "cpu" else GPU_PROBE_SIZES
    if transfer.exact_backbone.convolutions["conv1_1"].uses_winograd(transfer.content):
        # In tiles, each layer prepares its kernels for every tile, which small pictures pay dearly.
        sides = [LARGE_PROBE_SIZE] if transfer.tile is None else TILED_PROBE_SIZES
    copies = [small_copy(transfer, side) for side in sides]
    seconds = [seconds_of_small_step(copy) for copy in copies]
    pixels = [multiplied_pixels(copy) for copy in copies]
    slope = seconds[-1] / pixels[-1]
    if pixels[-1] > pixels[0]:
        slope = max(0.0, (seconds[-1] - seconds[0]) / (pixels[-1] - pixels[0]))
    return_memory()  # what the small copies took is free again
    return seconds[-1] + slope * (multiplied_pixels(transfer) - pixels[-1])


def seconds_of_small_step(small: "StyleTransfer") -> float:
    seconds = fastest(small._step)
    if small.precision == "auto" and small.reduced_backbone is not None:
        small.work_with(small.exact_backbone)
        seconds += EXACT_SHARE * (fastest(small._step) - seconds)
    return seconds


def multiplied_pixels(transfer: "StyleTransfer") -> float:
    """How many pixels the convolutions work on, those of halos included."""
    height, width = transfer.content.shape[2:]
    if transfer.tile is None:
        return height * width
    network = TiledNetwork(transfer.exact_backbone, transfer.tile)
    return height * width * overlap(network, transfer.layers, height, width)


def more_bytes(
    transfer: "StyleTransfer", steps: int, height: int, width: int, tile: int | None
) -> int:
    """What a run of a picture of this size adds to the memory of the process."""
    exact, reduced = transfer.exact_backbone, transfer.reduced_backbone
    of_targets = 0
    for layer in transfer.content_layers:
        pools = pools_before(exact.layers, layer)
        of_targets += 4 * exact.channels(layer) * (height >> pools) * (width >> pools)
    # A run with precision "auto" ends in float32.
    at_work = reduced if transfer.precision == "bfloat16" else exact
    return (
        bytes_of_step(at_work, transfer.layers, height, width, tile)
        + bytes_of_images(12 * height * width, transfer.optimizer, steps, tile)
        + of_targets
    )


def choose_tile(transfer: "StyleTransfer") -> int | None:
    """None if a long run without tiles fits into the free memory, else their usual size."""
    free = available_memory(transfer.content.device)
    needed = more_bytes(transfer, HISTORY_SIZE + 1, *transfer.content.shape[2:], tile=None)
    return None if needed < free else TILE


def small_copy(transfer: "StyleTransfer", side: int) -> "StyleTransfer":
    """A transfer of the same settings whose pictures have no more pixels than a small square."""

    def reduced(image: Tensor) -> Tensor:
        scale = min(1.0, side / (image.shape[2] * image.shape[3]) ** 0.5)
        height, width = (max(min(length, 32), round(length * scale)) for length in image.shape[2:])
        return resized(image, (height, width))

    return type(transfer)(
        reduced(transfer.content),
        reduced(transfer.style),
        backbone=transfer.exact_backbone,
        content_layers=transfer.content_layers,
        style_layers=transfer.style_layers,
        tv_weight=transfer.tv_weight,
        optimizer=transfer.optimizer,
        precision=transfer.precision,
        tile=transfer.tile,
    )
