"""The slides of a notebook: which cells, in which order, with which notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup
from markupsafe import Markup, escape
from nbconvert.filters import Highlight2HTML, markdown2html
from nbformat import NotebookNode

from ...exercises.spec import Exercise
from ..cells import exercise_of, heading, is_picture, slide_type
from ..edition import about
from ..minutes import sections, total_minutes

_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")


@dataclass(frozen=True)
class Block:
    """Something that stays together on a slide, as HTML."""

    cell: int
    html: Markup
    kind: str = ""
    fragment: bool = False


@dataclass
class Slide:
    """What may become several slides if it does not fit on one."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    notes: Markup = Markup("")


def stacks(notebook: NotebookNode) -> list[list[Slide]]:
    """The slides, one list for each that one goes right to; its others lie below it."""
    timetable = {section.first: section for section in sections(notebook)}
    found: list[list[Slide]] = []
    time = ""
    for number, cell in enumerate(notebook.cells):
        kind, is_text = slide_type(cell), cell.cell_type == "markdown"
        if number in timetable:
            time = str(timetable[number])
        if is_text and "**You will be able to**" in cell.source:
            found.append([objectives(number, cell, notebook)])
        elif kind == "notes" or (kind == "skip" and is_text):
            if found:
                found[-1][-1].notes += Markup(markdown2html(cell.source))
        elif kind != "skip":
            if kind in ("slide", "subslide") or not found:
                title = heading(cell, 2) or heading(cell, 3) or _title(found)
                notes = Markup("<p><b>{}</b></p>").format(time) if time else Markup("")
                slide = Slide(_plain(title), [], notes)
                if kind == "slide" or not found:
                    found.append([slide])
                else:
                    found[-1].append(slide)
            found[-1][-1].blocks += blocks(number, cell, kind == "fragment")
            if exercise := exercise_of(cell):
                found[-1][-1].notes += _about(exercise)
    return found


def _title(found: list[list[Slide]]) -> str:
    return found[-1][0].title if found else ""


def _about(exercise: Exercise) -> Markup:
    """The solution of an exercise, its hints and the common mistakes."""
    style = "white-space: pre-wrap; font-size: 0.7em"  # the column of the notes is narrow
    code = Markup('<pre style="{}">{}</pre>').format(style, exercise.code)
    return code + Markup(markdown2html(about(exercise)))


def _plain(text: str) -> str:
    return re.sub(r"[*`]", "", text)


def objectives(number: int, cell: NotebookNode, notebook: NotebookNode) -> Slide:
    """The slide behind the title: what one will be able to do."""
    lines = [line for line in cell.source.split("\n\n") if "Previous:" not in line]
    lines = [line for line in lines if not line.startswith("**Next:**")]
    source = "## Objectives\n\n" + "\n\n".join(lines)
    made = Slide("Objectives")
    made.blocks = [Block(number, html) for html in _elements(markdown2html(source))]
    made.notes = Markup("<p><b>{} min in all</b></p>").format(total_minutes(notebook))
    return made


def blocks(number: int, cell: NotebookNode, fragment: bool) -> Iterator[Block]:
    """The blocks of a cell; code and what it computes appear one after the other."""
    if cell.cell_type == "markdown":
        for html in _elements(markdown2html(cell.source)):
            yield Block(2 * number, html, "text", fragment)
        return
    highlighted = Highlight2HTML(pygments_lexer="ipython3")(cell.source)
    yield Block(2 * number, Markup(highlighted), "code", fragment)
    if exercise_of(cell):
        return  # its output says that nobody has answered yet
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    outputs = [output for output in cell.outputs if output.output_type != "stream"]
    if "nst.exercises." in cell.source:  # a verdict, on an answer that nobody has given
        outputs = [one for one in outputs if is_picture(one) or "text/html" not in one.data]
    if printed:  # it comes in pieces
        outputs.insert(0, NotebookNode(text=printed))
    for output in outputs:
        if picture_or_text := shown(output):
            yield Block(2 * number + 1, picture_or_text, "output", True)


def shown(output: NotebookNode) -> Markup | None:
    """An output as HTML: the picture, if there is one."""
    data = output.get("data", {})
    for kind in _PICTURES:
        if kind in data:
            alt = output.get("metadata", {}).get(kind, {}).get("alt", "")
            content = "".join(data[kind]).replace("\n", "")
            return Markup('<img alt="{}" src="data:{};base64,{}">').format(alt, kind, content)
    if "text/html" in data:
        page = BeautifulSoup("".join(data["text/html"]), "html.parser")
        for script in page(["script", "style", "video", "input", "button"]):
            script.decompose()
        inner = page.find("img")
        return Markup(str(inner if inner is not None else page))
    text = output.get("text") or data.get("text/plain", "")
    return Markup("<div><pre>{}</pre></div>").format(escape("".join(text))) if text else None


def _elements(html: str) -> Iterator[Markup]:
    """The top elements of a rendered cell; links that lead nowhere from a slide become words."""
    page = BeautifulSoup(html, "html.parser")
    for link in page("a"):
        if link.get("class") == ["anchor-link"]:
            link.decompose()
        elif "://" not in str(link.get("href", "")):
            link.unwrap()
    for image in page("img"):
        outer = image.parent
        if outer is None:
            continue
        if outer.name == "p" and len(outer.find_all()) == 1 and not outer.get_text(strip=True):
            outer.unwrap()
    for element in page.children:
        if str(element).strip():
            yield Markup(str(element))
