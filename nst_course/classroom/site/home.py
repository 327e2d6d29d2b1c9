"""The pages that no file of the repository is: home, gallery, and the glossary with links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
from nbformat import NotebookNode

from ...glossary_entries import ENTRY, PAGE
from ..cells import heading
from ..minutes import total_minutes
from .material import Material

TEACHING = [f"teaching/{n}.md" for n in ("README", "plans", "objectives", "projects", "setup")]
TEMPLATES = Path(__file__).parent / "templates"
_QUESTION = re.compile(r"The question of this notebook: \*\*(.+?)\*\*")
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Card:
    """What home says of a notebook."""

    path: str  # in the repository
    name: str
    question: str
    minutes: int | None
    picture: str


def card(path: str, notebook: NotebookNode, readme: str) -> Card:
    """The name is that of the README, where it has one."""
    stem = Path(path).stem
    named = re.search(rf"\[([^\]]+)\]\({re.escape(path)}\)", readme)
    first = notebook.cells[0]
    asked = _QUESTION.search(first.source)
    question = asked[1] if asked else heading(first, 1)
    picture = _PICTURE.search(first.source)
    return Card(
        path=path,
        name=named[1] if named else stem.replace("_", " "),
        question=question[:1].upper() + question[1:],
        minutes=total_minutes(notebook),
        picture=picture[2].removeprefix("../") if picture else "",
    )


def section(readme: str, title: str) -> str:
    """The text of the README under a heading of the second level, empty without one."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def opening(readme: str) -> str:
    """What the README says between its first picture and its first section, the site excepted."""
    paragraphs = readme.split("\n## ")[0].split("\n\n")
    return "\n\n".join(p for p in paragraphs if not p.startswith(("#", "!", "**"))).strip()


def add_home(material: Material, cards: list[Card], source: str) -> None:
    """Add the first page, which has the table of contents of the whole site."""
    readme = (material.root / "README.md").read_text("utf-8")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True
    )
    for one in cards:
        if one.picture:
            material.files[one.picture] = material.root / one.picture
    page = environment.get_template("home.md").render(
        hero=_PICTURE.search(readme),
        opening=opening(readme),
        commands=section(readme, "Two commands"),
        cards=cards,
        labs="labs.md" in material.pages,
        source=source,
        teaching=[page.removesuffix(".md") for page in TEACHING],
    )
    material.add_markdown("index.md", page)


def add_glossary(material: Material, notebooks: dict[str, str]) -> None:
    """Add the glossary; each entry has an anchor, and a link to the notebook that builds it.

    Args:
        notebooks: number, such as "03" → path of the notebook.
    """
    place = "nst_course/glossary.md"  # where links of other pages lead

    def linked(found: re.Match[str]) -> str:
        term, number, meaning = found["term"], found["notebook"], found["meaning"]
        words = f"[{number}](../{notebooks[number]})" if number in notebooks else number
        anchor = re.sub(r"\W+", "-", term.lower()).strip("-")
        return f'- <span id="term-{anchor}"></span>**{term}** ({words}): {meaning}'

    material.add_markdown(place, ENTRY.sub(linked, PAGE.read_text("utf-8")))


def add_gallery(material: Material, texts: dict[str, str]) -> None:
    """Add a page of the pictures in `assets/gallery` that texts show, labs excepted.

    Args:
        texts: path of a page → its Markdown.
    """
    seen: dict[str, str] = {}
    for path, written in texts.items():
        for alt, address in _PICTURE.findall(written):
            picture = address.removeprefix("../")
            if picture.startswith("assets/gallery/") and "_lab." not in picture:
                words = f"![{alt}]({picture})\n\n{alt}. [Where it is shown]({path})"
                seen.setdefault(picture, words)
    title = "# Gallery\n\nEvery picture was made with the course, on processors without a GPU.\n\n"
    material.add_markdown("gallery.md", title + "\n\n".join(seen.values()) + "\n")
