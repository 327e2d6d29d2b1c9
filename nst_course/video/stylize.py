"""A whole clip in the style of an artwork: each frame begins where the one before it has ended."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ..checks import as_image, check_callable, check_count, check_weight, shown
from ..device import describe as describe_device
from ..device import readable_bytes, readable_time
from ..errors import CourseError
from ..images.color import gray
from ..images.io import scaled
from ..transfer.multiscale import Forecast, MultiScale
from ..transfer.stylize import StylePictures, fingerprint, multi_scale
from .clips import check_rate, read_clip
from .frame_store import FrameStore
from .run import VideoResult, VideoRun
from .temporal import Temporal

FRAME_STEPS = 50  # of every frame but the first of a scene
TEMPORAL_WEIGHT = 5e3
DISTANCES = (1, 2, 4)  # to the earlier frames that a frame is compared with


def stylize_video(
    frames: Sequence[Tensor] | str | Path,
    style: StylePictures,
    size: int = 256,
    strength: float = 3.0,
    steps: int = 120,
    frame_steps: int = FRAME_STEPS,
    temporal_weight: float = TEMPORAL_WEIGHT,
    distances: Sequence[int] = DISTANCES,
    fps: float | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    on_frame: Callable[[int, Tensor], None] | None = None,
    **settings: Any,
) -> VideoResult:
    """Stylize a clip so that the strokes move with the scene.

    The first frame of each scene is generated coarse to fine, as by `nst.stylize`. Every other
    frame begins with the stylized frame before it, warped by the optical flow, and is held to the
    earlier frames where they show the same point (Ruder, Dosovitskiy and Brox 2016).

    Args:
        frames: the clip: a bundled name, the path of a file, or frames (1, 3, H, W), 0…1.
        style: the artwork or artworks, as for `nst.stylize`.
        size: longer side of the frames, in pixels.
        strength: from 1 to 5, as for `nst.stylize`.
        steps: of the first frame of a scene, at its first size, as for `nst.stylize`.
        frame_steps: of every other frame, at the final size.
        temporal_weight: of the temporal term. With 0 the frames only begin alike.
        distances: to the earlier frames that a frame is compared with, ascending.
        fps: frames a second: of a file, at most so many are used; of frames, how many they are
            (25 by default).
        checkpoint: a folder that finished frames are kept in, so that a killed run goes on where
            it was; it is deleted at the end.
        progress: print the forecast and show a bar.
        on_frame: called with the number and the image of each finished frame.
        settings: further arguments of `nst.stylize`, such as ``brush``, ``color`` or ``backbone``,
            and of `StyleTransfer`.

    Returns:
        The frames, for `nst.video.write_clip`. Ctrl-C ends the run early with those so far.

    Raises:
        CourseError: an input that cannot work, in a sentence that says what to change.
    """
    if on_frame is not None:
        check_callable("on_frame", on_frame)
    run = video_run(
        frames,
        style,
        size,
        strength,
        steps,
        frame_steps,
        temporal_weight,
        distances,
        fps,
        checkpoint,
        **settings,
    )
    run.resume()
    if progress:
        print(report(run, run.estimate()))
    result = run.run(progress, on_frame)
    if not result.interrupted:
        run.forget()
    return result


def video_run(
    frames: Sequence[Tensor] | str | Path,
    style: StylePictures,
    size: int = 256,
    strength: float = 3.0,
    steps: int = 120,
    frame_steps: int = FRAME_STEPS,
    temporal_weight: float = TEMPORAL_WEIGHT,
    distances: Sequence[int] = DISTANCES,
    fps: float | None = None,
    checkpoint: str | Path | None = None,
    count: int | None = None,
    **settings: Any,
) -> VideoRun:
    """The run of `stylize_video`, before it starts; ``count`` frames of a file at most."""
    check_count("size", size, least=1)
    check_count("frame_steps", frame_steps, least=1)
    check_weight("temporal_weight", temporal_weight)
    check_distances(distances)
    if fps is not None:
        check_rate(fps)
    if isinstance(frames, (str, os.PathLike)):
        clip = read_clip(frames, size, fps, count)
        frames, rate = clip.frames, clip.fps
    else:
        rate = 25.0 if fps is None else fps
    frames = as_frames(frames, size)
    terms = list(settings.pop("terms", ()))

    def first(frame: Tensor, path: Path | None = None) -> MultiScale:
        return multi_scale(
            frame, style, size, strength, steps=steps, checkpoint=path, terms=terms, **settings
        )

    def other(frame: Tensor, start: Tensor, temporal: Temporal, path: Path | None) -> MultiScale:
        changed = {**settings, "init": start, "brush": size, "terms": [*terms, temporal]}
        return multi_scale(
            frame, style, size, strength, steps=frame_steps, checkpoint=path, **changed
        )

    identity = {
        "frame_steps": frame_steps,
        "temporal_weight": temporal_weight,
        "distances": list(distances),
        "frames": [fingerprint(frame) for frame in frames],
        **first(frames[0]).settings,
    }
    store = None if checkpoint is None else FrameStore(checkpoint, identity)
    color = settings.get("color", "artwork")
    keep = gray if color == "photograph" else lambda image: image
    return VideoRun(
        frames, rate, first, other, keep, temporal_weight, distances, frame_steps, store
    )


def check_distances(distances: Sequence[int]) -> None:
    """Refuse what is no list of whole numbers from 1 up."""
    if not isinstance(distances, (list, tuple, range)):
        raise CourseError(
            f"distances are whole numbers, such as (1, 2, 4), not {shown(distances)}."
        )
    for distance in distances:
        check_count("a distance", distance, least=1)


def as_frames(frames: Sequence[Tensor], size: int) -> list[Tensor]:
    """The frames of a clip, with their longer side as long as ``size``."""
    if not isinstance(frames, (list, tuple)) or not frames:
        raise CourseError(
            f"frames is the path of a clip, or a list of images (1, 3, H, W), not {shown(frames)}."
        )
    found = [
        scaled(as_image(f"frame {number}", frame).cpu(), size)
        for number, frame in enumerate(frames)
    ]
    if len({frame.shape for frame in found}) != 1:
        raise CourseError("All frames of a clip have the same size; crop or resize them first.")
    return found


def report(run: VideoRun, forecast: Forecast) -> str:
    """One line: frames, scenes, device, time and memory of what is left."""
    left, scenes = len(run.frames) - len(run.finished), len(run.cuts)
    return (
        f"{left} frames of {forecast.width}×{forecast.height} px, {scenes} "
        f"scene{'s' if scenes > 1 else ''}, on {describe_device(forecast.device)}: about "
        f"{readable_time(forecast.seconds)} and {readable_bytes(forecast.bytes)} of memory."
    )
