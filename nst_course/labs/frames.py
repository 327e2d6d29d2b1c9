"""Images as a page shows them: JPEG while a run goes on, PNG at its end."""

import html

import matplotlib
import numpy as np
from PIL import Image
from torch import Tensor

from ..images.encode import data_url, jpeg
from ..images.io import to_pil

SMALLEST_SHOWN = 360  # pixels on the longer side: a small picture is enlarged, or nobody sees it
GAP = 8


def img(data: bytes, kind: str, alt: str) -> str:
    """The bytes of a picture as an HTML element, for a widget of the kind HTML.

    The widget of the kind Image has no text for those who cannot see it. Decoding at once keeps
    the page from flashing between two frames.
    """
    alt = html.escape(alt, quote=True)
    style = "max-width:100%; margin:0"
    return f'<img src="{data_url(data, kind)}" alt="{alt}" decoding="sync" style="{style}">'


def enlarged(image: Tensor) -> Image.Image:
    """The image as a picture of at least `SMALLEST_SHOWN` pixels on its longer side."""
    picture = to_pil(image)
    scale = SMALLEST_SHOWN / max(picture.size)
    if scale <= 1:
        return picture
    width, height = (round(side * scale) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def heat_map(values: Tensor, side: int) -> Image.Image:
    """A map (H, W), black at 0 and bright at its maximum, enlarged without smoothing."""
    values = values.detach().float().cpu().clamp(min=0)
    shares = (values / values.max().clamp(min=1e-12)).numpy()
    colours = (matplotlib.colormaps["magma"](shares)[:, :, :3] * 255).astype(np.uint8)
    height, width = shares.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Image.fromarray(colours).resize(size, Image.Resampling.NEAREST)


def thumbnail(image: Tensor, side: int = 140) -> bytes:
    """The image as a small JPEG."""
    picture = to_pil(image)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return jpeg(picture)


def wiped(before: Image.Image, after: Image.Image, share: float) -> Image.Image:
    """``after``, but ``before`` on the left part of it, up to a share of the width from 0 to 1."""
    edge = round(share * after.width)
    if edge == 0:
        return after
    result = after.copy()
    result.paste(before.resize(after.size).crop((0, 0, edge, after.height)), (0, 0))
    result.paste("white", (max(0, edge - 1), 0, min(after.width, edge + 1), after.height))
    return result


def side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    """Both pictures at the height of the left one, with a white gap."""
    right = right.resize((round(right.width * left.height / right.height), left.height))
    both = Image.new("RGB", (left.width + GAP + right.width, left.height), "white")
    both.paste(left, (0, 0))
    both.paste(right, (left.width + GAP, 0))
    return both
