"""Uploaded pictures, checked as by `nst.load_image`."""

import tempfile
from pathlib import Path

from PIL import Image

from ..errors import CourseError
from ..images.io import load_image

MIN_SIDE = 64  # pixels, of the longer side; an icon has too little detail


def store_upload(name: str, content: bytes, folder: Path | None = None) -> Path:
    """Write an uploaded picture to a file, in a new temporary folder by default.

    Returns:
        The path of the file.

    Raises:
        CourseError: it is not a picture, it is damaged, or it is smaller than `MIN_SIDE`.
    """
    folder = folder or Path(tempfile.mkdtemp(prefix="nst_course_"))
    path = folder / (Path(name).name or "picture")
    path.write_bytes(content)
    try:
        load_image(path, MIN_SIDE)
    except CourseError as error:
        path.unlink()
        raise CourseError(str(error).replace(str(path), path.name)) from error
    with Image.open(path) as picture:
        width, height = picture.size
    if max(width, height) < MIN_SIDE:
        path.unlink()
        raise CourseError(
            f"{path.name} has {width}×{height} pixels, which is too small; "
            f"choose a picture of at least {MIN_SIDE} pixels."
        )
    return path
