"""How long a run will take and how much memory, told before it starts."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

PROBE_SIZE = 192  # pixels on the longer side of the copy whose steps are timed
BACKWARD_FACTOR = 1.6  # measured: most bytes alive in the backward pass / bytes kept for it


@dataclass(frozen=True)
class Estimate:
    """A forecast of a run on this machine.

    Attributes:
        seconds: for all steps.
        bytes: the most that the process will hold, what it holds already included.
        more_bytes: what the run adds to the present.
        size: longer side of the picture, in pixels.
    """

    seconds: float
    bytes: int
    more_bytes: int
    size: int

    def size_that_fits(self, free_bytes: int) -> int:
        """The longer side, in pixels, of the largest picture that fits into so many free bytes."""
        # Memory grows with the area; a tenth is kept in reserve, and multiples of 16 suit VGG.
        size = int(self.size * math.sqrt(0.9 * free_bytes / self.more_bytes))
        return max(16, size // 16 * 16)


def fastest(step: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of a few calls; the first one prepares the convolutions."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def bytes_kept_for_backward(forward: Callable[[], object]) -> int:
    """How much memory a forward pass keeps until the backward pass has used it."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, torch.nn.Parameter):
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        graph = forward()  # held until the sum is done, so that no address is used twice
        total = sum(kept.values())
        del graph
    return total
