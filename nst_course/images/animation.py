"""A run as a moving picture: which steps to keep, an animated file, and a slider through it.

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
from .encode import data_url, jpeg
from .io import from_pil, to_pil

if TYPE_CHECKING:
    import ipywidgets as widgets

LARGEST = 1_000_000  # bytes: an animation travels inside the notebook that shows it
GAP = 6  # white pixels between two pictures of one frame


def frame_steps(steps: int, count: int) -> list[int]:
    """At which iterations to keep a frame: closer together at the start, where most happens.

    Args:
        steps: of the run; its iterations are 0 … steps − 1.
        count: how many frames, at most.

    Returns:
        Different iterations in ascending order, the first and the last of the run among them.
    """
    if steps < 1 or count < 2:
        raise CourseError(f"{count} frames of {steps} steps: give at least 2 frames and 1 step.")
    last = steps - 1
    # The square puts a quarter of the run into the first half of the frames.
    return sorted({round(last * (index / (count - 1)) ** 2) for index in range(count)})


class Step(Protocol):
    """What the recorder reads of a step of any loop; `transfer.Step` is one."""

    @property
    def iteration(self) -> int: ...

    @property
    def image(self) -> Tensor: ...


class Recorder:
    """Keeps the image at chosen iterations; pass it to ``run(on_step=…)``.

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
    """A frame as an image tensor (1, 3, H, W), 0…1, for the figures."""
    return from_pil(frame)


def side_by_side(*runs: Sequence[Image.Image]) -> list[Image.Image]:
    """One sequence of frames out of several: the first frames beside each other, and so on.

    Raises:
        CourseError: the sequences have different numbers of frames.
    """
    if len({len(frames) for frames in runs}) != 1:
        counts = ", ".join(str(len(frames)) for frames in runs)
        raise CourseError(f"The runs have {counts} frames; give sequences of equal length.")
    joined = []
    for pictures in zip(*runs, strict=True):
        width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
        frame = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
        left = 0
        for picture in pictures:
            frame.paste(picture, (left, 0))
            left += picture.width + GAP
        joined.append(frame)
    return joined


def save_animation(
    frames: Sequence[Image.Image],
    path: str | Path,
    seconds: float = 4.0,
    hold: float = 2.0,
    quality: int = 55,
) -> Path:
    """Write the frames as an animated WebP or GIF that repeats for ever.

    The last frame stands first in the file: where an animation does not play (on paper, in some
    viewers) one sees the result and not the noise that it grew from. It plays in its right order
    all the same, since the end of one round is the beginning of the next.

    Args:
        frames: all of one size.
        path: ends in ``.webp`` or ``.gif``; WebP is about a third as large.
        seconds: from the first frame to the last.
        hold: how many more seconds the last one stays.
        quality: of a WebP, 1…100.

    Raises:
        CourseError: no frames, frames of several sizes, another ending, or a file over 1 MB.
    """
    path = Path(path)
    if path.suffix not in (".webp", ".gif"):
        raise CourseError(f'An animation ends in .webp or .gif, unlike "{path.name}".')
    if len({frame.size for frame in frames}) != 1:
        raise CourseError("An animation is made of one or more frames that are of equal size.")
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
        # For WebP: lossy, and slow to write in return for fewer bytes.
        **({"quality": quality, "method": 6} if path.suffix == ".webp" else {}),
    )
    if buffer.tell() > LARGEST:
        raise CourseError(
            f"The animation would be {readable_bytes(buffer.tell())}; at most 1 MB fits into a "
            "notebook. Take fewer or smaller frames, or a lower quality."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return path


def show_animation(path: str | Path, alt: str, width: int | None = None) -> HTML:
    """The animation inside the page, so that the notebook shows it without the file.

    Args:
        path: a WebP or GIF file.
        alt: what it shows, for those who cannot see it.
        width: on the page, in pixels; its own width if not given.
    """
    path = Path(path)
    size = f' width="{width}"' if width else ""
    source = data_url(path.read_bytes(), path.suffix[1:])
    return HTML(f'<img src="{source}" alt="{escape(alt, quote=True)}"{size}>')


def scrubber(
    frames: Sequence[Image.Image], captions: Sequence[str], width: int = 480
) -> "widgets.VBox":
    """A slider that goes through the frames, with a button that plays them.

    It needs a running kernel: a stored page does not show it.

    Args:
        frames: the pictures.
        captions: one for each, such as "step 12".
        width: on the page, in pixels.

    Raises:
        CourseError: no frame, or not a caption for each.
    """
    import ipywidgets as widgets  # here: a script that only writes a file can do without

    if not frames or len(frames) != len(captions):
        raise CourseError(f"{len(frames)} frames and {len(captions)} captions; give one for each.")
    stored = [jpeg(frame, quality=88) for frame in frames]
    last = len(frames) - 1
    picture = widgets.Image(value=stored[last], format="jpeg", width=width)
    caption = widgets.Label(captions[last])
    slider = widgets.IntSlider(last, 0, last, readout=False, description="frame")
    play = widgets.Play(value=last, min=0, max=last, interval=250)

    def show(change: dict) -> None:
        picture.value = stored[change["new"]]
        caption.value = captions[change["new"]]

    slider.observe(show, names="value")
    widgets.jslink((play, "value"), (slider, "value"))
    return widgets.VBox([picture, widgets.HBox([play, slider, caption])])
