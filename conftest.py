"""For every test: markers by folder, the order, one thread a worker, and what nbval lets pass."""

import copy
import os
import re
import signal
from collections import defaultdict

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, find_metadata_tags

os.environ["NST_COURSE_QUICK"] = "1"  # before nbval starts a kernel, which inherits it
os.environ["NST_COURSE_PROGRESS"] = "off"  # what tests solve is not the user's progress
if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported
    os.environ["OMP_NUM_THREADS"] = "1"  # each worker has a core, and so have its kernels
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background, by `nohup` or CI
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # Ctrl-C is tested, here and in kernels

# The longest first, so that no worker is left alone with one of them at the end.
MARKED = {
    "tests/browser/": "browser",
    "notebooks/": "notebooks",
    "tests/test_setup.py": "packaging",
    "tests/test_wheel.py": "packaging",
}
ORDER = ["browser", "notebooks", "packaging", "slow"]


@pytest.hookimpl(tryfirst=True)  # before -m selects by markers
def pytest_collection_modifyitems(config, items):
    for item in items:
        for start, marker in MARKED.items():
            if item.nodeid.startswith(start):
                item.add_marker(marker)

    # Thousands of random cases: only where the marker `slow` is asked for.
    asked = config.option.markexpr or ""
    fuzzers = [item for item in items if item.get_closest_marker("fuzz") and "slow" not in asked]
    if fuzzers:
        config.hook.pytest_deselected(items=fuzzers)
        items[:] = [item for item in items if item not in fuzzers]

    def rank(item):
        return next(
            (i for i, name in enumerate(ORDER) if item.get_closest_marker(name)), len(ORDER)
        )

    first = {}  # by file, because a file's tests stay together
    for item in items:
        first[item.path] = min(first.get(item.path, len(ORDER)), rank(item))
    items.sort(key=lambda item: first[item.path])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Whole files to a worker, in the order of collection: a notebook's cells share a kernel."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


# ---------------------------------------------------------------- notebooks


class CourseNotebook(IPyNbFile):
    """A notebook's cells, and in the same kernel once more what depends on its exercises.

    First every cell as it is, with the stubs of a student who has solved nothing yet. Then, in the
    notebook's order, each exercise's cell with the solution, and each cell that uses the
    student's function or `nst.exercises`.
    """

    def collect(self):
        yield from super().collect()
        code = [cell for cell in self.nb.cells if cell.cell_type == "code"]
        solutions = {n: solved(cell) for n, cell in enumerate(code) if "exercise" in cell.metadata}
        functions = re.findall(r"^def (my_\w+)", "\n".join(solutions.values()), re.MULTILINE)
        uses_answers = re.compile(rf"\b({'|'.join(functions)})\b|\bexercises\.")
        for number, cell in enumerate(code):
            kind, cell = IPyNbCell, copy.deepcopy(cell)
            if number in solutions:
                kind, cell.source = SolvedCell, solutions[number]
            elif not functions or not uses_answers.search(cell.source):
                continue
            options = defaultdict(bool, find_metadata_tags(cell.metadata), check=False)
            yield kind.from_parent(
                self, name=f"Cell {number} solved", cell_num=number, cell=cell, options=options
            )


def solved(cell) -> str:
    """Source of an exercise's cell with the solution in place of the stub."""
    from nst_course import exercises  # here, because a run without notebooks does not need it

    exercise = getattr(exercises, cell.metadata["exercise"])
    return exercise.cell(exercise.code)


class SolvedCell(IPyNbCell):
    """An exercise's cell with the solution: below it stands one verdict, that it is right."""

    def runtest(self):
        super().runtest()
        (verdict,) = self.test_outputs
        assert verdict["data"]["text/plain"].startswith("✓ Right"), verdict


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    found = yield
    return [
        CourseNotebook.from_parent(parent, path=file_path) if isinstance(node, IPyNbFile) else node
        for node in found
    ]


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail the cells that nbval lets pass.

    It expects failures, or even none, of all cells after one that ran out of time, and the one
    itself passes if it takes the interruption as `StyleTransfer.run` does: by ending early.
    """
    report = (yield).get_result()
    timed_out = getattr(item.parent, "timed_out", False) and report.when == "call"
    if (timed_out or hasattr(report, "wasxfail")) and report.outcome != "failed":
        reason = getattr(report, "wasxfail", "") or "this cell or an earlier one ran out of time"
        vars(report).pop("wasxfail", None)  # else the summary counts it as expected
        report.outcome, report.longrepr = "failed", reason
