"""The options of ``nst-course``; a wrong one is named in one sentence."""

import argparse
from pathlib import Path
from typing import Any

from .parsing import AddRegion, AddStyle, Artwork, Formatter, Parser, date, one_of, real, whole

# As in `transfer.initial`, `transfer.kept`, `device` and `video.stylize`; a test compares them.
# To import them from there would import PyTorch, which takes seconds.
STARTS = ("content", "recolored", "style", "noise")
COLORS = ("artwork", "palette", "photograph")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
EDITIONS = ("student", "instructor", "nbgrader", "colab")
FRAME_STEPS, TEMPORAL_WEIGHT = 50, 5e3
LARGEST_SIZE = 100_000  # pixels


def parser() -> argparse.ArgumentParser:
    """The parser of all commands and their options."""
    top = Parser(prog="nst-course", description="Neural style transfer, from the command line.")
    commands = top.add_subparsers(required=True, dest="command", metavar="COMMAND")
    add_render(commands)
    add_video(commands)
    doctor = commands.add_parser(
        "doctor",
        help="check whether this machine is ready for the course",
        formatter_class=Formatter,
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    notebooks = commands.add_parser(
        "notebooks", help="run notebooks in full and store their outputs", formatter_class=Formatter
    )
    add_names(notebooks)
    add_edition(commands)
    add_grade(commands)
    add_slides(commands)
    add_site(commands)
    return top


def options_given(options: argparse.Namespace) -> dict[str, Any]:
    """The options of `render` that differ from the defaults and say how to paint, by name."""
    default = vars(parser().parse_args(["render", "content", "style", "--output", "output"]))
    others = ["command", "content", "style", "artworks", "output", "overwrite", "resume", "json"]
    given = {name: getattr(options, name) for name in default if name not in others}
    return {name: value for name, value in given.items() if value != default[name]}


def options_of_the_loop(options: argparse.Namespace) -> list[str]:
    """The options of `render` that were given and that ``--fast`` has no use for."""
    names = [name for name in options_given(options) if name not in ("fast", "size", "strength")]
    regions = any(artwork.region is not None for artwork in options.artworks)
    return [*(f"--{name.replace('_', '-')}" for name in names), *["--region"] * regions]


def recipe_of(options: argparse.Namespace, content: str, styles: list[Artwork]) -> dict[str, Any]:
    """What `render` keeps in a picture: what it was made of, by file name, and how."""
    parts = [
        f"{Path(style.picture).name}{f'={style.weight:g}' if style.weight != 1 else ''}"
        f"{f' in {Path(style.region).name}' if style.region is not None else ''}"
        for style in styles
    ]
    made = {"content": Path(content).name, "style": ", ".join(parts)}
    always = {"size": options.size, "strength": options.strength}
    given = options_given(options)
    if "init" in given:  # the name of a start, or a file
        given["init"] = Path(given["init"]).name
    return {**made, **always, **given}


def add_names(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="such as 00 or 03_gram (default: all)"
    )


def add_edition(commands: argparse._SubParsersAction) -> None:
    edition = commands.add_parser(
        "edition",
        help="notebooks to hand out: for students, instructors, nbgrader or Colab",
        description="Write the notebooks as an instructor hands them out. student: no answers, and "
        "solutions that wait. instructor: solutions, common mistakes and minutes in place. "
        "nbgrader: the source of assignments. colab: for students, installed by the first cell.",
        formatter_class=Formatter,
    )
    add = edition.add_argument
    add("kind", type=one_of(*EDITIONS), help=", ".join(EDITIONS))
    add("output", type=Path, metavar="OUT", help="a folder")
    add_names(edition)
    add(
        "--solutions-on",
        type=date,
        metavar="DATE",
        help="day on which the solutions open (default: none)",
    )
    add("--word", help="word that opens the solutions (default: drawn, without --solutions-on)")
    add("--source", metavar="URL", help="git address that Colab clones, for colab (default: none)")
    add("--overwrite", action="store_true", help="replace notebooks that exist")


def add_grade(commands: argparse._SubParsersAction) -> None:
    grade = commands.add_parser(
        "grade",
        help="mark a folder of submissions",
        description="Mark the exercises in a folder or zip archive of submissions, as Moodle, "
        "Canvas, nbgitpuller or a mailbox leave it: one notebook or one folder a student. Each "
        "student's code runs in a process of its own without network and without files. Writes "
        "results.csv, index.html and a report for each student.",
        formatter_class=Formatter,
    )
    add = grade.add_argument
    add("folder", type=Path, metavar="FOLDER", help="the submissions")
    add("-o", "--output", required=True, type=Path, help="a folder for the results (required)")
    add("--seed", type=whole(0), default=0, help="of inputs that students do not have; 0: theirs")
    add("--jobs", type=whole(1), help="processes at a time (default: one a processor)")
    add("--seconds", type=whole(1), default=60, help="processor time of one student")
    add("--memory", type=real(0.1), default=1.0, help="GB for the code of one student")
    add("--overwrite", action="store_true", help="replace results that exist")


def add_slides(commands: argparse._SubParsersAction) -> None:
    slides = commands.add_parser(
        "slides",
        help="slides of notebooks, each one file that works offline, and a PDF",
        description="Write the slides of notebooks, one HTML file each with everything inside; "
        "with Chromium or Chrome on this machine a PDF as well. In the page, S opens the speaker "
        "view with notes and minutes.",
        formatter_class=Formatter,
    )
    add = slides.add_argument
    add_names(slides)
    add("-o", "--output", type=Path, default=Path("slides"), help="a folder")
    add("--no-pdf", action="store_true", help="write no PDF")
    add("--overwrite", action="store_true", help="replace slides that exist")


def add_site(commands: argparse._SubParsersAction) -> None:
    site = commands.add_parser(
        "site",
        help="the whole course as static pages, for a browser",
        description="Write the course as static pages: notebooks with their stored pictures, labs "
        "that need no kernel, glossary, gallery and search. The pages ask no other server for "
        "anything. Needs a clone of the course.",
        formatter_class=Formatter,
    )
    add = site.add_argument
    add("output", type=Path, metavar="OUT", help="a folder")
    add("--source", metavar="URL", help="git address that readers clone (default: none)")
    add("--overwrite", action="store_true", help="replace an earlier site")


def add_render(commands: argparse._SubParsersAction) -> None:
    render = commands.add_parser(
        "render",
        help="render one picture in the style of another",
        description="Render a photograph in the style of an artwork, or of several. With a folder "
        "in place of photograph or artwork, every picture in it is used, and the output is a "
        "folder, too. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
        formatter_class=Formatter,
    )
    add = render.add_argument
    name = 'a file, a folder, or a bundled name such as "%s"'
    add("content", help="photograph: " + name % "cat")
    style = add("style", help="artwork: " + name % "great_wave")
    render.instead = ("--style", style)
    render.set_defaults(artworks=(Artwork(""),))  # the first is the positional one
    add(
        "--style",
        action=AddStyle,
        dest="artworks",
        default=argparse.SUPPRESS,
        metavar="PICTURE[=WEIGHT]",
        help="one more artwork, mixed with the others by weight; several times for several "
        "(default: the artwork above, with weight 1)",
    )
    add(
        "--region",
        action=AddRegion,
        dest="artworks",
        default=argparse.SUPPRESS,
        metavar="MASK",
        help="where the artwork before it rules: a picture, white inside and black outside; where "
        "no artwork rules, the photograph stays (default: what other regions leave)",
    )
    add(
        "--color",
        type=one_of(*COLORS),
        default="artwork",
        help="artwork: its colors; palette: the photograph's palette on the artwork's strokes; "
        "photograph: every place keeps its color",
    )
    add(
        "--keep-color",
        dest="color",
        action="store_const",
        const="photograph",
        default=argparse.SUPPRESS,
        help="the same as --color photograph (default: no)",
    )
    add("-o", "--output", required=True, type=Path, help="where to save the picture (required)")
    add("--overwrite", action="store_true", help="replace an output that exists")
    add("--resume", action="store_true", help="continue a run that was stopped or killed")
    add("--json", action="store_true", help="print the result as one line of JSON a picture")
    add("--fast", action="store_true", help="one pass through a network that knows 12 artworks")
    size = whole(1, LARGEST_SIZE)
    add("--size", type=size, default=512, help="longer side in pixels")
    add("--style-size", type=size, help="longer side of the artwork in pixels (default: --size)")
    add(
        "--strength",
        type=real(1, 5),
        default=3.0,
        help="from 1, a breath of style, to 5, hardly recognizable",
    )
    add(
        "--brush",
        type=size,
        help="longer side of the first, coarsest image in pixels: the smaller, the larger the "
        "strokes (default: by --strength)",
    )
    add(
        "--steps",
        type=whole(1),
        default=120,
        help="steps at the coarsest scale, and fewer at each finer one",
    )
    add(
        "--scales",
        type=whole(1),
        help="number of sizes in ratios of 1.41 (default: as many as --brush needs)",
    )
    add("--content-weight", type=real(0), default=1.0, help="alpha")
    add("--style-weight", type=real(0), help="beta (default: that of --strength)")
    add("--tv-weight", type=real(0), default=0.0, help="gamma, for smoothness")
    add("--backbone", type=one_of("vgg16", "vgg19"), default="vgg16", help="vgg16 or vgg19")
    add("--pooling", type=one_of("max", "avg"), default="max", help="max or avg")
    add("--init", help=f"initial image: {', '.join(STARTS)}, or a file (default: by --strength)")
    add("--optimizer", type=one_of("lbfgs", "adam"), default="lbfgs", help="lbfgs or adam")
    add("--precision", type=one_of(*PRECISIONS), default="auto", help=", ".join(PRECISIONS))
    add("--seed", type=whole(0), default=0, help="of the initial noise")


def add_video(commands: argparse._SubParsersAction) -> None:
    video = commands.add_parser(
        "video",
        help="render a clip in the style of a picture, without flicker",
        description="Stylize a clip so that the strokes move with the scene. Frames that are done "
        "wait in OUT.frames until the clip is written. The sound is left out. Exit codes: 0 done, "
        "1 failed, 2 wrong usage, 130 interrupted.",
        formatter_class=Formatter,
    )
    video.set_defaults(artworks=())
    add = video.add_argument
    add("clip", metavar="IN", help='a file, or the bundled clip "big_buck_bunny"')
    add("output", type=Path, metavar="OUT", help="a file that ends in .mp4, .webp or .gif")
    add(
        "--style",
        action=AddStyle,
        dest="artworks",
        default=argparse.SUPPRESS,
        required=True,
        metavar="PICTURE[=WEIGHT]",
        help='artwork: a file, or a bundled name such as "great_wave"; several times for a mixture '
        "(required)",
    )
    add("--overwrite", action="store_true", help="replace an output that exists")
    add("--resume", action="store_true", help="continue a run that was stopped or killed")
    size = whole(1, LARGEST_SIZE)
    add("--size", type=size, default=256, help="longer side in pixels")
    add("--strength", type=real(1, 5), default=3.0, help="as for render")
    add("--steps", type=whole(1), default=120, help="of the first frame of each scene")
    add("--frame-steps", type=whole(1), default=FRAME_STEPS, help="of every other frame")
    add(
        "--temporal-weight",
        type=real(0),
        default=TEMPORAL_WEIGHT,
        help="how much a frame is held to the earlier ones; 0: not at all",
    )
    add("--fps", type=real(0.1), help="frames a second, at most (default: those of IN)")
    add("--frames", type=whole(1), help="how many frames, at most (default: all)")
    add("--color", type=one_of(*COLORS), default="artwork", help=", ".join(COLORS))
    add("--seed", type=whole(0), default=0, help="of the initial noise")
