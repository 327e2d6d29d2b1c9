"""One HTML file with everything in it."""

import os
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from ..files import write_atomically
from ..images.encode import data_url, jpeg
from ..images.io import as_path, cannot_write, refuse_to_replace

TEMPLATES = Path(__file__).parent / "templates"


def embedded(picture: Image.Image, longer_side: int, quality: int = 88) -> str:
    """The data URL of a picture, made smaller if a side is longer than this."""
    picture = picture.copy()
    picture.thumbnail((longer_side, longer_side), Image.Resampling.LANCZOS)
    return data_url(jpeg(picture, quality), "jpeg")


def render(template: str, **values: Any) -> str:
    """A page; whatever the values hold is text and never markup."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(**values)


def free_place(path: str | os.PathLike, overwrite: bool) -> Path:
    """The path of a file that may be written.

    Raises:
        CourseError: it is no path, or a file is there that is to be kept.
    """
    place = as_path(path)
    refuse_to_replace(place, not overwrite)
    return place


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole.

    Raises:
        CourseError: it cannot be written.
    """
    try:
        write_atomically(path, lambda partial: partial.write_text(text, "utf-8"))
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error
