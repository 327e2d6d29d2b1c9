"""``nst-course video``: a clip in the style of an artwork, with a forecast and resume."""

import argparse

from ..device import readable_time
from ..errors import CourseError
from ..images.io import as_path, find_image
from ..video.clips import find_clip
from ..video.stylize import report, video_run
from ..video.writing import check_clip_output, write_clip
from .render import as_style
from .terminal import Interrupt, handling


def stylize_clip(options: argparse.Namespace) -> int:
    """Stylize a clip and write it; the exit code.

    Finished frames wait in a folder beside the output, whatever ends the run.
    """
    output, clip = as_path(options.output), find_clip(options.clip)
    pictures = [find_image(artwork.picture) for artwork in options.artworks]
    check_clip_output(output, [clip, *pictures], options.overwrite)
    folder = output.with_name(f"{output.name}.frames")
    if folder.exists() and not options.resume:
        raise CourseError(
            f"{folder} holds the frames of a run that was stopped; add --resume to continue it, or "
            "delete the folder to start over."
        )
    run = video_run(
        clip,
        [as_style(artwork, options.size) for artwork in options.artworks],
        options.size,
        options.strength,
        options.steps,
        options.frame_steps,
        options.temporal_weight,
        fps=options.fps,
        checkpoint=folder,
        count=options.frames,
        color=options.color,
        seed=options.seed,
    )
    if run.resume():
        print(f"Continuing after {len(run.finished)} frames.")
    print(report(run, run.estimate()), "Ctrl-C stops the run and keeps what is done.", flush=True)
    interrupt = Interrupt()
    with handling(interrupt):
        result = run.run(on_step=interrupt.check)
        done = f"{len(result.frames)} of {len(run.frames)} frames"
        if result.interrupted:
            print(f"{done} are in {folder}. The same command with --resume continues from here.")
            return 130
        path = write_clip(result.frames, output, result.fps, options.overwrite)
    run.forget()
    height, width = result.frames[0].shape[2:]
    print(f"{path}: {done}, {width}×{height} px, after {readable_time(result.seconds)}.")
    return 0
