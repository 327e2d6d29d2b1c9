"""Single units: where they look, what excites them."""

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
        1,
        len(fields),
        figsize=(width, panel * height / breadth + 0.75),
        dpi=100,
        squeeze=False,
        layout="constrained",
    )
    for axis, field, strength in zip(axes[0], fields, effective, strict=True):
        row, column = (side // field.jump // 2 for side in (height, breadth))
        box = field.box(row, column)
        deviation = spread(strength)
        # Dim the photograph where the unit does not listen; the root shows the faint outskirts.
        show_picture(axis, image * (0.25 + 0.75 * strength.sqrt()))
        axis.add_patch(outline(box, BOX, 2))
        middle = ((box[1] + box[3] - 1) / 2, (box[0] + box[2] - 1) / 2)
        axis.add_patch(
            Ellipse(middle, 4 * deviation, 4 * deviation, fill=False, edgecolor=MIDDLE, linewidth=2)
        )
        axis.set_xlim(-0.5, breadth - 0.5)
        axis.set_ylim(height - 0.5, -0.5)
        axis.set_title(
            f"{field.layer}\nsees {field.size} px, listens to {4 * deviation:.0f} px", fontsize=10.5
        )
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
        figsize=(width, rows * (width / columns + 0.3) + (0.4 if heading else 0)),
        dpi=100,
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, patch in zip(axes.flat, found, strict=False):
        draw_patch(axis, patch, f"{patch.picture}\n{patch.activation:.0f}")
    if heading:
        figure.suptitle(heading, fontsize=13)
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
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 2, 1.55))
    best, worst = left.subplots(2, 1)
    show_picture(best, card.optimum.image, f"excites it most, up to {card.optimum.strongest:.0f}")
    show_picture(worst, card.opposite.image, f"inhibits it, down to {card.opposite.strongest:.0f}")
    for axis, patch in zip(_grid(middle, 3), card.patches, strict=False):
        draw_patch(axis, patch, f"{patch.picture}, {patch.activation:.0f}")
    origins, answer = right.subfigures(2, 1, height_ratios=(1.1, 1))
    for axis, patch in zip(_grid(origins, 3), card.patches, strict=False):
        show_picture(axis, patch.whole)
        axis.add_patch(outline(patch.box, BOX, 1.5))
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
    show_picture(
        axis, photo * (0.2 + 0.8 * strength), f"your photograph, up to {activation.max():.0f}"
    )


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
