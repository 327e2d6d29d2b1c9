"""The marks as a table, student by exercise, and what a class page counts in it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ...exercises import registry
from ...exercises.record import Entry, entries_in
from ...exercises.report import TONES, Report
from ...exercises.spec import Exercise
from .batch import Marked

_SYMBOLS = {
    "right": ("✓", "right"),
    "not attempted": ("○", "open"),
    "missing": ("–", "open"),
    "stopped": ("!", "stopped"),
    "no answer": ("!", "wrong"),
}
_WORDS = {  # on the page of the class, where no mistake has a name
    "raised": "the code raises an exception",
    "stopped": "the code does not end, or ended its process",
    "property": "something else is computed",
    "form": "the numbers come in another form",
    "input changed": "the function changes its input",
    "gradient": "the gradient is cut off",
    "no answer": "there is no function that can be checked",
    "unclear": "the check does not understand the answer",
}
_REFUSAL = "a submission may not"  # begins what `confine` raises
TRIED = "the code tried what a submission may not do. It was refused; read the report."
_PLACE = re.compile(r"^line \d+: (\w+)$")


@dataclass(frozen=True)
class Cell:
    """One student's answer to one exercise."""

    exercise: str
    notebook: str
    title: str
    category: str
    mistake: str = ""
    headline: str = ""
    report: str = ""  # HTML of the check's own
    code: str = ""
    picture: str = ""  # base64 of a JPEG
    file: str = ""
    notes: tuple[str, ...] = ()
    attempts: int = 0
    hints: int = 0
    saw_solution: bool = False

    @property
    def symbol(self) -> str:
        return _SYMBOLS.get(self.category, ("✗", "wrong"))[0]

    @property
    def tone(self) -> str:
        return _SYMBOLS.get(self.category, ("✗", "wrong"))[1]

    @property
    def is_wrong(self) -> bool:
        return self.tone in ("wrong", "stopped")

    @property
    def wrong(self) -> str:
        """What is wrong, in words; empty if nothing is, or there is no answer."""
        return (self.mistake or self.headline) if self.is_wrong else ""


@dataclass
class Row:
    """One student."""

    student: str
    page: str  # the name of the report's file
    cells: list[Cell]
    faults: list[str] = field(default_factory=list)

    @property
    def solved(self) -> int:
        return sum(cell.category == "right" for cell in self.cells)


def exercises_handed_in(batch: list[Marked]) -> list[Exercise]:
    """The exercises of all notebooks of which anybody handed in an exercise."""
    every = {name: session.exercise for name, session in registry().items()}
    notebooks = {every[name].notebook for marked in batch for name in marked.results}
    return [exercise for exercise in every.values() if exercise.notebook in notebooks]


def rows(batch: list[Marked], exercises: list[Exercise]) -> list[Row]:
    """One row a student, with a cell for each exercise."""
    found: list[Row] = []
    for marked in batch:
        name = re.sub(r"[^\w-]+", "_", marked.submission.student)[:60]
        page = f"{len(found) + 1:03}_{name}.html"
        lines = b"\n".join(marked.submission.progress).decode("utf-8", "replace").splitlines()
        entries = entries_in(lines)
        cells = [
            _cell(exercise, marked.results.get(exercise.name), entries.get(exercise.name))
            for exercise in exercises
        ]
        found.append(Row(marked.submission.student, page, cells, _faults(marked, cells)))
    return found


def _cell(exercise: Exercise, result: dict[str, Any] | None, entry: Entry | None) -> Cell:
    entry = entry or Entry()
    result = result or {"category": "missing"}
    text = {name: str(result.get(name, "")) for name in ("mistake", "code", "picture", "file")}
    return Cell(
        exercise.name,
        exercise.notebook,
        exercise.title,
        str(result["category"]),
        headline=str(result.get("report", {}).get("headline", "")).replace("`", ""),
        report=_html(result.get("report")),
        notes=tuple(map(str, result.get("notes", []))),
        attempts=entry.attempts,
        hints=entry.hints,
        saw_solution=entry.saw_solution,
        **text,
    )


def _html(report: dict[str, Any] | None) -> str:
    """The check's words as HTML, escaped here: they come from a process not to be trusted."""
    if not report:
        return ""
    tone = report["tone"] if report["tone"] in TONES else "note"
    sentences, after = (tuple(map(str, report[part])) for part in ("sentences", "after"))
    shown = Report(tone, str(report["headline"]), sentences, str(report["block"]), after)
    return shown._repr_html_()


def _faults(marked: Marked, cells: list[Cell]) -> list[str]:
    """What an instructor should know of a submission, besides its answers."""
    faults = list(marked.faults)
    if not marked.submission.notebooks:
        faults.append("No notebook was handed in.")
    elif not marked.results and not faults:
        faults.append("No cell of an exercise was found.")
    elif marked.results and not any(c.category not in ("missing", "not attempted") for c in cells):
        faults.append("No exercise was attempted.")
    notebooks: dict[str, str] = {cell.file: cell.notebook for cell in cells if cell.file}
    for file, notebook in notebooks.items():
        if file != f"{notebook}.ipynb":
            faults.append(f"{file} was recognized as {notebook} by its exercises.")
    faults += [f"{cell.exercise}: {TRIED}" for cell in cells if _REFUSAL in cell.report]
    return faults + [f"{c.exercise}: {note}." for c in cells for note in c.notes]


def mistakes(found: list[Row], exercise: str) -> list[tuple[str, int]]:
    """What was wrong with the answers to an exercise, and how many had it, the most first."""
    counts: Counter[str] = Counter()
    for row in found:
        for cell in row.cells:
            if cell.exercise == exercise and cell.is_wrong:
                named = _PLACE.sub(r"right but for one \1", cell.mistake)
                counts[_WORDS.get(cell.category, named)] += 1
    return counts.most_common()
