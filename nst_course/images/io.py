"""Convert between picture files and tensors: (1, 3, H, W), RGB, float32, 0…1."""

import difflib
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..assets import IMAGES
from ..checks import check_kind, printable, shown
from ..errors import CourseError
from ..files import check_place, expanded, write_atomically
from .read import errors_named, open_picture, read_picture
from .recipe import Recipe, recipe_in, recipe_tags

# JPEG without chroma subsampling, which would blur thin colored strokes.
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 92},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".tiff": {"format": "TIFF", "compression": "tiff_deflate"},
}

MOST_PIXELS_A_SIDE = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}
MAX_PIXELS = 178_956_970  # of an enlarged picture; Pillow opens no larger ones either


def bundled_images() -> list[str]:
    """The names that `load_image` knows, for example ``"great_wave"``."""
    return sorted(path.stem for path in IMAGES.glob("*.jpg"))


def load_image(name_or_path: str | os.PathLike, size: int | None = None) -> Tensor:
    """Load an image as a tensor (1, 3, H, W), RGB, float32, 0…1.

    JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF and a few more formats are opened, whatever the file is
    called. Every mode is converted to 8-bit sRGB: grayscale, palette, CMYK, 16 bit, ICC profiles,
    transparency (on a white background). The EXIF orientation is applied. Of an animation, the
    first frame is loaded.

    Args:
        name_or_path: a bundled name such as ``"great_wave"``, or a path to a file.
        size: the longer side in pixels; the aspect ratio is kept. By default the picture is not
            resized.

    Raises:
        CourseError: there is no such name or file, or the file cannot be read as a picture.
    """
    known = size is None or (isinstance(size, int) and not isinstance(size, bool))
    if not known or (size is not None and not 1 <= size < 2**31):
        raise CourseError(
            f"size is the longer side in pixels, a whole number such as 256, not {shown(size)}."
        )
    path = find_image(name_or_path)
    picture = read_picture(path, size)
    if size is not None:
        picture = resize_longer_side(picture, size)
    return from_pil(picture)


def find_image(name_or_path: str | os.PathLike) -> Path:
    """The path of the file that a bundled name or a path refers to."""
    text = os.fspath(name_or_path) if isinstance(name_or_path, (str, os.PathLike)) else ""
    if not text:
        raise CourseError(
            f'An image is a bundled name or a path, not {shown(name_or_path)}; try "great_wave".'
        )
    names = bundled_images()
    try:
        path = Path(text).expanduser()
        if path.is_file():
            return path
        if path.is_dir() and text not in names:
            raise CourseError(f"{path} is a folder; give the path of one picture in it.")
        if path.exists() and text not in names:
            raise CourseError(f"{path} is not a regular file; give the path of a picture.")
    except CourseError:
        raise
    except (OSError, RuntimeError, ValueError):  # too long; ~ of an unknown user; a NUL
        pass
    if text in names:
        return IMAGES / f"{text}.jpg"
    near = difflib.get_close_matches(
        Path(text).stem.lower().replace(" ", "_"), names, n=1, cutoff=0.5
    )
    hint = f'did you mean "{near[0]}"?' if near else f"the bundled images are {', '.join(names)}."
    raise CourseError(f'There is no file and no bundled image "{printable(text)}"; {hint}')


def sides_at(sides: Sequence[int], longer_side: int) -> tuple[int, int]:
    """Two sides, scaled so that the longer one has so many pixels."""
    factor = longer_side / max(sides)
    first, second = (max(1, round(side * factor)) for side in sides)
    return first, second


def resize_longer_side(picture: Image.Image, size: int) -> Image.Image:
    """The picture with ``size`` pixels on its longer side and the same aspect ratio."""
    width, height = sides_at(picture.size, size)
    if (width, height) == picture.size:
        return picture
    check_megapixels(width, height, size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def check_megapixels(width: int, height: int, size: int) -> None:
    """Refuse a size at which a picture has more than `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise CourseError(
            f"At size={size} the picture would have {width * height / 1e6:.0f} megapixels; "
            "choose a smaller size."
        )


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """An image (1, 3, H, W), 0…1, resized to (height, width) by bicubic interpolation."""
    # On the CPU, because Apple's GPUs do not support it in every version of PyTorch.
    result = F.interpolate(image.cpu(), tuple(size), mode="bicubic", antialias=True)
    return result.clamp_(0, 1).to(image.device)


def scaled(image: Tensor, longer_side: int) -> Tensor:
    """An image (1, 3, H, W), 0…1, resized to a longer side in pixels."""
    height, width = sides_at(image.shape[2:], longer_side)
    check_megapixels(width, height, longer_side)
    return image if (height, width) == image.shape[2:] else resized(image, (height, width))


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
    check_kind("An image", image, has_data=True)
    image = image.detach().float().cpu()
    if not image.isfinite().all():
        raise CourseError("The image has values that are not finite; use an earlier step.")
    values = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(values.numpy())


def save_image(
    image: Tensor,
    path: str | os.PathLike,
    overwrite: bool | None = None,
    recipe: Recipe | None = None,
) -> Path:
    """Write an image (1, 3, H, W) to a PNG, JPEG, WebP or TIFF file, chosen by the ending.

    The file is replaced as a whole: an interruption leaves the old one unchanged. A symbolic link
    is followed.

    Args:
        image: (1, 3, H, W) or (3, H, W); values are clamped to 0…1.
        path: the file; missing folders are made.
        overwrite: whether a file that exists is replaced (True), replaced with a warning (None),
            or kept, with an error (False).
        recipe: how it was made, which is kept in the file: a text, or names and values such as the
            arguments of `stylize`. See `read_recipe`.

    Returns:
        The path of the file.

    Raises:
        CourseError: the ending names no such format, it is not an image, the file exists and is
            kept, or it cannot be written.
    """
    path = as_path(path)
    options = check_ending(path)
    if recipe is not None:
        options = {**options, "exif": recipe_tags(recipe)}
    picture = to_pil(image)
    try:
        if existed := os.path.exists(path):
            refuse_to_replace(path, overwrite is False)
        write_atomically(path, lambda partial: picture.save(partial, **options))
    except (OSError, ValueError) as error:  # ValueError: WebP allows 16383 pixels a side
        raise cannot_write(path, error) from error
    if existed and overwrite is None:
        warnings.warn(f"{path} existed and has been replaced.", stacklevel=2)
    return path


def read_recipe(path: str | os.PathLike) -> Recipe | None:
    """The recipe that `save_image` kept in a picture file, None if there is none.

    Raises:
        CourseError: there is no such file, or it cannot be read as a picture.
    """
    file = find_image(path)
    with errors_named(file), open_picture(file) as opened:
        return recipe_in(opened.getexif())


def check_output(
    path: Path,
    size: tuple[int, int] | None = None,
    inputs: Iterable[Path] = (),
    overwrite: bool = False,
) -> None:
    """Raise a CourseError if `save_image` should not or could not write this file.

    To be called before a run. Nothing is written.

    Args:
        path: the file.
        size: (width, height) of the picture, in pixels.
        inputs: files that must not be replaced, whatever ``overwrite`` says.
        overwrite: whether another file may be.
    """
    check_ending(path)
    path = as_path(path)
    width, height = size or (1, 1)
    most = MOST_PIXELS_A_SIDE.get(path.suffix.lower())
    if most is not None and max(width, height) > most:
        raise CourseError(
            f'A "{path.suffix}" picture has at most {most} pixels a side and this one would have '
            f"{max(width, height)}; use .png or .tif."
        )
    try:
        for given in inputs:
            if os.path.exists(path) and os.path.samefile(path, given):
                raise CourseError(f"{path} is one of the pictures given; choose another output.")
        check_place(path, 3 * width * height)
        refuse_to_replace(path, not overwrite)
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error


def refuse_to_replace(path: Path, refuse: bool) -> None:
    if refuse and os.path.exists(path) and not path.is_dir():
        raise CourseError(
            f"{path} exists already; choose another name, or replace it with overwrite=True "
            "(--overwrite on the command line)."
        )


def cannot_write(path: Path, error: Exception) -> CourseError:
    """The error for a picture that cannot be written, or the error itself if it says all."""
    if isinstance(error, CourseError):
        return error
    reason = getattr(error, "strerror", None) or error
    return CourseError(f"{path} cannot be written ({reason}); choose another place or format.")


def as_path(path: str | os.PathLike) -> Path:
    """The path, with ``~`` replaced; a CourseError if it is none."""
    try:
        if "\0" in os.fspath(path):
            raise ValueError("it contains a NUL")
        return expanded(path)
    except (TypeError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CourseError(f"{shown(path)} is not a path ({reason}); name a file.") from error


def check_ending(path: Path) -> dict[str, Any]:
    """Pillow's options for this ending; a CourseError lists the possible endings."""
    if path.suffix.lower() not in SAVE_OPTIONS:
        ending = f'as "{path.suffix}"' if path.suffix else "without an ending"
        raise CourseError(f"Cannot save {ending}; use .png, .jpg, .tif or .webp.")
    return SAVE_OPTIONS[path.suffix.lower()]
