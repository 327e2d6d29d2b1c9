"""One network for all labs of a kernel, to save time and memory."""

import functools

from ..device import best_device, fast_dtype
from ..network.vgg import Backbone, load_backbone


@functools.lru_cache(maxsize=2)
def shared_backbone(pooling: str = "max") -> Backbone:
    """The embedded VGG-16 with ``"max"`` or ``"avg"`` pooling."""
    return load_backbone(pooling=pooling)


def steady_precision() -> str:
    """The fastest number format, by name, for all steps of a run.

    With ``precision="auto"`` the last steps are in float32, and a lab does not know which steps are
    the last.
    """
    return str(fast_dtype(best_device())).removeprefix("torch.")
