"""Answers that two students have in the same words: a reason to look, and no proof."""

from __future__ import annotations

import itertools
from collections import defaultdict

from ...exercises import registry
from ...exercises.spec import Exercise
from .batch import Marked

_ENOUGH = 200  # characters in the same words; a right answer in one line is the same for many


def mark_copies(batch: list[Marked]) -> list[tuple[str, str, list[str]]]:
    """Pairs of students with the same words in several answers, and the exercises.

    The results of the answers get a note. The stub, the course's solution and white space at the
    ends of lines do not count; names and comments do, so that who renames or rewrites is not found.
    """
    by_text: dict[tuple[str, str], list[Marked]] = defaultdict(list)
    for marked in batch:
        for name, result in marked.results.items():
            if result.get("category") == "not attempted":
                continue  # the cell as it was given
            if text := _own_words(registry()[name].exercise, str(result.get("code", ""))):
                by_text[name, text].append(marked)
    shared: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for (name, text), several in by_text.items():
        for pair in itertools.combinations(several, 2):
            students = (pair[0].submission.student, pair[1].submission.student)
            shared[students].append((name, len(text)))
    found = []
    marked_by = {marked.submission.student: marked for marked in batch}
    for students, common in sorted(shared.items()):
        if sum(length for _, length in common) >= _ENOUGH:
            names = [name for name, _ in common]
            found.append((*students, names))
            for one, other in (students, students[::-1]):
                for name in names:
                    marked_by[one].results[name].setdefault("notes", []).append(
                        f"in the same words as {other}"
                    )
    return found


def _own_words(exercise: Exercise, code: str) -> str:
    """What of an answer is the student's, empty if nothing is."""
    text = _trimmed(code)
    head = exercise.stub.split("...", 1)[0]
    if text in (_trimmed(exercise.stub), _trimmed(exercise.code)):
        return ""
    return _trimmed(code.replace(head, "", 1))


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
