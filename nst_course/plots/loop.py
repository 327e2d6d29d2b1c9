"""Figures of notebook 05: several runs in one chart, and one run with its pictures."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil
from .curves import label_log_axis, positive
from .figure import draw_picture, new_figure

CURVE_COLORS = ("#1f77b4", "#d1495b", "#edae49", "#66a182", "#7f5a9e", "#444444")


def runs(
    curves: Mapping[str, Sequence[float]],
    ylabel: str = "total loss",
    xlabel: str = "step",
    width: float = 8,
) -> Figure:
    """One quantity over the steps of several runs, on a logarithmic axis.

    Args:
        curves: name of a run → its value at every step; the runs may differ in length.
        ylabel: what the values are.
        xlabel: what the runs count.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.38)
    axis = figure.subplots()
    for index, (name, values) in enumerate(curves.items()):
        draw_curve(axis, range(len(values)), values, name, index)
    label_log_axis(axis, xlabel, ylabel)
    # Outside the axes, so that it cannot cover a curve.
    figure.legend(frameon=False, loc="outside right center", fontsize=9)
    return figure


def race(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], width: float = 11
) -> Figure:
    """The total loss of several runs, over their steps on the left and over seconds on the right.

    Args:
        curves: name of a run → (seconds since its start, loss) at every step.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.36)
    left, right = figure.subplots(1, 2, sharey=True)
    for index, (name, (seconds, losses)) in enumerate(curves.items()):
        draw_curve(left, range(len(losses)), losses, name, index)
        draw_curve(right, seconds, losses, name, index)
    label_log_axis(left, "step", "total loss")
    label_log_axis(right, "seconds", "")
    figure.legend(
        *left.get_legend_handles_labels(), frameon=False, loc="outside right center", fontsize=9
    )
    return figure


def milestones(losses: Sequence[float], images: Mapping[int, Tensor], width: float = 10) -> Figure:
    """The total loss of a run, and below it the images at the steps that are marked on the curve.

    Args:
        losses: the value at every step.
        images: step → the image at that step, (1, 3, H, W), 0…1.
        width: of the figure, in inches.

    Raises:
        CourseError: there is no image, or one at a step that the run does not have.
    """
    if not images or not all(0 <= step < len(losses) for step in images):
        raise CourseError(
            f"The run has the steps 0 to {len(losses) - 1}, and there are images for "
            f"{list(images)}; give one image or more, each of a step of the run."
        )
    shown = {step: to_pil(image) for step, image in images.items()}
    ratio = max(picture.height / picture.width for picture in shown.values())
    row = width / len(shown) * ratio + 0.35
    figure = new_figure(width, 2.9 + row)
    grid = figure.add_gridspec(2, len(shown), height_ratios=(2.9, row))
    axis = figure.add_subplot(grid[0, :])
    draw_curve(axis, range(len(losses)), losses, "", 0)
    axis.plot(list(shown), [losses[step] for step in shown], "o", color=CURVE_COLORS[1])
    label_log_axis(axis, "step", "total loss")
    for column, (step, picture) in enumerate(shown.items()):
        below = figure.add_subplot(grid[1, column])
        title = f"step {step}: {losses[step]:,.4g}"
        draw_picture(below, picture, title, fontsize=10, interpolation="lanczos")
    return figure


def draw_curve(axis: Axes, x: Sequence[float], y: Sequence[float], name: str, index: int) -> None:
    """One line in the color with this index."""
    color = CURVE_COLORS[index % len(CURVE_COLORS)]
    axis.plot(x, positive(y), label=name, color=color, linewidth=1.8)
