"""Maps of numbered regions for the doodle lab: as styles, and as PNG files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..errors import CourseError
from ..images.color import luminance
from ..images.io import as_path, check_output, from_pil, save_image
from ..images.maps import load_map, regions_of_map
from ..transfer.styles import Style

COLORS = (
    *("#e6550d", "#3182bd", "#31a354", "#f2c12e", "#756bb1"),
    *("#d6336c", "#20c5c5", "#8c6d31", "#636363"),
)
BRIGHT = 0.5  # luminance, from which on a part is in the first region at the beginning


def bright_parts(image: Tensor, count: int) -> np.ndarray:
    """A map to begin with, (H, W): the bright part is region 1, and the rest the last region."""
    light = F.avg_pool2d(luminance(image), 7, 1, 3, count_include_pad=False)[0, 0]
    return np.where(light.numpy() > BRIGHT, 1, min(2, count)).astype(np.uint8)


def mask_of(regions: np.ndarray, number: int, softness: int) -> Tensor:
    """One region, (H, W), 0…1, with an edge as soft as so many pixels."""
    mask = torch.from_numpy((regions == number).astype(np.float32))[None, None]
    if softness:
        mask = F.avg_pool2d(mask, 2 * softness + 1, 1, softness, count_include_pad=False)
    return mask[0, 0]


def styles_of(
    artworks: Sequence[Tensor],
    regions: np.ndarray,
    sources: Sequence[np.ndarray],
    softness: int,
) -> list[Style]:
    """A `Style` for each region that is painted.

    Args:
        artworks: of region 1, 2, …, each (1, 3, H, W).
        regions: the map of the photograph, (H, W).
        sources: the maps of the artworks; not painted at all means everything.
        softness: of the edges, in pixels.
    """
    return [
        Style(
            artwork,
            region=mask_of(regions, number, softness),
            source_region=torch.from_numpy((source > 0).astype(np.float32))
            if source.any()
            else None,
        )
        for number, (artwork, source) in enumerate(zip(artworks, sources, strict=True), start=1)
        if (regions == number).any()
    ]


def save_regions(regions: np.ndarray, softness: int, path: str) -> list[Path]:
    """Write the map in its colors, and a mask of each region, white inside, as PNG.

    Nothing is replaced. The masks are for ``nst-course render --region``.

    Raises:
        CourseError: a file exists already or cannot be written, or nothing is painted.
    """
    place = as_path(path)
    if place.suffix.lower() != ".png":
        raise CourseError("Masks are saved as PNG; end the name with .png.")
    present = [number for number in range(1, len(COLORS) + 1) if (regions == number).any()]
    if not present:
        raise CourseError("No region is painted; paint over the photograph first.")
    files = {place: from_pil(colored(regions))}
    for number in present:
        mask = mask_of(regions, number, softness)
        files[place.with_stem(f"{place.stem}-{number}")] = mask.expand(1, 3, *mask.shape)
    for file in files:  # all or nothing
        check_output(file)
    return [save_image(picture, file, overwrite=False) for file, picture in files.items()]


def colored(regions: np.ndarray) -> Image.Image:
    """The map as a picture: each region in its color, black where there is none."""
    picture = Image.fromarray(regions, mode="P")
    triples = [bytes.fromhex(color[1:]) for color in ("#000000", *COLORS)]
    picture.putpalette(b"".join(triples))
    return picture.convert("RGB")


def load_regions(path: Path, size: tuple[int, int], count: int) -> np.ndarray:
    """A map that was saved here or drawn in the same colors, (H, W), at a size (width, height).

    Raises:
        CourseError: it cannot be read, has other colors, or regions that the lab does not have.
    """
    width, height = size
    loaded = F.interpolate(load_map(path), (height, width), mode="nearest")
    triples = [bytes.fromhex(color[1:]) for color in ("#000000", *COLORS)]
    palette = [(red / 255, green / 255, blue / 255) for red, green, blue in triples]
    regions = np.zeros((height, width), np.uint8)
    for color, mask in regions_of_map(loaded, palette).items():
        regions[mask.numpy() > 0] = palette.index(color)
    if regions.max() > count:
        raise CourseError(
            f"{Path(path).name} has a region {regions.max()}, and this lab has {count}; "
            "make one with more artworks."
        )
    return regions
