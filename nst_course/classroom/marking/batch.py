"""Marks all submissions, each in a process of its own; none of them stops the batch."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

from ...errors import CourseError
from ...exercises.cases import SEED_VARIABLE
from ...exercises.report import Report
from .submissions import Submission
from .worker import mark

_LONGEST_MESSAGE = 1_000_000  # bytes; a verdict with a picture has about 50,000
_PATIENCE = 4  # how much longer than its processor time a process may take by the clock


@dataclass(frozen=True)
class Limits:
    """What one process may take."""

    memory: int = 2**30  # bytes beyond what PyTorch takes
    seconds: int = 60  # of processor time


@dataclass
class Marked:
    """What was found in one submission.

    Attributes:
        results: exercise → what `worker.result` returns.
        faults: sentences on files that cannot be read.
    """

    submission: Submission
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def mark_all(
    submissions: list[Submission],
    limits: Limits,
    seed: int = 0,
    jobs: int | None = None,
    show: Callable[[Marked], object] = lambda marked: None,
) -> list[Marked]:
    """Mark all submissions, in their order.

    Args:
        seed: of the inputs; 0: those that students have.
        jobs: processes at a time; as many as there are processors by default.
        show: is called when one is done.
    """
    if not hasattr(os, "fork"):
        raise CourseError("Grading needs Linux or macOS; on Windows, run it in WSL.")
    context = multiprocessing.get_context("forkserver")

    def one(submission: Submission) -> Marked:
        try:
            marked = mark_one(context, submission, limits)
        except Exception as error:  # whatever it is, the others are marked
            marked = Marked(submission, faults=[f"It could not be marked ({error!r:.200})."])
        show(marked)
        return marked

    with server(context, seed), ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        return list(pool.map(one, submissions))


@contextlib.contextmanager
def server(context: ForkServerContext, seed: int) -> Iterator[None]:
    """The process of which all others are copies; see `warm`."""
    from multiprocessing import forkserver

    given = {SEED_VARIABLE: str(seed), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    given["PYTHONPATH"] = os.pathsep.join(sys.path)  # Python 3.11 does not hand it on
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    context.set_forkserver_preload([f"{__package__}.warm"])
    try:
        forkserver.ensure_running()
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # the next batch has a seed


def mark_one(context: ForkServerContext, submission: Submission, limits: Limits) -> Marked:
    """Mark one submission; where its process ends early, another goes on behind that place."""
    marked = Marked(submission)
    files = []
    for file in submission.notebooks:
        if file.fault:
            marked.faults.append(f"{file.name}: {file.fault}.")
        else:
            files.append((file.name, file.content))
    skipped: list[str] = []
    while files:
        ended = _one_process(context, files, skipped, limits, marked)
        if not ended:
            break
        place, reason = ended
        if place.startswith("file "):
            marked.faults.append(f"{place[5:]}: {reason}.")
            files = [file for file in files if file[0] != place[5:]]
        elif place:
            skipped = [*marked.results, place]
            marked.results[place] = stopped(reason)
        else:
            marked.faults.append(f"It could not be marked: {reason}.")
            break
    return marked


def stopped(reason: str) -> dict[str, Any]:
    """The result of an answer whose process ended."""
    report = Report("wrong", "The answer was stopped", (f"{reason[0].upper()}{reason[1:]}.",))
    return {"category": "stopped", "mistake": reason, "report": dataclasses.asdict(report)}


def _one_process(
    context: ForkServerContext,
    files: list[tuple[str, bytes]],
    skipped: list[str],
    limits: Limits,
    marked: Marked,
) -> tuple[str, str] | None:
    """Where and why the process ended before it was done; None if it was."""
    ours, theirs = context.Pipe(duplex=False)
    arguments = (theirs, files, skipped, limits.memory, limits.seconds)
    process = context.Process(target=mark, args=arguments)
    process.start()
    theirs.close()
    place = ""
    end = time.monotonic() + _PATIENCE * limits.seconds
    try:
        while True:
            if not ours.poll(max(0.0, end - time.monotonic())):
                return place, f"it did not end within {_PATIENCE * limits.seconds} seconds"
            message = json.loads(ours.recv_bytes(_LONGEST_MESSAGE))
            if "done" in message:
                return None
            if "reading" in message:
                place = f"file {message['reading']}"
            elif "fault" in message:
                marked.faults.append(str(message["fault"]))
            elif "begins" in message:
                place = str(message["begins"])
            else:
                marked.results[str(message.pop("exercise"))] = message
    except EOFError:
        process.join(10)
        return place, _reason(process.exitcode, limits)
    except (OSError, ValueError):
        return place, "it wrote more than a verdict can hold"
    finally:
        ours.close()
        _end(process)


def _reason(code: int | None, limits: Limits) -> str:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"it took more than {limits.seconds} seconds of the processor, or too much memory"
    if code is not None and code < 0:
        return f"its process died ({signal.Signals(-code).name})"
    return "its process ended itself"


def _end(process: BaseProcess) -> None:
    """End a process and whatever it has started."""
    if process.pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
