"""Pictures between files and tensors: always RGB, float32, 0…1, shape (1, 3, H, W)."""

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

# Ending → what Pillow is told when it saves. JPEG without colour subsampling, so that thin
# coloured strokes survive.
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 92},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".tiff": {"format": "TIFF", "compression": "tiff_deflate"},
}

MOST_PIXELS = 178_956_970  # of a picture that is enlarged: as many as Pillow opens

# What a camera's rotation mark asks for (EXIF, tag Orientation); 1 is upright already.
TURNS = {
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
    """An image as a tensor (1, 3, H, W), RGB, float32, 0…1.

    Any mode that Pillow opens is taken: greyscale, palette, CMYK, 16 bit, transparency (laid over
    white), a camera's rotation mark (applied), animations (their first frame).

    Args:
        name_or_path: a bundled name such as ``"great_wave"``, or a path to a file.
        size: length of the longer side in pixels; the shape of the picture is kept. Without it
            the picture keeps its own size.

    Raises:
        CourseError: there is no such name or file, or the file is not a picture that can be read.
    """
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise CourseError(
            f"size is the longer side in pixels, a whole number such as 256, not {size!r}."
        )
    path = find_image(name_or_path)
    try:
        with warnings.catch_warnings():
            # Pillow warns at 89 megapixels and refuses at 179; a camera's 100 are welcome.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                if size is not None:
                    # A JPEG can be decoded at a half, a quarter or an eighth at once. Twice the
                    # wanted size is left for the resampling below.
                    opened.draft(None, (2 * size, 2 * size))
                picture = to_rgb(upright(opened))
    except UnidentifiedImageError as error:
        reason = "it is empty" if path.stat().st_size == 0 else "it is not a picture"
        raise CourseError(
            f"{path} cannot be opened: {reason}; choose a JPEG or PNG file."
        ) from error
    except Image.DecompressionBombError as error:
        raise CourseError(
            f"{path} is refused because it unpacks to more than "
            f"{2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} megapixels; scale it down first."
        ) from error
    except PermissionError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}); ask for the right to read it, or copy it."
        ) from error
    except MemoryError as error:
        raise CourseError(f"{path} does not fit into memory; scale it down first.") from error
    except Exception as error:  # dozens of decoders, each with its own way to fail on a bad file
        raise CourseError(f"{path} is damaged ({error}); save or download it again.") from error
    if size is not None:
        picture = resize_longer_side(picture, size)
    return from_pil(picture)


def find_image(name_or_path: str | os.PathLike) -> Path:
    """The file that a bundled name or a path stands for."""
    text = os.fspath(name_or_path) if isinstance(name_or_path, (str, os.PathLike)) else ""
    if not text:
        raise CourseError(
            f"An image is named by a bundled name or a path, not by {name_or_path!r}; "
            f'try "great_wave".'
        )
    names = bundled_images()
    try:
        path = Path(text).expanduser()
        if path.is_file():
            return path
        if path.is_dir() and text not in names:
            raise CourseError(f"{path} is a folder; name one picture in it.")
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
    """The picture turned as the camera's rotation mark says.

    Pillow's `exif_transpose` does this too, but it writes all the other marks anew, and one that
    is broken would cost the picture.
    """
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)


def to_rgb(picture: Image.Image) -> Image.Image:
    """Any Pillow mode as 8-bit RGB: transparency over white, 16 bit scaled down.

    Integers have the range of 16 bits and floats that of 0…1; where the numbers leave that range
    nothing says what white is, so the darkest becomes 0 and the brightest 255.
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
    """The picture scaled so that its longer side has ``size`` pixels, the shape kept."""
    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    if (width, height) == picture.size:
        return picture
    if width * height > MOST_PIXELS:
        raise CourseError(
            f"At size={size} the picture would have {width * height / 1e6:.0f} megapixels; "
            "choose a smaller size."
        )
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """An image (1, 3, H, W), 0…1, in another size (height, width), on the device where it is."""
    # By way of the CPU: Apple's GPUs cannot do it in every version of PyTorch.
    result = F.interpolate(image.cpu(), tuple(size), mode="bicubic", antialias=True)
    return result.clamp_(0, 1).to(image.device)


def from_pil(picture: Image.Image) -> Tensor:
    """A Pillow picture in mode RGB as a tensor (1, 3, H, W), 0…1."""
    values = torch.from_numpy(np.array(picture, dtype=np.uint8))
    return values.permute(2, 0, 1).unsqueeze(0).float().contiguous() / 255


def to_pil(image: Tensor) -> Image.Image:
    """An image (1, 3, H, W) or (3, H, W) as a Pillow picture; values outside 0…1 are clipped.

    Raises:
        CourseError: not an image, or it holds numbers that are not finite.
    """
    if not isinstance(image, Tensor):
        raise CourseError(f"An image is a tensor (1, 3, H, W), not a {type(image).__name__}.")
    shape = tuple(image.shape)
    if image.dim() == 4 and shape[0] == 1:
        image = image[0]
    if image.dim() != 3 or image.shape[0] != 3 or 0 in shape:
        raise CourseError(f"An image has shape (1, 3, H, W) and this one has {shape}.")
    image = image.detach().float().cpu()
    if not image.isfinite().all():
        raise CourseError(
            "The image holds numbers that are not finite; use the one of an earlier step."
        )
    values = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(values.numpy())


def save_image(image: Tensor, path: str | os.PathLike) -> Path:
    """Write an image (1, 3, H, W) to a file; the ending chooses PNG, JPEG, WebP or TIFF.

    The file appears whole or not at all: an interruption leaves the old one as it was.

    Returns:
        The path that was written.

    Raises:
        CourseError: an ending without a format, not an image, or a place that cannot be written.
    """
    try:
        path = Path(path).expanduser()
    except (TypeError, RuntimeError) as error:  # not a path; ~ of an unknown user
        raise CourseError(f"{path!r} is not the path of a file ({error}).") from error
    options = check_ending(path)
    picture = to_pil(image)
    try:
        write_atomically(path, lambda partial: picture.save(partial, **options))
    except (OSError, ValueError) as error:  # ValueError: WebP takes 16383 pixels a side
        reason = getattr(error, "strerror", None) or error
        raise CourseError(
            f"{path} cannot be written ({reason}); choose another place or format."
        ) from error
    return path


def check_place(path: Path) -> None:
    """Raise a CourseError if `save_image` could not write this file: before a long run."""
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
    """What Pillow is told for this ending; a CourseError names the endings that are possible."""
    if path.suffix.lower() not in SAVE_OPTIONS:
        raise CourseError(
            f'"{path.name}" has no ending that names a picture format; '
            f"use one of {', '.join(SAVE_OPTIONS)}."
        )
    return SAVE_OPTIONS[path.suffix.lower()]
