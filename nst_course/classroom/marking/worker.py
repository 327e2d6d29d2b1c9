"""Marks one submission, in a process of its own that is fenced in first."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import torch
from PIL import Image

from ...exercises import registry
from ...exercises.grader.answer import NOTHING
from ...exercises.grader.judge import judge
from ...exercises.grader.verdicts import Verdict
from ...exercises.report import Report
from ...exercises.spec import Exercise
from .borrowed import borrowed
from .confine import confine
from .needed import Broken, Notebook, answer_source, cells_with_answer, needed, read, run

_COURSE = sys.modules[__name__.split(".")[0]]  # as submissions import it
_SECONDS = 5.0  # of processor time for one answer, as in a notebook
_SECONDS_TOGETHER = 10.0  # for all answers of one student, after which each has
_SECONDS_LEFT = 1.5  # a right answer takes less than 0.1
_MOST_VERSIONS = 3
_PICTURE = 420  # pixels
_LONGEST_CODE = 20_000  # characters


def mark(
    connection: Connection,
    files: list[tuple[str, bytes]],
    skipped: list[str],
    memory: int,
    seconds: int,
) -> None:
    """Send what is found, message by message, as JSON: this process is not to be trusted.

    Args:
        skipped: exercises at which an earlier process ended.
        memory, seconds: bytes and processor time of the whole process.
    """
    confine(memory, seconds)

    def send(**message: Any) -> None:
        connection.send_bytes(json.dumps(message).encode())

    began = time.process_time()
    books: list[tuple[str, Notebook]] = []
    for name, content in files:
        send(reading=name)
        try:
            books.append((name, read(content)))
        except Broken as broken:
            send(fault=f"{name} {broken}.")
    for name, session in registry().items():
        if name in skipped:
            continue
        found = [(file, book, cell) for file, book in books
                 for cell in cells_with_answer(book, session.exercise)]  # fmt: skip
        if found:
            send(begins=name)
            left = _SECONDS_TOGETHER - (time.process_time() - began)
            allowed = min(_SECONDS, max(_SECONDS_LEFT, left))
            results = [result(session.exercise, *one, allowed) for one in found[-_MOST_VERSIONS:]]
            best = max(results, key=lambda one: (one["category"] == "right", one["attempted"]))
            if len(found) > 1:
                best["notes"].append(f"{len(found)} versions were handed in; the best one counts")
            send(exercise=name, **best)
    send(done=True)
    connection.close()
    os._exit(0)  # nothing that a submission has registered runs now


def result(
    exercise: Exercise, file: str, book: Notebook, cell: int, seconds: float = _SECONDS
) -> dict[str, Any]:
    """The verdict on the answer in one cell, as plain data; `seconds` is what it may take."""
    code, notes, picture = book.sources[cell], [], ""
    if cell in book.errors:
        report = Report("wrong", "The cell is no valid Python", (), book.errors[cell])
        verdict = Verdict("no answer", report, book.errors[cell])
    else:
        statements = needed(book, exercise, cell)
        code = answer_source(book, statements, exercise)
        names: dict[str, Any] = {"torch": torch, "math": math, "nst": _COURSE, "__name__": "answer"}
        try:
            with at_most(seconds):
                run(book, statements, names, exercise.name)
        except BaseException as error:  # SystemExit as well
            text = f"{type(error).__name__}: {str(error)[:300]}"
            report = Report("wrong", "What the answer needs could not be run", (), text)
            verdict = Verdict("raised", report, text)
        else:
            answer = names.get(exercise.function_name, NOTHING)
            verdict = judge(exercise, answer, seconds)
            if verdict.solved and (calls := borrowed(exercise, answer)):
                notes.append("calls the package: " + ", ".join(calls))
            picture = picture_below(book, cell) if verdict.attempted else ""
    return {
        "category": verdict.category,
        "mistake": verdict.mistake,
        "attempted": verdict.attempted,
        "report": dataclasses.asdict(verdict.report),
        "notes": notes,
        "code": code[:_LONGEST_CODE],
        "picture": picture,
        "file": file,
    }


def picture_below(book: Notebook, cell: int) -> str:
    """The first picture below a cell, decoded and encoded anew, as JPEG.

    What was not run after the cell does not count: notebooks are handed out with pictures.
    """
    following = [n for n in range(cell + 1, len(book.sources)) if book.exercises[n]][:1]
    for place in range(cell, (following or [len(book.sources)])[0]):
        if not 0 < book.runs[cell] <= book.runs[place]:
            continue
        for output in book.outputs[place]:
            data = output.get("data") or {}
            encoded = data.get("image/png") or data.get("image/jpeg")
            if isinstance(encoded, (str, list)):
                try:
                    return _thumbnail(base64.b64decode("".join(encoded)))
                except Exception:  # no picture, or one that is too large
                    continue
    return ""


def _thumbnail(content: bytes) -> str:
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
        image.thumbnail((_PICTURE, _PICTURE))
        stream = io.BytesIO()
        image.convert("RGB").save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode()


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, in seconds of processor time."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"it did not end within {seconds:g} seconds")

    before: Any = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
