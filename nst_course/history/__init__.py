"""Textures before neural networks, and style transfer after the Gram matrix. Notebook 11."""

from .efros_leung import Grown, efros_leung
from .heeger_bergen import heeger_bergen, match_histogram
from .metrics import gram_distance, perceptual_distance
from .neighbors import LayerNeighbors, NearestNeighbors, hypercolumns, nearest
from .nnst import nearest_neighbor_transfer
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
    "gram_distance",
    "heeger_bergen",
    "hypercolumns",
    "match_histogram",
    "nearest",
    "nearest_neighbor_transfer",
    "perceptual_distance",
    "steerable_filters",
]
