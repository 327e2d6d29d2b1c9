"""Pictures embedded in a page: the bytes of their files, and data URLs."""

import base64
import io

from PIL import Image


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    """The bytes of a JPEG file."""
    return _file(picture, "JPEG", quality=quality)


def png(picture: Image.Image) -> bytes:
    """The bytes of a PNG file."""
    return _file(picture, "PNG")


def data_url(data: bytes, kind: str) -> str:
    """The data URL of a picture.

    Args:
        data: the bytes of its file.
        kind: ``"jpeg"``, ``"png"``, ``"webp"`` or ``"gif"``.
    """
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _file(picture: Image.Image, kind: str, **settings: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()
