"""Loss curves as inline SVG, which can be updated several times a second."""

import html
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

NAME_WIDTH = 78  # of a name in the legend
MAX_POINTS = 300  # of a curve
WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 22, 34  # margins
# At least 3:1 on the background of the light and of the dark theme.
COLORS = {"total": "#868686", "α·content": "#2b8cbe", "β·style": "#e6550d"}
OTHER_COLORS = ("#2f9b50", "#756bb1", "#b15928")  # of further terms


def curves_svg(
    history: Mapping[str, Sequence[float]],
    marks: Mapping[int, str] | None = None,
    beside: Mapping[str, Sequence[float]] | None = None,
) -> str:
    """Losses over the steps, on a logarithmic axis.

    Args:
        history: name of a loss → its value at every step.
        marks: step → what was changed there, drawn as a vertical line.
        beside: the losses of another branch, drawn as dashed lines.

    Returns:
        The source of an SVG element.
    """
    beside = beside or {}
    steps = max((len(values) for values in [*history.values(), *beside.values()]), default=0)
    shown = [v for values in [*history.values(), *beside.values()] for v in values if v > 0]
    low = math.floor(math.log10(min(shown))) if shown else 0
    high = max(math.ceil(math.log10(max(shown))) if shown else 1, low + 1)

    def x(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / max(steps - 1, 1)

    def y(value: float) -> float:
        share = (math.log10(value) - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    others = [name for name in {**beside, **history} if name not in COLORS]
    colors = COLORS | dict(zip(others, itertools.cycle(OTHER_COLORS), strict=False))
    parts = [*_axes(low, high, steps, y)]
    for step, change in (marks or {}).items():
        parts.append(
            f'<line class="mark" x1="{x(step):.1f}" x2="{x(step):.1f}" y1="{TOP}" '
            f'y2="{HEIGHT - BOTTOM}" stroke="currentColor" stroke-dasharray="2 2">'
            f"<title>{html.escape(change)}</title></line>"
        )
    for values_of, dash in ((beside, ' stroke-dasharray="5 4" opacity="0.7"'), (history, "")):
        for name, values in values_of.items():
            points = " ".join(f"{x(i):.1f},{y(v):.1f}" for i, v in _thinned(values) if v > 0)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colors[name]}" '
                f'stroke-width="{6 if name == "total" else 2}"{dash}/>'
            )
    # A loss that is always 0 is not part of this run, and not named.
    named = [name for name, values in history.items() if not values or any(values)]
    for index, name in enumerate(named):
        left = LEFT + NAME_WIDTH * index
        parts.append(
            f'<rect x="{left}" y="4" width="10" height="10" fill="{colors[name]}"/>'
            f'<text x="{left + 14}" y="14" font-weight="bold">{html.escape(name)}</text>'
        )
    last = ", ".join(f"{name} {values[-1]:.3g}" for name, values in history.items() if values)
    label = f"losses over {steps} steps, on a logarithmic axis; now {last or 'none yet'}"
    # currentColor is the text color of the page, in light and in dark themes.
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'style="width:100%; max-width:{WIDTH}px; color:var(--jp-ui-font-color1, inherit); '
        f'font:12px sans-serif" fill="currentColor">{"".join(parts)}</svg>'
    )


def _axes(low: int, high: int, steps: int, y: Callable[[float], float]) -> Iterable[str]:
    for power in range(low, high + 1, max(1, (high - low) // 4)):
        level = y(10.0**power)
        yield (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}" '
            f'stroke="currentColor" opacity="0.2"/>'
            f'<text x="{LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">1e{power}</text>'
        )
    bottom = HEIGHT - BOTTOM + 14
    yield f'<text x="{LEFT}" y="{bottom}">0</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{bottom}" text-anchor="end">{max(steps - 1, 1)}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">step</text>'


def _thinned(values: Sequence[float]) -> list[tuple[int, float]]:
    """(step, value) of at most `MAX_POINTS` steps, including the last one."""
    stride = math.ceil(len(values) / (MAX_POINTS - 1)) if values else 1
    chosen = list(enumerate(values))[::stride]
    if values and chosen[-1][0] != len(values) - 1:
        chosen.append((len(values) - 1, values[-1]))
    return chosen
