"""Masks, and maps of regions: pictures in which each color stands for one region."""

import os
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..assets import IMAGES
from ..checks import as_image
from ..errors import CourseError
from .color import luminance
from .io import find_image, from_pil, load_image, sides_at
from .read import read_picture

MAPS = IMAGES / "maps"
LEAST_SHARE = 0.002  # of a map, that a color covers; others are soft edges between two regions
EDGE = 5  # pixels; the edge between two regions is no wider
FARTHEST = 0.25  # between a pixel and its region, as a distance of colors in 0…1
Color = tuple[float, float, float]


def load_map(name_or_path: str | os.PathLike, size: int | None = None) -> Tensor:
    """A map of regions, (1, 3, H, W), 0…1; scaled without mixing colors.

    Args:
        name_or_path: ``"village_street_in_auvers"`` or ``"doodle"``, which come with the course,
            or a path to a file, best a PNG.
        size: the longer side in pixels.

    Raises:
        CourseError: there is no such map, or it cannot be read.
    """
    bundled = {path.stem: path for path in MAPS.glob("*.png")}
    known = isinstance(name_or_path, str) and name_or_path in bundled
    picture = read_picture(bundled[str(name_or_path)] if known else find_image(name_or_path))
    if size is not None:
        width, height = sides_at(picture.size, size)
        picture = picture.resize((width, height), Image.Resampling.NEAREST)
    return from_pil(picture)


def load_mask(name_or_path: str | os.PathLike) -> Tensor:
    """A mask from a picture file, (H, W), 0…1: white is 1, inside; black is 0, outside.

    Raises:
        CourseError: it cannot be read, or is black.
    """
    mask = luminance(load_image(name_or_path))[0, 0].clamp(0, 1)
    if not mask.max() > 0:
        raise CourseError(f"The mask {name_or_path} is black; paint the region white.")
    return mask


def colors_of_map(map_of_regions: Tensor) -> list[Color]:
    """The colors of a map, the most frequent first.

    Raises:
        CourseError: it has none that covers a region, as in a photograph.
    """
    pixels = as_image("a map", map_of_regions)[0].flatten(1).T
    colors, counts = torch.unique(pixels, dim=0, return_counts=True)
    order = counts.argsort(descending=True)
    kept = [i for i in order.tolist() if counts[i] >= LEAST_SHARE * len(pixels)]
    if not kept:
        raise CourseError("A map has one plain color for each region; this picture has none.")
    return [(red, green, blue) for red, green, blue in colors[kept].tolist()]


def regions_of_map(map_of_regions: Tensor, colors: list[Color]) -> Mapping[Color, Tensor]:
    """Color → its region (H, W), 0 or 1: where that color is nearest. Empty ones are left out.

    Args:
        map_of_regions: (1, 3, H, W).
        colors: of the regions, as `colors_of_map` finds them.

    Raises:
        CourseError: a large part of the map is in none of the colors.
    """
    image = as_image("a map", map_of_regions)
    palette = torch.tensor(colors).to(image).view(len(colors), 3, 1, 1)
    distance, nearest = (palette - image).norm(dim=1).min(0)
    # Without thin lines: at a soft edge, two colors are mixed.
    foreign = -F.max_pool2d(-(distance > FARTHEST).float()[None], EDGE, 1, EDGE // 2)[0] > 0
    if foreign.float().mean() > LEAST_SHARE:
        strange = [round(255 * value) for value in image[0][:, foreign].median(1).values.tolist()]
        raise CourseError(
            f"Some parts of a map, of about the color {tuple(strange)}, are in none of the colors "
            f"of the other; use {len(colors)} colors in both."
        )
    masks = {color: (nearest == number).float() for number, color in enumerate(colors)}
    return {color: mask for color, mask in masks.items() if mask.any()}
