"""Pictures of any Pillow mode as 8-bit sRGB: ranges of numbers, color profiles, transparency."""

import io
import os
import sys
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from ..errors import CourseError

# Tags of TIFF files.
BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, PLANES, SAMPLE_FORMAT = 258, 259, 262, 284, 339
UNSIGNED, SIGNED = 1, 2  # values of SAMPLE_FORMAT
WHITE_IS_ZERO = 0  # value of PHOTOMETRIC
SEPARATE = 2  # value of PLANES: one color after the other
# Raw modes of Pillow without their byte order; and the order that is not this one.
SWAPPABLE = {"RGB;16", "RGBA;16", "RGBX;16", "CMYK;16"}
OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert any Pillow mode to 8-bit sRGB, with transparency on a white background."""
    if picture.mode.startswith(("I", "F")) or has_signed_bytes(picture):
        return to_8_bits(picture).convert("RGB")
    profile = picture.info.get("icc_profile")
    picture = with_low_bits(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        opaque = to_srgb(picture.convert("RGB"), profile)
        white = Image.new("RGB", picture.size, "white")
        white.paste(opaque, mask=picture.getchannel("A"))
        return white
    if picture.mode not in ("RGB", "L", "CMYK"):
        picture = picture.convert("RGB")
    return to_srgb(picture, profile)


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in mode RGB, its colors converted from an ICC profile to sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(source):  # else only rounding errors
                converted = ImageCms.profileToProfile(
                    picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a broken profile, or one of another mode: the numbers as they are
    return picture.convert("RGB")


def to_8_bits(picture: Image.Image) -> Image.Image:
    """Long integers or floats, scaled to 0…255.

    White is 65535 for integers and 1 for floats. TIFF files do not say what white is: there it is
    the largest number of as many bits as the values need. If a value is outside, the minimum
    becomes 0 and the maximum 255.
    """
    values = np.asarray(picture).astype(np.float64)
    if has_signed_bytes(picture):
        values = np.asarray(picture).view(np.int8).astype(np.float64)
    tags = getattr(picture, "tag_v2", {})
    if picture.mode == "I" and first(tags, SAMPLE_FORMAT, SIGNED) == UNSIGNED:
        values %= 2**32  # Pillow reads them as signed
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    integers = not picture.mode.startswith("F")
    white = white_level(picture, high) if integers and low >= 0 else 1.0
    if low < 0 or high > white:
        warn_of_range(picture, f"values from {low:g} to {high:g}, shown from black to white")
        values, white = values - low, max(high - low, 1e-300)
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        values = white - values
    return Image.fromarray((values / white * 255).round().clip(0, 255).astype(np.uint8))


def white_level(picture: Image.Image, high: float) -> float:
    """The integer that means white, given the largest in the picture."""
    tags = getattr(picture, "tag_v2", None)
    if tags is None:
        return 65535.0
    bits = first(tags, BITS_PER_SAMPLE, 16)
    if bits < 32 and first(tags, SAMPLE_FORMAT, UNSIGNED) == SIGNED:
        bits -= 1
    for fewer in (1, 8, 10, 12, 14):
        white = 2.0**fewer - 1
        # Values of fewer than 13 bits would hardly be visible; of 14 they might be a dark picture.
        if fewer < bits and high <= white and (fewer < 14 or high > 0.9 * white):
            if high:
                warn_of_range(picture, f"values up to {high:g}, taken for {fewer} bits")
            return white
    return 2.0 ** min(bits, 16) - 1


def with_low_bits(picture: Image.Image) -> Image.Image:
    """16-bit colors of a TIFF file in 8 bits, where they use the lower bits only.

    Of 16 bits, Pillow reads the higher 8. The lower 8 are what it reads in the other byte order.
    """
    tags = getattr(picture, "tag_v2", {})
    if first(tags, BITS_PER_SAMPLE) != 16 or len(picture.getbands()) < 3:
        return picture
    colors = slice(0, 4 if picture.mode == "CMYK" else 3)  # without the opacity
    high = np.asarray(picture).astype(np.uint16)
    most = high[..., colors].max()
    if most >= 2**6:  # more than 14 bits
        return picture
    low = low_bytes(picture)
    if low is None:
        if most < 2**4:
            warn_of_range(picture, "16 bits a channel and uses the lowest 12, so it looks black")
        return picture
    values = 2**8 * high + low
    white = white_level(picture, values[..., colors].max())
    if values.max() > white:  # the opacity uses all bits
        values[..., 3] = values[..., 3] / 65535 * white
    shown = (values / white * 255).round().astype(np.uint8)
    return Image.merge(picture.mode, [Image.fromarray(band) for band in np.moveaxis(shown, 2, 0)])


def low_bytes(picture: Image.Image) -> np.ndarray | None:
    """The lower 8 of the 16 bits of every value; None where Pillow cannot be made to read them."""
    if not isinstance(picture, TiffImagePlugin.TiffImageFile) or not picture.filename:
        return None
    with TiffImagePlugin.TiffImageFile(picture.filename) as again:
        raw_modes = [str(tile.args[0]) for tile in again.tile if isinstance(tile.args, tuple)]
        if is_planar(again) or not {mode[:-1] for mode in raw_modes} <= SWAPPABLE:
            return None
        again.tile = [
            tile._replace(args=(mode[:-1] + OTHER_ORDER[mode[-1]], *tuple(tile.args or ())[1:]))
            for tile, mode in zip(again.tile, raw_modes, strict=True)
        ]
        return np.asarray(again)


def refuse_planes(picture: Image.Image) -> None:
    """Refuse 16-bit colors that are stored one after the other, which Pillow misreads."""
    tags = getattr(picture, "tag_v2", {})
    is_raw = tags.get(COMPRESSION, 1) == 1
    if is_raw and is_planar(picture) and first(tags, BITS_PER_SAMPLE) == 16:
        raise CourseError(
            f"{os.fspath(getattr(picture, 'filename', 'The picture'))} has 16-bit colors in "
            "separate planes, which cannot be loaded; save it with 8 bits."
        )


def is_planar(picture: Image.Image) -> bool:
    tags = getattr(picture, "tag_v2", {})
    return tags.get(PLANES) == SEPARATE and len(picture.getbands()) > 1


def warn_of_range(picture: Image.Image, what: str) -> None:
    name = getattr(picture, "filename", "") or "The picture"
    message = f"{os.fspath(name)} has {what}; save it with 8 bits if it looks wrong."
    warnings.warn(message, stacklevel=2)


def has_signed_bytes(picture: Image.Image) -> bool:
    tags = getattr(picture, "tag_v2", {})
    return picture.mode == "L" and first(tags, SAMPLE_FORMAT, UNSIGNED) == SIGNED


def first(tags: Any, tag: int, default: int = 0) -> int:
    """The value of a TIFF tag that has one for each channel."""
    found = tags.get(tag, (default,))
    return found[0] if isinstance(found, tuple) and found else default
