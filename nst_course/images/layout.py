"""Several pictures in one."""

from collections.abc import Sequence

from PIL import Image


def hstack(pictures: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures side by side on white, aligned at the top, with a gap in pixels between them."""
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    joined = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        joined.paste(picture, (left, 0))
        left += picture.width + gap
    return joined
