"""What `stylize` keeps of the photograph: its colors, and all of it where no style rules."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..images.color import gray, match_colors, with_luminance_of
from ..images.io import resized
from .styles import Style, group_by_region, scaled_region, uncovered

COLORS = ("artwork", "palette", "photograph")


def prepared(color: str, photograph: Tensor, styles: Sequence[Style]) -> tuple[Tensor, list[Style]]:
    """The photograph and the artworks as a run takes them.

    For ``"palette"``, each artwork gets mean and covariance of the photograph's colors; for
    ``"photograph"``, all pictures are gray, and the artworks have the photograph's brightness and
    contrast (Gatys et al. 2016, "Preserving color", sections 4.1 and 4.2). An artwork of a region
    is matched to the photograph there.

    Args:
        color: one of `COLORS`.
        photograph: (1, 3, H, W).
        styles: as `as_styles` gives them.
    """
    if color == "artwork":
        return photograph, list(styles)
    if color == "photograph":
        photograph, styles = gray(photograph), [replace(s, image=gray(s.image)) for s in styles]
    matched = list(styles)
    for region, numbers in group_by_region(styles, (photograph.shape[2], photograph.shape[3])):
        for number in numbers:
            style = styles[number]
            sides = (style.image.shape[2], style.image.shape[3])
            source = scaled_region(style.source_region, sides)
            image = match_colors(style.image, photograph, region=source, like_region=region)
            matched[number] = replace(style, image=image.clamp(0, 1))
    return photograph, matched


def finisher(color: str, photograph: Tensor, styles: Sequence[Style]) -> Callable[[Tensor], Tensor]:
    """A function: an image of the run, of any size → what is shown and saved.

    With ``"photograph"``, the colors of the photograph and the luminance of the image. Where no
    style rules, the pixels of the photograph.

    Args:
        color: one of `COLORS`.
        photograph: (1, 3, H, W), in color.
        styles: as `as_styles` gives them.
    """

    def finish(image: Tensor) -> Tensor:
        size = (image.shape[2], image.shape[3])
        original = resized(photograph, size).to(image.device)
        if color == "photograph":
            image = with_luminance_of(original, image).clamp(0, 1)
        rest = uncovered(styles, size)
        return image if rest is None else torch.lerp(image, original, rest.to(image.device))

    return finish
