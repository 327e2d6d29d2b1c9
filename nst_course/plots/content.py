"""Figures of notebook 02: distances between pictures, frequency responses, and two curves."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ..checks import renamed
from ..errors import CourseError
from ..images.io import to_pil
from .figure import draw_picture, new_figure
from .layers import layer_color


def distances(
    images: Sequence[Tensor],
    titles: Sequence[str],
    values: Mapping[str, Sequence[float]],
    width: float = 11,
) -> Figure:
    """Pictures, and below each a bar chart of its distance from the first one by each measure.

    The axis is logarithmic. A dotted line repeats the first measure, for comparison.

    Args:
        images: each (1, 3, H, W), 0…1; the others are compared with the first.
        titles: one for each picture.
        values: measure → one number above 0 for each picture except the first.
        width: of the figure, in inches.

    Raises:
        CourseError: the number of titles is not that of the pictures, or a measure does not have
            one number for each picture except the first.
    """
    if {len(titles), *(len(numbers) + 1 for numbers in values.values())} != {len(images)}:
        raise CourseError(
            f"{len(images)} pictures need a title each, and every measure {len(images) - 1} "
            "numbers: one for each picture except the first."
        )
    shown = [to_pil(image) for image in images]
    ratio = max(picture.height / picture.width for picture in shown)
    column = width / len(images)
    figure = new_figure(width, column * ratio + 2.6)
    axes = figure.subplots(2, len(images), height_ratios=(column * ratio + 0.3, 2.0))
    for axis, picture, title in zip(axes[0], shown, titles, strict=True):
        draw_picture(axis, picture, title, fontsize=10)
    viridis = matplotlib.colormaps["viridis"]
    colors = ["#888888", *viridis(np.linspace(0, 0.85, len(values) - 1))]
    smallest = min(number for numbers in values.values() for number in numbers)
    axes[1, 0].set_axis_off()
    for index, axis in enumerate(axes[1, 1:]):
        numbers = [measured[index] for measured in values.values()]
        bars = axis.bar(list(values), numbers, color=colors)
        axis.axhline(numbers[0], color=colors[0], linestyle=":", linewidth=1)
        axis.set_yscale("log")
        axis.set_ylim(smallest / 2, 2)
        axis.set_xticks([])
        axis.spines[["top", "right"]].set_visible(False)
        if index:
            axis.set_yticklabels([])
    axes[1, 1].set_ylabel("loss (another photo = 1)", fontsize=9)
    axes[1, 0].legend(bars, list(values), loc="center", frameon=False, fontsize=10)
    return figure


def two_curves(
    curves: Mapping[str, Sequence[float]], heading: str = "", width: float = 8
) -> Figure:
    """Two quantities over the steps of a run, each on its own logarithmic axis.

    Both axes span the same factor, so equal slopes are equal factors.

    Args:
        curves: name → one value above 0 for each step; the axis of the first curve is on the left,
            that of the second on the right.
        heading: title of the figure.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.42)
    left = figure.subplots()
    factor = 1.2 * max(max(values) / min(values) for values in curves.values())
    for axis, color, (name, values) in zip(
        (left, left.twinx()), ("#1f77b4", "#d1495b"), curves.items(), strict=True
    ):
        axis.plot(values, color=color, linewidth=1.8)
        axis.set_yscale("log")
        axis.set_ylim(1.1 * max(values) / factor, 1.1 * max(values))
        axis.set_ylabel(name, color=color)
        axis.tick_params(axis="y", which="both", colors=color)
    left.set_xlabel("step")
    left.set_title(heading, fontsize=11)
    left.grid(alpha=0.25)
    return figure


@renamed(periods="wavelengths")
def frequency_response(
    wavelengths: Sequence[float],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    ylabel: str,
    width: float = 10,
) -> Figure:
    """How strongly each layer responds to sinusoidal gratings, from short to long wavelengths.

    Args:
        wavelengths: in pixels.
        panels: kind of grating → layer → one number above 0 for each wavelength.
        ylabel: what the numbers are.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.36)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, (title, layers) in zip(axes, panels.items(), strict=True):
        for (layer, values), marker in zip(layers.items(), cycle("os^Dv")):
            look = {"marker": marker, "color": layer_color(layer), "linewidth": 1.8}
            axis.plot(wavelengths, values, label=layer, **look)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(wavelengths, [f"{wavelength:g}" for wavelength in wavelengths])
        axis.minorticks_off()
        axis.set_xlabel("wavelength in pixels")
        axis.set_title(title, fontsize=11)
        axis.grid(alpha=0.25)
    axes[0].set_ylabel(ylabel)
    axes[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
