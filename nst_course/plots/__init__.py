"""The figures, drawn with matplotlib. Every notebook uses it.

Example::

    nst.plots.pictures([content, style, result.image], ["content", "style", "result"])
    nst.plots.losses(result.history)
    transfer.run(150, progress=False, on_step=nst.plots.LiveView(150, content, style))
"""

from ..checks import explained, renamed_names
from .content import distances, frequency_response, two_curves
from .control import color_clouds, masks
from .curves import losses
from .figure import store_as_jpeg
from .gram import channel_pairs, clouds, feature_maps, gram_heatmaps, number_grids
from .layers import layer_bars, layer_curves, share_bars, share_drift
from .live import LiveView
from .loop import milestones, prices, race, runs, valley
from .mixing import mixtures, triangle
from .network import activation_maps, filters, layer_profile, network
from .pictures import pictures
from .sound import shares_table, spectrograms
from .timeline import timeline
from .units import patches, receptive_fields, true_size, unit_card
from .video import flicker_bars, flow_arrows, visibility

store_as_jpeg()

__all__ = [
    "LiveView",
    "activation_maps",
    "channel_pairs",
    "clouds",
    "color_clouds",
    "distances",
    "feature_maps",
    "filters",
    "flicker_bars",
    "flow_arrows",
    "frequency_response",
    "gram_heatmaps",
    "layer_bars",
    "layer_curves",
    "layer_profile",
    "losses",
    "masks",
    "milestones",
    "mixtures",
    "network",
    "number_grids",
    "patches",
    "pictures",
    "prices",
    "race",
    "receptive_fields",
    "runs",
    "share_bars",
    "share_drift",
    "shares_table",
    "spectrograms",
    "timeline",
    "triangle",
    "true_size",
    "two_curves",
    "unit_card",
    "valley",
    "visibility",
]

for _name in __all__:
    if _name != "LiveView":  # a class
        globals()[_name] = explained(globals()[_name])

__getattr__ = renamed_names(__name__, wave_responses="frequency_response")
