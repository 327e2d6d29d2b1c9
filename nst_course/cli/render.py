"""``nst-course render``: one picture in the style of another, with a forecast and checkpoints."""

import argparse
import hashlib
import signal
from pathlib import Path

from torch import Tensor

from ..device import available_memory, describe, readable_bytes, readable_time
from ..errors import CourseError
from ..images.io import check_writable, find_image, load_image, resized, save_image
from ..network.vgg import load_backbone
from ..transfer.multiscale import Poster, plan
from ..transfer.style_transfer import StyleTransfer

LONG_RUN = 60  # seconds; a longer run writes checkpoints by default


def render_picture(options: argparse.Namespace) -> int:
    """Estimate, optimize with a progress bar, and save; Ctrl-C saves the best image so far."""
    for name in ("steps", "scales"):
        given = getattr(options, name)
        if given is not None and given < 1:
            raise CourseError(f"--{name} is a whole number from 1 up, not {given}.")
    check_writable(options.output)  # before the run, which may take minutes
    poster = make_poster(options)
    if options.resume:
        found = poster.resume()
        print(
            "Continuing from the checkpoint." if found else "There is no checkpoint; starting over."
        )
    seconds = forecast(poster)
    if not options.resume:
        if seconds < LONG_RUN:
            poster.checkpoint = None
        elif poster.checkpoint is not None and poster.checkpoint.exists():
            raise CourseError(
                f"{poster.checkpoint} contains a run that was stopped; add --resume to continue "
                "it, or delete the file to start over."
            )
    try:
        result = poster.run()
    except BaseException:  # an error, or Ctrl-C twice: the image so far is not lost
        if poster.image is not None:
            save_without_interrupt(poster.image, options.output)
        raise
    path = save_without_interrupt(result.image, options.output)
    scale = f" at {poster.scale.size} px" if poster.scale.size != options.size else ""
    print(
        f"{path}: the image of step {result.best_iteration}{scale}, "
        f"after {readable_time(result.seconds)}."
    )
    if not result.interrupted:
        poster.forget()
    elif poster.checkpoint is not None and poster.checkpoint.exists():
        print("The same command with --resume continues from here.")
    return 0


def make_poster(options: argparse.Namespace) -> Poster:
    """The coarse-to-fine run for the options of ``render``."""
    backbone = load_backbone(options.backbone, options.pooling)
    style_size = options.size if options.style_size is None else options.style_size
    names = ("content_weight", "style_weight", "tv_weight", "optimizer", "seed", "precision")
    settings = {name: getattr(options, name) for name in names}

    def make(size: int, start: Tensor | None) -> StyleTransfer:
        # The artwork is scaled like the picture, but not below what the network needs.
        scaled = max(min(style_size, 64), round(style_size * size / max(1, options.size)))
        photograph, artwork = load_image(options.content, size), load_image(options.style, scaled)
        init = options.init if start is None else resized(start, photograph.shape[2:])
        return StyleTransfer(photograph, artwork, backbone, init=init, **settings)

    identity = {
        **settings,
        **{name: getattr(options, name) for name in ("init", "backbone", "pooling")},
        "style_size": style_size,
        "content": fingerprint(options.content),
        "style": fingerprint(options.style),
    }
    scales = plan(options.size, options.steps, options.scales)
    output = options.output.expanduser()
    return Poster(make, scales, output.with_name(f"{output.name}.checkpoint"), identity)


def fingerprint(name_or_path: str) -> str:
    """The name of a picture and the beginning of the SHA-256 of its file."""
    path = find_image(name_or_path)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}).") from error
    return f"{Path(name_or_path).name} ({digest[:12]})"


def forecast(poster: Poster) -> float:
    """Print the estimated time and memory, and return the seconds.

    Raises:
        CourseError: it needs more memory than is available.
    """
    estimate = poster.estimate()
    steps = " + ".join(str(scale.steps) for scale in poster.scales)
    sizes = " and ".join(str(scale.size) for scale in poster.scales[:-1])
    print(
        f"{estimate.width}×{estimate.height} px{f' after {sizes}' if sizes else ''}, {steps} steps "
        f"on {describe(estimate.device)}{', in tiles' if estimate.tile else ''}: "
        f"about {readable_time(estimate.seconds)}{' more' if poster.transfer else ''} and "
        f"{readable_bytes(estimate.largest.bytes)} of memory. "
        "Ctrl-C stops the run and saves the best image so far.",
        flush=True,
    )
    free = available_memory(estimate.device)
    if estimate.largest.more_bytes > free:
        raise CourseError(
            f"This needs {readable_bytes(estimate.largest.more_bytes)} of memory and "
            f"{readable_bytes(free)} are free; try --size {estimate.largest.size_that_fits(free)}."
        )
    return estimate.seconds


def save_without_interrupt(image: Tensor, path: Path) -> Path:
    """`save_image`, during which Ctrl-C is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return save_image(image, path)
    finally:
        signal.signal(signal.SIGINT, before)
