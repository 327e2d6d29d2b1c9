"""Notebooks as source of nbgrader assignments: a solution and a hidden test for each exercise."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..errors import CourseError
from ..exercises.spec import Exercise
from ..files import write_atomically
from .cells import exercise_of

CONFIG = '''"""Settings of nbgrader for the course, read by `nbgrader generate_assignment`."""

import os

os.environ["NST_COURSE_QUICK"] = "1"  # small pictures: autograde runs whole notebooks
os.environ["NST_COURSE_PROGRESS"] = "off"

c = get_config()  # noqa: F821  # nbgrader defines it
c.CourseDirectory.course_id = "nst-course"
c.ClearSolutions.code_stub = {"python": "...  # YOUR CODE HERE"}
c.ExecutePreprocessor.timeout = 300  # seconds a cell
c.ExecutePreprocessor.allow_errors = True
'''


def place(path: Path) -> Path:
    """Where a notebook lies in nbgrader's tree."""
    return Path("source", path.stem, path.name)


def write_config(folder: Path, overwrite: bool) -> None:
    """Write `nbgrader_config.py`, unless it is there with other content."""
    path = folder / "nbgrader_config.py"
    if path.exists() and path.read_text("utf-8") != CONFIG and not overwrite:
        raise CourseError(f"{path} has other settings; choose another folder, or add --overwrite.")
    write_atomically(path, lambda partial: partial.write_text(CONFIG, "utf-8"))


def source(notebook: NotebookNode) -> NotebookNode:
    """The instructor's version, from which nbgrader makes the student's."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if exercise := exercise_of(cell):
            cell.source = answer(exercise)
            cell.metadata["nbgrader"] = marks(exercise.name, solution=True)
            test = nbformat.v4.new_code_cell(
                hidden_test(exercise), id=f"{cell.id}-test"[:64], metadata=dict(cell.metadata)
            )
            del test.metadata["exercise"], test.metadata["tags"]
            test.metadata["nbgrader"] = marks(f"{exercise.name}_test", grade=True, locked=True)
            cells.append(test)
        cell.source = beside(cell.source)
    notebook.cells = cells
    return notebook


def beside(text: str) -> str:
    """A cell whose links fit nbgrader's tree: pictures in the notebook's own folder."""
    text = text.replace("../assets/", "assets/")
    return re.sub(r"\]\((\d\d_\w+)\.ipynb", r"](../\1/\1.ipynb", text)


def answer(exercise: Exercise) -> str:
    """The stub, with the solution between the lines that nbgrader cuts out."""
    solution = exercise.code.splitlines()[function(exercise.code).body[0].lineno - 1 :]
    stub, docstring = exercise.stub.splitlines(), function(exercise.stub).body[0]
    before, given = stub[: docstring.end_lineno], stub[docstring.end_lineno :]
    if any(line.strip().startswith("...") for line in given):
        given = []  # nbgrader writes its own line there
    region = ["    ### BEGIN SOLUTION", *solution, "    ### END SOLUTION"]
    return "\n".join([*before, *region, *given])


def function(code: str) -> ast.FunctionDef:
    return next(node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef))


def hidden_test(exercise: Exercise) -> str:
    """The check that students see, and the point that they do not."""
    call = f"{exercise.call_name}.check({exercise.function_name})  # .hint()"
    asked = f"verdict = {exercise.call_name}.examine({exercise.function_name})"
    return (
        f"{call}\n### BEGIN HIDDEN TESTS\n{asked}\n"
        "assert verdict.solved, repr(verdict)\n### END HIDDEN TESTS"
    )


def marks(name: str, *, solution: bool = False, **flags: bool) -> dict[str, Any]:
    """nbgrader's metadata of a cell, schema version 3."""
    found = {"grade": False, "locked": False, "task": False, "solution": solution, **flags}
    points = {"points": 1} if found["grade"] else {}
    return {**found, **points, "grade_id": name, "schema_version": 3}
