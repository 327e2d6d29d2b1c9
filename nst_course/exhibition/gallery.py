"""A page of the pictures in a folder, with their recipes."""

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..checks import shown
from ..errors import CourseError
from ..images.io import SAVE_OPTIONS, as_path, read_recipe
from ..images.read import read_picture
from ..images.recipe import Recipe
from .page import embedded, free_place, render, write_text

ENDINGS = {*SAVE_OPTIONS, ".heic", ".avif"}
LONGER_SIDE = 1400  # pixels of an embedded picture: enough for a page of paper at 170 per inch


@dataclass(frozen=True)
class Work:
    """One picture of a gallery."""

    title: str
    alt: str
    source: str  # a data URL
    width: int
    height: int
    recipe: Recipe | None

    @property
    def settings(self) -> list[tuple[str, str]]:
        """The recipe as names and values, if it has names."""
        named = self.recipe if isinstance(self.recipe, Mapping) else {}
        return [(str(name), str(value)) for name, value in named.items()]


def gallery(
    folder: str | os.PathLike,
    title: str = "Gallery",
    statement: str = "",
    path: str | os.PathLike | None = None,
    overwrite: bool = False,
) -> Path:
    """Make one HTML file of all pictures in a folder, to print and to send.

    The pictures are in the order of their file names, which are their titles; a number in front
    is not a part of it. Below each stands the recipe that `save_image` was given.

    Args:
        folder: where the pictures are; folders inside it are left out.
        title: of the page.
        statement: what the series is about; empty lines divide paragraphs.
        path: of the page; by default ``gallery.html`` in the folder.
        overwrite: whether a file that is there may be replaced.

    Returns:
        The path of the page. Files that cannot be read are named in a warning.

    Raises:
        CourseError: there is no such folder, no picture in it, or the page cannot be written.
    """
    room = as_path(folder)
    if not os.path.isdir(room):
        raise CourseError(f"{shown(folder)} is not a folder; name the one with your pictures.")
    for name, text in {"title": title, "statement": statement}.items():
        if not isinstance(text, str):
            raise CourseError(f"{name} is a text, not {shown(text)}.")
    place = free_place(room / "gallery.html" if path is None else path, overwrite)
    works, faults = [], []
    for file in sorted(room.iterdir(), key=lambda file: natural(file.name)):
        if file.suffix.lower() in ENDINGS and not file.name.startswith("."):
            try:
                works.append(work(file))
            except CourseError as error:
                faults.append(str(error))
    if faults:
        warnings.warn(f"Left out of the gallery: {' '.join(faults)}", stacklevel=2)
    if not works:
        raise CourseError(f"There is no picture in {room}; save one with nst.save_image first.")
    paragraphs = [part for part in re.split(r"\n\s*\n", statement.strip()) if part]
    write_text(place, render("gallery.html", title=title, statement=paragraphs, works=works))
    return place


def work(file: Path) -> Work:
    """A picture file as an entry of the gallery."""
    picture, recipe = read_picture(file), read_recipe(file)
    words = re.sub(r"^\d+[\s._-]+", "", file.stem.replace("_", " ")).strip() or file.stem
    named = recipe if isinstance(recipe, Mapping) else {}
    alt = words
    if {"content", "style"} <= set(named):
        content, style = (Path(str(named[n])).stem.replace("_", " ") for n in ("content", "style"))
        alt = f"{words}: {content} in the style of {style}"
    source = embedded(picture, LONGER_SIDE)
    return Work(words[:1].upper() + words[1:], alt, source, *picture.size, recipe)


def natural(name: str) -> list[tuple[bool, int, str]]:
    """A key that sorts 2.png before 10.png."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
