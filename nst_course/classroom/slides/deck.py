"""Writes a page with everything inside: reveal.js, MathJax, fonts, pictures; and its PDF."""

from __future__ import annotations

import copy
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import jinja2
import nbformat
from markupsafe import Markup
from pygments.formatters import HtmlFormatter

from ...errors import CourseError
from ...files import write_atomically
from ..cells import heading
from ..pictures import data_address, embed_pictures
from .content import stacks

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_HERE = Path(__file__).parent / "templates"
_PDF_MS = 300_000


def write_slides(notebook: Path, out: Path, overwrite: bool = False) -> Path:
    """Write the slides of a notebook into a folder, as one HTML file.

    Raises:
        CourseError: the file exists, or a package with what belongs into it is missing.
        OSError: it cannot be written.
    """
    target = out / f"{notebook.stem}.html"
    if target.exists() and not overwrite:
        raise CourseError(f"{target} exists; choose another folder, or add --overwrite.")
    book = copy.deepcopy(nbformat.read(notebook, as_version=4))
    embed_pictures(book, notebook.parent)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE), autoescape=True)
    reveal = _package("sphinx_revealjs") / "_static" / "revealjs"
    mathjax = _package("mathjax") / "static" / "mathjax" / "es5" / "tex-svg-full.js"
    files = [reveal / "dist/reveal.js", reveal / "plugin/notes/notes.js", mathjax]
    page = environment.get_template("deck.html").render(
        title=heading(book.cells[0], 1) or notebook.stem,
        stacks=stacks(book),
        styles=Markup(_styles(reveal)),
        scripts=[Markup(_script(file)) for file in [*files, _HERE / "layout.js"]],
    )
    write_atomically(target, lambda partial: partial.write_text(page, "utf-8"))
    return target


def write_pdf(page: Path, overwrite: bool = False) -> Path | None:
    """Print slides with Chromium or a relative of it; None where there is none.

    Raises:
        CourseError: the file exists, or the browser does not manage it.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    _package("playwright")
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import sync_playwright

    target = page.with_suffix(".pdf")
    if target.exists() and not overwrite:
        raise CourseError(f"{target} exists; choose another folder, or add --overwrite.")
    try:
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            view = opened.new_page()
            view.goto(f"{page.resolve().as_uri()}?print-pdf")
            view.wait_for_selector("html[data-ready=yes]", state="attached", timeout=_PDF_MS)
            content = view.pdf(prefer_css_page_size=True, print_background=True)
            opened.close()
    except PlaywrightError as error:
        reason = error.message.splitlines()[0]
        raise CourseError(f"{browser} did not print {page.name} ({reason}).") from error
    write_atomically(target, lambda partial: partial.write_bytes(content))
    return target


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise CourseError(
            'Slides need three more packages: python -m pip install "nst-course[classroom]".'
        )
    return Path(next(iter(found.submodule_search_locations)))


def _styles(reveal: Path) -> str:
    """The styles of reveal.js and of a theme, with its fonts inside, and those of the code."""
    theme = (reveal / "dist/theme/white.css").read_text("utf-8")
    fonts = reveal / "dist/theme/fonts/source-sans-pro"
    faces = (fonts / "source-sans-pro.css").read_text("utf-8")
    faces = re.sub(r"src:\s*url\([^;]*?;\s*(?=src:)", "", faces)  # for old Internet Explorers
    faces = re.sub(
        r"src:[^;}]*?url\(['\"]?\./?([\w.-]+\.woff)['\"]?\)[^;}]*",
        lambda found: f'src: url("{data_address(fonts / found.group(1))}") format("woff")',
        faces,
    )
    theme = re.sub(r"@import[^;]+;", "", theme)
    code = HtmlFormatter(style="default").get_style_defs(".highlight")
    base = "".join((reveal / f"dist/{name}.css").read_text("utf-8") for name in ("reset", "reveal"))
    return "\n".join([base, faces, theme, code])


def _script(file: Path) -> str:
    """A script that may stand inside a page."""
    return re.sub(r"</(script)", r"<\\/\1", file.read_text("utf-8"), flags=re.IGNORECASE)
