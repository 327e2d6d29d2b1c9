"""Style transfer in one pass: networks that were trained to do what the loop does.

Notebook 10 trains a small one, and uses the one that comes with the course.
"""

from .network import TransformationNetwork
from .objective import BatchObjective
from .pretrained import FAST_STYLES, load_fast_network, mixture
from .stylize import paint, stylize_fast

__all__ = [
    "FAST_STYLES",
    "BatchObjective",
    "TransformationNetwork",
    "load_fast_network",
    "mixture",
    "paint",
    "stylize_fast",
]
