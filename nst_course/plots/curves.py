"""Losses over the steps of a run."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figure import new_figure

COLORS = {"total": "#444444", "content": "#1f77b4", "style": "#d1495b"}


def losses(
    history: Mapping[str, Sequence[float]],
    content_weight: float = 1.0,
    style_weight: float = 1e3,
    width: float = 8,
) -> Figure:
    """The total loss and its weighted terms, α·content and β·style, on a logarithmic axis.

    Args:
        history: name → value at every step, as in `Result.history`.
        content_weight: α of the run.
        style_weight: β of the run.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.45)
    figure.set_label("The total loss of a run and its weighted terms, over its steps")
    draw_losses(figure.subplots(), history, content_weight, style_weight)
    return figure


def draw_losses(
    axis: Axes,
    history: Mapping[str, Sequence[float]],
    content_weight: float,
    style_weight: float,
) -> None:
    """The curves of `losses` on a given axis."""
    factors = {"total": 1.0, "content": content_weight, "style": style_weight}
    labels = {"total": "total", "content": "α · content", "style": "β · style"}
    for name, factor in factors.items():
        values = positive([factor * value for value in history[name]])
        # Wide and pale, the total stays visible where one term covers it.
        width, opacity = (5, 0.35) if name == "total" else (1.8, 1)
        axis.plot(values, label=labels[name], color=COLORS[name], linewidth=width, alpha=opacity)
    axis.locator_params(axis="x", integer=True)
    label_log_axis(axis, "step", "loss")
    axis.legend(frameon=False, loc="upper right")


def positive(values: Sequence[float]) -> list[float]:
    """The values with NaN in place of 0, which a logarithmic axis cannot show.

    A run that starts from the content image has content loss 0 at its first step.
    """
    return [value if value > 0 else math.nan for value in values]


def label_log_axis(axis: Axes, xlabel: str, ylabel: str) -> None:
    """Make the vertical axis logarithmic, name both axes, and draw a grid."""
    axis.set_yscale("log")
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    axis.grid(alpha=0.25)
