"""Whether a run fits into memory, found out from the sides of its pictures before it begins."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..device import available_memory, readable_bytes
from ..errors import CourseError
from ..images.io import MAX_PIXELS, check_megapixels, sides_at
from ..network.vgg import Backbone
from .memory import Work, as_tile, bytes_of_run, bytes_of_step, size_that_fits
from .precision import Precision
from .terms import StyleTerm, whole_layers
from .tiling import TILE

Sides = tuple[int, int]  # height and width of a picture, in pixels
BYTES_A_PIXEL = 12  # of an image: three channels of float32


def check_fit(
    content: Sides,
    artworks: Sequence[Sides],
    size: int,
    style_size: int,
    steps: int,
    network: Backbone,
    settings: Mapping[str, Any],
) -> None:
    """Refuse a run that takes more memory than is free, or has too many pixels.

    Args:
        content, artworks: the sides of the pictures as they are given.
        size, style_size: the longer sides that they are scaled to.
        steps: at this size.
        network: in float32.
        settings: further arguments of `StyleTransfer`, with the layers as layer → weight.

    Raises:
        CourseError: it does not fit; the largest size that does is named.
    """
    for sides, longer_side in [(content, size), *((sides, style_size) for sides in artworks)]:
        check_megapixels(*sides_at(sides, longer_side), longer_side)

    def needed(size: int, style_size: int) -> float:
        image, styles = sides_at(content, size), [sides_at(sides, style_size) for sides in artworks]
        largest = max(styles, key=math.prod, default=image)
        if max(math.prod(image), math.prod(largest)) > MAX_PIXELS:
            return math.inf
        working = bytes_of_largest_scale(image, steps, network, settings)
        if math.prod(largest) > max(math.prod(image), TILE**2):  # it is measured before, in tiles
            measuring = bytes_of_step(network, settings["style_layers"], *largest, TILE)
            working = max(working, measuring)
        return working + BYTES_A_PIXEL * sum(map(math.prod, [image, *styles]))

    free = available_memory(network.device)
    if needed(size, style_size) <= free:
        return
    if style_size > size and needed(size, size) <= free:
        name, given = "style_size", style_size
        fitting = size_that_fits(free, lambda side: needed(size, side))
    else:
        name, given = "size", size
        fitting = size_that_fits(free, lambda side: needed(side, min(side, style_size)))
    raise CourseError(
        f"{name}={given} needs {readable_bytes(needed(size, style_size))} of memory and "
        f"{readable_bytes(free)} are free; choose {name}={fitting} or less."
    )


def bytes_of_largest_scale(
    image: Sides, steps: int, network: Backbone, settings: Mapping[str, Any]
) -> int:
    """What the steps at the final size add to the memory; with tiles, where that is less."""
    tile = settings.get("tile", "auto")
    tiles = (None, TILE) if isinstance(tile, str) and tile == "auto" else (as_tile(tile),)
    style_term = StyleTerm(settings["statistic"], layers=settings["style_layers"])
    whole = whole_layers([style_term, *settings["terms"]], network)
    tiles = (None,) if whole else tiles
    height, width = image
    layers = settings["content_layers"]
    return min(
        bytes_of_run(
            Work(
                height=height,
                width=width,
                style_pixels=0,
                steps=steps,
                targets_missing=True,
                backbone=Precision(settings.get("precision", "auto"), network).longest,
                layers=frozenset({**layers, **settings["style_layers"]}),
                content_layers=frozenset(layers),
                optimizer=settings.get("optimizer", "lbfgs"),
                tile=tile,
                whole_layers=whole,
            )
        )
        for tile in tiles
    )
