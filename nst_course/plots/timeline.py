"""Events on a line, with their sources."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from .figure import new_figure

ROW = 0.36  # inches
LANES = ("#1f77b4", "#d1495b", "#2a9d5c", "#8a5cab")


def timeline(events: Sequence[tuple[str, str, str, str]], width: float = 11) -> Figure:
    """Events from top to bottom, a row each.

    Args:
        events: date, kind, what happened, and the source, in their order. Events of a kind share a
            color.
        width: of the figure, in inches.
    """
    kinds = list(dict.fromkeys(kind for _, kind, _, _ in events))
    colors: Mapping[str, str] = {
        kind: LANES[number % len(LANES)] for number, kind in enumerate(kinds)
    }
    figure = new_figure(width, ROW * (len(events) + 2))
    figure.set_label("; ".join(f"{date}: {what}" for date, _, what, _ in events))
    axis = figure.subplots()
    axis.set_xlim(0, 1)
    axis.set_ylim(len(events) + 0.3, -1.4)
    axis.set_axis_off()
    axis.plot([0.11, 0.11], [-0.5, len(events) - 0.5], color="#bbbbbb", linewidth=2, zorder=0)
    for row, (date, kind, what, source) in enumerate(events):
        axis.plot(0.11, row, "o", color=colors[kind], markersize=9)
        axis.text(0.095, row, date, ha="right", va="center", fontsize=11, weight="bold")
        axis.text(0.13, row, what, ha="left", va="center", fontsize=11, color=colors[kind])
        axis.text(1, row, source, ha="right", va="center", fontsize=9, color="#666666")
    for number, kind in enumerate(kinds):
        axis.plot(0.13 + 0.22 * number, -1.1, "o", color=colors[kind], markersize=9)
        axis.text(0.145 + 0.22 * number, -1.1, kind, ha="left", va="center", fontsize=11)
    return figure
