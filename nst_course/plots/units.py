"""Figures of single units and channels: receptive fields, patches, optimized images."""

import textwrap
from collections.abc import Sequence

import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle
from torch import Tensor

from ..images.io import to_pil
from ..visualize import Patch, ReceptiveField, UnitCard, spread
from .figure import blank_axes, new_figure

BOX, ELLIPSE = "#ffd23f", "#3bceac"
TRUE_SIZE_GAP = 50  # pixels between two columns


def receptive_fields(
    image: Tensor,
    fields: Sequence[ReceptiveField],
    effective: Sequence[Tensor],
    width: float = 12,
) -> Figure:
    """The theoretical and the effective receptive field of the central unit of each layer.

    The square is the theoretical one; the circle has a radius of two standard deviations of the
    effective one. Above they are drawn on the image, below on the effective field, enlarged.

    Args:
        image: (1, 3, H, W), 0…1.
        fields: the receptive field of each layer.
        effective: the effective receptive field of the central unit of each layer, (H, W), from
            `visualize.effective_receptive_field`.
        width: of the figure, in inches.
    """
    height, breadth = image.shape[2:]
    panel = width / len(fields)
    figure = new_figure(width, panel * (height / breadth + 0.85) + 0.9)
    axes = figure.subplots(2, len(fields), squeeze=False, height_ratios=(height / breadth, 0.85))
    for (above, below), field, strength in zip(axes.T, fields, effective, strict=True):
        row, column = (side // field.jump // 2 for side in (height, breadth))
        box = field.box(row, column)
        diameter = 4 * spread(strength)
        show_picture(above, image)
        above.set_title(f"{field.layer}\nreceptive field {field.size} px", fontsize=10.5)
        below.imshow(strength.numpy(), cmap="inferno", vmin=0)
        below.set_xticks([])
        below.set_yticks([])
        below.set_title(f"effective {diameter:.0f} px", fontsize=10.5)
        middle = ((box[1] + box[3] - 1) / 2, (box[0] + box[2] - 1) / 2)
        for axis in (above, below):
            axis.add_patch(outline(box, BOX, 2))
            axis.add_patch(
                Ellipse(middle, diameter, diameter, fill=False, edgecolor=ELLIPSE, linewidth=2)
            )
        above.set_xlim(-0.5, breadth - 0.5)
        above.set_ylim(height - 0.5, -0.5)
        # Below, the section is the square and a margin.
        margin = 0.56 * field.size
        below.set_xlim(middle[0] - margin, middle[0] + margin)
        below.set_ylim(middle[1] + margin, middle[1] - margin)
        below.set_facecolor("black")
    return figure


def patches(
    found: Sequence[Patch], columns: int = 3, width: float = 6, heading: str = ""
) -> Figure:
    """Patches in rows; the hatched part of a patch is outside its picture.

    Args:
        found: as `visualize.PatchSearch.top` returns them.
        columns: patches in a row.
        width: of the figure, in inches.
        heading: title of the figure.
    """
    rows = -(-len(found) // columns)
    figure = new_figure(width, rows * (width / columns + 0.6) + (0.4 if heading else 0))
    for axis, patch in zip(blank_axes(figure, rows, columns), found, strict=False):
        name = textwrap.fill(patch.picture.replace("_", " "), round(13 * width / columns))
        draw_patch(axis, patch, f"{name}\n{patch.activation:.0f}", fontsize=9)
    if heading:
        figure.suptitle(heading, fontsize=13)
    return figure


def true_size(images: Sequence[Tensor], titles: Sequence[str]) -> Figure:
    """Images in rows of four, without resampling: one pixel of the figure for each of the image.

    Args:
        images: (1, 3, H, W), 0…1, all of one shape.
        titles: one for each image, of up to three lines.
    """
    height, breadth = images[0].shape[2:]
    title_height = 18 * max(title.count("\n") + 1 for title in titles) + 8
    columns = min(4, len(images))
    rows = -(-len(images) // columns)
    across, down = columns * (breadth + TRUE_SIZE_GAP), rows * (height + title_height)
    figure = new_figure(across / 100, down / 100, layout=None)
    for number, (image, title) in enumerate(zip(images, titles, strict=True)):
        row, column = divmod(number, columns)
        left = column * (breadth + TRUE_SIZE_GAP) + TRUE_SIZE_GAP // 2
        bottom = down - (row + 1) * (height + title_height)
        axis = figure.add_axes((left / across, bottom / down, breadth / across, height / down))
        show_picture(axis, image, title, interpolation="nearest")
        axis.set_axis_off()
    return figure


def unit_card(card: UnitCard, width: float = 12) -> Figure:
    """All results about one channel on one page.

    Left: the images that maximize and minimize it. Middle: the patches with its highest
    activations. Right: the pictures from which the patches come, and the activations on a
    photograph.

    Args:
        card: as `visualize.unit_card` returns it.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.5)
    [[left, middle, right]] = figure.subfigures(1, 3, squeeze=False, width_ratios=(1, 2, 1.55))
    best, worst = left.subplots(2, 1)
    show_picture(best, card.optimum.image, f"maximized, up to {card.optimum.max_activation:.0f}")
    lowest = card.opposite.max_activation
    show_picture(worst, card.opposite.image, f"minimized, down to {lowest:.0f}")
    for axis, patch in zip(blank_axes(middle, 3, 3), card.patches, strict=False):
        draw_patch(axis, patch, f"{patch.picture}, {patch.activation:.0f}", fontsize=8.5)
    origins, response = right.subfigures(2, 1, height_ratios=(1.1, 1))
    origins.suptitle("where the patches come from", fontsize=10)
    for axis, patch in zip(blank_axes(origins, 3, 3), card.patches, strict=False):
        show_picture(axis, patch.whole)
        axis.add_patch(outline(patch.box, BOX, 1.5))
        # A box may extend beyond the picture.
        (start, end), (low, high) = axis.get_xlim(), axis.get_ylim()
        axis.set_xlim(min(start, patch.box[1] - 2), max(end, patch.box[3] + 1))
        axis.set_ylim(max(low, patch.box[2] + 1), min(high, patch.box[0] - 2))
    draw_activation(response.subplots(), card.photo, card.activation)
    figure.suptitle(f"{card.optimum.layer}, channel {card.optimum.channel}", fontsize=14)
    return figure


def show_picture(
    axis: Axes,
    image: Tensor,
    title: str = "",
    fontsize: float = 10,
    interpolation: str = "antialiased",
) -> None:
    """An image (1, 3, H, W) in a frame without ticks."""
    axis.imshow(to_pil(image), interpolation=interpolation)
    axis.set_title(title, fontsize=fontsize, pad=4)
    axis.set_xticks([])
    axis.set_yticks([])


def draw_patch(axis: Axes, patch: Patch, title: str, fontsize: float) -> None:
    """A patch, with hatching over the part outside its picture."""
    size = patch.box[2] - patch.box[0]
    top, left, bottom, right = patch.inside
    interpolation = "nearest" if size < 64 else "antialiased"
    show_picture(axis, patch.image, title, fontsize, interpolation)
    outside = (
        (0, 0, top, size),
        (bottom, 0, size, size),
        (0, 0, size, left),
        (0, right, size, size),
    )
    for box in outside:
        if box[2] > box[0] and box[3] > box[1]:
            shade = outline(box, "white", 0)
            shade.set(fill=True, facecolor="#cccccc", edgecolor="#888888", hatch="////")
            axis.add_patch(shade)


def draw_activation(axis: Axes, photo: Tensor, activation: Tensor) -> None:
    """A photograph, bright where the activations of a channel (H_l, W_l) are high."""
    height, width = photo.shape[2:]
    enlarged = F.interpolate(activation[None, None].float(), (height, width), mode="bilinear")[0, 0]
    strength = enlarged.clamp(min=0) / enlarged.max().clamp(min=1e-6)
    lit = photo * (0.3 + 0.7 * strength.sqrt())  # the root makes weak activations visible
    show_picture(axis, lit, f"your photograph, up to {activation.max():.0f}")


def outline(box: tuple[int, int, int, int], color: str, linewidth: float) -> Rectangle:
    """The edge of a (top, left, bottom, right) box of pixels."""
    top, left, bottom, right = box
    return Rectangle(
        (left - 0.5, top - 0.5),
        right - left,
        bottom - top,
        fill=False,
        edgecolor=color,
        linewidth=linewidth,
    )
