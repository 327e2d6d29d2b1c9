"""Style transfer by optimization: the objective, the loop, and what keeps a run safe and small.

Notebooks 02 to 05 build it piece by piece; read `objective`, then `style_transfer`.
"""

from .progress import Result, Step
from .style_transfer import CONTENT_LAYERS, STYLE_LAYERS, StyleTransfer

__all__ = ["CONTENT_LAYERS", "STYLE_LAYERS", "Result", "Step", "StyleTransfer"]
