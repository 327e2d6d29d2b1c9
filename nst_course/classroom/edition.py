"""The notebooks of the course as an instructor hands them out: `nst-course edition`.

student      without the verdicts, the lecturer's notes and the answers; pictures stay, as the ones
             to expect; `.solution()` waits for a date or for the instructor's word
instructor   with solutions, common mistakes, hints and minutes in place
nbgrader     source for `nbgrader generate_assignment`, one assignment a notebook
colab        the student's edition, with a first cell that installs the course
"""

from __future__ import annotations

import copy
import datetime
import functools
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..errors import CourseError
from ..exercises.lock import digest
from ..exercises.spec import Exercise
from ..files import write_atomically
from . import nbgrader
from .cells import cells_of_answers, exercise_of, is_for_instructors, is_picture, set_up_cell
from .colab import for_colab
from .minutes import sections
from .pictures import copy_assets, embed_pictures

KINDS = ("student", "instructor", "nbgrader", "colab")
WORDS = ("amber", "canvas", "cobalt", "fresco", "gouache", "indigo", "ochre", "sepia", "umber")


@dataclass(frozen=True)
class Choices:
    """What an instructor can choose about an edition.

    Attributes:
        word: opens the solutions; one is drawn where neither it nor `until` is given.
        until: the day on which the solutions open.
        source: the address that Colab clones the course from.
        overwrite: whether to replace notebooks of an earlier edition.
    """

    word: str = ""
    until: datetime.date | None = None
    source: str = ""
    overwrite: bool = False

    def with_a_lock(self) -> Choices:
        if self.word or self.until:
            return self
        drawn = f"{secrets.choice(WORDS)}-{secrets.randbelow(9000) + 1000}"
        return Choices(drawn, None, self.source, self.overwrite)


def write_edition(
    kind: str, out: Path, notebooks: Iterable[Path], choices: Choices
) -> tuple[list[Path], Choices]:
    """Write an edition into a folder; returns the notebooks, and the choices with a drawn word.

    Raises:
        CourseError: Colab has no address, or a notebook is there already.
        OSError: the folder cannot be written.
    """
    choices = choices.with_a_lock() if kind in ("student", "colab") else choices
    if kind == "colab" and not choices.source:
        raise CourseError("Colab installs the course from a git address: name it with --source.")
    made = []
    for path in notebooks:
        target = out / (
            nbgrader.place(path) if kind == "nbgrader" else Path("notebooks", path.name)
        )
        if target.exists() and not choices.overwrite:
            raise CourseError(f"{target} exists; choose another folder, or add --overwrite.")
        made.append((path, target, nbformat.read(path, as_version=4)))
    for path, target, notebook in made:
        new = edition(kind, notebook, choices)
        if kind == "colab":
            embed_pictures(new, path.parent)
        else:
            pictures = target.parent if kind == "nbgrader" else out
            copy_assets(notebook, path.parents[1], pictures, choices.overwrite)
        write_atomically(target, functools.partial(nbformat.write, new))
    if kind == "nbgrader":
        nbgrader.write_config(out, choices.overwrite)
    return [target for _, target, _ in made], choices


def edition(kind: str, notebook: NotebookNode, choices: Choices) -> NotebookNode:
    """One notebook in an edition; the given one stays as it is."""
    make: Callable[[NotebookNode], NotebookNode] = {
        "student": lambda copied: student(copied, choices),
        "instructor": instructor,
        "nbgrader": lambda copied: nbgrader.source(student(copied, None)),
        "colab": lambda copied: for_colab(student(copied, choices), choices.source),
    }[kind]
    copied = copy.deepcopy(notebook)
    for cell in copied.cells:
        if cell.cell_type == "markdown":  # the package's own files do not come along
            cell.source = re.sub(
                r"\[([^\]]+)\]\(\.\./(?:nst_course|benchmarks)/[^)]*\)", r"\1", cell.source
            )
    return make(copied)


def student(notebook: NotebookNode, choices: Choices | None) -> NotebookNode:
    """Without what tells the answers; of what an answer computes only the pictures stay."""
    for cell in cells_of_answers(notebook):
        cell.outputs = [output for output in cell.outputs if is_picture(output)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None  # so that one sees what the student has run
    notebook.cells = [cell for cell in notebook.cells if not is_for_instructors(cell)]
    if choices:
        set_up_cell(notebook).source += f"\n\n{lock_line(choices)}"
    return notebook


def lock_line(choices: Choices) -> str:
    """The line of the set-up cell that keeps the solutions back."""
    given = {
        "until": choices.until.isoformat() if choices.until else "",
        "word": digest(choices.word) if choices.word else "",
    }
    written = ", ".join(f'{name}="{value}"' for name, value in given.items() if value)
    return f"nst.exercises.lock_solutions({written})"


def instructor(notebook: NotebookNode) -> NotebookNode:
    """With the solution in each exercise, and below it what students do instead."""
    starts = {section.first: section for section in sections(notebook)}
    cells = []
    for number, cell in enumerate(notebook.cells):
        cells.append(cell)
        if section := starts.get(number):
            cells.append(note(f"{cell.id}-minutes", f"**Minutes.** {section}."))
        if exercise := exercise_of(cell):
            cell.source, cell.outputs = exercise.cell(exercise.code), []
            cell.execution_count = None
            cells.append(note(f"{cell.id}-mistakes", about(exercise)))
    notebook.cells = cells
    return notebook


def note(name: str, source: str) -> NotebookNode:
    """A Markdown cell for the lecturer."""
    metadata = {"slideshow": {"slide_type": "notes"}}
    return nbformat.v4.new_markdown_cell(source, id=name[:64], metadata=metadata)


def about(exercise: Exercise) -> str:
    """What an instructor wants to know about an exercise, as Markdown."""
    hints = "\n".join(f"{n}. {hint}" for n, hint in enumerate(exercise.hints, 1))
    mistakes = "\n".join(f"- *{m.name}*: {m.why}" for m in exercise.mistakes)
    return (
        f"**{exercise.title}: the solution.** {exercise.why}\n\n{exercise.notice}\n\n"
        f"**Hints that students can ask for**\n\n{hints}\n\n"
        f"**Mistakes that the check names**\n\n{mistakes}"
    )
