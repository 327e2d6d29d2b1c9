"""Figures of notebook 04: the losses, the gradient norms and the curves of the layers."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from .curves import label_log_axis, positive
from .figure import new_figure

# From light for the first block of the network to dark for the last one; gray for the content.
BLOCK_COLORS = ("#f9a03f", "#e8575b", "#b5367a", "#6a1f8a", "#1f1a5e")
CONTENT_COLOR = "#8a9ba8"


def layer_color(name: str) -> str:
    """The color of a term: that of its block for a layer such as ``"relu3_1"``, else gray."""
    digits = [int(character) for character in name if character.isdigit()]
    return BLOCK_COLORS[digits[0] - 1] if digits else CONTENT_COLOR


def layer_bars(rows: Mapping[str, Mapping[str, float]], ylabel: str, width: float = 11) -> Figure:
    """Bar charts of one value for each layer, on a common logarithmic axis.

    Args:
        rows: title of a chart → layer → value above 0.
        ylabel: what the values are.
        width: of the figure, in inches.
    """
    figure = new_figure(width, 3.6)
    axes = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for axis, (title, values) in zip(axes, rows.items(), strict=True):
        names = list(values)
        axis.bar(names, list(values.values()), color=[layer_color(name) for name in names])
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
    axes[0].set_ylim(min(everything) / 10, max(everything) * 10)  # room for bars and numbers
    axes[0].set_ylabel(ylabel)
    return figure


def share_bars(rows: Mapping[str, Mapping[str, float]], xlabel: str, width: float = 11) -> Figure:
    """Stacked bars, each divided into the shares of its terms.

    Args:
        rows: name of a bar → term → share; the shares of a bar add up to 1.
        xlabel: the quantity of which they are shares.
        width: of the figure, in inches.
    """
    figure = new_figure(width, 1.25 + 0.5 * len(rows))
    axis = figure.subplots()
    named: set[str] = set()
    for bar, shares in enumerate(rows.values()):
        left = 0.0
        for name, share in shares.items():
            label = None if name in named else name
            named.add(name)
            axis.barh(bar, share, left=left, color=layer_color(name), label=label, height=0.7)
            if share > 0.045:  # the number does not fit into a smaller piece
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
    figure.set_label(f"{xlabel}: {', '.join(rows)}")
    return figure


def share_drift(
    shares: Mapping[int, Mapping[str, float]], ylabel: str = "share", width: float = 10
) -> Figure:
    """The shares of all terms over the steps of a run, stacked up to 100 %.

    Args:
        shares: step → term → share, with the same terms at every step.
        ylabel: the quantity of which they are shares.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.4)
    axis = figure.subplots()
    steps = list(shares)
    terms = list(shares[steps[0]])
    axis.stackplot(
        steps,
        [[shares[step][term] for step in steps] for term in terms],
        labels=terms,
        colors=[layer_color(term) for term in terms],
        edgecolor="white",
        linewidth=0.6,
    )
    axis.set_xlim(steps[0], max(steps[-1], steps[0] + 1))
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_xlabel("step")
    axis.set_ylabel(ylabel)
    handles, labels = axis.get_legend_handles_labels()
    # Reversed, because the first term is at the bottom of the stack.
    axis.legend(
        handles[::-1], labels[::-1], frameon=False, loc="center left", bbox_to_anchor=(1, 0.5)
    )
    return figure


def layer_curves(
    history: Mapping[str, Sequence[float]],
    style_layers: Mapping[str, float],
    content_weight: float = 1.0,
    style_weight: float = 1e3,
    width: float = 12,
) -> Figure:
    """The loss of every layer over the steps of a run, without weights and with them.

    Args:
        history: name → value at every step, as in `Result.history`.
        style_layers: layer → w_l of the run.
        content_weight: α of the run.
        style_weight: β of the run.
        width: of the figure, in inches.
    """
    figure = new_figure(width, width * 0.4)
    left, right = figure.subplots(1, 2)
    for layer, weight in style_layers.items():
        values = history[f"style/{layer}"]
        color = layer_color(layer)
        left.plot(values, color=color, label=layer, linewidth=1.8)
        weighted = [style_weight * weight * value for value in values]
        right.plot(weighted, color=color, label=layer, linewidth=1.8)
    content = positive(history["content"])
    left.plot(content, color=CONTENT_COLOR, label="content", linewidth=1.8)
    right.plot([content_weight * value for value in content], color=CONTENT_COLOR, linewidth=1.8)
    right.plot(history["total"], color="black", linestyle=":", linewidth=1.8, label="total")
    for axis, title, ylabel in (
        (left, "without weights: $E_l$ and $L_{content}$", "loss"),
        (right, r"weighted: $\beta w_l E_l$ and $\alpha L_{content}$", ""),
    ):
        axis.set_title(title, fontsize=11)
        label_log_axis(axis, "step", ylabel)
    handles, labels = left.get_legend_handles_labels()
    total, total_label = right.get_legend_handles_labels()
    figure.legend(
        [*handles, total[-1]], [*labels, total_label[-1]], frameon=False, loc="outside right center"
    )
    return figure
