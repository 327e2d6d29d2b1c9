"""Convert between picture files and tensors: (1, 3, H, W), RGB, float32, 0…1."""

import difflib
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from ..assets import IMAGES
from ..errors import CourseError
from ..files import write_atomically

# JPEG without chroma subsampling, which would blur thin colored strokes.
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 92},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".tiff": {"format": "TIFF", "compression": "tiff_deflate"},
}

MAX_PIXELS = 178_956_970  # of an enlarged picture; Pillow opens no larger ones either

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


def bundled_images() -> list[str]:
    """The names that `load_image` knows, for example ``"great_wave"``."""
    return sorted(path.stem for path in IMAGES.glob("*.jpg"))


def load_image(name_or_path: str | os.PathLike, size: int | None = None) -> Tensor:
    """Load an image as a tensor (1, 3, H, W), RGB, float32, 0…1.

    Every mode that Pillow opens is converted: grayscale, palette, CMYK, 16 bit, transparency (on a
    white background). The EXIF orientation is applied. Of an animation, the first frame is loaded.

    Args:
        name_or_path: a bundled name such as ``"great_wave"``, or a path to a file.
        size: the longer side in pixels; the aspect ratio is kept. By default the picture is not
            resized.

    Raises:
        CourseError: there is no such name or file, or the file cannot be read as a picture.
    """
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise CourseError(
            f"size is the longer side in pixels, a whole number such as 256, not {size!r}."
        )
    path = find_image(name_or_path)
    try:
        picture = open_rgb(path, size)
    except Exception as error:  # dozens of decoders, each with its own way to fail on a bad file
        raise CourseError(f"{path} {reason(path, error)}") from error
    if size is not None:
        picture = resize_longer_side(picture, size)
    return from_pil(picture)


def open_rgb(path: Path, size: int | None) -> Image.Image:
    """A file as an upright RGB picture, of at least twice the size if it is a JPEG file."""
    with warnings.catch_warnings():
        # Pillow warns at 89 megapixels and refuses at 179. Cameras have 100.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as opened:
            if size is not None:
                # A JPEG decoder can scale by 1/2, 1/4 or 1/8, which saves time and memory. Twice
                # the size is left for the resampling.
                opened.draft(None, (2 * size, 2 * size))
            return to_rgb(upright(opened))


def reason(path: Path, error: Exception) -> str:
    """The second half of a sentence that begins with the path: why the file cannot be read."""
    if isinstance(error, UnidentifiedImageError):
        found = "it is empty" if path.stat().st_size == 0 else "it is not a picture"
        return f"cannot be opened: {found}; choose a JPEG or PNG file."
    if isinstance(error, Image.DecompressionBombError):
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        return f"is refused because it has more than {limit:.0f} megapixels; scale it down first."
    if isinstance(error, PermissionError):
        return f"cannot be read ({error.strerror}); change its permissions, or copy it."
    if isinstance(error, MemoryError):
        return "does not fit into memory; scale it down first."
    return f"is damaged ({error}); save or download it again."


def find_image(name_or_path: str | os.PathLike) -> Path:
    """The path of the file that a bundled name or a path refers to."""
    text = os.fspath(name_or_path) if isinstance(name_or_path, (str, os.PathLike)) else ""
    if not text:
        raise CourseError(
            f'An image is a bundled name or a path, not {name_or_path!r}; try "great_wave".'
        )
    names = bundled_images()
    try:
        path = Path(text).expanduser()
        if path.is_file():
            return path
        if path.is_dir() and text not in names:
            raise CourseError(f"{path} is a folder; give the path of one picture in it.")
    except (OSError, RuntimeError):  # a name too long for the file system; ~ of an unknown user
        pass
    if text in names:
        return IMAGES / f"{text}.jpg"
    near = difflib.get_close_matches(
        Path(text).stem.lower().replace(" ", "_"), names, n=1, cutoff=0.5
    )
    hint = f'did you mean "{near[0]}"?' if near else f"the bundled images are {', '.join(names)}."
    raise CourseError(f'There is no file and no bundled image "{text[:200]}"; {hint}')


def upright(picture: Image.Image) -> Image.Image:
    """The picture, transposed according to its EXIF orientation.

    Pillow's `exif_transpose` also rewrites all other EXIF tags, and fails if one of them is broken.
    """
    method = TRANSPOSES.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if method is None else picture.transpose(method)


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert any Pillow mode to 8-bit RGB, with transparency on a white background.

    Integers are assumed to have the range of 16 bits, and floats the range 0…1. If a value is
    outside it, white is unknown: the minimum becomes 0 and the maximum 255.
    """
    if picture.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(picture, dtype=np.float64), posinf=0.0, neginf=0.0)
        scaled = (values - values.min()) / max(np.ptp(values), 1e-12)
        if picture.mode.startswith("I") and values.min() >= 0 and values.max() <= 65535:
            scaled = values / 65535
        elif values.min() >= 0 and values.max() <= 1:
            scaled = values
        return Image.fromarray((scaled * 255).round().astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def resize_longer_side(picture: Image.Image, size: int) -> Image.Image:
    """The picture with ``size`` pixels on its longer side and the same aspect ratio."""
    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    if (width, height) == picture.size:
        return picture
    if width * height > MAX_PIXELS:
        raise CourseError(
            f"At size={size} the picture would have {width * height / 1e6:.0f} megapixels; "
            "choose a smaller size."
        )
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """An image (1, 3, H, W), 0…1, resized to (height, width) by bicubic interpolation."""
    # On the CPU, because Apple's GPUs do not support it in every version of PyTorch.
    result = F.interpolate(image.cpu(), tuple(size), mode="bicubic", antialias=True)
    return result.clamp_(0, 1).to(image.device)


def from_pil(picture: Image.Image) -> Tensor:
    """A Pillow picture in mode RGB as a tensor (1, 3, H, W), float32, 0…1."""
    values = torch.from_numpy(np.array(picture, dtype=np.uint8))
    return values.permute(2, 0, 1).unsqueeze(0).float().contiguous() / 255


def to_pil(image: Tensor) -> Image.Image:
    """An image (1, 3, H, W) or (3, H, W) as a Pillow picture; values are clamped to 0…1.

    Raises:
        CourseError: it is not an image, or has values that are not finite.
    """
    if not isinstance(image, Tensor):
        raise CourseError(f"An image is a tensor (1, 3, H, W), not a {type(image).__name__}.")
    shape = tuple(image.shape)
    if image.dim() == 4 and shape[0] == 1:
        image = image[0]
    if image.dim() != 3 or image.shape[0] != 3 or 0 in shape:
        raise CourseError(f"An image has the shape (1, 3, H, W), not {shape}.")
    image = image.detach().float().cpu()
    if not image.isfinite().all():
        raise CourseError("The image has values that are not finite; use an earlier step.")
    values = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(values.numpy())


def save_image(image: Tensor, path: str | os.PathLike) -> Path:
    """Write an image (1, 3, H, W) to a PNG, JPEG, WebP or TIFF file, chosen by the ending.

    The file is replaced as a whole: an interruption leaves the old one unchanged.

    Returns:
        The path of the file.

    Raises:
        CourseError: the ending names no such format, it is not an image, or the file cannot be
            written.
    """
    try:
        path = Path(path).expanduser()
    except (TypeError, RuntimeError) as error:  # not a path; ~ of an unknown user
        raise CourseError(f"{path!r} is not a path ({error}).") from error
    options = check_ending(path)
    picture = to_pil(image)
    try:
        write_atomically(path, lambda partial: picture.save(partial, **options))
    except (OSError, ValueError) as error:  # ValueError: WebP allows 16383 pixels a side
        reason = getattr(error, "strerror", None) or error
        raise CourseError(
            f"{path} cannot be written ({reason}); choose another place or format."
        ) from error
    return path


def check_writable(path: Path) -> None:
    """Raise a CourseError if `save_image` could not write this file; to be called before a run."""
    check_ending(path)
    try:
        path = path.expanduser()
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CourseError(f"{path} cannot be written ({reason}); choose another place.") from error
    if path.is_dir():
        raise CourseError(f"{path} is a folder; name a file.")


def check_ending(path: Path) -> dict[str, Any]:
    """Pillow's options for this ending; a CourseError lists the possible endings."""
    if path.suffix.lower() not in SAVE_OPTIONS:
        raise CourseError(
            f'"{path.name}" has no ending of a picture format; '
            f"use one of {', '.join(SAVE_OPTIONS)}."
        )
    return SAVE_OPTIONS[path.suffix.lower()]
