"""The glossary of the course, read from the page `glossary.md` beside this file."""

import difflib
import functools
import re
from pathlib import Path

from .checks import shown
from .errors import CourseError

PAGE = Path(__file__).with_name("glossary.md")
ENTRY = re.compile(
    r"^- \*\*(?P<term>.+?)\*\* \((?P<notebook>\d\d)\): (?P<meaning>.+)$", re.MULTILINE
)


class Entries(list[str]):
    """Lines of the page, which a notebook shows as formatted text."""

    def _repr_markdown_(self) -> str:
        return "\n".join(self)

    def __repr__(self) -> str:
        return "\n".join(line.removeprefix("- ").replace("**", "") for line in self)


@functools.cache
def entries() -> dict[str, str]:
    """Term → its line of the page, in alphabetical order."""
    return {found["term"]: found[0] for found in ENTRY.finditer(PAGE.read_text("utf-8"))}


def glossary(term: str | None = None) -> Entries:
    """What a term of the course means, and the notebook that builds it; without a term, all.

    Args:
        term: in any case; a part of a term, such as "pooling", finds all that contain it.

    Raises:
        CourseError: there is no such term.
    """
    if term is None:
        return Entries(entries().values())
    if not isinstance(term, str):
        raise CourseError(f'A term is a text such as "Gram matrix", not {shown(term)}.')
    wanted = term.strip().casefold()
    exact = [line for name, line in entries().items() if name.casefold() == wanted]
    found = exact or [line for name, line in entries().items() if wanted in name.casefold()]
    if not found or not wanted:
        names = {name.casefold(): name for name in entries()}
        near = [names[name] for name in difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)]
        hint = f"did you mean {' or '.join(near)}?" if near else "nst.glossary() lists all terms."
        raise CourseError(f"The glossary has no {shown(term)}; {hint}")
    return Entries(found)
