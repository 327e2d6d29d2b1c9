"""One network for all labs of a kernel: loading it takes a moment, and each copy memory."""

import functools

from ..device import best_device, fast_dtype
from ..network.vgg import Backbone, load_backbone


@functools.lru_cache(maxsize=2)
def shared_backbone(pooling: str = "max") -> Backbone:
    """The embedded VGG-16 with ``"max"`` or ``"avg"`` pooling."""
    return load_backbone(pooling=pooling)


def steady_precision() -> str:
    """The quickest number format, for every step: a lab cannot know which steps are the last."""
    return str(fast_dtype(best_device())).removeprefix("torch.")
