"""How figures are made, and how a notebook stores them."""

import os
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib_inline.config import InlineBackend
from PIL import Image

PIXELS_PER_INCH = 100


def new_figure(width: float, height: float, layout: str | None = "constrained") -> Figure:
    """An empty figure; width and height are in inches.

    A notebook shows the figure that a cell returns, and in addition every figure that pyplot keeps
    open. So pyplot closes this one at once.
    """
    figure = plt.figure(figsize=(width, height), dpi=PIXELS_PER_INCH, layout=layout)
    plt.close(figure)
    return figure


def blank_axes(figure: FigureBase, rows: int, columns: int) -> list[Axes]:
    """A grid of axes without frames, row by row."""
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes:
        axis.set_axis_off()
    return axes


def draw_picture(
    axis: Axes, picture: Image.Image | np.ndarray, title: str, fontsize: float = 11, **options: Any
) -> None:
    """A picture without axes, below its title; the options are those of ``imshow``."""
    axis.imshow(picture, **options)
    axis.set_title(title, fontsize=fontsize)
    axis.set_axis_off()


def store_as_jpeg() -> None:
    """Make notebooks store figures as JPEG: with photographs, PNG takes many megabytes.

    What a figure shows is stored with it as its alt text.
    """
    shell = get_ipython()
    if shell is not None and "IPKernelApp" in shell.config:
        # A variable in the shell that started Jupyter may name a backend that shows nothing here.
        backend = os.environ.get("MPLBACKEND", "inline")
        if not any(word in backend for word in ("inline", "ipympl", "widget", "nbagg")):
            shell.enable_matplotlib("inline")
        settings = InlineBackend.instance(parent=shell)
        settings.figure_formats = {"jpeg"}
        options: dict[str, Any] = {"pil_kwargs": {"quality": 72, "optimize": True}}
        settings.print_figure_kwargs = {"bbox_inches": "tight", **options}
        formatter = shell.display_formatter.formatters["image/jpeg"]
        encode = formatter.lookup_by_type(Figure)

        def with_alt(figure: Figure) -> Any:
            text = alt_text(figure)
            return (encode(figure), {"alt": text}) if text else encode(figure)

        formatter.for_type(Figure, with_alt)


def alt_text(figure: Figure) -> str:
    """What a figure shows, for those who cannot see it: its label, or else all of its titles."""
    if label := figure.get_label():
        return str(label)
    parts = [figure.get_suptitle()]
    for axis in figure.axes:
        ylabel, xlabel = axis.get_ylabel(), axis.get_xlabel()
        parts += [axis.get_title(), f"{ylabel} over {xlabel}" if xlabel and ylabel else ""]
    texts = [" ".join(part.split()) for part in parts if part]
    return "; ".join(dict.fromkeys(texts))  # each once, in their order
