"""Read clips: MP4 and whatever else FFmpeg reads, animated WebP, GIF.

PyAV brings FFmpeg's libraries into the process, in a wheel of half the size of imageio-ffmpeg's
program; it knows how a phone was held, and gives frames one at a time. FFmpeg cannot read animated
WebP, so Pillow reads and writes that, and GIF.
"""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageSequence
from torch import Tensor

from ..assets import CLIPS
from ..checks import check_count, printable, shown
from ..device import available_memory, readable_bytes
from ..errors import CourseError
from ..images.convert import to_rgb
from ..images.io import as_path, from_pil, resize_longer_side

if TYPE_CHECKING:
    import av

BT709, UNSPECIFIED, BT601 = 1, 2, 5  # FFmpeg's numbers for the colors of a video
HD = 720  # pixels; the height from which on colors are those of high definition


@dataclass(frozen=True)
class Clip:
    """Frames, each (1, 3, H, W), RGB, float32, 0…1, and how many there are a second."""

    frames: list[Tensor]
    fps: float


def bundled_clips() -> list[str]:
    """The names that `read_clip` knows."""
    return sorted(path.stem for path in CLIPS.glob("*.mp4"))


def find_clip(name_or_path: str | os.PathLike) -> Path:
    """The path of the file that a bundled name or a path refers to."""
    if isinstance(name_or_path, str) and name_or_path in bundled_clips():
        return CLIPS / f"{name_or_path}.mp4"
    path = as_path(name_or_path)
    if os.path.isfile(path):
        return path
    if os.path.isdir(path):
        raise CourseError(f"{path} is a folder; give the path of one clip.")
    raise CourseError(
        f'There is no file and no bundled clip "{printable(str(path))}"; the bundled clips are '
        f"{', '.join(bundled_clips())}."
    )


def read_clip(
    name_or_path: str | os.PathLike,
    size: int | None = None,
    fps: float | None = None,
    count: int | None = None,
) -> Clip:
    """Load the frames of a clip, upright and in RGB; its sound is left out.

    Args:
        name_or_path: a bundled name such as ``"big_buck_bunny"``, or the path of an MP4, MOV,
            WebM, MKV, AVI, animated WebP or GIF file.
        size: the longer side in pixels; by default the frames are not resized.
        fps: frames a second, at most: of a clip that has more, some are left out evenly.
        count: of frames, at most; the rest is not read.

    Raises:
        CourseError: there is no such file, or it is no clip, or does not fit into memory.
    """
    for name, number in (("size", size), ("count", count)):
        if number is not None:
            check_count(name, number, least=1)
    if fps is not None:
        check_rate(fps)
    path = find_clip(name_or_path)
    with open(path, "rb") as stream:
        head = stream.read(16)
    by_pillow = head.startswith(b"GIF8") or head[8:12] == b"WEBP"
    rate, pictures = (read_animation if by_pillow else read_video)(path)
    share = 1.0 if fps is None else min(1.0, fps / rate)
    free = available_memory(torch.device("cpu"))
    frames: list[Tensor] = []
    for number, picture in enumerate(pictures):
        if int((number + 1) * share) == int(number * share):
            continue
        if len(frames) == count:
            break
        frames.append(from_pil(picture if size is None else resize_longer_side(picture, size)))
        if len(frames) * frames[0].nbytes > free / 2:
            raise CourseError(
                f"{path} does not fit into memory ({readable_bytes(free)} are free): read it with "
                f"a smaller size, less frames a second, or at most count={len(frames) // 2} frames."
            )
    if not frames:
        raise CourseError(f"{path} has no pictures; choose another file.")
    return Clip(frames, rate * share)


def check_rate(fps: float) -> None:
    """Refuse what is no number of frames a second."""
    if isinstance(fps, bool) or not isinstance(fps, (int, float)) or not 0 < fps <= 1000:
        raise CourseError(f"fps is a number of frames a second, 0 to 1000, not {shown(fps)}.")


def read_animation(path: Path) -> tuple[float, Iterator[Image.Image]]:
    """Frames a second of a WebP or GIF file, on average, and its pictures."""
    try:
        with Image.open(path) as opened:
            times = []
            for frame in ImageSequence.Iterator(opened):
                frame.load()  # only then is its time known
                times.append(frame.info.get("duration") or 100)  # browsers show 0 as 100 ms
    except Exception as error:  # a damaged file fails in many ways
        raise damaged(path) from error

    def pictures() -> Iterator[Image.Image]:
        with Image.open(path) as opened:
            for frame in ImageSequence.Iterator(opened):
                yield to_rgb(frame)

    return 1000 * len(times) / sum(times), pictures()


def read_video(path: Path) -> tuple[float, Iterator[Image.Image]]:
    """Frames a second of a file that FFmpeg reads, and its pictures."""
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise CourseError(f"{path} has no pictures; choose another file.")
            rate = container.streams.video[0].average_rate or Fraction(25)
    except av.FFmpegError as error:
        raise damaged(path) from error

    def pictures() -> Iterator[Image.Image]:
        read = 0
        try:
            with av.open(str(path)) as container:
                for frame in container.decode(video=0):
                    yield upright(frame)
                    read += 1
        except av.FFmpegError as error:
            if not read:
                raise damaged(path) from error
            warnings.warn(
                f"{path} is damaged after {read} frames; these have been loaded.", stacklevel=3
            )

    return float(rate), pictures()


def upright(frame: "av.VideoFrame") -> Image.Image:
    """A frame as a picture, turned as the phone was held."""
    space = int(frame.colorspace)
    if space == UNSPECIFIED:  # what players take it for
        space = BT709 if frame.height >= HD else BT601
    values = frame.reformat(format="rgb24", src_colorspace=space).to_ndarray()
    turns = round((frame.rotation or 0) / 90) % 4  # counterclockwise
    return Image.fromarray(np.ascontiguousarray(np.rot90(values, turns)))


def damaged(path: Path) -> CourseError:
    return CourseError(
        f"{path} cannot be read as a clip; choose an MP4, WebP or GIF file, or export it again."
    )
