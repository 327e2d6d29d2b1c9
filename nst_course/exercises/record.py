"""What the user has done with the exercises, in all notebooks and kernels.

A small file in the user's own data folder, one line for each event. Lines are only added, so that
several kernels can write at the same time. Nothing leaves the computer.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from ..files import expanded

EVENTS = ("tried", "solved", "hint", "solution")
_LONGEST_PAUSE = 10 * 60  # seconds between two events that count as work


@dataclass
class Entry:
    """What happened with one exercise."""

    state: str = "open"  # "open", "tried" or "solved"
    attempts: int = 0  # until it was solved
    hints: int = 0
    saw_solution: bool = False
    seconds: float = 0.0  # of work from the first attempt until it was solved
    last: float = 0.0  # time of the last event

    def add(self, event: str, when: float) -> None:
        if self.state == "solved":
            return  # a later slip does not take it away
        if self.last:
            self.seconds += min(max(0.0, when - self.last), _LONGEST_PAUSE)
        self.last = when
        if event == "hint":
            self.hints += 1
        elif event == "solution":
            self.saw_solution = True
        else:
            self.attempts += 1
            self.state = event


class Record:
    """The file, or what would be in it where it cannot be written."""

    def __init__(self) -> None:
        self._unwritten: list[str] = []

    def add(self, exercise: str, event: str) -> None:
        """Remember that something happened with an exercise."""
        line = json.dumps({"exercise": exercise, "event": event, "time": round(time.time(), 1)})
        path = _path()
        try:
            if path is None:
                raise OSError("no folder for the user's data")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError:  # a home that is read-only or full: this kernel remembers it
            self._unwritten.append(line)

    def entries(self) -> dict[str, Entry]:
        """What happened so far, by the names of the exercises."""
        return entries_in([*_lines(), *self._unwritten])

    def entry(self, exercise: str) -> Entry:
        return self.entries().get(exercise, Entry())

    def reset(self) -> None:
        """Forget everything; raises OSError where the file cannot be removed."""
        self._unwritten.clear()
        path = _path()
        if path is not None:
            path.unlink(missing_ok=True)


def entries_in(lines: Iterable[str]) -> dict[str, Entry]:
    """What the lines of a progress file say, by the names of the exercises."""
    found: dict[str, Entry] = {}
    for event in _events(lines):
        found.setdefault(event["exercise"], Entry()).add(event["event"], event["time"])
    return found


RECORD = Record()


def _path() -> Path | None:
    """The file; None where there is no home folder, or something else has its name.

    NST_COURSE_PROGRESS names another one, and "off" means that none is written.
    """
    named = os.environ.get("NST_COURSE_PROGRESS")
    try:
        path = expanded(named or platformdirs.user_data_path("nst-course") / "progress.jsonl")
        usable = path.is_absolute() and (path.is_file() or not path.exists())  # no pipe
    except (OSError, RuntimeError):  # the latter of platformdirs, without a home
        return None
    return path if usable else None


def _lines() -> list[str]:
    path = _path()
    try:
        return path.read_text("utf-8", "replace").splitlines() if path else []
    except OSError:
        return []


def _events(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    """The lines that can be read; one that was cut off in writing is left out."""
    for line in lines:
        try:
            event = json.loads(line)
            known = event["event"] in EVENTS and isinstance(event["exercise"], str)
            if known and isinstance(event["time"], (int, float)):
                yield event
        except (ValueError, KeyError, TypeError):
            continue
