"""Run a notebook in a new kernel and store its outputs: ``nst-course notebooks``."""

import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ..device import QUICK_VARIABLE
from ..errors import CourseError
from ..files import write_atomically

FOLDER = Path(__file__).parents[2] / "notebooks"
CELL_TIMEOUT = 1200
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def find_notebooks(names: list[str]) -> list[Path]:
    """The notebooks whose names begin with one of these; all of them if there are none."""
    everything = sorted(FOLDER.glob("[0-9]*.ipynb"))
    if not everything:
        raise CourseError(
            f"There are no notebooks in {FOLDER}; run this from a clone of the course."
        )
    found = []
    for name in names or [""]:
        matching = [path for path in everything if path.name.startswith(Path(name).name)]
        if not matching:
            known = ", ".join(path.stem for path in everything)
            raise CourseError(f'There is no notebook "{name}"; there are {known}.')
        found += matching
    return list(dict.fromkeys(found))


def execute(path: Path) -> float:
    """Run one notebook in a new kernel, store its outputs in the file, and return the seconds.

    The file is written only after every cell has run, so a failure leaves the old outputs.

    Raises:
        CourseError: a cell fails or takes too long, the kernel dies, or the file cannot be written.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],  # not its advice on the encryption of local sockets
    )
    environment = {name: value for name, value in os.environ.items() if name != QUICK_VARIABLE}
    start = time.perf_counter()
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise CourseError(f"{path.name} stopped with {error.ename}: {error.evalue}") from error
    except CellTimeoutError as error:
        raise CourseError(
            f"{path.name} stopped: a cell took more than {CELL_TIMEOUT} seconds."
        ) from error
    except DeadKernelError as error:
        raise CourseError(
            f"{path.name} stopped: its kernel died, perhaps because it ran out of memory."
        ) from error
    seconds = time.perf_counter() - start
    tidy(notebook)
    try:
        write_atomically(path, lambda partial: nbformat.write(notebook, partial))
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}).") from error
    return seconds


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Remove what a static page cannot show: the state and views of widgets, and run times."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [
                output for output in cell.outputs if WIDGET_VIEW not in output.get("data", {})
            ]
