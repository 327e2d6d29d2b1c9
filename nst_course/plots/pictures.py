"""Pictures side by side, large enough to see the brush strokes."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil
from .figure import blank_axes, draw_picture, new_figure


def pictures(
    images: Sequence[Tensor],
    titles: Sequence[str] = (),
    columns: int | None = None,
    width: float = 12,
    heading: str = "",
    alt: str = "",
) -> Figure:
    """Images in rows, each below its title.

    Args:
        images: each (1, 3, H, W), 0…1; the shapes may differ.
        titles: one for each image, or none.
        columns: pictures in a row; by default one row of at most four.
        width: of the figure, in inches.
        heading: title of the figure.
        alt: text for those who cannot see the figure; its titles by default.

    Raises:
        CourseError: there is no image, or the number of titles is not that of the images.
    """
    if len(images) == 0 or len(titles) not in (0, len(images)):
        raise CourseError(
            f"{len(images)} images and {len(titles)} titles; give at least one image, "
            "and a title for each or none at all."
        )
    columns = columns or min(len(images), 4)
    rows = math.ceil(len(images) / columns)
    shown = [to_pil(image) for image in images]
    # At the width of a column, the tallest picture determines the height of all rows.
    ratio = max(picture.height / picture.width for picture in shown)
    title_height = 0.35 if len(titles) else 0.05
    height = rows * (width / columns * ratio + title_height) + (0.4 if heading else 0)
    figure = new_figure(width, height)
    figure.set_label(alt or ", ".join(filter(None, [heading, *titles])))
    axes = blank_axes(figure, rows, columns)
    for axis, picture, title in zip(axes, shown, titles or [""] * len(shown), strict=False):
        draw_picture(axis, picture, title, interpolation="lanczos")  # small ones are enlarged
    if heading:
        figure.suptitle(heading, fontsize=13)
    return figure
