"""Figures of notebook 02: distances between pictures, waves, and a run seen from two sides."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil
from .layers import layer_colour


def distances(
    images: Sequence[Tensor],
    titles: Sequence[str],
    values: Mapping[str, Sequence[float]],
    width: float = 11,
) -> Figure:
    """Pictures, and below each a bar for every way to measure how far it is from the first.

    The axis is logarithmic. A dotted line carries on the first measure, for the others to be
    compared with.

    Args:
        images: each (1, 3, H, W), 0…1; the first is the one that the others are compared with.
        titles: one for each picture.
        values: name of a measure → one number above 0 for each picture but the first.
        width: of the figure, in inches.

    Raises:
        CourseError: not a title for each picture, or not a number for each but the first.
    """
    if {len(titles), *(len(numbers) + 1 for numbers in values.values())} != {len(images)}:
        raise CourseError(
            f"{len(images)} pictures need a title each, and every measure {len(images) - 1} "
            "numbers: one for each picture but the first."
        )
    shown = [to_pil(image) for image in images]
    ratio = max(picture.height / picture.width for picture in shown)
    column = width / len(images)
    figure, axes = plt.subplots(
        2,
        len(images),
        figsize=(width, column * ratio + 2.6),
        dpi=100,
        layout="constrained",
        height_ratios=(column * ratio + 0.3, 2.0),
    )
    for axis, picture, title in zip(axes[0], shown, titles, strict=True):
        axis.imshow(picture)
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    colours = ["#888888", *plt.get_cmap("viridis")(np.linspace(0, 0.85, len(values) - 1))]
    smallest = min(number for numbers in values.values() for number in numbers)
    axes[1, 0].set_axis_off()
    for index, axis in enumerate(axes[1, 1:]):
        numbers = [measured[index] for measured in values.values()]
        bars = axis.bar(list(values), numbers, color=colours)
        axis.axhline(numbers[0], color=colours[0], linestyle=":", linewidth=1)
        axis.set_yscale("log")
        axis.set_ylim(smallest / 2, 2)
        axis.set_xticks([])
        axis.spines[["top", "right"]].set_visible(False)
        if index:
            axis.set_yticklabels([])
    axes[1, 1].set_ylabel("loss (another photo = 1)", fontsize=9)
    axes[1, 0].legend(bars, list(values), loc="center", frameon=False, fontsize=10)
    plt.close(figure)
    return figure


def two_curves(
    curves: Mapping[str, Sequence[float]], heading: str = "", width: float = 8
) -> Figure:
    """Two quantities over the steps of a run, each on a logarithmic axis of its own.

    Args:
        curves: name → one value above 0 a step; the first has the axis on the left, the second
            the one on the right.
        heading: over the figure.
        width: of the figure, in inches.
    """
    figure, left = plt.subplots(figsize=(width, width * 0.42), dpi=100, layout="constrained")
    # Both axes span the same factor, so that equal slopes are equal factors.
    factor = 1.2 * max(max(values) / min(values) for values in curves.values())
    for axis, colour, (name, values) in zip(
        (left, left.twinx()), ("#1f77b4", "#d1495b"), curves.items(), strict=True
    ):
        axis.plot(values, color=colour, linewidth=1.8)
        axis.set_yscale("log")
        axis.set_ylim(1.1 * max(values) / factor, 1.1 * max(values))
        axis.set_ylabel(name, color=colour)
        axis.tick_params(axis="y", which="both", colors=colour)
    left.set_xlabel("step")
    left.set_title(heading, fontsize=11)
    left.grid(alpha=0.25)
    plt.close(figure)
    return figure


def wave_responses(
    periods: Sequence[float],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    ylabel: str,
    width: float = 10,
) -> Figure:
    """How strongly every layer answers to waves, from short ones to long ones.

    Args:
        periods: of the waves, in pixels.
        panels: kind of wave → layer → one number above 0 a period.
        ylabel: what the numbers are.
        width: of the figure, in inches.
    """
    figure, axes = plt.subplots(
        1,
        len(panels),
        figsize=(width, width * 0.36),
        dpi=100,
        layout="constrained",
        sharey=True,
        squeeze=False,
    )
    for axis, (title, layers) in zip(axes[0], panels.items(), strict=True):
        for layer, values in layers.items():
            axis.plot(periods, values, "o-", color=layer_colour(layer), label=layer, linewidth=1.8)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(periods, [f"{period:g}" for period in periods])
        axis.minorticks_off()
        axis.set_xlabel("length of the wave, in pixels")
        axis.set_title(title, fontsize=11)
        axis.grid(alpha=0.25)
    axes[0, 0].set_ylabel(ylabel)
    axes[0, -1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.close(figure)
    return figure
