"""Textures before neural networks, and style transfer after the Gram matrix. Notebook 11."""

from .efros_leung import Grown, efros_leung
from .heeger_bergen import heeger_bergen, match_histogram
from .neighbors import LayerNeighbors, NearestNeighbors, hypercolumns, nearest
from .pyramids import bands_of, from_bands, steerable_filters
from .strotss import Strotss

__all__ = [
    "Grown",
    "LayerNeighbors",
    "NearestNeighbors",
    "Strotss",
    "bands_of",
    "efros_leung",
    "from_bands",
    "heeger_bergen",
    "hypercolumns",
    "match_histogram",
    "nearest",
    "steerable_filters",
]
