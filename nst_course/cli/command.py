"""The command line, ``nst-course``: its commands, and what ends them.

What needs PyTorch is imported when its command runs, so that help and mistakes are answered at
once. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

import argparse
import json

from ..errors import CourseError
from .arguments import parser
from .parsing import UsageError
from .terminal import complain, handling, leave, tolerant_streams


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; a `CourseError` is printed as one sentence."""
    with tolerant_streams(), handling(leave):
        try:
            options = parser().parse_args(arguments)
            return COMMANDS[options.command](options)
        except UsageError as error:
            complain(str(error))
            return 2
        except CourseError as error:
            complain(str(error))
            return 1
        except (MemoryError, RuntimeError, OSError) as error:
            return failed(error)
        except KeyboardInterrupt:
            complain("stopped.")
            return 130


def failed(error: Exception) -> int:
    """The exit code after an error of the machine, which is printed; any other one is raised."""
    from ..device import is_out_of_memory

    if is_out_of_memory(error):
        complain("out of memory; try a smaller --size.")
    elif isinstance(error, OSError):
        complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.")
    else:
        raise error
    return 1


def run_render(options: argparse.Namespace) -> int:
    """Render one picture, or one of each photograph with each artwork."""
    from .render import render_all

    return render_all(options)


def run_video(options: argparse.Namespace) -> int:
    """Render a clip in the style of a picture."""
    from .video import stylize_clip

    return stylize_clip(options)


def run_doctor(options: argparse.Namespace) -> int:
    """Print one line for each check; the exit code is 1 if any check fails."""
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
    """Run the given notebooks, or all, each in a new kernel, and store the outputs."""
    from ..device import readable_time
    from .notebooks import execute, find_notebooks
    from .terminal import Interrupt

    with handling(Interrupt()):  # so that the kernel is stopped as well
        for path in find_notebooks(options.names):
            print(f"{path.name} …", end=" ", flush=True)
            print(readable_time(execute(path)))
    return 0


def run_edition(options: argparse.Namespace) -> int:
    """Write notebooks to hand out."""
    from ..classroom.edition import Choices, write_edition
    from .notebooks import find_notebooks

    chosen = Choices(
        options.word or "", options.solutions_on, options.source or "", options.overwrite
    )
    notebooks = find_notebooks(options.names)
    written, chosen = write_edition(options.kind, options.output, notebooks, chosen)
    for path in written:
        print(path)
    if options.kind in ("student", "colab") and chosen.word:
        print(f"The word that opens the solutions: {chosen.word}")
    return 0


def run_grade(options: argparse.Namespace) -> int:
    """Mark a folder of submissions; one line for each while it is done."""
    from ..checks import printable
    from ..classroom.marking.batch import Limits, Marked
    from ..classroom.marking.grade import grade
    from .terminal import Interrupt

    def show(marked: Marked) -> None:
        right = sum(one["category"] == "right" for one in marked.results.values())
        words = f"{right} of {len(marked.results)} right" if marked.results else "nothing to mark"
        words = " ".join(marked.faults) or words
        print(printable(marked.submission.student), "·", printable(words), flush=True)

    limits = Limits(int(options.memory * 2**30), options.seconds)
    with handling(Interrupt()):  # so that the processes are ended as well
        found = grade(
            options.folder,
            options.output,
            limits,
            options.seed,
            options.jobs,
            options.overwrite,
            show,
        )
    print(
        f"{len(found)} submissions. Open {options.output / 'index.html'}: it counts the mistakes of"
        f" the class, and leads to the report of each student. {options.output / 'grades.csv'} is"
        " for a grade book."
    )
    return 0


def run_slides(options: argparse.Namespace) -> int:
    """Write the slides of notebooks."""
    from ..classroom.slides.deck import write_pdf, write_slides
    from .notebooks import find_notebooks

    for notebook in find_notebooks(options.names):
        page = write_slides(notebook, options.output, options.overwrite)
        print(page, flush=True)
        if options.no_pdf:
            continue
        pdf = write_pdf(page, options.overwrite)
        print(pdf or "No PDF: there is no Chromium or Chrome on this machine.", flush=True)
    return 0


def run_site(options: argparse.Namespace) -> int:
    """Write the course as static pages."""
    from ..classroom.site.build import write_site
    from .notebooks import find_notebooks

    notebooks = find_notebooks([])
    page, warnings = write_site(options.output, notebooks, options.source or "", options.overwrite)
    for warning in warnings:
        complain(warning)
    print(page)
    return 0


COMMANDS = {
    "render": run_render,
    "video": run_video,
    "doctor": run_doctor,
    "notebooks": run_notebooks,
    "edition": run_edition,
    "grade": run_grade,
    "slides": run_slides,
    "site": run_site,
}
