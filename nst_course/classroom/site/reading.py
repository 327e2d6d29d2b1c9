"""A notebook as a page to read: pictures as files, hints to unfold, a lab that needs no kernel."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Sequence

import nbformat
from nbformat import NotebookNode

from ...exercises.spec import Exercise
from ..cells import cells_of_answers, exercise_of, is_picture, slide_type
from ..pictures import embed_pictures
from .material import Material

KINDS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def add_notebook(
    notebook: NotebookNode, path: str, material: Material, labs: Sequence[str] = ()
) -> None:
    """Add a notebook's page, its pictures, and the notebook itself for download.

    Args:
        path: of the notebook in the repository.
        labs: HTML that stands below the cell of each lab, in place of its picture.
    """
    material.files[f"download/{path}"] = _portable(notebook, path, material)
    book = copy.deepcopy(notebook)
    for cell in cells_of_answers(book):  # what is said of answers that nobody has given
        cell.outputs = [one for one in cell.outputs if "data" not in one or shows_something(one)]
    cells, waiting = [], list(labs)
    for cell in book.cells:
        if cell.cell_type == "markdown":
            if labs and "_lab.jpg)" in cell.source:
                continue
            cell.source = material.adapted(cell.source, path)
            if slide_type(cell) == "notes":
                cell.source = folded("For the lecturer", cell.source)
            cells.append(cell)
            continue
        cells.append(cell)
        if exercise := exercise_of(cell):
            cell.source, cell.outputs = exercise.stub.rstrip(), []
            cells.append(text(f"{cell.id}-hints", hints(exercise)))
        else:
            with_files(cell, path, material)
        if waiting and "nst.labs." in cell.source:
            cells.append(text(f"{cell.id}-page", waiting.pop(0)))
    for cell in cells:
        cell.metadata = NotebookNode()  # tags and slide types mean something else to MyST-NB
    cells[0].source = _with_ways_to_run(cells[0].source, path)
    book.cells = cells
    material.pages[path] = nbformat.writes(book)


def shows_something(output: NotebookNode) -> bool:
    """Whether an output is a picture, a sound or a film, and no words about an answer."""
    page = "".join(output.data.get("text/html", ""))
    return is_picture(output) or bool(re.search(r"<(img|audio|video)\b", page))


def text(name: str, source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=name[:64])


def folded(title: str, source: str) -> str:
    """Markdown under a title that one clicks to see it."""
    return f"<details><summary>{title}</summary>\n\n{source}\n\n</details>"


def hints(exercise: Exercise) -> str:
    """What stands below the stub of an exercise."""
    count = len(exercise.hints)
    return "\n\n".join(
        [
            f"*{exercise.effort[0].upper()}{exercise.effort[1:]}.* In the notebook, the cell checks"
            " your answer and says in words what is wrong with it.",
            *(folded(f"Hint {n} of {count}", hint) for n, hint in enumerate(exercise.hints, 1)),
        ]
    )


def with_files(cell: NotebookNode, path: str, material: Material) -> None:
    """Replace the pictures that a cell has put out by files of the site."""
    for number, output in enumerate(cell.outputs):
        for kind in KINDS.keys() & output.get("data", {}).keys():
            content = base64.b64decode("".join(output.data[kind]))
            alt = output.metadata.get(kind, {}).get("alt", "") or "What the cell draws"
            name = f"pictures/{path.removesuffix('.ipynb')}/{cell.id}-{number}.{KINDS[kind]}"
            output.metadata = NotebookNode()
            output.data = NotebookNode({"text/html": material.picture(name, content, alt, path)})


def _portable(notebook: NotebookNode, path: str, material: Material) -> bytes:
    """The notebook with the pictures of its texts inside, to be kept in any folder."""
    book = copy.deepcopy(notebook)
    embed_pictures(book, (material.root / path).parent)
    return (json.dumps(book, ensure_ascii=False, indent=1) + "\n").encode()


def _with_ways_to_run(source: str, path: str) -> str:
    title, _, rest = source.partition("\n")
    ways = (
        '<p class="ways"><a href="../index.html#two-commands">Run it yourself</a>'
        f' <a href="../download/{path}" download>Download this notebook</a></p>'
    )
    return f"{title}\n\n{ways}\n\n{rest.lstrip()}"
