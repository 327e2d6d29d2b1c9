"""Single units: where they look, what excites them."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle
from torch import Tensor

from ..visualize import Patch, ReceptiveField, UnitCard, spread
from .network import show_picture

BOX, MIDDLE = "#ffd23f", "#3bceac"


def receptive_fields(
    image: Tensor,
    fields: Sequence[ReceptiveField],
    effective: Sequence[Tensor],
    width: float = 12,
) -> Figure:
    """What the unit in the middle sees: its square, and how strongly it listens to each pixel.

    Above the square on the picture, below it the effective field, enlarged. The circle has a
    radius of two standard deviations.

    Args:
        image: (1, 3, H, W), 0…1.
        fields: the receptive field of each layer.
        effective: the effective field of each layer, (H, W), as `visualize.effective_field` gives
            it for the unit in the middle.
        width: of the figure, in inches.
    """
    height, breadth = image.shape[2:]
    panel = width / len(fields)
    figure, axes = plt.subplots(
        2,
        len(fields),
        figsize=(width, panel * (height / breadth + 0.85) + 0.9),
        dpi=100,
        squeeze=False,
        layout="constrained",
        height_ratios=(height / breadth, 0.85),
    )
    for (place, closer), field, strength in zip(axes.T, fields, effective, strict=True):
        row, column = (side // field.jump // 2 for side in (height, breadth))
        box = field.box(row, column)
        deviation = spread(strength)
        show_picture(place, image)
        place.set_title(f"{field.layer}\nsees {field.size} px", fontsize=10.5)
        closer.imshow(strength.numpy(), cmap="inferno", vmin=0)
        closer.set_xticks([])
        closer.set_yticks([])
        closer.set_title(f"listens mostly to {4 * deviation:.0f} px", fontsize=10.5)
        middle = ((box[1] + box[3] - 1) / 2, (box[0] + box[2] - 1) / 2)
        for axis in (place, closer):
            axis.add_patch(outline(box, BOX, 2))
            diameter = 4 * deviation
            axis.add_patch(
                Ellipse(middle, diameter, diameter, fill=False, edgecolor=MIDDLE, linewidth=2)
            )
        place.set_xlim(-0.5, breadth - 0.5)
        place.set_ylim(height - 0.5, -0.5)
        # The lower picture shows the square and a little around it, whatever its size.
        margin = 0.56 * field.size
        closer.set_xlim(middle[0] - margin, middle[0] + margin)
        closer.set_ylim(middle[1] + margin, middle[1] - margin)
        closer.set_facecolor("black")
    plt.close(figure)
    return figure


def patches(
    found: Sequence[Patch], columns: int = 3, width: float = 6, heading: str = ""
) -> Figure:
    """Patches in rows; the hatched part of one lies outside its picture.

    Args:
        found: as `visualize.PatchSearch.top` returns them.
        columns: patches in a row.
        width: of the figure, in inches.
        heading: over the figure.
    """
    rows = -(-len(found) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(width, rows * (width / columns + 0.6) + (0.4 if heading else 0)),
        dpi=100,
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, patch in zip(axes.flat, found, strict=False):
        name = textwrap.fill(patch.picture.replace("_", " "), round(13 * width / columns))
        draw_patch(axis, patch, f"{name}\n{patch.activation:.0f}")
        axis.title.set_fontsize(9)
    if heading:
        figure.suptitle(heading, fontsize=13)
    plt.close(figure)
    return figure


def true_size(
    images: Sequence[Tensor], titles: Sequence[str], columns: int = 4, gap: int = 50
) -> Figure:
    """Images in rows, one pixel of the image on one pixel of the figure: nothing is smoothed.

    Args:
        images: (1, 3, H, W), 0…1, all of one shape.
        titles: one for each image, of up to three lines.
        columns: images in a row.
        gap: pixels between two columns.
    """
    height, breadth = images[0].shape[2:]
    head = 18 * max(title.count("\n") + 1 for title in titles) + 8
    columns = min(columns, len(images))
    across, down = columns * (breadth + gap), -(-len(images) // columns) * (height + head)
    figure = plt.figure(figsize=(across / 100, down / 100), dpi=100)
    for number, (image, title) in enumerate(zip(images, titles, strict=True)):
        row, column = divmod(number, columns)
        left, top = column * (breadth + gap) + gap // 2, row * (height + head) + head
        place = (left / across, 1 - (top + height) / down, breadth / across, height / down)
        axis = figure.add_axes(place)
        show_picture(axis, image, title)
        axis.set_axis_off()
        axis.images[0].set_interpolation("nearest")
    plt.close(figure)
    return figure


def unit_card(card: UnitCard, width: float = 12) -> Figure:
    """Everything about one unit on one page.

    On the left the images that excite it most and least; in the middle the patches that excite it
    most; on the right where those patches come from, and the unit's answer to a photograph.

    Args:
        card: as `visualize.unit_card` returns it.
        width: of the figure, in inches.
    """
    figure = plt.figure(figsize=(width, width * 0.5), dpi=100, layout="constrained")
    columns = figure.subfigures(1, 3, squeeze=False, width_ratios=(1, 2, 1.55))
    [[left, middle, right]] = columns
    best, worst = left.subplots(2, 1)
    show_picture(best, card.optimum.image, f"excites it most, up to {card.optimum.strongest:.0f}")
    show_picture(worst, card.opposite.image, f"inhibits it, down to {card.opposite.strongest:.0f}")
    for axis, patch in zip(_grid(middle, 3), card.patches, strict=False):
        draw_patch(axis, patch, f"{patch.picture}, {patch.activation:.0f}")
        axis.title.set_fontsize(8.5)
    origins, answer = right.subfigures(2, 1, height_ratios=(1.1, 1))
    origins.suptitle("where the patches come from", fontsize=10)
    for axis, patch in zip(_grid(origins, 3), card.patches, strict=False):
        show_picture(axis, patch.whole)
        axis.add_patch(outline(patch.box, BOX, 1.5))
        # Room for a box that hangs over the picture.
        (left, right), (low, high) = axis.get_xlim(), axis.get_ylim()
        axis.set_xlim(min(left, patch.box[1] - 2), max(right, patch.box[3] + 1))
        axis.set_ylim(max(low, patch.box[2] + 1), min(high, patch.box[0] - 2))
    draw_answer(answer.subplots(), card.photo, card.activation)
    figure.suptitle(f"{card.optimum.layer}, channel {card.optimum.channel}", fontsize=14)
    plt.close(figure)
    return figure


def _grid(figure: Figure, side: int) -> list[Axes]:
    axes = figure.subplots(side, side, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    return list(axes.flat)


def draw_patch(axis: Axes, patch: Patch, title: str) -> None:
    """A patch, with hatching over the part that lies outside its picture."""
    size = patch.box[2] - patch.box[0]
    top, left, bottom, right = patch.inside
    show_picture(axis, patch.image, title)
    axis.images[0].set_interpolation("nearest" if size < 64 else "antialiased")
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


def draw_answer(axis: Axes, photo: Tensor, activation: Tensor) -> None:
    """The map of a unit laid over the photograph that it answers to."""
    height, width = photo.shape[2:]
    enlarged = F.interpolate(activation[None, None].float(), (height, width), mode="bilinear")[0, 0]
    strength = enlarged.clamp(min=0) / enlarged.max().clamp(min=1e-6)
    lit = photo * (0.3 + 0.7 * strength.sqrt())  # the root, so that weak answers are seen too
    show_picture(axis, lit, f"your photograph, up to {activation.max():.0f}")


def outline(box: tuple[int, int, int, int], colour: str, linewidth: float) -> Rectangle:
    """The edge of a (top, left, bottom, right) box of pixels."""
    top, left, bottom, right = box
    return Rectangle(
        (left - 0.5, top - 0.5),
        right - left,
        bottom - top,
        fill=False,
        edgecolor=colour,
        linewidth=linewidth,
    )
