"""Pictures of any Pillow mode as 8-bit sRGB: ranges of numbers, color profiles, transparency."""

import io
import os
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageCms

# Tags of TIFF files.
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
UNSIGNED, SIGNED = 1, 2  # values of SAMPLE_FORMAT
WHITE_IS_ZERO = 0  # value of PHOTOMETRIC


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert any Pillow mode to 8-bit sRGB, with transparency on a white background."""
    if picture.mode.startswith(("I", "F")) or has_signed_bytes(picture):
        return to_8_bits(picture).convert("RGB")
    warn_if_low_bits(picture)
    profile = picture.info.get("icc_profile")
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


def warn_if_low_bits(picture: Image.Image) -> None:
    """Warn of 16-bit colors whose higher bits, the only ones that Pillow reads, are empty."""
    tags = getattr(picture, "tag_v2", {})
    if first(tags, BITS_PER_SAMPLE) == 16 and np.asarray(picture.convert("RGB")).max() < 16:
        warn_of_range(picture, "16 bits a channel and uses the lowest 12, so it looks black")


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
