"""Figures of notebook 08: masks at the layers of the network, and the colors of pictures."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .figure import blank_axes, new_figure

MOST_POINTS = 3000  # of a cloud; more are drawn on top of each other
TITLE = 0.4  # height of the line above a row of masks, in inches


def masks(
    rows: Mapping[str, Sequence[Tensor]],
    titles: Sequence[str] = (),
    width: float = 12,
    alt: str = "",
) -> Figure:
    """Masks in rows, black at 0 and white at 1; every entry is a square that can be seen.

    Args:
        rows: name of a row → its masks, each (H, W) or (1, 1, H, W), 0…1.
        titles: of the columns.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.
    """
    shown = {
        name: [mask.detach().cpu().reshape(mask.shape[-2:]) for mask in row]
        for name, row in rows.items()
    }
    columns = max(len(row) for row in shown.values())
    first = next(iter(shown.values()))[0]
    height = len(shown) * (width / columns * first.shape[0] / first.shape[1] + TITLE)
    figure = new_figure(width, height)
    figure.set_label(alt or f"masks: {', '.join([*shown, *titles])}")
    axes = blank_axes(figure, len(shown), columns)
    for number, (name, row) in enumerate(shown.items()):
        for column, mask in enumerate(row):
            axis = axes[number * columns + column]
            axis.imshow(mask, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            title = titles[column] if number == 0 and column < len(titles) else ""
            axis.set_title(f"{title}\n{name}" if column == 0 and name else title, fontsize=10)
    return figure


def color_clouds(
    pictures: Mapping[str, Tensor],
    axes: tuple[int, int] = (0, 2),
    width: float = 12,
    alt: str = "",
) -> Figure:
    """The pixels of pictures as points in their own color, over two of the three channels.

    An ellipse stands for mean and covariance: two standard deviations along each principal axis.

    Args:
        pictures: name → image, (1, 3, H, W); values outside 0…1 keep their place.
        axes: the channels; 0 is red, 1 green, 2 blue.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.
    """
    figure = new_figure(width, width / len(pictures) + TITLE)
    figure.set_label(alt or f"colors of the pixels: {', '.join(pictures)}")
    panels = figure.subplots(1, len(pictures), sharex=True, sharey=True, squeeze=False)[0]
    names = ("red", "green", "blue")
    for panel, (name, picture) in zip(panels, pictures.items(), strict=True):
        pixels = picture[0].detach().cpu().flatten(1)
        step = max(1, pixels.shape[1] // MOST_POINTS)
        points = pixels[:, ::step]
        panel.scatter(*points[list(axes)], s=4, c=points.T.clamp(0, 1).numpy(), linewidths=0)
        panel.plot(*ellipse(pixels[list(axes)]), color="black", linewidth=1.5)
        panel.set_title(name, fontsize=11)
        panel.set_xlabel(names[axes[0]])
        panel.set_aspect("equal")
        panel.set_facecolor("#d8d8d8")  # white points remain visible
    panels[0].set_ylabel(names[axes[1]])
    return figure


def ellipse(points: Tensor) -> Tensor:
    """Mean plus two standard deviations in every direction, (2, 100), of points (2, N)."""
    angles = torch.linspace(0, 2 * torch.pi, 100)
    variances, directions = torch.linalg.eigh(torch.cov(points))
    spread = directions @ torch.diag(variances.clamp(min=0).sqrt())
    return points.mean(1, keepdim=True) + 2 * spread @ torch.stack([angles.cos(), angles.sin()])
