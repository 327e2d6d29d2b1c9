"""Figures of notebook 04: the layers side by side, in their losses, their pull and their curves."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# From light for the first block of the network to dark for the last one; the content in grey.
BLOCK_COLOURS = ("#f9a03f", "#e8575b", "#b5367a", "#6a1f8a", "#1f1a5e")
CONTENT_COLOUR = "#8a9ba8"


def layer_colour(name: str) -> str:
    """The colour of a term: ``"relu3_1"`` by its block, the third one, and ``"content"`` grey."""
    blocks = [int(sign) for sign in name if sign.isdigit()]
    return BLOCK_COLOURS[blocks[0] - 1] if blocks else CONTENT_COLOUR


def layer_bars(rows: Mapping[str, Mapping[str, float]], ylabel: str, width: float = 11) -> Figure:
    """One panel a row of numbers, one bar a layer, all on the same logarithmic axis.

    Args:
        rows: title of a panel → layer → value above 0.
        ylabel: what the values are.
        width: of the figure, in inches.
    """
    figure, axes = plt.subplots(
        1,
        len(rows),
        figsize=(width, 3.6),
        dpi=100,
        layout="constrained",
        sharey=True,
        squeeze=False,
    )
    for axis, (title, values) in zip(axes[0], rows.items(), strict=True):
        names = list(values)
        axis.bar(names, list(values.values()), color=[layer_colour(name) for name in names])
        axis.set_yscale("log")
        for position, value in enumerate(values.values()):
            number = f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
            axis.annotate(
                number, (position, value), (0, 2), textcoords="offset points", ha="center"
            )
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("layer")
        axis.grid(axis="y", alpha=0.25)
        axis.set_axisbelow(True)
    everything = [value for values in rows.values() for value in values.values()]
    axes[0, 0].set_ylim(min(everything) / 10, max(everything) * 10)  # room for bars and numbers
    axes[0, 0].set_ylabel(ylabel)
    plt.close(figure)
    return figure


def share_bars(rows: Mapping[str, Mapping[str, float]], xlabel: str, width: float = 11) -> Figure:
    """One bar a row, divided into the shares of its terms.

    Args:
        rows: name of a bar → term → share; the shares of a bar add up to 1.
        xlabel: what they are shares of.
        width: of the figure, in inches.
    """
    figure, axis = plt.subplots(
        figsize=(width, 1.25 + 0.5 * len(rows)), dpi=100, layout="constrained"
    )
    named: set[str] = set()
    for bar, shares in enumerate(rows.values()):
        left = 0.0
        for name, share in shares.items():
            label = None if name in named else name
            named.add(name)
            axis.barh(bar, share, left=left, color=layer_colour(name), label=label, height=0.7)
            if share > 0.045:  # a thinner piece has no room for its number
                x, text = left + share / 2, f"{share:.0%}"
                axis.text(x, bar, text, color="white", ha="center", va="center", fontsize=10)
            left += share
    axis.set_yticks(range(len(rows)), list(rows))
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.set_xlabel(xlabel)
    axis.legend(
        frameon=False, ncols=len(named), loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=10
    )
    plt.close(figure)
    return figure


def share_drift(
    shares: Mapping[int, Mapping[str, float]], ylabel: str = "share", width: float = 10
) -> Figure:
    """How the shares of all terms change over a run, stacked up to 100 %.

    Args:
        shares: step → term → share, with the same terms at every step.
        ylabel: what they are shares of.
        width: of the figure, in inches.
    """
    figure, axis = plt.subplots(figsize=(width, width * 0.4), dpi=100, layout="constrained")
    steps = list(shares)
    terms = list(shares[steps[0]])
    axis.stackplot(
        steps,
        [[shares[step][term] for step in steps] for term in terms],
        labels=terms,
        colors=[layer_colour(term) for term in terms],
        edgecolor="white",
        linewidth=0.6,
    )
    axis.set_xlim(steps[0], max(steps[-1], steps[0] + 1))
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_xlabel("step")
    axis.set_ylabel(ylabel)
    reversed_legend(axis)
    plt.close(figure)
    return figure


def layer_curves(
    history: Mapping[str, Sequence[float]],
    style_layers: Mapping[str, float],
    content_weight: float = 1.0,
    style_weight: float = 1e3,
    width: float = 12,
) -> Figure:
    """Every layer's curve of one run, twice: as measured, and as it counts in the total.

    Args:
        history: name → value at every step, as in `Result.history`.
        style_layers: layer → w_l of the run.
        content_weight: α of the run.
        style_weight: β of the run.
        width: of the figure, in inches.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(width, width * 0.4), dpi=100, layout="constrained"
    )
    for layer, weight in style_layers.items():
        values = history[f"style/{layer}"]
        colour = layer_colour(layer)
        left.plot(values, color=colour, label=layer, linewidth=1.8)
        counted = [style_weight * weight * value for value in values]
        right.plot(counted, color=colour, label=layer, linewidth=1.8)
    # The content loss is 0 at a start from the content image, which a log axis cannot show.
    content = [value if value > 0 else float("nan") for value in history["content"]]
    left.plot(content, color=CONTENT_COLOUR, label="content", linewidth=1.8)
    right.plot([content_weight * value for value in content], color=CONTENT_COLOUR, linewidth=1.8)
    right.plot(history["total"], color="black", linestyle=":", linewidth=1.8, label="total")
    for axis, title in (
        (left, "as measured: $E_l$ and $L_{content}$"),
        (right, r"as they count: $\beta w_l E_l$ and $\alpha L_{content}$"),
    ):
        axis.set_yscale("log")
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("step")
        axis.grid(alpha=0.25)
    left.set_ylabel("loss")
    handles, labels = left.get_legend_handles_labels()
    total, total_label = right.get_legend_handles_labels()
    figure.legend(
        [*handles, total[-1]], [*labels, total_label[-1]], frameon=False, loc="outside right center"
    )
    plt.close(figure)
    return figure


def reversed_legend(axis: Axes) -> None:
    """A legend beside the axis whose entries stand in the order of the stacked areas."""
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(
        handles[::-1], labels[::-1], frameon=False, loc="center left", bbox_to_anchor=(1, 0.5)
    )
