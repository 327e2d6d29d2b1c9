"""The command line: ``nst-course render``, ``nst-course doctor``, ``nst-course notebooks``."""

import argparse
import json
import signal
import sys
from pathlib import Path

from torch import Tensor

from .errors import CourseError
from .images import check_place, load_image, save_image


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; what people can put right is said in one sentence."""
    try:
        options = parser().parse_args(arguments)
        return options.command(options)
    except CourseError as error:
        print(f"nst-course: {error}", file=sys.stderr)
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
    render.add_argument("--steps", type=int, default=200, help="optimisation steps (%(default)s)")
    render.add_argument("--content-weight", type=float, default=1.0, help="alpha (%(default)s)")
    render.add_argument("--style-weight", type=float, default=1e3, help="beta (%(default)s)")
    render.add_argument("--tv-weight", type=float, default=0.0, help="smoothness (%(default)s)")
    render.add_argument("--backbone", choices=("vgg16", "vgg19"), default="vgg16")
    render.add_argument("--pooling", choices=("max", "avg"), default="max")
    render.add_argument("--init", choices=("content", "style", "noise"), default="content")
    render.add_argument("--optimizer", choices=("lbfgs", "adam"), default="lbfgs")
    render.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
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
    from .backbone import load_backbone
    from .machine import available_memory, describe, readable_bytes, readable_time
    from .transfer import StyleTransfer

    if options.steps < 1:
        raise CourseError(f"--steps is a whole number from 1 up, not {options.steps}.")
    check_place(options.output)  # now, and not after minutes of painting
    backbone = load_backbone(options.backbone, options.pooling)
    transfer = StyleTransfer(
        load_image(options.content, options.size),
        load_image(
            options.style, options.size if options.style_size is None else options.style_size
        ),
        backbone,
        content_weight=options.content_weight,
        style_weight=options.style_weight,
        tv_weight=options.tv_weight,
        init=options.init,
        optimizer=options.optimizer,
        seed=options.seed,
        precision=options.precision,
    )
    height, width = transfer.content.shape[2:]
    estimate = transfer.estimate(options.steps)
    print(
        f"{width}×{height} px, {options.steps} steps on {describe(backbone.device)}: "
        f"about {readable_time(estimate.seconds)} and {readable_bytes(estimate.bytes)} of memory. "
        "Ctrl-C stops early and saves the best picture so far.",
        flush=True,
    )
    free = available_memory(backbone.device)
    if free is not None and estimate.more_bytes > free:
        raise CourseError(
            f"This needs {readable_bytes(estimate.more_bytes)} of memory and "
            f"{readable_bytes(free)} are free; try --size {estimate.size_that_fits(free)}."
        )
    try:
        result = transfer.run(options.steps)
    except BaseException:  # an error on the way, or Ctrl-C twice: what is painted is not lost
        if transfer.iteration:
            save_undisturbed(transfer.image, options.output)
        raise
    path = save_undisturbed(result.image, options.output)
    print(
        f"{path}: the image of step {result.best_iteration}, after {readable_time(result.seconds)}."
    )
    return 0


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
