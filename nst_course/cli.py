"""The command line: ``nst-course render``, ``nst-course doctor``, ``nst-course notebooks``."""

import argparse
import hashlib
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from .arguments import STARTS
from .errors import CourseError
from .images import check_place, find_image, load_image, resized, save_image
from .machine import PRECISIONS, is_out_of_memory
from .transfer import StyleTransfer

if TYPE_CHECKING:
    from .poster import Poster

LONG_RUN = 60  # seconds; from here on a run writes checkpoints without being asked


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; what people can put right is said in one sentence."""
    try:
        options = parser().parse_args(arguments)
        return options.command(options)
    except CourseError as error:
        print(f"nst-course: {error}", file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        print("nst-course: There is no memory left; try a smaller --size.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("nst-course: stopped.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="nst-course", description="Neural style transfer, from the command line."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    render = commands.add_parser("render", help="paint one picture in the style of another")
    render.set_defaults(command=render_picture)
    render.add_argument("content", help='a photograph: a file, or a bundled name such as "cat"')
    render.add_argument("style", help='an artwork: a file, or a bundled name such as "great_wave"')
    render.add_argument(
        "-o", "--output", required=True, type=Path, help="where to save the picture"
    )
    render.add_argument("--size", type=int, default=512, help="longer side in pixels (%(default)s)")
    render.add_argument(
        "--style-size", type=int, help="longer side of the artwork in pixels (as --size)"
    )
    render.add_argument(
        "--steps",
        type=int,
        default=200,
        help="optimisation steps in the smallest scale; half as many in each larger (%(default)s)",
    )
    render.add_argument(
        "--scales",
        type=int,
        help="how many sizes the picture is painted in, each half of the next (above 384 pixels)",
    )
    render.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was killed or stopped, and write a checkpoint to go on from",
    )
    render.add_argument("--content-weight", type=float, default=1.0, help="alpha (%(default)s)")
    render.add_argument("--style-weight", type=float, default=1e3, help="beta (%(default)s)")
    render.add_argument("--tv-weight", type=float, default=0.0, help="smoothness (%(default)s)")
    render.add_argument("--backbone", choices=("vgg16", "vgg19"), default="vgg16")
    render.add_argument("--pooling", choices=("max", "avg"), default="max")
    render.add_argument(
        "--init", choices=STARTS, default="recoloured", help="the start (%(default)s)"
    )
    render.add_argument("--optimizer", choices=("lbfgs", "adam"), default="lbfgs")
    render.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto")
    render.add_argument("--seed", type=int, default=0, help="of the noise (%(default)s)")

    doctor = commands.add_parser("doctor", help="is this machine ready for the course?")
    doctor.set_defaults(command=run_doctor)
    doctor.add_argument("--json", action="store_true", help="print JSON")

    notebooks = commands.add_parser(
        "notebooks", help="run notebooks in full and keep their outputs"
    )
    notebooks.set_defaults(command=run_notebooks)
    notebooks.add_argument("names", nargs="*", metavar="NAME", help="such as 00 or 03_gram (all)")
    return top


def render_picture(options: argparse.Namespace) -> int:
    """Forecast, optimise with a progress bar, save; Ctrl-C saves the best picture so far."""
    from .machine import readable_time

    for name in ("steps", "scales"):
        given = getattr(options, name)
        if given is not None and given < 1:
            raise CourseError(f"--{name} is a whole number from 1 up, not {given}.")
    check_place(options.output)  # now, and not after minutes of painting
    poster = make_poster(options)
    if options.resume:
        found = poster.resume()
        print(
            "Going on from the checkpoint." if found else "There is no checkpoint; starting anew."
        )
    seconds = forecast(poster)
    if not options.resume:
        if seconds < LONG_RUN:
            poster.checkpoint = None
        elif poster.checkpoint.exists():
            raise CourseError(
                f"{poster.checkpoint} holds a run that was stopped; add --resume to go on with it, "
                "or delete the file to start anew."
            )
    try:
        result = poster.run()
    except BaseException:  # an error on the way, or Ctrl-C twice: what is painted is not lost
        if poster.image is not None:
            save_undisturbed(poster.image, options.output)
        raise
    path = save_undisturbed(result.image, options.output)
    scale = f" at {poster.scale.size} px" if poster.scale.size != options.size else ""
    print(
        f"{path}: the image of step {result.best_iteration}{scale}, "
        f"after {readable_time(result.seconds)}."
    )
    if not result.interrupted:
        poster.forget()
    elif poster.checkpoint is not None and poster.checkpoint.exists():
        print("The same command with --resume goes on from here.")
    return 0


def make_poster(options: argparse.Namespace) -> "Poster":
    """What the options of ``render`` ask for."""
    from .backbone import load_backbone
    from .poster import Poster, plan

    backbone = load_backbone(options.backbone, options.pooling)
    style_size = options.size if options.style_size is None else options.style_size
    names = ("content_weight", "style_weight", "tv_weight", "optimizer", "seed", "precision")
    settings = {name: getattr(options, name) for name in names}

    def make(size: int, start: Tensor | None) -> StyleTransfer:
        # The artwork shrinks with the picture, but not to where the network cannot see it.
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
    """The name of a picture with a mark of what is in its file."""
    path = find_image(name_or_path)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}).") from error
    return f"{Path(name_or_path).name} ({digest[:12]})"


def forecast(poster: "Poster") -> float:
    """Say how long it will take and how much memory, or refuse; the seconds."""
    from .machine import available_memory, describe, readable_bytes, readable_time

    told = poster.estimate()
    steps = " + ".join(str(scale.steps) for scale in poster.scales)
    sizes = " and ".join(str(scale.size) for scale in poster.scales[:-1])
    print(
        f"{told.width}×{told.height} px{f' after {sizes}' if sizes else ''}, {steps} steps on "
        f"{describe(told.device)}{', in tiles' if told.tile else ''}: "
        f"about {readable_time(told.seconds)}{' more' if poster.transfer else ''} and "
        f"{readable_bytes(told.largest.bytes)} of memory. "
        "Ctrl-C stops early and saves the best picture so far.",
        flush=True,
    )
    free = available_memory(told.device)
    if told.largest.more_bytes > free:
        raise CourseError(
            f"This needs {readable_bytes(told.largest.more_bytes)} of memory and "
            f"{readable_bytes(free)} are free; try --size {told.largest.size_that_fits(free)}."
        )
    return told.seconds


def save_undisturbed(image: Tensor, path: Path) -> Path:
    """`save_image`; Ctrl-C has to wait until it is done."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return save_image(image, path)
    finally:
        signal.signal(signal.SIGINT, before)


def run_doctor(options: argparse.Namespace) -> int:
    """One line a check; exit code 1 if any fails."""
    from .doctor import Report, run_checks

    report = Report()
    for check in run_checks():
        report.append(check)
        if not options.json:
            print(check, flush=True)
    if options.json:
        print(json.dumps({"ok": report.ok, "checks": report.as_dicts()}, indent=2))
    return 0 if report.ok else 1


def run_notebooks(options: argparse.Namespace) -> int:
    """Run the notebooks named (all by default), each from a clean kernel, and store the outputs."""
    from .machine import readable_time
    from .notebooks import execute, find_notebooks

    for path in find_notebooks(options.names):
        print(f"{path.name} …", end=" ", flush=True)
        print(readable_time(execute(path)))
    return 0
