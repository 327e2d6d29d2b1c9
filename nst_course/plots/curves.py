"""Losses over the steps of a run."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {"total": "#444444", "content": "#1f77b4", "style": "#d1495b", "tv": "#66a182"}


def losses(
    history: Mapping[str, Sequence[float]],
    content_weight: float = 1.0,
    style_weight: float = 1e3,
    width: float = 8,
) -> Figure:
    """The total and its weighted terms, α·content and β·style, on a log axis.

    Args:
        history: name → value at every step, as in `Result.history`.
        content_weight: α of the run.
        style_weight: β of the run.
        width: of the figure, in inches.
    """
    figure, axis = plt.subplots(figsize=(width, width * 0.45), dpi=100, layout="constrained")
    draw_losses(axis, history, content_weight, style_weight)
    plt.close(figure)
    return figure


def draw_losses(
    axis: Axes,
    history: Mapping[str, Sequence[float]],
    content_weight: float,
    style_weight: float,
) -> None:
    """The three curves on an axis that is already there."""
    factors = {"total": 1.0, "content": content_weight, "style": style_weight}
    labels = {"total": "total", "content": "α · content", "style": "β · style"}
    for name, factor in factors.items():
        values = [factor * value for value in history[name]]
        # A start from the content image has content loss 0, which a log axis cannot show.
        shown = [value if value > 0 else float("nan") for value in values]
        axis.plot(shown, label=labels[name], color=COLOURS[name], linewidth=1.8)
    axis.set_yscale("log")
    axis.locator_params(axis="x", integer=True)
    axis.set_xlabel("step")
    axis.set_ylabel("loss")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, loc="upper right")
