"""From a folder of submissions to a table, a report for each student and a page for the class."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import jinja2
from markupsafe import Markup

from ...errors import CourseError
from ...files import write_atomically
from .batch import Limits, Marked, mark_all
from .copies import SAME, mark_copies
from .submissions import find_submissions
from .tables import TRIED, Row, exercises_handed_in, mistakes, rows

COLUMNS = (
    "student", "notebook", "exercise", "category", "mistake",
    "attempts", "hints", "solution seen", "notes",
)  # fmt: skip
_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
)


def grade(
    folder: Path,
    out: Path,
    limits: Limits,
    seed: int = 0,
    jobs: int | None = None,
    overwrite: bool = False,
    show: Callable[[Marked], object] = lambda marked: None,
) -> list[Row]:
    """Mark a folder of submissions and write tables, `index.html` and `students/`.

    `results.csv` has a line for each student and exercise, `grades.csv` one for each student.

    Raises:
        CourseError: there are no submissions, or the output is there already.
        OSError: the output cannot be written.
    """
    if (out / "results.csv").exists() and not overwrite:
        raise CourseError(f"{out} has results; choose another folder, or add --overwrite.")
    batch = mark_all(find_submissions(folder), limits, seed, jobs, show)
    copies = mark_copies(batch)
    exercises = exercises_handed_in(batch)
    found = rows(batch, exercises)
    _write(out / "results.csv", table(found))
    _write(out / "grades.csv", grades(found, [exercise.name for exercise in exercises]))
    for row in found:
        _write(out / "students" / row.page, student_page(row))
    page = _PAGES.get_template("class.html").render(
        title="The class",
        rows=found,
        exercises=exercises,
        mistakes={exercise.name: mistakes(found, exercise.name) for exercise in exercises},
        solved={
            exercise.name: sum(row.cells[n].category == "right" for row in found)
            for n, exercise in enumerate(exercises)
        },
        faults=[(row.student, fault) for row in found for fault in row.faults if SAME not in fault],
        copies=copies,
    )
    _write(out / "index.html", page)
    return found


def student_page(row: Row) -> str:
    """The report for one student; what concerns others is for the instructor alone."""
    cells = [
        {**vars(cell), "symbol": cell.symbol, "report": Markup(cell.report)} for cell in row.cells
    ]
    faults = [fault for fault in row.faults if not fault.endswith(TRIED) and SAME not in fault]
    shown = {"student": row.student, "solved": row.solved, "cells": cells}
    return _PAGES.get_template("student.html").render(title=row.student, row=shown, faults=faults)


def table(found: list[Row]) -> str:
    """The marks as CSV, one line a student and exercise."""
    return _csv(COLUMNS, (
        (row.student, cell.notebook, cell.exercise, cell.category, cell.wrong,
         cell.attempts, cell.hints, "yes" if cell.saw_solution else "no", "; ".join(cell.notes))
        for row in found for cell in row.cells
    ))  # fmt: skip


def grades(found: list[Row], exercises: list[str]) -> str:
    """A line for each student, as grade books import them: how many are right, and which (1)."""
    return _csv(("student", "right", "of", *exercises), (
        (row.student, row.solved, len(row.cells), *(int(c.category == "right") for c in row.cells))
        for row in found
    ))  # fmt: skip


def _csv(columns: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(str(value)) for value in line] for line in lines)
    return stream.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _write(path: Path, text: str) -> None:
    # The byte order mark tells spreadsheets that this is UTF-8.
    encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
    write_atomically(path, lambda partial: partial.write_text(text, encoding))
