"""Pictures side by side, at a size at which strokes can be seen."""

import math
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from IPython import get_ipython
from matplotlib.figure import Figure
from matplotlib_inline.config import InlineBackend
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil

PIXELS_PER_INCH = 100


def store_as_jpeg() -> None:
    """In a notebook, keep figures as JPEG: as PNG, photographs make files of many megabytes."""
    shell = get_ipython()
    if shell is not None and "IPKernelApp" in shell.config:
        settings = InlineBackend.instance(parent=shell)
        settings.figure_formats = {"jpeg"}
        options: dict[str, Any] = {"pil_kwargs": {"quality": 82, "optimize": True}}
        settings.print_figure_kwargs = {"bbox_inches": "tight", **options}


def pictures(
    images: Sequence[Tensor],
    titles: Sequence[str] = (),
    columns: int | None = None,
    width: float = 12,
    heading: str = "",
) -> Figure:
    """Show images in rows, each under its title.

    Args:
        images: each (1, 3, H, W), 0…1; the shapes may differ.
        titles: one for each image, or none at all.
        columns: pictures in a row; by default all in one, at most four.
        width: of the whole figure, in inches.
        heading: over the whole figure.

    Raises:
        CourseError: no image, or not a title for each.
    """
    if len(images) == 0 or len(titles) not in (0, len(images)):
        raise CourseError(
            f"{len(images)} images and {len(titles)} titles; give at least one image, "
            "and a title for each or none at all."
        )
    columns = columns or min(len(images), 4)
    rows = math.ceil(len(images) / columns)
    shown = [to_pil(image) for image in images]
    # A row is as high as its flattest picture needs at the width of a column.
    ratio = max(picture.height / picture.width for picture in shown)
    title_space = 0.35 if len(titles) else 0.05
    height = rows * (width / columns * ratio + title_space) + (0.4 if heading else 0)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(width, height),
        dpi=PIXELS_PER_INCH,
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (axis, picture) in enumerate(zip(axes.flat, shown, strict=False)):
        axis.imshow(picture, interpolation="lanczos")  # small pictures are enlarged: no blocks
        if len(titles):
            axis.set_title(titles[index], fontsize=11)
    if heading:
        figure.suptitle(heading, fontsize=13)
    plt.close(figure)  # the notebook shows what the cell returns; this avoids a second copy
    return figure
