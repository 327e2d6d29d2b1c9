"""The command line: ``nst-course render``, ``nst-course doctor``, ``nst-course notebooks``."""

import argparse
import json
import sys
from pathlib import Path

from ..device import PRECISIONS, is_out_of_memory, readable_time
from ..errors import CourseError
from ..transfer.initial import STARTS
from .doctor import Report, run_checks
from .notebooks import execute, find_notebooks
from .render import render_picture


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; a `CourseError` is printed as one sentence."""
    try:
        options = parser().parse_args(arguments)
        return options.command(options)
    except CourseError as error:
        print(f"nst-course: {error}", file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        print("nst-course: out of memory; try a smaller --size.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("nst-course: stopped.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The parser of all commands and their options."""
    top = argparse.ArgumentParser(
        prog="nst-course", description="Neural style transfer, from the command line."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    render = commands.add_parser("render", help="render one picture in the style of another")
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
        "--strength",
        type=float,
        default=3.0,
        help="from 1, a breath of style, to 5, hardly recognizable (%(default)s)",
    )
    render.add_argument(
        "--brush",
        type=int,
        help="longer side of the first, coarsest image in pixels: the smaller, the larger the "
        "strokes (by --strength)",
    )
    render.add_argument(
        "--steps",
        type=int,
        default=120,
        help="steps at the coarsest scale, and fewer at each finer one (%(default)s)",
    )
    render.add_argument(
        "--scales",
        type=int,
        help="number of sizes in ratios of 1.41, in place of --brush",
    )
    render.add_argument(
        "--resume",
        action="store_true",
        help="continue a run that was stopped or killed, and write checkpoints",
    )
    render.add_argument("--content-weight", type=float, default=1.0, help="alpha (%(default)s)")
    render.add_argument("--style-weight", type=float, help="beta (as --strength)")
    render.add_argument(
        "--tv-weight", type=float, default=0.0, help="gamma, for smoothness (%(default)s)"
    )
    render.add_argument("--backbone", choices=("vgg16", "vgg19"), default="vgg16")
    render.add_argument("--pooling", choices=("max", "avg"), default="max")
    render.add_argument(
        "--init",
        choices=STARTS,
        help="initial image (by --strength)",
    )
    render.add_argument("--optimizer", choices=("lbfgs", "adam"), default="lbfgs")
    render.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto")
    render.add_argument("--seed", type=int, default=0, help="of the initial noise (%(default)s)")

    doctor = commands.add_parser(
        "doctor", help="check whether this machine is ready for the course"
    )
    doctor.set_defaults(command=run_doctor)
    doctor.add_argument("--json", action="store_true", help="print JSON")

    notebooks = commands.add_parser(
        "notebooks", help="run notebooks in full and store their outputs"
    )
    notebooks.set_defaults(command=run_notebooks)
    notebooks.add_argument(
        "names", nargs="*", metavar="NAME", help="such as 00 or 03_gram (default: all)"
    )
    return top


def run_doctor(options: argparse.Namespace) -> int:
    """Print one line for each check; the exit code is 1 if any check fails."""
    report = Report()
    for check in run_checks():
        report.append(check)
        if not options.json:
            print(check, flush=True)
    if options.json:
        print(json.dumps({"ok": report.ok, "checks": report.as_dicts()}, indent=2))
    return 0 if report.ok else 1


def run_notebooks(options: argparse.Namespace) -> int:
    """Run the given notebooks, or all, each in a new kernel, and store the outputs."""
    for path in find_notebooks(options.names):
        print(f"{path.name} …", end=" ", flush=True)
        print(readable_time(execute(path)))
    return 0
