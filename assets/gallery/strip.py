"""Pictures side by side, in one file."""

from pathlib import Path

from PIL import Image
from torch import Tensor

import nst_course as nst

GAP = 8  # pixels between two


def save_strip(pictures: list[Tensor], height: int, name: str) -> None:
    """Save images (1, 3, H, W) in one row, all of one height in pixels, beside this script."""
    shown = [nst.to_pil(picture) for picture in pictures]
    shown = [
        picture.resize((round(picture.width * height / picture.height), height), Image.LANCZOS)
        for picture in shown
    ]
    width = sum(picture.width + GAP for picture in shown) - GAP
    strip, left = Image.new("RGB", (width, height), "white"), 0
    for picture in shown:
        strip.paste(picture, (left, 0))
        left += picture.width + GAP
    strip.save(Path(__file__).parent / name, quality=86, subsampling=0)
    print(name)
