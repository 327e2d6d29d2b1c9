"""Pictures side by side, in one file."""

from pathlib import Path

from PIL import Image
from torch import Tensor

import nst_course as nst
from nst_course.images.layout import hstack

GAP = 8  # pixels between two pictures


def save_strip(pictures: list[Tensor], height: int, name: str) -> None:
    """Save images (1, 3, H, W) in one row, scaled to a height in pixels, beside this script."""
    shown = [nst.to_pil(picture) for picture in pictures]
    shown = [
        picture.resize((round(picture.width * height / picture.height), height), Image.LANCZOS)
        for picture in shown
    ]
    hstack(shown, GAP).save(Path(__file__).parent / name, quality=86, subsampling=0)
    print(name)
