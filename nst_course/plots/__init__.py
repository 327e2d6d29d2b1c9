"""Every figure that the notebooks draw, with matplotlib.

Example::

    nst.plots.pictures([content, style, result.image], ["content", "style", "result"])
    nst.plots.losses(result.history)
    transfer.run(150, progress=False, on_step=nst.plots.LiveView(150, content, style))
"""

from .curves import losses
from .live import LiveView
from .pictures import pictures, store_as_jpeg

store_as_jpeg()

__all__ = ["LiveView", "losses", "pictures"]
