"""How long a run will take and how much memory, reported before it starts."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..device import held_memory, return_memory
from ..images.io import resized
from ..network.convolution import Convolution
from .memory import Work, bytes_of_run, size_that_fits
from .tiles import pools_before
from .tiling import TiledNetwork

PROBE_SIZE = 192  # pixels on a side of the copy whose steps are timed
LARGE_PROBE_SIZE = 384  # the same where large convolutions go another way, which is faster a pixel
TILED_PROBE_SIZES = (384, 640)  # far enough apart that noise does not tilt the line much
GPU_PROBE_SIZES = (384, 768)  # a small picture keeps a GPU waiting for the next command
TARGETS_SHARE, TILED_TARGETS_SHARE = 0.45, 0.3  # of a step's time is a forward pass

# Times a step on a small copy of the run: side of a square with as many pixels as the copy may
# have → seconds, and the height and width that the copy had.
TimeStep = Callable[[int], tuple[float, int, int]]


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
        return size_that_fits(free_bytes, self.more_bytes_at)


def estimate(work: Work, time_step: TimeStep) -> Estimate:
    """The seconds and the bytes that a run will take.

    A few steps on small copies are timed, and grow in proportion to the number of pixels. The
    memory is counted from the sizes of the layers.
    """
    seconds = work.steps * seconds_per_step(work, time_step)
    if work.steps and work.targets_missing:
        # Before the first step, photograph and artworks go forward through the network once.
        share = TARGETS_SHARE if work.tile is None else TILED_TARGETS_SHARE
        pictures = 1 + work.style_pixels / (work.height * work.width)
        seconds += share * pictures * seconds / work.steps
    more = bytes_of_run(work)
    return Estimate(
        seconds=seconds,
        bytes=held_memory(work.backbone.device) + more,
        more_bytes=more,
        size=work.longer_side,
        more_bytes_at=lambda size: bytes_of_run(work.at_size(size)),
    )


def seconds_per_step(work: Work, time_step: TimeStep) -> float:
    """Seconds of one step, on the line through the steps of small copies."""
    probes = []
    for side in probe_sizes(work):
        seconds, height, width = time_step(side)
        probes.append((convolved_pixels(work, height, width), seconds))
    return_memory()  # what the small copies took is free again
    (first_pixels, first_seconds), (pixels, seconds) = probes[0], probes[-1]
    slope = seconds / pixels
    if pixels > first_pixels:
        slope = max(0.0, (seconds - first_seconds) / (pixels - first_pixels))
    return seconds + slope * (convolved_pixels(work, work.height, work.width) - pixels)


def probe_sizes(work: Work) -> Collection[int]:
    """The sides of the small copies whose steps are timed."""
    image = torch.empty(1, device=work.backbone.device).expand(1, 3, work.height, work.width)
    convolution = work.backbone.convolutions["conv1_1"]
    assert isinstance(convolution, Convolution)
    if convolution.uses_winograd(image):
        # In tiles, each layer prepares its kernels for every tile, which small pictures pay dearly.
        return (LARGE_PROBE_SIZE,) if work.tile is None else TILED_PROBE_SIZES
    return (PROBE_SIZE,) if image.device.type == "cpu" else GPU_PROBE_SIZES


def convolved_pixels(work: Work, height: int, width: int) -> float:
    """How many pixels the convolutions of such an image work on, those of halos included."""
    if work.tile is None:
        return height * width
    network = TiledNetwork(work.backbone, work.tile)
    return height * width * overlap(network, work.layers, height, width)


def overlap(network: TiledNetwork, wanted: Collection[str], height: int, width: int) -> float:
    """How many times as much is multiplied because of the halos of the tiles."""
    backbone, with_halos, without = network.backbone, 0.0, 0.0
    for segment in network.segments(wanted):
        work = 0.0  # multiplications a pixel of the segment's input
        for layer in segment.layers:
            if layer.startswith("conv"):
                pools = pools_before(segment.layers, layer)
                work += backbone.get_parameter(f"convolutions.{layer}.weight").numel() / 4**pools
        whole = torch.empty(1, 1, height, width, device="meta")
        tiles = segment.tiles(height, width)
        with_halos += work * sum(tile.outer(whole).numel() for tile in tiles)
        without += work * whole.numel()
        height, width = height // segment.multiple, width // segment.multiple
    return with_halos / without if without else 1.0


def fastest(step: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of a few calls; the first one prepares the convolutions."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def shrunk(image: Tensor, side: int) -> Tensor:
    """The image, (1, 3, H, W), with no more pixels than a square of this side, if that is less."""
    scale = min(1.0, side / (image.shape[2] * image.shape[3]) ** 0.5)
    # The deepest layer needs 32 pixels.
    height, width = (max(min(length, 32), round(length * scale)) for length in image.shape[2:])
    return resized(image, (height, width))
