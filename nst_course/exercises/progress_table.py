"""What is solved, tried and open, as a table."""

from __future__ import annotations

import html
from collections import defaultdict
from dataclasses import dataclass

from .record import Entry
from .spec import Exercise

_SYMBOLS = {"solved": "✓", "tried": "…", "open": "○"}
_CELL = "padding:0.2em 1em 0.2em 0; text-align:left; vertical-align:top; background:transparent;"
_KEPT = "Kept on this computer only. `nst.exercises.progress.reset()` erases it."


@dataclass(frozen=True)
class Progress:
    """Displays itself, by notebook."""

    exercises: list[Exercise]
    entries: dict[str, Entry]

    def __repr__(self) -> str:
        lines = [self._headline]
        for notebook, exercises in self._by_notebook.items():
            lines.append(f"  {self._count(exercises)}  {notebook}")
            lines += [f"         {self._marked(e)} ({self._told(e)})" for e in exercises]
        return "\n".join([*lines, f"  {_KEPT}"])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="{_CELL}">{html.escape(notebook)}</td>'
            f'<td style="{_CELL}">{self._count(exercises)}</td>'
            f'<td style="{_CELL}">{"<br>".join(map(self._in_html, exercises))}</td></tr>'
            for notebook, exercises in self._by_notebook.items()
        )
        kept = html.escape(_KEPT).replace("`", "")
        return (
            '<div style="line-height:1.5; color:var(--jp-ui-font-color1, inherit)">'
            f"<strong>{self._headline}</strong>"
            f'<table style="margin:0.4em 0; border-collapse:collapse">{rows}</table>{kept}</div>'
        )

    @property
    def _headline(self) -> str:
        words = ", ".join(f"{symbol} {state}" for state, symbol in _SYMBOLS.items())
        return f"{self._count(self.exercises)} exercises solved ({words})"

    @property
    def _by_notebook(self) -> dict[str, list[Exercise]]:
        found = defaultdict(list)
        for exercise in self.exercises:
            found[exercise.notebook].append(exercise)
        return dict(found)

    def _entry(self, exercise: Exercise) -> Entry:
        return self.entries.get(exercise.name, Entry())

    def _count(self, exercises: list[Exercise]) -> str:
        solved = sum(self._entry(exercise).state == "solved" for exercise in exercises)
        return f"{solved} of {len(exercises)}"

    def _marked(self, exercise: Exercise) -> str:
        return f"{_SYMBOLS[self._entry(exercise).state]} {exercise.name}"

    def _told(self, exercise: Exercise) -> str:
        """State, attempts, hints and minutes in words."""
        entry = self._entry(exercise)
        parts = [entry.state]
        if entry.attempts:
            parts.append(_counted(entry.attempts, "attempt"))
        if entry.hints:
            parts.append(_counted(entry.hints, "hint"))
        if entry.saw_solution:
            parts.append("solution seen")
        if entry.seconds >= 60:
            parts.append(f"{entry.seconds / 60:.0f} min")
        return ", ".join(parts)

    def _in_html(self, exercise: Exercise) -> str:
        text = self._marked(exercise)
        if self._entry(exercise).state != "open":
            text += f" ({self._told(exercise)})"
        return f'<span style="white-space:nowrap">{html.escape(text)}</span>'


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
