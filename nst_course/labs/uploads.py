"""Pictures that a reader uploads: with the same care as `nst.load_image`."""

import tempfile
from pathlib import Path

from PIL import Image

from ..errors import CourseError
from ..images.io import load_image

SMALLEST = 64  # pixels on the longer side; an icon has nothing to paint


def store_upload(name: str, content: bytes, folder: Path | None = None) -> Path:
    """Write an uploaded picture to a file and return its path.

    Raises:
        CourseError: it is not a picture, it is damaged, or it is smaller than `SMALLEST`.
    """
    folder = folder or Path(tempfile.mkdtemp(prefix="nst_course_"))
    path = folder / (Path(name).name or "picture")
    path.write_bytes(content)
    try:
        load_image(path, SMALLEST)
    except CourseError as error:
        path.unlink()
        raise CourseError(str(error).replace(str(path), path.name)) from error
    with Image.open(path) as picture:
        width, height = picture.size
    if max(width, height) < SMALLEST:
        path.unlink()
        raise CourseError(
            f"{path.name} has {width}×{height} pixels, too few to paint; "
            f"choose a picture of at least {SMALLEST} pixels."
        )
    return path
