"""The bundled files that a notebook shows."""

from __future__ import annotations

import base64
import functools
import mimetypes
import re
import shutil
from pathlib import Path

from nbformat import NotebookNode

from ..errors import CourseError
from ..files import write_atomically

_SHOWN = re.compile(r"(!\[[^\]]*\]\()(\.\./[^)\s]+)(\))|(<img[^>]*src=\")([^\"]+)(\")")
_ASSET = re.compile(r"\.\./(assets/[\w./-]+\w)")


def assets_of(notebook: NotebookNode) -> list[str]:
    """The paths of bundled files that the cells name, beginning with "assets/"."""
    return sorted({path for cell in notebook.cells for path in _ASSET.findall(cell.source)})


def copy_assets(notebook: NotebookNode, origin: Path, target: Path, overwrite: bool) -> None:
    """Copy what a notebook of the course shows.

    Args:
        origin, target: the folders in which `assets` lies and will lie.

    Raises:
        CourseError: another file is in the way.
    """
    for name in assets_of(notebook):
        old, new = origin / name, target / name
        if not old.is_file():
            continue
        if new.exists() and new.read_bytes() != old.read_bytes() and not overwrite:
            raise CourseError(f"{new} is another file; choose another folder, or add --overwrite.")
        write_atomically(new, functools.partial(shutil.copyfile, old))


def embed_pictures(notebook: NotebookNode, folder: Path) -> None:
    """Put the pictures of the Markdown cells into the cells; `folder` is the notebook's."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _SHOWN.sub(lambda found: _embedded(found, folder), cell.source)


def _embedded(found: re.Match[str], folder: Path) -> str:
    before, address, after = (part for part in found.groups() if part is not None)
    file = folder / address
    return f"{before}{data_address(file)}{after}" if file.is_file() else found.group()


def data_address(file: Path) -> str:
    """The content of a file as an address that a page can use."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"
