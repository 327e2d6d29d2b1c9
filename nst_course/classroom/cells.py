"""What the cells of a course notebook are: set-up, exercises, notes, and what uses an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from ..exercises import registry
from ..exercises.spec import Exercise

_SOLUTION = re.compile(r"<details>|<summary>", re.IGNORECASE)


def slide_type(cell: NotebookNode) -> str:
    """ "slide", "subslide", "fragment", "skip", "notes", or empty."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "")


def exercise_of(cell: NotebookNode) -> Exercise | None:
    """The exercise of a cell, None for any other cell."""
    session = registry().get(cell.metadata.get("exercise", ""))
    return session.exercise if session else None


def exercises_of(notebook: NotebookNode) -> list[Exercise]:
    """The exercises of a notebook, in its order."""
    return [exercise for cell in notebook.cells if (exercise := exercise_of(cell))]


def cells_of_answers(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """The code cells whose output depends on what the student wrote or has solved."""
    functions = [exercise.function_name for exercise in exercises_of(notebook)]
    uses = re.compile(r"\b(?:" + "|".join([*functions, "exercises"]) + r")\b")
    for cell in notebook.cells:
        if cell.cell_type == "code" and uses.search(cell.source):
            yield cell


def set_up_cell(notebook: NotebookNode) -> NotebookNode:
    """The first code cell, which imports the course."""
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def is_for_instructors(cell: NotebookNode) -> bool:
    """Whether a cell is a note for the lecturer, or an answer that students unfold."""
    if cell.cell_type != "markdown":
        return False
    return slide_type(cell) == "notes" or bool(_SOLUTION.search(cell.source))


def heading(cell: NotebookNode, level: int) -> str:
    """The heading that a Markdown cell begins with, empty if it has none of this level."""
    found = re.match(rf"{'#' * level} +(.+)", cell.source) if cell.cell_type == "markdown" else None
    return found.group(1).strip() if found else ""


def is_picture(output: NotebookNode) -> bool:
    return any(kind.startswith("image/") for kind in output.get("data", {}))
