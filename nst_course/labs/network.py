"""One network for all labs of a kernel: loading it takes a moment, and each copy memory."""

import functools

from ..backbone import Backbone, load_backbone


@functools.lru_cache(maxsize=2)
def shared_backbone(pooling: str = "max") -> Backbone:
    """The embedded VGG-16 with ``"max"`` or ``"avg"`` pooling."""
    return load_backbone(pooling=pooling)
