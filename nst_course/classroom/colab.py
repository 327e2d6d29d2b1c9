"""The notebooks for Google Colab: installed by their first cell, labs that run in their cell."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

from .. import labs

FOLDER = "/content/nst-course"
_LAB = re.compile(r"^(\w+) = nst\.labs\.(\w+)\(", re.MULTILINE)


def for_colab(notebook: NotebookNode, source: str) -> NotebookNode:
    """Add the cell that installs the course from a git address, and one behind each lab."""
    cells = [code("colab-install", install(source))]
    for cell in notebook.cells:
        cells.append(cell)
        found = _LAB.search(cell.source) if cell.cell_type == "code" else None
        if found and hasattr(getattr(labs, found.group(2)), "run"):
            cells.append(code(f"{cell.id}-run", f"{found.group(1)}.run()"))
    notebook.cells = cells
    return notebook


def install(source: str) -> str:
    """Source of the first cell: Colab starts with an empty machine, and without the pictures."""
    return (
        f"!test -d {FOLDER} || git clone --quiet --depth 1 {source!r} {FOLDER}\n"
        f"%pip install --quiet {FOLDER}\n"  # --editable would need a new start of the kernel
        f"%cd {FOLDER}/notebooks\n"
        "from google.colab import output\n"
        "output.enable_custom_widget_manager()"
    )


def code(name: str, source: str) -> NotebookNode:
    metadata = {"slideshow": {"slide_type": "skip"}}
    return nbformat.v4.new_code_cell(source, id=name[:64], metadata=metadata)
