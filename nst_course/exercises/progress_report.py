"""What is solved, tried and open in this kernel, as a table."""

from __future__ import annotations

import html
from collections import defaultdict
from dataclasses import dataclass

from .exercise import Exercise

_SYMBOLS = {"solved": "✓", "tried": "…", "open": "○"}
_CELL = "padding:0.2em 1em 0.2em 0; text-align:left; vertical-align:top; background:transparent;"


@dataclass(frozen=True)
class Progress:
    """Displays itself: one row a notebook."""

    exercises: list[Exercise]

    def __repr__(self) -> str:
        lines = [self._headline]
        for notebook, exercises in self._by_notebook.items():
            lines.append(f"  {_count(exercises)}  {notebook}")
            lines += [f"         {_SYMBOLS[e.state]} {e.name} ({e.state})" for e in exercises]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="{_CELL}">{html.escape(notebook)}</td>'
            f'<td style="{_CELL}">{_count(exercises)}</td>'
            f'<td style="{_CELL}">{", ".join(map(_marked, exercises))}</td></tr>'
            for notebook, exercises in self._by_notebook.items()
        )
        return (
            '<div style="line-height:1.5; color:var(--jp-ui-font-color1, inherit)">'
            f"<strong>{self._headline}</strong>"
            f'<table style="margin:0.4em 0; border-collapse:collapse">{rows}</table></div>'
        )

    @property
    def _headline(self) -> str:
        words = ", ".join(f"{symbol} {state}" for state, symbol in _SYMBOLS.items())
        return f"{_count(self.exercises)} exercises solved in this kernel ({words})"

    @property
    def _by_notebook(self) -> dict[str, list[Exercise]]:
        found = defaultdict(list)
        for exercise in self.exercises:
            found[exercise.notebook].append(exercise)
        return dict(found)


def _count(exercises: list[Exercise]) -> str:
    return f"{sum(e.state == 'solved' for e in exercises)} of {len(exercises)}"


def _marked(exercise: Exercise) -> str:
    return f'<span style="white-space:nowrap">{_SYMBOLS[exercise.state]} {exercise.name}</span>'
