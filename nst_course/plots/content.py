"""Figures of notebook 02: distances between pictures, and a run seen from two sides."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ..images import to_pil


def distances(
    images: Sequence[Tensor],
    titles: Sequence[str],
    values: Mapping[str, Sequence[float]],
    width: float = 11,
) -> Figure:
    """Pictures, and below each a bar for every way to measure how far it is from the first.

    Args:
        images: each (1, 3, H, W), 0…1; the first is the one that the others are compared with.
        titles: one for each picture.
        values: name of a measure → one number for each picture but the first.
        width: of the figure, in inches.
    """
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
    axes[1, 0].set_axis_off()
    for index, axis in enumerate(axes[1, 1:]):
        bars = axis.bar(
            list(values), [numbers[index] for numbers in values.values()], color=colours
        )
        axis.set_ylim(0, 1.05)
        axis.set_xticks([])
        axis.spines[["top", "right"]].set_visible(False)
        if index:
            axis.set_yticklabels([])
    axes[1, 1].set_ylabel("distance (different photo = 1)", fontsize=9)
    axes[1, 0].legend(bars, list(values), loc="center", frameon=False, fontsize=10)
    plt.close(figure)
    return figure


def two_curves(
    curves: Mapping[str, Sequence[float]], heading: str = "", width: float = 8
) -> Figure:
    """Two quantities over the steps of a run, each on a logarithmic axis of its own.

    Args:
        curves: name → one value a step; the first gets the axis on the left, the second on the
            right.
        heading: over the figure.
        width: of the figure, in inches.
    """
    figure, left = plt.subplots(figsize=(width, width * 0.42), dpi=100, layout="constrained")
    for axis, colour, (name, values) in zip(
        (left, left.twinx()), ("#1f77b4", "#d1495b"), curves.items(), strict=True
    ):
        axis.plot(values, color=colour, linewidth=1.8)
        axis.set_yscale("log")
        axis.set_ylabel(name, color=colour)
        axis.tick_params(axis="y", which="both", colors=colour)
    left.set_xlabel("step")
    left.set_title(heading, fontsize=11)
    left.grid(alpha=0.25)
    plt.close(figure)
    return figure
