"""Neural doodle: a new painting from a doodle of its regions (Champandard 2016).

Each region of the doodle takes the style of the region of the same color in a map of a painting.
There is no photograph, and so no content term.
"""

from typing import Any

from torch import Tensor

from ..checks import check_count
from ..images.maps import colors_of_map, load_map, regions_of_map
from .progress import Result
from .styles import Style
from .stylize import Picture, load, stylize


def styles_of_doodle(artwork: Tensor, artwork_map: Tensor, drawing: Tensor) -> list[Style]:
    """One `Style` for each color of the doodle: where it rules, and where it comes from.

    Args:
        artwork: the painting, (1, 3, H, W).
        artwork_map: its regions, (1, 3, H', W'), each in one plain color.
        drawing: the doodle, (1, 3, H'', W''), in the same colors; a few may be left out.

    Raises:
        CourseError: a picture that is no map, or a color that the painting's map does not have.
    """
    colors = colors_of_map(artwork_map)
    sources = regions_of_map(artwork_map, colors)
    return [
        Style(artwork, region=region, source_region=sources[color])
        for color, region in regions_of_map(drawing, colors).items()
    ]


def doodle(
    artwork: Picture, artwork_map: Picture, drawing: Picture, size: int = 512, **settings: Any
) -> Result:
    """A new painting: the regions of a doodle, each painted like that region of a painting.

    Args:
        artwork: the painting: a bundled name, a path, or an image.
        artwork_map: a map of its regions: a bundled name of `load_map`, a path, or an image.
        drawing: the doodle, in the colors of that map, given in the same ways.
        size: longer side of the result, in pixels.
        settings: further arguments of `stylize`.

    Raises:
        CourseError: an input that cannot work, in a sentence that says what to change.
    """
    check_count("size", size, least=1)
    image = load("artwork", artwork, size)
    source = artwork_map if isinstance(artwork_map, Tensor) else load_map(artwork_map)
    target = drawing if isinstance(drawing, Tensor) else load_map(drawing, size)
    styles = styles_of_doodle(image, source, target)
    return stylize(target, styles, size, **{"content_layers": {}, **settings})
