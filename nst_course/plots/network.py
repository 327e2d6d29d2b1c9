"""Figures of the network: its layers, its first filters, its activation maps, values by layer."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from torch import Tensor

from ..errors import CourseError
from ..network.vgg import Backbone
from ..visualize import receptive_field
from .figure import blank_axes, new_figure

BLUE, ORANGE, RED, GRAY = "#3d6f9e", "#e09f3e", "#d1495b", "#444444"
SHEAR = 0.32  # horizontal and vertical shift of the back of a drawn box, relative to its height
ONE_CHANNEL = "conv3_1"  # the layer in which one channel is drawn in red


def network(backbone: Backbone, size: int = 224, width: float = 12) -> Figure:
    """The network as one box for each layer: height and depth for the map, width for the channels.

    Args:
        backbone: the network.
        size: side of the square input image, in pixels.
        width: of the figure, in inches.
    """
    layers = [name for name in backbone.layers if not name.startswith("relu")]
    figure = new_figure(width, width * 0.40)
    axis = figure.subplots()
    x = 0.0
    starts: dict[int, float] = {}  # block → x of its first layer
    for name in layers:
        jump = receptive_field(name, backbone.network).jump
        channels = backbone.channels(name)
        thickness = 0.12 + 0.75 * channels / 512 if name.startswith("conv") else 0.1
        side = 4.2 * (size // jump) / size
        draw_box(axis, x, thickness, side, BLUE if name.startswith("conv") else ORANGE)
        if name == ONE_CHANNEL:
            draw_box(axis, x + thickness / 2, 0.07, side, RED)
            axis.annotate(
                "one channel:\nthe activations of one filter",
                (x + thickness / 2 + 0.15, side / 2 * (1 + SHEAR)),
                (x + 0.5, 2.35),
                color=RED,
                fontsize=10,
                arrowprops={"arrowstyle": "-", "color": RED},
            )
        # All names on one line, at the height of the lowest box.
        middle = x + thickness / 2
        axis.text(middle, -2.35, name, rotation=90, ha="center", va="top", fontsize=9, color=GRAY)
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
        f"the input on the left is an image of {size}×{size} pixels"
    )
    return figure


def draw_box(axis: Axes, x: float, thickness: float, side: float, color: str) -> None:
    """A box in oblique projection: `thickness` wide, `side` high and deep, at `x`."""
    low, high, back = -side / 2, side / 2, side * SHEAR / 2
    end = x + thickness
    front = [(x, low), (end, low), (end, high), (x, high)]
    top = [(x, high), (end, high), (end + back, high + back), (x + back, high + back)]
    right = [(end, low), (end, high), (end + back, high + back), (end + back, low + back)]
    for corners, shade in ((front, 1.0), (top, 0.75), (right, 0.55)):
        rgb = np.array(to_rgb(color)) * shade + (1 - shade) * 0.15
        axis.add_patch(Polygon(corners, facecolor=rgb, edgecolor="white", linewidth=0.5))


def filters(backbone: Backbone, columns: int = 16, width: float = 12) -> Figure:
    """The filters of the first layer as color patches, each scaled to its own range.

    A weight of 0 is mid-gray. A patch is red where red in the image increases the activation.

    Args:
        backbone: the network.
        columns: patches in a row.
        width: of the figure, in inches.
    """
    weights = backbone.get_parameter("convolutions.conv1_1.weight").detach().float().cpu()
    rows = -(-len(weights) // columns)
    figure = new_figure(width, width / columns * rows * 1.22, layout=None)
    axes = blank_axes(figure, rows, columns)
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.87, wspace=0.12, hspace=0.35)
    title = f"The {len(weights)} filters of conv1_1: 3×3 pixels in three colors"
    figure.suptitle(title, y=0.99)
    figure.set_label(title)  # the numbers of the patches say nothing to those who cannot see them
    for number, (axis, weight) in enumerate(zip(axes, weights, strict=False)):
        patch = 0.5 + 0.5 * weight / weight.abs().max()
        axis.imshow(patch.permute(1, 2, 0).numpy(), interpolation="nearest")
        axis.set_title(str(number), fontsize=8, pad=2)
    return figure


def activation_maps(
    features: Mapping[str, Tensor], channels: Mapping[str, Sequence[int]], width: float = 12
) -> Figure:
    """Activation maps of chosen channels, each from 0 (black) to its maximum (bright).

    Args:
        features: layer → (1, C, H, W), as a backbone returns them.
        channels: layer → channels, one row of the figure for each layer, equally many in each.
        width: of the figure, in inches.

    Raises:
        CourseError: a channel does not exist.
    """
    columns = max(len(chosen) for chosen in channels.values())
    _, _, height, breadth = features[next(iter(channels))].shape
    column_width = (width - 1.2) / columns
    figure = new_figure(width, len(channels) * (column_width * height / breadth + 0.25))
    axes = figure.subplots(len(channels), columns, squeeze=False)
    for row, (layer, chosen) in zip(axes, channels.items(), strict=True):
        count, high, wide = features[layer].shape[1:]
        for axis, channel in zip(row, chosen, strict=True):
            if not 0 <= channel < count:
                raise CourseError(f"{layer} has channels 0 to {count - 1}, not {channel!r}.")
            values = features[layer][0, channel].detach().float().cpu()
            peak = values.max().item()
            # The lower bound shows a channel black that is nowhere above 0.
            axis.imshow(
                values.numpy(), cmap="magma", vmin=0, vmax=max(peak, 1e-6), interpolation="nearest"
            )
            reached = f"up to {peak:.0f}" if peak > 0 else "inactive"
            axis.set_title(f"channel {channel}, {reached}", fontsize=9, pad=3)
            axis.set_xticks([])
            axis.set_yticks([])
        row[0].set_ylabel(
            f"{layer}\n{count} channels\n{high}×{wide} units",
            rotation=0,
            ha="right",
            va="center",
            fontsize=10,
        )
    return figure


def layer_profile(
    curves: Mapping[str, Mapping[str, float]], ylabel: str, title: str = "", width: float = 9
) -> Figure:
    """One value for each layer, from shallow to deep, as one curve or up to four.

    Args:
        curves: label → layer → value.
        ylabel: what the values are.
        title: of the figure.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.42)
    axis = figure.subplots()
    for (label, values), color in zip(curves.items(), (BLUE, RED, ORANGE, GRAY), strict=False):
        axis.plot(list(values), list(values.values()), marker="o", label=label, color=color)
    axis.set_xlabel("layer, from shallow to deep")
    axis.set_ylabel(ylabel)
    axis.set_ylim(bottom=0)
    axis.tick_params(axis="x", rotation=45)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    axis.set_title(title)
    return figure
