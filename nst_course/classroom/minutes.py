"""How many minutes each section of a notebook takes, out of those that its first cells name."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass

from nbformat import NotebookNode

from .cells import exercise_of, heading, is_for_instructors, is_picture

_TIME = re.compile(r"\*\*Time:\*\* about (\d+) minutes")
_WORDS_PER_MINUTE = 150
_LINES_PER_MINUTE = 15  # of code, read with attention
_PICTURE = 0.5  # minutes for a look
_PREDICTION = 0.5
_EXERCISE = 6.0


@dataclass(frozen=True)
class Section:
    """A part of a notebook under one heading of the second level.

    Attributes:
        first: number of its first cell.
        start, minutes: whole minutes from the beginning of the notebook, and its own.
        total: those of the notebook.
    """

    title: str
    first: int
    start: int
    minutes: int
    total: int

    def __str__(self) -> str:
        end = self.start + self.minutes
        return f"{self.minutes} min: {self.start} to {end} of {self.total}"


def sections(notebook: NotebookNode) -> list[Section]:
    """The sections with their shares of the notebook's minutes; what comes before has none."""
    starts = [n for n, cell in enumerate(notebook.cells) if heading(cell, 2)]
    ends = [*starts[1:], len(notebook.cells)]
    efforts = [sum(map(effort, notebook.cells[a:b])) for a, b in zip(starts, ends, strict=True)]
    whole = max(len(starts), total_minutes(notebook) or round(sum(efforts)))
    share = (whole - len(starts)) / (sum(efforts) or 1)  # beyond one minute for each section
    # Rounding the sums and not the parts makes the parts add up.
    sums = itertools.accumulate([0.0, *(1 + share * one for one in efforts)])
    marks = [math.floor(done + 0.5) for done in sums]
    return [
        Section(heading(notebook.cells[n], 2), n, start, end - start, whole)
        for n, start, end in zip(starts, marks, marks[1:], strict=False)
    ]


def total_minutes(notebook: NotebookNode) -> int | None:
    """The minutes that the notebook says it takes, None if it does not."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = _TIME.search(text)
    return int(found.group(1)) if found else None


def effort(cell: NotebookNode) -> float:
    """A rough number of minutes for one cell."""
    if is_for_instructors(cell):
        return 0.0
    if exercise_of(cell):
        return _EXERCISE
    if cell.cell_type == "code":
        pictures = sum(map(is_picture, cell.outputs))
        return len(cell.source.splitlines()) / _LINES_PER_MINUTE + pictures * _PICTURE
    predicts = _PREDICTION * ("**Predict.**" in cell.source)
    return len(cell.source.split()) / _WORDS_PER_MINUTE + predicts
