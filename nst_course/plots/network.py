"""The network itself: its layers, its first filters, what its channels answer, layer by layer."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from torch import Tensor

from ..errors import CourseError
from ..images.io import to_pil
from ..network.vgg import Backbone
from ..visualize import receptive_field

BLUE, ORANGE, RED, GREY = "#3d6f9e", "#e09f3e", "#d1495b", "#444444"
SHEAR = 0.32  # how far the back of a drawn block is shifted, as a part of its height
ONE_CHANNEL = "conv3_1"  # where one sheet of the drawing is picked out


def network(backbone: Backbone, size: int = 224, width: float = 12) -> Figure:
    """The network as a picture: one block a layer, its height the map, its thickness the channels.

    Args:
        backbone: the network that is drawn.
        size: side of the square image that enters, in pixels.
        width: of the figure, in inches.
    """
    layers = [name for name in backbone.layers if not name.startswith("relu")]
    figure, axis = plt.subplots(figsize=(width, width * 0.40), dpi=100, layout="constrained")
    x = 0.0
    starts: dict[int, float] = {}  # where each block begins
    for name in layers:
        jump = receptive_field(name, backbone.network).jump
        channels = backbone.channels(name)
        thickness = 0.12 + 0.75 * channels / 512 if name.startswith("conv") else 0.1
        side = 4.2 * (size // jump) / size
        _block(axis, x, thickness, side, BLUE if name.startswith("conv") else ORANGE)
        if name == ONE_CHANNEL:
            _block(axis, x + thickness / 2, 0.07, side, RED)
            axis.annotate(
                "one channel:\na map of what one filter finds",
                (x + thickness / 2 + 0.15, side / 2 * (1 + SHEAR)),
                (x + 0.5, 2.35),
                color=RED,
                fontsize=10,
                arrowprops={"arrowstyle": "-", "color": RED},
            )
        # All names on one line: the maps stand on a common axis and shrink towards it.
        axis.text(
            x + thickness / 2,
            -2.35,
            name,
            rotation=90,
            ha="center",
            va="top",
            fontsize=9,
            color=GREY,
        )
        starts.setdefault(int(name[4]), x)
        gap = 0.42 if name.startswith("conv") else 0.75
        x += thickness + max(gap, 0.62 * side * SHEAR)
    for block, start in starts.items():
        first = f"conv{block}_1"
        jump = receptive_field(first, backbone.network).jump
        text = (
            f"block {block}\n{size // jump}×{size // jump} units\n"
            f"{backbone.channels(first)} channels\n1 unit every {jump} px"
        )
        axis.text(start, -3.75, text, ha="left", va="top", fontsize=9.5, color="black")
    axis.add_patch(Rectangle((x - 3.6, 2.6), 0.25, 0.3, color=BLUE))
    axis.text(x - 3.2, 2.75, "3×3 convolution, then ReLU", va="center", fontsize=9.5)
    axis.add_patch(Rectangle((x - 3.6, 2.1), 0.25, 0.3, color=ORANGE))
    axis.text(x - 3.2, 2.25, f"2×2 {backbone.pooling} pooling, stride 2", va="center", fontsize=9.5)
    axis.set_xlim(-0.3, x + 0.9)
    axis.set_ylim(-5.4, 3.6)
    axis.set_axis_off()
    axis.set_title(
        f"{backbone.network.upper()[:3]}-{backbone.network[3:]}: "
        f"an image of {size}×{size} pixels enters on the left"
    )
    plt.close(figure)
    return figure


def _block(axis: Axes, x: float, thickness: float, side: float, colour: str) -> None:
    """A box in oblique view: `thickness` wide, `side` high and, foreshortened, as deep."""
    low, high, back = -side / 2, side / 2, side * SHEAR / 2
    faces = (
        ([(x, low), (x + thickness, low), (x + thickness, high), (x, high)], 1.0),
        (
            [
                (x, high),
                (x + thickness, high),
                (x + thickness + back, high + back),
                (x + back, high + back),
            ],
            0.75,
        ),
        (
            [
                (x + thickness, low),
                (x + thickness, high),
                (x + thickness + back, high + back),
                (x + thickness + back, low + back),
            ],
            0.55,
        ),
    )
    for corners, shade in faces:
        rgb = np.array(to_rgb(colour)) * shade + (1 - shade) * 0.15
        axis.add_patch(Polygon(corners, facecolor=rgb, edgecolor="white", linewidth=0.5))


def filters(backbone: Backbone, columns: int = 16, width: float = 12) -> Figure:
    """The filters of the first layer as patches of colour, each scaled to its own range.

    A weight of 0 is mid-grey; a red pixel says that red there excites the unit.

    Args:
        backbone: the network.
        columns: patches in a row.
        width: of the figure, in inches.
    """
    weights = backbone.get_parameter("convolutions.conv1_1.weight").detach().float().cpu()
    rows = -(-len(weights) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, width / columns * rows * 1.22), dpi=100, squeeze=False
    )
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.87, wspace=0.12, hspace=0.35)
    figure.suptitle(f"The {len(weights)} filters of conv1_1: 3×3 pixels in three colours", y=0.99)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, (axis, weight) in enumerate(zip(axes.flat, weights, strict=False)):
        patch = 0.5 + 0.5 * weight / weight.abs().max()
        axis.imshow(patch.permute(1, 2, 0).numpy(), interpolation="nearest")
        axis.set_title(str(number), fontsize=8, pad=2)
    plt.close(figure)
    return figure


def activation_maps(
    features: Mapping[str, Tensor], channels: Mapping[str, Sequence[int]], width: float = 12
) -> Figure:
    """Maps of chosen channels, one row a layer; each map from 0 (black) to its own maximum (white).

    Args:
        features: layer → (1, C, H, W), as a backbone returns them.
        channels: layer → channels to show, the same number for every layer.
        width: of the figure, in inches.

    Raises:
        CourseError: a channel does not exist.
    """
    columns = max(len(chosen) for chosen in channels.values())
    _, _, height, breadth = features[next(iter(channels))].shape
    column_width = (width - 1.2) / columns
    figure, axes = plt.subplots(
        len(channels),
        columns,
        figsize=(width, len(channels) * (column_width * height / breadth + 0.25)),
        dpi=100,
        squeeze=False,
        layout="constrained",
    )
    for row, (layer, chosen) in zip(axes, channels.items(), strict=True):
        count, high, wide = features[layer].shape[1:]
        for axis, channel in zip(row, chosen, strict=True):
            if not 0 <= channel < count:
                raise CourseError(f"{layer} has channels 0 to {count - 1}, not {channel!r}.")
            values = features[layer][0, channel].detach().float().cpu()
            peak = values.max().item()
            # A channel that is negative everywhere is shown black, and called by its name.
            brightest = max(peak, 1e-6)
            axis.imshow(
                values.numpy(), cmap="magma", vmin=0, vmax=brightest, interpolation="nearest"
            )
            answer = f"up to {peak:.0f}" if peak > 0 else "silent"
            axis.set_title(f"channel {channel}, {answer}", fontsize=9, pad=3)
            axis.set_xticks([])
            axis.set_yticks([])
        row[0].set_ylabel(
            f"{layer}\n{count} channels\n{high}×{wide} units",
            rotation=0,
            ha="right",
            va="center",
            fontsize=10,
        )
    plt.close(figure)
    return figure


def layer_profile(
    curves: Mapping[str, Mapping[str, float]], ylabel: str, title: str = "", width: float = 9
) -> Figure:
    """One number for every layer, from shallow to deep, as one curve or several.

    Args:
        curves: label → layer → number.
        ylabel: what the number is.
        title: over the figure.
        width: of the figure, in inches.
    """
    figure, axis = plt.subplots(figsize=(width, width * 0.42), dpi=100, layout="constrained")
    for (label, values), colour in zip(curves.items(), (BLUE, RED, ORANGE, GREY), strict=False):
        axis.plot(list(values), list(values.values()), marker="o", label=label, color=colour)
    axis.set_xlabel("layer, from shallow to deep")
    axis.set_ylabel(ylabel)
    axis.set_ylim(bottom=0)
    axis.tick_params(axis="x", rotation=45)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    axis.set_title(title)
    plt.close(figure)
    return figure


def show_picture(axis: Axes, image: Tensor, title: str = "") -> None:
    """A picture on an axis, without ticks."""
    axis.imshow(to_pil(image), interpolation="antialiased")
    axis.set_title(title, fontsize=10, pad=4)
    axis.set_xticks([])
    axis.set_yticks([])
