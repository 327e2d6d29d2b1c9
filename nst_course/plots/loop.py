"""Figures of the loop: runs in one chart, one run with its pictures, its price, and a valley."""

from collections.abc import Callable, Mapping, Sequence

import torch
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
    figure.set_label(f"{ylabel} over {xlabel}: {', '.join(curves)}")
    return figure


def race(
    counted: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    displayed: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    width: float = 12,
) -> Figure:
    """The total loss of several optimizers: over function evaluations, as displayed, over seconds.

    Args:
        counted: name → (seconds since the start, loss) at every function evaluation.
        displayed: name → (function evaluations, loss of the image clamped to 0…1) at some of them.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.36)
    first, second, third = figure.subplots(1, 3, sharey=True)
    for index, (name, (seconds, losses)) in enumerate(counted.items()):
        draw_curve(first, range(1, len(losses) + 1), losses, name, index)
        draw_curve(second, *displayed[name], name, index)
        draw_curve(third, seconds, losses, name, index)
    label_log_axis(first, "function evaluations", "total loss")
    label_log_axis(second, "function evaluations", "")
    label_log_axis(third, "seconds", "")
    for axis, title in ((first, "as counted"), (second, "as displayed"), (third, "as counted")):
        axis.set_title(title, fontsize=10)
    figure.legend(
        *first.get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=3
    )
    figure.set_label(f"Total loss over function evaluations and over seconds: {', '.join(counted)}")
    return figure


def prices(
    runs: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    ylabel: str = "style loss",
    width: float = 8,
) -> Figure:
    """What a loss costs in seconds, on two logarithmic axes.

    Args:
        runs: name → (seconds since the start, loss) of every picture; a single one is a point.
        ylabel: which loss it is.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.4)
    axis = figure.subplots()
    for index, (name, (seconds, losses)) in enumerate(runs.items()):
        draw_curve(axis, seconds, losses, name, index, marker="o" if len(losses) == 1 else "")
    label_log_axis(axis, "seconds", ylabel)
    axis.set_xscale("log")
    figure.legend(frameon=False, loc="outside right center", fontsize=9)
    figure.set_label(f"{ylabel} over seconds: {', '.join(runs)}")
    return figure


def valley(
    function: Callable[[Tensor], Tensor],
    paths: Mapping[str, Sequence[Tensor]],
    width: float = 12,
) -> Figure:
    """The paths of optimizers on a function of two numbers, each over the function's contours.

    Args:
        function: (2, …) → values (…), positive except at the minimum.
        paths: name → the points (2,) that were evaluated, in order; all begin at the same one.
        width: of the figure, in inches.

    Raises:
        CourseError: there is no path, or one without points.
    """
    if not isinstance(paths, Mapping) or not paths or not all(map(len, paths.values())):
        raise CourseError("valley draws paths, name → points; give at least one, with points.")
    start = next(iter(paths.values()))[0]
    reach = 1.15 * float(start.abs().max())
    axis_values = torch.linspace(-reach, reach, 200)
    x, y = torch.meshgrid(axis_values, 0.6 * axis_values, indexing="xy")
    heights = function(torch.stack([x, y]))
    levels = [float(function(start)) * factor for factor in (0.01, 0.05, 0.15, 0.35, 0.65, 1, 1.5)]
    columns = 2
    rows = -(-len(paths) // columns)
    figure = new_figure(width, rows * (width / columns * 0.6 + 0.4))
    for index, (axis, (name, points)) in enumerate(
        zip(figure.subplots(rows, columns, squeeze=False).flat, paths.items(), strict=False)
    ):
        axis.contour(x, y, heights, levels=levels, colors="#bbbbbb", linewidths=0.8)
        color = CURVE_COLORS[index % len(CURVE_COLORS)]
        axis.plot(*torch.stack(list(points)).T, "o-", color=color, markersize=4, linewidth=1.2)
        axis.plot(0, 0, "+", color="black", markersize=10)
        axis.set(xlim=(-reach, reach), ylim=(-0.6 * reach, 0.6 * reach), aspect="equal")
        axis.set_title(f"{name}: {float(function(points[-1])):.2g} at the end", fontsize=11)
    figure.set_label(f"A long valley seen from above, with the paths of {', '.join(paths)}")
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
    figure.set_label(
        f"Total loss of a run, and its images at the steps {', '.join(map(str, shown))}"
    )
    return figure


def draw_curve(
    axis: Axes, x: Sequence[float], y: Sequence[float], name: str, index: int, marker: str = ""
) -> None:
    """One line in the color with this index."""
    color = CURVE_COLORS[index % len(CURVE_COLORS)]
    axis.plot(x, positive(y), label=name, color=color, linewidth=1.8, marker=marker)
