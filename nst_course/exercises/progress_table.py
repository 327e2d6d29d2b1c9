"""What is solved, tried and open in this kernel, as a table."""

from __future__ import annotations

import html
from collections import defaultdict
from dataclasses import dataclass

from .session import Session

_SYMBOLS = {"solved": "✓", "tried": "…", "open": "○"}
_CELL = "padding:0.2em 1em 0.2em 0; text-align:left; vertical-align:top; background:transparent;"


@dataclass(frozen=True)
class Progress:
    """Displays itself: one row a notebook."""

    sessions: list[Session]

    def __repr__(self) -> str:
        lines = [self._headline]
        for notebook, sessions in self._by_notebook.items():
            lines.append(f"  {_count(sessions)}  {notebook}")
            lines += [f"         {_marked(session)} ({session.state})" for session in sessions]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="{_CELL}">{html.escape(notebook)}</td>'
            f'<td style="{_CELL}">{_count(sessions)}</td>'
            f'<td style="{_CELL}">{", ".join(map(_unbroken, sessions))}</td></tr>'
            for notebook, sessions in self._by_notebook.items()
        )
        return (
            '<div style="line-height:1.5; color:var(--jp-ui-font-color1, inherit)">'
            f"<strong>{self._headline}</strong>"
            f'<table style="margin:0.4em 0; border-collapse:collapse">{rows}</table></div>'
        )

    @property
    def _headline(self) -> str:
        words = ", ".join(f"{symbol} {state}" for state, symbol in _SYMBOLS.items())
        return f"{_count(self.sessions)} exercises solved in this kernel ({words})"

    @property
    def _by_notebook(self) -> dict[str, list[Session]]:
        found = defaultdict(list)
        for session in self.sessions:
            found[session.exercise.notebook].append(session)
        return dict(found)


def _count(sessions: list[Session]) -> str:
    return f"{sum(session.state == 'solved' for session in sessions)} of {len(sessions)}"


def _marked(session: Session) -> str:
    return f"{_SYMBOLS[session.state]} {session.exercise.name}"


def _unbroken(session: Session) -> str:
    return f'<span style="white-space:nowrap">{_marked(session)}</span>'
