"""Uploaded pictures, checked as by `nst.load_image`."""

import functools
import re
import tempfile
from pathlib import Path

from ..errors import CourseError
from ..images.read import read_picture

MIN_SIDE = 64  # pixels, of the longer side; an icon has too little detail


def store_upload(name: str, content: bytes, folder: Path | None = None) -> Path:
    """Write an uploaded picture to a file, by default in a folder that goes with the kernel.

    Returns:
        The path of the file.

    Raises:
        CourseError: it is not a picture, it is damaged, or it is smaller than `MIN_SIDE`.
    """
    folder = folder or upload_folder()
    path = folder / safe_name(name)
    path.write_bytes(content)
    try:
        width, height = read_picture(path, MIN_SIDE).size
    except CourseError as error:
        path.unlink()
        raise CourseError(str(error).replace(str(path), path.name)) from error
    if max(width, height) < MIN_SIDE:
        path.unlink()
        raise CourseError(
            f"{path.name} has {width}×{height} pixels, which is too small; "
            f"choose a picture of at least {MIN_SIDE} pixels."
        )
    return path


def lasting_name(picture: str) -> str:
    """The name of a picture that is still right tomorrow: of an upload, without its folder."""
    path = Path(picture)
    return path.name if Path(_folder().name) in path.parents else picture


def upload_folder() -> Path:
    """A new folder for one upload, because names may repeat; it goes with the kernel."""
    return Path(tempfile.mkdtemp(dir=_folder().name))


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    """Where the uploads of this process are; Python removes it when the process ends."""
    return tempfile.TemporaryDirectory(prefix="nst_course_")


def safe_name(name: str) -> str:
    """The last part of a name, as a name that every file system takes: a browser sends any text."""
    last = re.split(r"[/\\]", str(name))[-1]
    safe = re.sub(r"[^\w .()+-]", "_", last).strip(" .")
    return safe.encode()[-200:].decode(errors="ignore") or "picture"
