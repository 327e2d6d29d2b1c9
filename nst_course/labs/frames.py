"""Images as the labs show them: enlarged, or as heat maps."""

import html

import matplotlib
import numpy as np
from PIL import Image
from torch import Tensor

from ..images.encode import data_url
from ..images.io import to_pil

MIN_SHOWN = 360  # pixels on the longer side, to which smaller pictures are enlarged
GAP = 8  # pixels between two pictures


def img(data: bytes, kind: str, alt: str, width: str = "auto") -> str:
    """The bytes of a picture as an HTML element with alt text, which `widgets.Image` does not have.

    The width is a value of CSS; a picture never becomes wider than its place or higher than the
    window. Synchronous decoding avoids flicker between two frames.
    """
    alt = html.escape(alt, quote=True)
    style = f"width:{width}; max-width:100%; max-height:80vh; object-fit:contain; margin:0"
    return f'<img src="{data_url(data, kind)}" alt="{alt}" decoding="sync" style="{style}">'


def status_line(text: str, error: bool = False) -> str:
    """A message, plain text, as an HTML element that screen readers announce."""
    color = "var(--jp-error-color1, #d32f2f)" if error else "inherit"
    style = f"color:{color}; line-height:1.4"
    return f'<div role="status" style="{style}">{html.escape(text, quote=False)}</div>'


def enlarged(image: Tensor) -> Image.Image:
    """The image as a picture of at least `MIN_SHOWN` pixels on its longer side."""
    picture = to_pil(image)
    scale = MIN_SHOWN / max(picture.size)
    if scale <= 1:
        return picture
    width, height = (round(side * scale) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def heat_map(values: Tensor, side: int) -> Image.Image:
    """A map (H, W), black at 0 and bright at its maximum, enlarged without interpolation."""
    values = values.detach().float().cpu().clamp(min=0)
    relative = (values / values.max().clamp(min=1e-12)).numpy()
    colors = (matplotlib.colormaps["magma"](relative)[:, :, :3] * 255).astype(np.uint8)
    height, width = relative.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Image.fromarray(colors).resize(size, Image.Resampling.NEAREST)
