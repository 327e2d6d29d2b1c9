"""What a site is made of, collected by following the links of the pages."""

from __future__ import annotations

import html
import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ...errors import CourseError

# Students use the search as well: these pages have the answers, and stay in the repository.
ANSWERS = ("teaching/exam.md", "nst_course/exercises/", "tests/")
PICTURES = (".jpg", ".png", ".webp", ".gif")
WIDE = 2.4  # width over height from which a picture scrolls on a phone, instead of being a stamp

_FENCED = re.compile(r"(^ *```.*?^ *```)", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])+)\]\(([^)\s]+)\)")


@dataclass
class Material:
    """Pages for Sphinx, and the files beside them.

    Attributes:
        root: the clone of the course.
        pages: path below the folder of sources → its text, Markdown or a notebook.
        files: path on the site → the file that belongs there, or its content.
    """

    root: Path
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path | bytes] = field(default_factory=dict)
    _wanted: list[str] = field(default_factory=list)

    def add_markdown(self, path: str, text: str) -> None:
        """Add a page, and note what it links to; `path` is where its links start from."""
        self.pages[path] = self.adapted(text, path)

    def follow_links(self) -> None:
        """Add the files of the repository that pages link to, until nothing is missing."""
        while self._wanted:
            path = self._wanted.pop()
            if f"{path.removesuffix('.md')}.md" in self.pages or path in self.pages:
                continue
            text = (self.root / path).read_text("utf-8")
            if path.endswith(".md"):
                self.add_markdown(path, f"---\norphan: true\n---\n\n{text}")
            else:
                self.pages[f"{path}.md"] = _listing(path, text)

    def adapted(self, text: str, page: str) -> str:
        """Markdown whose links lead to pages of the site, and whose pictures are among its files.

        Raises:
            CourseError: a link or picture leads to nothing.
        """
        pieces = _FENCED.split(text)
        for number in range(0, len(pieces), 2):
            shown = _PICTURE.sub(lambda found: self._shown(found, page), pieces[number])
            pieces[number] = _LINK.sub(lambda found: self._link(found, page), shown)
        return "".join(pieces)

    def picture(self, address: str, content: Path | bytes, alt: str, page: str) -> str:
        """HTML of a picture that opens at full size; `address` is where it lies on the site."""
        self.files[address] = content
        with Image.open(io.BytesIO(content) if isinstance(content, bytes) else content) as opened:
            width, height = opened.size
        kind = "picture wide" if width > WIDE * height else "picture"
        source = html.escape(posixpath.relpath(address, posixpath.dirname(page) or "."))
        return (
            f'<a class="{kind}" href="{source}"><img src="{source}" alt="{html.escape(alt)}"'
            f' width="{width}" height="{height}" loading="lazy"></a>'
        )

    def _shown(self, found: re.Match[str], page: str) -> str:
        alt, address = found.groups()
        if "://" in address:
            return found[0]
        path = self._path(address, page)
        return self.picture(path, self.root / path, alt, page)

    def _link(self, found: re.Match[str], page: str) -> str:
        words, address = found.groups()
        if "://" in address or address.startswith("mailto:"):
            return found[0]
        place, _, anchor = address.partition("#")
        anchor = f"#{slug(anchor)}" if anchor else ""
        if not place:
            return f"[{words}]({anchor})"
        path = self._path(place, page)
        if path.startswith(ANSWERS) or (self.root / path).is_dir():
            return words
        if path.endswith(PICTURES):
            self.files[path] = self.root / path
            return f'<a href="{html.escape(address)}">{words}</a>'
        if not path.endswith(".ipynb"):
            self._wanted.append(path)
        if not path.endswith((".ipynb", ".md")):
            place += ".md"
        return f"[{words}]({place}{anchor})"

    def _path(self, address: str, page: str) -> str:
        """The path in the repository that an address of a page leads to."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
        if path.startswith("..") or not (self.root / path).exists():
            raise CourseError(f"{page} leads to {address}, which does not exist.")
        return path

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """The files, each with its content."""
        for address, content in self.files.items():
            yield address, content if isinstance(content, bytes) else content.read_bytes()


def slug(heading: str) -> str:
    """The anchor of a heading as MyST makes it; that of Jupyter, with hyphens, becomes the same."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def _listing(path: str, text: str) -> str:
    """A page that shows a file as it is."""
    language = {".py": "python", ".yml": "yaml", ".cff": "yaml"}.get(Path(path).suffix, "text")
    return f"---\norphan: true\n---\n\n# {path}\n\n``````{language}\n{text.rstrip()}\n``````\n"
