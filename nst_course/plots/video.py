"""Figures of notebook 09: flow, what is visible, and flicker as bars."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil
from .figure import blank_axes, draw_picture, new_figure
from .loop import CURVE_COLORS

HIDDEN = (0.85, 0.1, 0.45)  # magenta: where the earlier frame does not show the same point
ARROWS = 16  # in a row


def flow_arrows(
    images: Sequence[Tensor],
    flows: Sequence[Tensor],
    titles: Sequence[str] = (),
    times: float = 1.0,
    width: float = 12,
    alt: str = "",
) -> Figure:
    """Frames with arrows from pixels to where their points were in an earlier frame.

    Args:
        images: later frames, each (1, 3, H, W), 0…1.
        flows: of each, (1, 2, H, W), in pixels.
        titles: one for each frame, or none.
        times: how many times as long as the flow the arrows are.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.
    """
    figure = frame_row(images, titles, width, alt or "Arrows from pixels to where they were")
    for axis, flow in zip(figure.axes, flows, strict=True):
        height, across = flow.shape[2:]
        step = max(1, across // ARROWS)
        rows, columns = torch.meshgrid(
            torch.arange(step // 2, height, step),
            torch.arange(step // 2, across, step),
            indexing="ij",
        )
        u, v = (times * part[rows, columns] for part in flow[0])
        axis.quiver(
            columns,
            rows,
            u,
            v,
            angles="xy",
            scale_units="xy",
            scale=1,
            color="white",
            edgecolor="black",
            linewidth=0.5,
            width=0.004,
            headwidth=4,
            minlength=0.5,
        )
    return figure


def visibility(
    images: Sequence[Tensor],
    weights: Sequence[Tensor],
    titles: Sequence[str] = (),
    width: float = 12,
    alt: str = "",
) -> Figure:
    """Frames with magenta where an earlier frame does not show the same point.

    Args:
        images: each (1, 3, H, W), 0…1.
        weights: of each, (1, 1, H, W), 1 where it is visible.
        titles: one for each frame, or none.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.
    """
    color = torch.tensor(HIDDEN).view(1, 3, 1, 1)
    shown = [
        torch.lerp(color.expand_as(image), image, 0.2 + 0.8 * seen)
        for image, seen in zip(images, weights, strict=True)
    ]
    return frame_row(shown, titles, width, alt or "Frames with what was hidden before in magenta")


def frame_row(images: Sequence[Tensor], titles: Sequence[str], width: float, label: str) -> Figure:
    """Frames of one size in a row."""
    height, across = images[0].shape[2:]
    figure = new_figure(width, width / len(images) * height / across + 0.35)
    figure.set_label(label)
    axes = blank_axes(figure, 1, len(images))
    for axis, image, title in zip(axes, images, titles or [""] * len(images), strict=True):
        draw_picture(axis, to_pil(image), title, interpolation="lanczos")
    return figure


def flicker_bars(
    values: Mapping[str, Mapping[str, float]],
    ylabel: str = "flicker in levels of 256",
    width: float = 8,
    alt: str = "",
) -> Figure:
    """One group of bars a clip, one bar a method, each with its number.

    Args:
        values: clip → method → flicker; every clip has the same methods.
        ylabel: of the axis.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure; the numbers by default.
    """
    if not values:
        raise CourseError("There is no clip; give a mapping clip → method → flicker.")
    figure = new_figure(width, width * 0.42)
    texts = [f"{c}, {m}: {x:.1f}" for c, row in values.items() for m, x in row.items()]
    figure.set_label(alt or f"{ylabel}: {'; '.join(texts)}")
    axis = figure.subplots()
    methods = list(next(iter(values.values())))
    for index, method in enumerate(methods):
        places = [k + (index - (len(methods) - 1) / 2) * 0.26 for k in range(len(values))]
        heights = [row[method] for row in values.values()]
        color = CURVE_COLORS[index % len(CURVE_COLORS)]
        bars = axis.bar(places, heights, 0.24, label=method, color=color)
        axis.bar_label(bars, fmt="%.1f", padding=2, fontsize=9)
    axis.set_xticks(range(len(values)), list(values))
    axis.set_ylabel(ylabel)
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(y=0.12)
    figure.legend(frameon=False, loc="outside right center", fontsize=9)
    return figure
