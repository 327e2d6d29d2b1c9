"""``nst-course render``: one picture in the style of another, with a forecast and checkpoints."""

import argparse
import signal
from pathlib import Path

from torch import Tensor

from ..device import available_memory, readable_bytes, readable_time
from ..errors import CourseError
from ..images.io import check_output, save_image
from ..network.vgg import load_backbone
from ..transfer.multiscale import MultiScale
from ..transfer.stylize import multi_scale, report

LONG_RUN = 60  # seconds; a longer run writes checkpoints by default


def render_picture(options: argparse.Namespace) -> int:
    """Estimate, optimize with a progress bar, and save; Ctrl-C saves the best image so far."""
    for name in ("steps", "scales"):
        given = getattr(options, name)
        if given is not None and given < 1:
            raise CourseError(f"--{name} is a whole number from 1 up, not {given}.")
    check_output(options.output, overwrite=True)  # before the run, which may take minutes
    run = make_run(options)
    if options.resume:
        found = run.resume()
        print(
            "Continuing from the checkpoint." if found else "There is no checkpoint; starting over."
        )
    seconds = forecast(run)
    if not options.resume:
        if seconds < LONG_RUN:
            run.checkpoint = None
        elif run.checkpoint is not None and run.checkpoint.exists():
            raise CourseError(
                f"{run.checkpoint} contains a run that was stopped; add --resume to continue "
                "it, or delete the file to start over."
            )
    try:
        result = run.run()
    except BaseException:  # an error, or Ctrl-C twice: the image so far is not lost
        if run.image is not None:
            save_without_interrupt(run.image, options.output)
        raise
    path = save_without_interrupt(result.image, options.output)
    scale = f" at {run.scale.size} px" if run.scale.size != options.size else ""
    print(
        f"{path}: the image of step {result.best_iteration}{scale}, "
        f"after {readable_time(result.seconds)}."
    )
    if not result.interrupted:
        run.forget()
    elif run.checkpoint is not None and run.checkpoint.exists():
        print("The same command with --resume continues from here.")
    return 0


def make_run(options: argparse.Namespace) -> MultiScale:
    """The coarse-to-fine run for the options of ``render``."""
    names = ("content_weight", "tv_weight", "optimizer", "seed", "precision")
    settings = {name: getattr(options, name) for name in names}
    for name in ("style_weight", "init"):  # by the strength unless given
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    output = options.output.expanduser()
    return multi_scale(
        options.content,
        options.style,
        options.size,
        strength=options.strength,
        brush=options.brush,
        steps=options.steps,
        scales=options.scales,
        style_size=options.style_size,
        backbone=load_backbone(options.backbone, options.pooling),
        checkpoint=output.with_name(f"{output.name}.checkpoint"),
        **settings,
    )


def forecast(run: MultiScale) -> float:
    """Print the estimated time and memory, and return the seconds.

    Raises:
        CourseError: it needs more memory than is available.
    """
    estimate = run.estimate()
    print(
        report(run, estimate), "Ctrl-C stops the run and saves the best image so far.", flush=True
    )
    free = available_memory(estimate.device)
    if estimate.more_bytes > free:
        raise CourseError(
            f"This needs {readable_bytes(estimate.more_bytes)} of memory and "
            f"{readable_bytes(free)} are free; try --size {estimate.size_that_fits(free)}."
        )
    return estimate.seconds


def save_without_interrupt(image: Tensor, path: Path) -> Path:
    """`save_image`, during which Ctrl-C is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return save_image(image, path)
    finally:
        signal.signal(signal.SIGINT, before)
