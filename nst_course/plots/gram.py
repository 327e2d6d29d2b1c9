"""Figures of notebook 03: Gram matrices, the channels that they relate, and what they discard."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

from ..checks import renamed
from ..images.io import to_pil
from .figure import blank_axes, draw_picture, new_figure


def number_grids(arrays: Sequence[Tensor], titles: Sequence[str], width: float = 9) -> Figure:
    """Small matrices as colored cells with their numbers: blue above 0, red below, white at 0.

    Args:
        arrays: each (rows, columns).
        titles: one for each matrix.
        width: of the figure, in inches.
    """
    arrays = [array.detach().cpu().float() for array in arrays]
    largest = max(array.abs().max().item() for array in arrays)
    widths = [array.shape[1] for array in arrays]
    height = width / sum(widths) * max(array.shape[0] for array in arrays) * 0.8 + 0.7
    figure = new_figure(width, height)
    axes = figure.subplots(1, len(arrays), squeeze=False, width_ratios=widths)[0]
    for axis, array, title in zip(axes, arrays, titles, strict=True):
        axis.imshow(array.numpy(), cmap="RdBu", vmin=-1.6 * largest, vmax=1.6 * largest)
        for row, line in enumerate(array.tolist()):
            for column, value in enumerate(line):
                number = f"{value:g}".replace("-", "−")
                axis.text(column, row, number, ha="center", va="center", fontsize=14)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_title(title, fontsize=11)
    return figure


@renamed(strongest="channels")
def gram_heatmaps(
    images: Sequence[Tensor],
    grams: Sequence[Tensor],
    titles: Sequence[str],
    channels: int = 64,
    width: float = 11,
) -> Figure:
    """Pictures, and below each its Gram matrix, on one logarithmic color scale.

    The order of the channels is the same everywhere: descending by their mean square activation in
    the first picture.

    Args:
        images: each (1, 3, H, W), 0…1.
        grams: their Gram matrices, each (1, C, C), of one layer.
        titles: one for each picture.
        channels: the number of channels that are shown.
        width: of the figure, in inches.
    """
    grams = [gram.detach().cpu()[0] for gram in grams]
    order = grams[0].diagonal().argsort(descending=True)[:channels]
    grams = [gram[order][:, order] for gram in grams]
    largest = max(gram.max().item() for gram in grams)
    scale = LogNorm(largest / 1e4, largest)  # four orders of magnitude; smaller ones are darkest
    shown = [to_pil(image) for image in images]
    ratio = max(picture.height / picture.width for picture in shown)
    column = (width - 1.4) / len(images)  # 1.4 for the color bar, its numbers, and the labels
    figure = new_figure(width, column * (ratio + 1) + 0.9)
    axes = figure.subplots(2, len(images), squeeze=False, height_ratios=(ratio, 1))
    for top, bottom, picture, gram, title in zip(*axes, shown, grams, titles, strict=True):
        draw_picture(top, picture, title)
        drawn = bottom.imshow(gram.clamp(min=largest / 1e4).numpy(), cmap="magma", norm=scale)
        bottom.set_xlabel("channel j")
        bottom.label_outer()
    axes[1, 0].set_ylabel("channel i, sorted by $G_{ii}$")
    figure.colorbar(drawn, ax=axes[1], label="$G_{ij}$", shrink=0.9)
    return figure


def channel_pairs(
    image: Tensor, features: Tensor, pairs: Sequence[tuple[int, int]], width: float = 12
) -> Figure:
    """For each pair of channels: both maps, their product, and where the product is large.

    Args:
        image: (1, 3, H, W), 0…1.
        features: its features at one layer, (1, C, H_l, W_l).
        pairs: (i, j), one row of the figure for each.
        width: of the figure, in inches.
    """
    maps = features.detach().cpu()[0]
    ratio = image.shape[2] / image.shape[3]
    figure = new_figure(width, len(pairs) * (width / 4 * ratio + 0.45))
    axes = figure.subplots(len(pairs), 4, squeeze=False)
    for row, (i, j) in zip(axes, pairs, strict=True):
        product = maps[i] * maps[j]
        # The mean of the product if the two maps were proportional, as the unit of its scale.
        unit = (maps[i].square().mean() * maps[j].square().mean()).sqrt().item()
        draw_picture(row[0], maps[i].numpy(), f"channel {i}", cmap="gray")
        draw_picture(row[1], maps[j].numpy(), f"channel {j}", cmap="gray")
        title = f"product, mean {product.mean():.3g}"
        draw_picture(row[2], product.numpy(), title, cmap="magma", vmin=0, vmax=8 * unit)
        draw_picture(row[3], to_pil(highlight(image, product, 3 * unit)), "where it is large")
    return figure


def highlight(image: Tensor, values: Tensor, threshold: float) -> Tensor:
    """The image where the values exceed the threshold, and a pale gray version of it elsewhere.

    Args:
        image: (1, 3, H, W), 0…1.
        values: (h, w), of any size; they are interpolated.
        threshold: in the unit of the values.
    """
    scaled = torch.nn.functional.interpolate(values[None, None], image.shape[2:], mode="bilinear")
    image = image.cpu()
    pale = 0.75 + 0.25 * image.mean(1, keepdim=True)
    return torch.where(scaled > threshold, image, pale)


def clouds(
    points: Sequence[Tensor], titles: Sequence[str], labels: tuple[str, str], width: float = 11
) -> Figure:
    """Point clouds in the plane, side by side on the same axes.

    Args:
        points: each (2, M): the activations of two channels at M positions.
        titles: one for each cloud.
        labels: of the two axes.
        width: of the figure, in inches.
    """
    drawn = [cloud.detach().cpu().numpy() for cloud in points]
    limit = max(np.abs(cloud).max() for cloud in drawn)
    figure = new_figure(width, width / len(points) + 0.3)
    axes = figure.subplots(1, len(points), squeeze=False, sharex=True, sharey=True)[0]
    for axis, (x, y), title in zip(axes, drawn, titles, strict=True):
        axis.axhline(0, color="#999999", linewidth=0.8)
        axis.axvline(0, color="#999999", linewidth=0.8)
        axis.scatter(x, y, s=4, alpha=0.35, color="#d1495b", linewidths=0)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel(labels[0])
        axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    axes[0].set_ylabel(labels[1])
    return figure


def feature_maps(
    maps: Sequence[Tensor], titles: Sequence[str], columns: int = 4, width: float = 11
) -> Figure:
    """Single channels as gray pictures, each from its minimum (black) to its maximum (white).

    Args:
        maps: each (H_l, W_l).
        titles: one for each map.
        columns: maps in a row.
        width: of the figure, in inches.
    """
    rows = -(-len(maps) // columns)
    ratio = max(one.shape[0] / one.shape[1] for one in maps)
    figure = new_figure(width, rows * (width / columns * ratio + 0.4))
    for axis, one, title in zip(blank_axes(figure, rows, columns), maps, titles, strict=False):
        draw_picture(axis, one.detach().cpu().numpy(), title, cmap="gray", interpolation="nearest")
    return figure
