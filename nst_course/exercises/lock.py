"""Solutions that an instructor keeps back until a date, or for those who know a word.

This is a reminder and no safe: the solutions are part of the package.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

from ..errors import CourseError
from .report import Report


@dataclass(frozen=True)
class Lock:
    """What opens the solutions: the date, or the word whose digest this is."""

    until: datetime.date | None = None
    digest: str = ""

    def is_open(self, word: str = "") -> bool:
        if self.until and datetime.date.today() >= self.until:
            return True
        return bool(self.digest) and digest(word) == self.digest

    def refusal(self, call_name: str, word: str) -> Report:
        """What is shown instead of a solution."""
        sentences = ["That word does not open it."] if word else []
        if self.until:
            sentences.append(f"The solutions open on {self.until:%Y-%m-%d}.")
        if self.digest:
            sentences.append(f'With your instructor\'s word: `{call_name}.solution("word")`.')
        sentences.append(f"`{call_name}.hint()` helps at once.")
        return Report("note", "The solution is not open yet", tuple(sentences))


class _Locks:
    """The lock of this kernel."""

    def __init__(self) -> None:
        self.lock: Lock | None = None


LOCKS = _Locks()


def lock_solutions(until: str = "", word: str = "") -> None:
    """Keep the solutions of all exercises back in this kernel.

    Args:
        until: a date, such as "2027-01-31", from which on they are open.
        word: the `digest` of a word that opens them.

    Raises:
        CourseError: `until` is no date.
    """
    try:
        date = datetime.date.fromisoformat(until) if until else None
    except ValueError:
        raise CourseError(f'until is a date such as "2027-01-31", not {until!r}.') from None
    LOCKS.lock = Lock(date, word) if date or word else None


def digest(word: str) -> str:
    """What stands in a notebook in place of the instructor's word."""
    return hashlib.sha256(f"nst-course {word.strip().lower()}".encode()).hexdigest()[:16]
