"""Figures of notebook 03: Gram matrices, the channels behind them, and what they leave open."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

from ..images.io import to_pil


def number_grids(arrays: Sequence[Tensor], titles: Sequence[str], width: float = 9) -> Figure:
    """Small matrices as coloured squares with their numbers: blue above 0, red below, white at 0.

    Args:
        arrays: each (rows, columns).
        titles: one for each matrix.
        width: of the figure, in inches.
    """
    arrays = [array.detach().cpu().float() for array in arrays]
    largest = max(array.abs().max().item() for array in arrays)
    widths = [array.shape[1] for array in arrays]
    height = width / sum(widths) * max(array.shape[0] for array in arrays) * 0.8 + 0.7
    figure, axes = plt.subplots(
        1,
        len(arrays),
        figsize=(width, height),
        dpi=100,
        layout="constrained",
        squeeze=False,
        gridspec_kw={"width_ratios": widths},
    )
    for axis, array, title in zip(axes[0], arrays, titles, strict=True):
        axis.imshow(array.numpy(), cmap="RdBu", vmin=-1.6 * largest, vmax=1.6 * largest)
        for row, line in enumerate(array.tolist()):
            for column, value in enumerate(line):
                number = f"{value:g}".replace("-", "−")
                axis.text(column, row, number, ha="center", va="center", fontsize=14)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_title(title, fontsize=11)
    plt.close(figure)
    return figure


def gram_heatmaps(
    images: Sequence[Tensor],
    grams: Sequence[Tensor],
    titles: Sequence[str],
    strongest: int = 64,
    width: float = 11,
) -> Figure:
    """Pictures, and below each its Gram matrix, on one logarithmic colour scale.

    The channels stand in the same order everywhere: those that are strongest in the first picture
    come first.

    Args:
        images: each (1, 3, H, W), 0…1.
        grams: their Gram matrices, each (1, C, C), of one layer.
        titles: one for each picture.
        strongest: how many channels are shown.
        width: of the figure, in inches.
    """
    grams = [gram.detach().cpu()[0] for gram in grams]
    order = grams[0].diagonal().argsort(descending=True)[:strongest]
    grams = [gram[order][:, order] for gram in grams]
    largest = max(gram.max().item() for gram in grams)
    scale = LogNorm(largest / 1e4, largest)  # four orders of magnitude; smaller ones are darkest
    shown = [to_pil(image) for image in images]
    ratio = max(picture.height / picture.width for picture in shown)
    column = (width - 1.4) / len(images)  # 1.4 for the scale, the numbers and their labels
    figure, axes = plt.subplots(
        2,
        len(images),
        figsize=(width, column * (ratio + 1) + 0.9),
        dpi=100,
        layout="constrained",
        squeeze=False,
        gridspec_kw={"height_ratios": (ratio, 1)},
    )
    for top, bottom, picture, gram, title in zip(*axes, shown, grams, titles, strict=True):
        top.imshow(picture)
        top.set_title(title, fontsize=11)
        top.set_axis_off()
        drawn = bottom.imshow(gram.clamp(min=largest / 1e4).numpy(), cmap="magma", norm=scale)
        bottom.set_xlabel("channel j")
        bottom.label_outer()
    axes[1, 0].set_ylabel("channel i, strongest first")
    figure.colorbar(drawn, ax=axes[1], label="$G_{ij}$", shrink=0.9)
    plt.close(figure)
    return figure


def channel_pairs(
    image: Tensor, features: Tensor, pairs: Sequence[tuple[int, int]], width: float = 12
) -> Figure:
    """For each pair of channels: both maps, their product, and where the product is large.

    Args:
        image: (1, 3, H, W), 0…1.
        features: its features at one layer, (1, C, H_l, W_l).
        pairs: (i, j), one row of the figure each.
        width: of the figure, in inches.
    """
    maps = features.detach().cpu()[0]
    ratio = image.shape[2] / image.shape[3]
    figure, axes = plt.subplots(
        len(pairs),
        4,
        figsize=(width, len(pairs) * (width / 4 * ratio + 0.45)),
        dpi=100,
        layout="constrained",
        squeeze=False,
    )
    for row, (i, j) in zip(axes, pairs, strict=True):
        product = maps[i] * maps[j]
        # What the mean would be if both fired at the same places: the scale for the product.
        together = (maps[i].square().mean() * maps[j].square().mean()).sqrt().item()
        row[0].imshow(maps[i].numpy(), cmap="gray")
        row[1].imshow(maps[j].numpy(), cmap="gray")
        row[2].imshow(product.numpy(), cmap="magma", vmin=0, vmax=8 * together)
        row[3].imshow(to_pil(lit_where_large(image, product, 3 * together)))
        titles = (
            f"channel {i}",
            f"channel {j}",
            f"product, mean {product.mean():.3g}",
            "where it is large",
        )
        for axis, title in zip(row, titles, strict=True):
            axis.set_title(title, fontsize=11)
            axis.set_axis_off()
    plt.close(figure)
    return figure


def lit_where_large(image: Tensor, values: Tensor, threshold: float) -> Tensor:
    """The image where values exceed the threshold, and a pale grey version of it elsewhere.

    Args:
        image: (1, 3, H, W), 0…1.
        values: (h, w), a map of any size.
        threshold: what counts as large.
    """
    scaled = torch.nn.functional.interpolate(values[None, None], image.shape[2:], mode="bilinear")
    image = image.cpu()
    pale = 0.75 + 0.25 * image.mean(1, keepdim=True)
    return torch.where(scaled > threshold, image, pale)


def clouds(
    points: Sequence[Tensor], titles: Sequence[str], labels: tuple[str, str], width: float = 11
) -> Figure:
    """Sets of points in the plane side by side, with the same axes.

    Args:
        points: each (2, M): two channels at M positions.
        titles: one for each set.
        labels: of the two axes.
        width: of the figure, in inches.
    """
    drawn = [cloud.detach().cpu().numpy() for cloud in points]
    # A few far points would push all the others together.
    reach = max(np.quantile(np.abs(cloud), 0.995) for cloud in drawn)
    figure, axes = plt.subplots(
        1,
        len(points),
        figsize=(width, width / len(points) + 0.3),
        dpi=100,
        layout="constrained",
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    for axis, (x, y), title in zip(axes[0], drawn, titles, strict=True):
        axis.axhline(0, color="#999999", linewidth=0.8)
        axis.axvline(0, color="#999999", linewidth=0.8)
        axis.scatter(x, y, s=4, alpha=0.35, color="#d1495b", linewidths=0)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel(labels[0])
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes[0, 0].set_ylabel(labels[1])
    plt.close(figure)
    return figure


def feature_maps(
    maps: Sequence[Tensor], titles: Sequence[str], columns: int = 4, width: float = 11
) -> Figure:
    """Single channels as grey pictures, each from its smallest to its largest value.

    Args:
        maps: each (H_l, W_l).
        titles: one for each map.
        columns: maps in a row.
        width: of the figure, in inches.
    """
    rows = -(-len(maps) // columns)
    ratio = max(one.shape[0] / one.shape[1] for one in maps)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(width, rows * (width / columns * ratio + 0.4)),
        dpi=100,
        layout="constrained",
        squeeze=False,
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, one, title in zip(axes.flat, maps, titles, strict=False):
        axis.imshow(one.detach().cpu().numpy(), cmap="gray", interpolation="nearest")
        axis.set_title(title, fontsize=11)
    plt.close(figure)
    return figure
