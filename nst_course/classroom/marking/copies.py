"""Answers that two students have in the same words: a reason to look, and no proof."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import Any

from ...exercises import registry
from ...exercises.spec import Exercise
from .batch import Marked

SAME = "in the same words as"  # begins what concerns other students
_ENOUGH = 200  # characters in the same words; a right answer in one line is the same for many
_NAMED = 3  # students in a note


def mark_copies(batch: list[Marked]) -> list[tuple[list[str], list[str]]]:
    """Groups of students with the same words in several answers, and the exercises.

    The results of the answers get a note. The stub, the course's solution and white space at the
    ends of lines do not count; names and comments do, so that who renames or rewrites is not found.
    """
    by_text: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for marked in batch:
        for name, result in marked.results.items():
            if result.get("category") == "not attempted":
                continue  # the cell as it was given
            if text := _own_words(registry()[name].exercise, str(result.get("code", ""))):
                by_text[name, text][marked.submission.student] = result
    length: Counter[tuple[str, ...]] = Counter()
    for (_, text), results in by_text.items():
        for pair in itertools.combinations(sorted(results), 2):
            length[pair] += len(text)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (name, _), results in by_text.items():
        pairs = itertools.combinations(sorted(results), 2)
        alike = sorted({one for pair in pairs if length[pair] >= _ENOUGH for one in pair})
        if alike:
            groups[tuple(alike)].append(name)
        for one in alike:
            others = [other for other in alike if other != one]
            more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
            note = f"{SAME} {', '.join(others[:_NAMED])}{more}"
            results[one].setdefault("notes", []).append(note)
    return [([*students], names) for students, names in sorted(groups.items())]


def _own_words(exercise: Exercise, code: str) -> str:
    """What of an answer is the student's, empty if nothing is."""
    text = _trimmed(code)
    head = exercise.stub.split("...", 1)[0]
    if text in (_trimmed(exercise.stub), _trimmed(exercise.code)):
        return ""
    return _trimmed(code.replace(head, "", 1))


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
