"""Picture files of others, opened with care: as upright sRGB pictures of 8 bits a channel."""

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin, UnidentifiedImageError, features

from ..errors import CourseError
from .convert import refuse_planes, to_rgb

# Only formats of pictures. Pillow also opens vector drawings, for which it starts other programs:
# a PostScript file can run for ever.
FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "ICNS", "ICO", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "QOI"),
    *("SGI", "TGA", "TIFF", "WEBP"),
)
JPEG_START = b"\xff\xd8\xff"
MOST_JPEG_PIXELS = 600_000_000  # of the file; it is decoded at a half, a quarter or an eighth
CUT_OFF = 0.01  # share of a JPEG file's picture that may be missing at its end

# The beginning of files that are no pictures, or not in a format that is opened here.
FOREIGN = [  # position, bytes, what it is
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (0, b"%PDF", "a PDF file"),
    (0, b"\xd7\xcd\xc6\x9a", "a WMF file"),
    (0, b"\x01\0\x09\0", "a WMF file"),
    (40, b" EMF", "an EMF file"),
    (0, b"GRIB", "a GRIB file"),
    (0, b"BUFR", "a BUFR file"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"SIMPLE  =", "a FITS file"),
    (0, b"\xff\x0a", "a JPEG XL file"),
    (4, b"JXL ", "a JPEG XL file"),
    (0, b"gimp xcf", "a GIMP file"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"\0\0\x01\xb3", "a video"),
    (0, b"\0\0\x01\xba", "a video"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a GZIP archive"),
    (0, b"version https://git-lfs", "a pointer of Git LFS"),
]
RAW = ("ARW", "CR2", "CR3", "DNG", "NEF", "NRW", "ORF", "PEF", "RAF", "RW2", "SRW")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1")

# The transposition for each value of the EXIF tag Orientation; 1 means none.
TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_picture(path: Path, size: int | None = None) -> Image.Image:
    """A file as an upright sRGB picture in mode RGB, transparency on a white background.

    Args:
        path: an existing file.
        size: the longer side that is wanted, in pixels. The picture is larger; a JPEG file is
            decoded at a fraction of its size, but at least twice this large.

    Raises:
        CourseError: it cannot be read, and why.
    """
    with errors_named(path):
        opened = open_picture(path)
        try:
            return finished(opened, size)
        except OSError as error:
            if opened.format != "JPEG" or "truncated" not in str(error):
                raise
            return mended_jpeg(path, size, error)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, before it is turned upright; only the header is read.

    Raises:
        CourseError: it cannot be read, and why.
    """
    with errors_named(path), open_picture(path) as opened:
        return opened.size


@contextlib.contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Raise a CourseError that names the file in place of any exception of a decoder."""
    try:
        with warnings.catch_warnings():
            # Pillow warns at 89 megapixels and refuses at 179. Cameras have 100.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except CourseError:
        raise
    except Exception as error:  # dozens of decoders, each with its own way to fail on a bad file
        raise CourseError(f"{path} {reason(path, error)}") from error


def refuse_foreign(path: Path, head: bytes) -> None:
    """Raise a CourseError that names the format if this is the beginning of no picture."""
    advice = "which cannot be loaded; export it as PNG or JPEG"
    if path.suffix[1:].upper() in RAW and not head.startswith(JPEG_START):
        raise CourseError(f"{path} is a raw file of a camera, {advice}.")
    if is_heif(head) or is_avif(head):
        return
    text = head.lstrip().lower()
    if text.startswith(b"<") and b"<svg" in text:
        raise CourseError(f"{path} is an SVG drawing, {advice}.")
    if text.startswith((b"<!doctype html", b"<html")):
        raise CourseError(f"{path} is a web page; download the picture that is on it.")
    for start, signature, kind in FOREIGN:
        if head[start:].startswith(signature):
            raise CourseError(f"{path} is {kind}, {advice}.")


def is_avif(head: bytes) -> bool:
    box = head[: int.from_bytes(head[:4], "big")]
    return head[4:8] == b"ftyp" and (b"avif" in box or b"avis" in box)


def is_heif(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS and not is_avif(head)


def open_picture(path: Path) -> Image.Image:
    """A file, opened but not decoded."""
    with open(path, "rb") as stream:
        head = stream.read(512)
    refuse_foreign(path, head)
    if head.startswith(JPEG_START):
        return JpegImagePlugin.JpegImageFile(path)
    if not is_heif(head):
        return Image.open(path, formats=FORMATS)
    try:
        from pillow_heif import HeifImageFile  # without registering it: nothing else changes
    except ImportError as error:
        raise CourseError(
            f"{path} is a HEIC file: run pip install pillow-heif, or export it as JPEG."
        ) from error
    return HeifImageFile(path)


def mended_jpeg(path: Path, size: int | None, error: OSError) -> Image.Image:
    """A JPEG file that lacks its last bytes, with a warning; the error if it lacks more.

    The decoder fills what is missing from whatever follows. So the file is decoded with two
    different ends, and where the results differ, the picture is missing.
    """
    data = path.read_bytes()
    ends = (b"\xff\xd9", b"\x55\x2a\x93\x6c" * 300 + b"\xff\xd9")
    one, other = (
        finished(JpegImagePlugin.JpegImageFile(io.BytesIO(data + end)), size) for end in ends
    )
    if (np.asarray(one) != np.asarray(other)).any(axis=2).mean() > CUT_OFF:
        raise error
    warnings.warn(f"{path} is cut off at its end; what is there has been loaded.", stacklevel=2)
    return one


def finished(opened: Image.Image, size: int | None) -> Image.Image:
    """Decode an opened picture, turn it upright, and convert it to sRGB."""
    with opened:
        check_pixels(*opened.size, MOST_JPEG_PIXELS if opened.format == "JPEG" else None)
        if size is not None:
            # A JPEG decoder can scale by 1/2, 1/4 or 1/8, which saves time and memory. Twice the
            # size is left for the resampling.
            opened.draft(None, (2 * size, 2 * size))
        check_pixels(*opened.size)
        refuse_planes(opened)
        opened.load()  # before the orientation: TIFF files are turned by Pillow itself
        return upright(to_rgb(opened), opened.getexif().get(ExifTags.Base.Orientation, 1))


def check_pixels(width: int, height: int, most: int | None = None) -> None:
    """Refuse pictures that are too large to decode, as Pillow does."""
    most = most or pixel_limit()
    if width * height > most:
        raise Image.DecompressionBombError(most)


def pixel_limit() -> int:
    """How many pixels are decoded at most; Pillow's setting, at the twice of which it refuses."""
    return sys.maxsize if Image.MAX_IMAGE_PIXELS is None else 2 * Image.MAX_IMAGE_PIXELS


def reason(path: Path, error: Exception) -> str:
    """The second half of a sentence that begins with the path: why the file cannot be read."""
    if isinstance(error, UnidentifiedImageError):
        with open(path, "rb") as stream:
            head = stream.read(512)
        if is_avif(head) and not features.check("avif"):
            return "is an AVIF file: run pip install --upgrade pillow, or export it as JPEG."
        if is_avif(head):
            return "is damaged; save or download it again."
        found = "it is not a picture" if head else "it is empty"
        return f"cannot be opened: {found}; choose a JPEG or PNG file."
    if isinstance(error, Image.DecompressionBombError):
        most = error.args[0] if isinstance(error.args[0], int) else pixel_limit()
        return f"has more than {most / 1e6:.0f} megapixels; scale it down, or load it with a size."
    if isinstance(error, PermissionError):
        return f"cannot be read ({error.strerror}); change its permissions, or copy it."
    if isinstance(error, MemoryError):
        return "does not fit into memory; scale it down first."
    what = " ".join(str(error).split())[:200] or type(error).__name__
    return f"is damaged ({what}); save or download it again."


def upright(picture: Image.Image, orientation: Any) -> Image.Image:
    """The picture, transposed according to its EXIF orientation.

    Pillow's `exif_transpose` also rewrites all other EXIF tags, and fails if one of them is broken.
    """
    method = TRANSPOSES.get(orientation)
    return picture if method is None else picture.transpose(method)
