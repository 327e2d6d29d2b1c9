"""Figures of notebook 07: mixtures of two artworks, and of three."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil
from .curves import label_log_axis
from .figure import draw_picture, new_figure
from .loop import CURVE_COLORS, draw_curve

TITLE = 0.28  # height of the line above a picture of the triangle, in inches
GAP = 0.08  # between two pictures, in inches


def mixtures(
    weights: Sequence[float],
    losses: Mapping[str, Sequence[float]],
    xlabel: str = "weight λ of the second artwork",
    ylabel: str = "style loss",
    width: float = 8,
    alt: str = "",
) -> Figure:
    """A loss of each artwork over the weight of a mixture, on a logarithmic axis.

    Args:
        weights: λ of each picture.
        losses: name of a curve → its value for each picture.
        xlabel, ylabel: of the axes.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.
    """
    figure = new_figure(width, width * 0.42)
    figure.set_label(alt or f"{ylabel} over {xlabel}: {', '.join(losses)}")
    axis = figure.subplots()
    for index, (name, values) in enumerate(losses.items()):
        draw_curve(axis, weights, values, name, index)
        axis.plot(weights, values, "o", color=CURVE_COLORS[index % len(CURVE_COLORS)])
    label_log_axis(axis, xlabel, ylabel)
    figure.legend(frameon=False, loc="outside right center", fontsize=9)
    return figure


def triangle(
    images: Mapping[tuple[float, float, float], Tensor],
    names: Sequence[str],
    width: float = 12,
    alt: str = "",
) -> Figure:
    """Mixtures of three artworks at their places in a triangle, whose corners are the artworks.

    Args:
        images: weights of the three artworks, which add up to 1 → image (1, 3, H, W), all of one
            shape. The first artwork is the upper corner, the second the left one.
        names: of the three artworks.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.

    Raises:
        CourseError: there are no images, or not three names.
    """
    if not images or len(names) != 3:
        raise CourseError(f"{len(images)} images and {len(names)} names; give images and 3 names.")
    shown = {weights: to_pil(image) for weights, image in images.items()}
    rows = sorted({weights[0] for weights in shown}, reverse=True)
    across = max(sum(weights[0] == row for weights in shown) for row in rows)
    side = width / across
    ratio = max(picture.height / picture.width for picture in shown.values())
    row_height = (side - GAP) * ratio + TITLE + GAP
    height = row_height * len(rows)
    figure = new_figure(width, height, layout=None)
    figure.set_label(alt or f"{len(shown)} mixtures of {', '.join(names)} in a triangle")
    for weights, picture in shown.items():
        top, left, right = weights
        row = rows.index(top)
        # The middle of the picture: the mean of the corners by weight, in widths of a picture.
        middle = (across - 1) * (right + top / 2) * side + side / 2
        box = (middle - (side - GAP) / 2, height - (row + 1) * row_height + GAP / 2)
        axis = figure.add_axes(
            (box[0] / width, box[1] / height, (side - GAP) / width, (side - GAP) * ratio / height)
        )
        pure = max(weights) > 0.999
        parts = " : ".join(f"{100 * weight:.0f}" for weight in weights)
        title = names[max(range(3), key=lambda k: weights[k])] if pure else parts
        draw_picture(axis, picture, title, fontsize=10, interpolation="lanczos")
    return figure
