"""Write clips: MP4 by FFmpeg, animated WebP and GIF by Pillow."""

import os
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from ..errors import CourseError
from ..files import check_place, write_atomically
from ..images.io import as_path, cannot_write, refuse_to_replace, to_pil
from .clips import BT709, check_rate

ENDINGS = (".mp4", ".webp", ".gif")
QUALITY = "17"  # of H.264, its constant rate factor: strokes stay as they are to the eye
PALETTE_FRAMES = 8  # of a GIF; the colors of all frames are chosen from so many


def write_clip(
    frames: Iterable[Tensor],
    path: str | os.PathLike,
    fps: float = 25.0,
    overwrite: bool | None = None,
) -> Path:
    """Write frames to an MP4, an animated WebP or a GIF file, chosen by the ending.

    The file is replaced as a whole: an interruption leaves the old one unchanged. WebP and GIF
    repeat forever; a GIF has 256 colors, the same ones in all frames.

    Args:
        frames: each (1, 3, H, W), all of one size; values are clamped to 0…1.
        path: the file; missing folders are made.
        fps: frames a second.
        overwrite: whether a file that exists is replaced (True), replaced with a warning (None),
            or kept, with an error (False).

    Raises:
        CourseError: the ending names no such format, there are no frames, their sizes differ, the
            file exists and is kept, or it cannot be written.
    """
    path = as_path(path)
    check_ending(path)
    check_rate(fps)
    pictures = [to_pil(frame) for frame in frames]
    if len({picture.size for picture in pictures}) != 1:
        raise CourseError("A clip needs one or more frames, all of the same size.")
    write = write_mp4 if path.suffix.lower() == ".mp4" else write_animation
    try:
        if existed := os.path.exists(path):
            refuse_to_replace(path, overwrite is False)
        write_atomically(path, lambda partial: write(pictures, partial, fps))
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error
    if existed and overwrite is None:
        warnings.warn(f"{path} existed and has been replaced.", stacklevel=2)
    return path


def check_clip_output(path: Path, inputs: Iterable[Path] = (), overwrite: bool = False) -> None:
    """Raise a CourseError if `write_clip` should not or could not write this file."""
    check_ending(path)
    try:
        for given in inputs:
            if os.path.exists(path) and os.path.samefile(path, given):
                raise CourseError(f"{path} is one of the files given; choose another output.")
        check_place(path, 1)
        refuse_to_replace(path, not overwrite)
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error


def check_ending(path: Path) -> None:
    """Refuse an ending that names no format of clips."""
    if path.suffix.lower() not in ENDINGS:
        ending = f'as "{path.suffix}"' if path.suffix else "without an ending"
        raise CourseError(f"Cannot save a clip {ending}; use {', '.join(ENDINGS)}.")


def write_animation(pictures: Sequence[Image.Image], path: Path, fps: float) -> None:
    """An animated WebP or GIF."""
    if path.suffix.lower() == ".gif":
        palette = common_palette(pictures)
        pictures = [
            picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
        ]
    # Times are whole milliseconds, and those of a GIF hundredths of a second: rounding the ends of
    # the frames, and not their lengths, keeps the whole as long as it is.
    unit = 10 if path.suffix.lower() == ".gif" else 1
    ends = [round(1000 * number / fps / unit) * unit for number in range(len(pictures) + 1)]
    times = [max(unit, end - start) for start, end in zip(ends, ends[1:], strict=False)]
    lossy: dict[str, Any] = {} if unit == 10 else {"quality": 90, "method": 4}
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=times, loop=0, **lossy
    )


def common_palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """A picture with 256 colors for all frames: palettes of their own would flicker."""
    step = -(-len(pictures) // PALETTE_FRAMES)
    some = pictures[::step]
    strip = Image.new("RGB", (some[0].width, some[0].height * len(some)))
    for number, picture in enumerate(some):
        strip.paste(picture, (0, number * picture.height))
    return strip.quantize(256)


def write_mp4(pictures: Sequence[Image.Image], path: Path, fps: float) -> None:
    """H.264 in 4:2:0, which every browser plays; an odd side gets one more pixel."""
    import av

    width, height = (side + side % 2 for side in pictures[0].size)
    try:
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", Fraction(fps).limit_denominator(1001))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            colors = ("colorspace", "color_primaries", "color_trc")
            stream.options = {
                "crf": QUALITY,
                "preset": "slow",
                "color_range": "tv",
                **dict.fromkeys(colors, "bt709"),
            }
            for picture in pictures:
                values = np.pad(
                    np.asarray(picture),
                    ((0, height - picture.height), (0, width - picture.width), (0, 0)),
                    mode="edge",
                )
                frame = av.VideoFrame.from_ndarray(values, format="rgb24")
                frame = frame.reformat(format="yuv420p", dst_colorspace=BT709)
                frame.colorspace = BT709
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise OSError(f"FFmpeg says: {error.strerror or error}") from error
