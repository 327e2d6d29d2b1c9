"""Figures of notebook 05: several runs against each other, and one run with its pictures."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil

CURVE_COLOURS = ("#1f77b4", "#d1495b", "#edae49", "#66a182", "#7f5a9e", "#444444")


def runs(
    curves: Mapping[str, Sequence[float]],
    ylabel: str = "total loss",
    xlabel: str = "step",
    width: float = 8,
) -> Figure:
    """One quantity over the steps of several runs, on a log axis.

    Args:
        curves: name of a run → its value at every step; the runs may differ in length.
        ylabel: what the values are.
        xlabel: what the runs count.
        width: of the figure, in inches.
    """
    figure, axis = plt.subplots(figsize=(width, width * 0.38), dpi=100, layout="constrained")
    for index, (name, values) in enumerate(curves.items()):
        draw_curve(axis, range(len(values)), values, name, index)
    label_log_axis(axis, xlabel, ylabel)
    # Beside the curves: a run that leaps may go anywhere.
    figure.legend(frameon=False, loc="outside right center", fontsize=9)
    plt.close(figure)
    return figure


def race(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str = "step",
    ylabel: str = "total loss",
    highest: float | None = None,
    width: float = 11,
) -> Figure:
    """The same runs twice: over their steps on the left, over the seconds on the right.

    Args:
        curves: name of a run → (seconds since its start, loss) at every step.
        xlabel: what the runs count on the left.
        ylabel: what is measured.
        highest: upper end of the loss axis, where a run goes through the roof.
        width: of the figure, in inches.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(width, width * 0.36), dpi=100, layout="constrained", sharey=True
    )
    for index, (name, (seconds, losses)) in enumerate(curves.items()):
        draw_curve(left, range(len(losses)), losses, name, index)
        draw_curve(right, seconds, losses, name, index)
    label_log_axis(left, xlabel, ylabel)
    label_log_axis(right, "seconds", "")
    if highest is not None:
        left.set_ylim(top=highest)
    figure.legend(
        *left.get_legend_handles_labels(), frameon=False, loc="outside right center", fontsize=9
    )
    plt.close(figure)
    return figure


def milestones(
    losses: Sequence[float],
    images: Mapping[int, Tensor],
    ylabel: str = "total loss",
    width: float = 10,
) -> Figure:
    """The curve of a run, and below it the pictures at the steps that are marked on it.

    Args:
        losses: the value at every step.
        images: step → the image at that step, (1, 3, H, W), 0…1.
        ylabel: what the values are.
        width: of the figure, in inches.

    Raises:
        CourseError: no image, or one of a step that the run does not have.
    """
    if not images or not all(0 <= step < len(losses) for step in images):
        raise CourseError(
            f"The run has the steps 0 to {len(losses) - 1}, and there are images for "
            f"{list(images)}; give one image or more, each of a step of the run."
        )
    shown = {step: to_pil(image) for step, image in images.items()}
    ratio = max(picture.height / picture.width for picture in shown.values())
    row = width / len(shown) * ratio + 0.35
    figure = plt.figure(figsize=(width, 2.9 + row), dpi=100, layout="constrained")
    grid = figure.add_gridspec(2, len(shown), height_ratios=(2.9, row))
    axis = figure.add_subplot(grid[0, :])
    draw_curve(axis, range(len(losses)), losses, "", 0)
    axis.plot(list(shown), [losses[step] for step in shown], "o", color=CURVE_COLOURS[1])
    label_log_axis(axis, "step", ylabel)
    for column, (step, picture) in enumerate(shown.items()):
        below = figure.add_subplot(grid[1, column])
        below.imshow(picture, interpolation="lanczos")
        below.set_title(f"step {step}: {losses[step]:,.4g}", fontsize=10)
        below.set_axis_off()
    plt.close(figure)
    return figure


def draw_curve(axis: Axes, x: Sequence[float], y: Sequence[float], name: str, index: int) -> None:
    """One line in the colour of its place; what a log axis cannot show is left out."""
    shown = [value if value > 0 else float("nan") for value in y]
    colour = CURVE_COLOURS[index % len(CURVE_COLOURS)]
    axis.plot(x, shown, label=name, color=colour, linewidth=1.8)


def label_log_axis(axis: Axes, xlabel: str, ylabel: str) -> None:
    axis.set_yscale("log")
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    axis.grid(alpha=0.25)
