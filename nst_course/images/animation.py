"""A run as an animation: which steps to keep, an animated file, and a slider through the frames.

Example::

    recorder = Recorder(frame_steps(150, count=20))
    transfer.run(150, progress=False, on_step=recorder)
    path = save_animation(recorder.frames, "forming.webp")
    show_animation(path, "the picture forms out of noise")
"""

import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from IPython.display import HTML
from PIL import Image
from torch import Tensor

from ..device import readable_bytes
from ..errors import CourseError
from ..files import write_atomically
from .encode import data_url, jpeg
from .io import cannot_write, from_pil, to_pil
from .layout import hstack

if TYPE_CHECKING:
    from .film import Film

LARGEST = 1_000_000  # bytes: an animation is stored in the notebook that shows it
GAP = 6  # pixels between two pictures of one frame


def frame_steps(steps: int, count: int) -> list[int]:
    """The iterations at which to keep a frame: denser at the start, where the image changes most.

    Args:
        steps: number of steps of the run; its iterations are 0 … steps − 1.
        count: maximum number of frames.

    Returns:
        Distinct iterations in ascending order, including the first and the last one of the run.

    Raises:
        CourseError: less than one step, or less than two frames.
    """
    if steps < 1 or count < 2:
        raise CourseError(f"{count} frames of {steps} steps: give at least 2 frames and 1 step.")
    last = steps - 1
    # Quadratic spacing: the first half of the frames covers a quarter of the run.
    return sorted({round(last * (index / (count - 1)) ** 2) for index in range(count)})


class Step(Protocol):
    """What a `Recorder` needs to know of a step; `transfer.Step` provides it."""

    @property
    def iteration(self) -> int: ...

    @property
    def image(self) -> Tensor: ...


class Recorder:
    """Keeps the image at given iterations; pass it to ``run(on_step=…)``.

    Args:
        iterations: those to keep.

    Attributes:
        frames: the pictures, in the order of the run.
        iterations: the iteration of each.
    """

    def __init__(self, iterations: Iterable[int]):
        self.wanted = set(iterations)
        self.frames: list[Image.Image] = []
        self.iterations: list[int] = []

    def __call__(self, step: Step) -> None:
        if step.iteration in self.wanted:
            self.frames.append(to_pil(step.image))
            self.iterations.append(step.iteration)


def as_image(frame: Image.Image) -> Tensor:
    """A frame as a tensor (1, 3, H, W), 0…1, for `plots.pictures`."""
    return from_pil(frame)


def side_by_side(*runs: Sequence[Image.Image]) -> list[Image.Image]:
    """The frames of several runs side by side, as one sequence of frames.

    Raises:
        CourseError: the sequences have different numbers of frames.
    """
    if len({len(frames) for frames in runs}) != 1:
        counts = ", ".join(str(len(frames)) for frames in runs)
        raise CourseError(f"The runs have {counts} frames; give sequences of equal length.")
    return [hstack(pictures, GAP) for pictures in zip(*runs, strict=True)]


def save_animation(
    frames: Sequence[Image.Image],
    path: str | Path,
    seconds: float = 4.0,
    hold: float = 2.0,
    quality: int = 55,
) -> Path:
    """Write the frames as an animated WebP or GIF that repeats forever.

    The last frame comes first in the file, so that a viewer that does not play animations shows the
    result. The order in the loop remains the same.

    Args:
        frames: all of one size.
        path: ends in ``.webp`` or ``.gif``; WebP needs about a third of the bytes.
        seconds: from the first frame to the last.
        hold: additional seconds for the last frame.
        quality: of a WebP, 1…100.

    Raises:
        CourseError: there are no frames, their sizes differ, the path has another ending, or the
            file would have more than 1 MB.
    """
    path = Path(path)
    if path.suffix not in (".webp", ".gif"):
        raise CourseError(f'An animation ends in .webp or .gif, unlike "{path.name}".')
    if len({frame.size for frame in frames}) != 1:
        raise CourseError("An animation needs one or more frames, all of the same size.")
    each = round(1000 * seconds / len(frames))
    first, *others = [frames[-1], *frames[:-1]]
    buffer = io.BytesIO()
    first.save(
        buffer,
        format=path.suffix[1:].upper(),
        save_all=True,
        append_images=others,
        duration=[each + round(1000 * hold)] + [each] * len(others),
        loop=0,
        # For WebP: lossy, and the slowest method, which needs the fewest bytes.
        **({"quality": quality, "method": 6} if path.suffix == ".webp" else {}),
    )
    if buffer.tell() > LARGEST:
        raise CourseError(
            f"The animation would have {readable_bytes(buffer.tell())}, and 1 MB is the limit in a "
            "notebook; use fewer or smaller frames, or a lower quality."
        )
    try:
        write_atomically(path, lambda partial: partial.write_bytes(buffer.getvalue()))
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error
    return path


def show_animation(path: str | Path, alt: str, width: int | None = None) -> HTML:
    """The animation embedded in the page, so that the notebook does not need the file.

    Args:
        path: a WebP or GIF file.
        alt: its alt text.
        width: on the page, in pixels; that of the file by default.
    """
    path = Path(path)
    size = f' width="{width}"' if width else ""
    source = data_url(path.read_bytes(), path.suffix[1:])
    return HTML(f'<img src="{source}" alt="{escape(alt, quote=True)}"{size}>')


def scrubber(frames: Sequence[Image.Image], captions: Sequence[str], width: int = 480) -> "Film":
    """A slider through the frames, with a button that plays them, for the end of a notebook cell.

    Args:
        frames: the pictures.
        captions: one for each frame, such as "step 12".
        width: on the page, in pixels.

    Raises:
        CourseError: there are no frames, or the number of captions is not that of the frames.
    """
    from .film import Film  # here, because writing a file needs no widgets

    if not frames or len(frames) != len(captions):
        raise CourseError(f"{len(frames)} frames and {len(captions)} captions; give one for each.")
    urls = [data_url(jpeg(frame, quality=88), "jpeg") for frame in frames]
    return Film(frames=urls, captions=list(captions), width=width)
