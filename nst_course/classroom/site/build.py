"""Builds the site with Sphinx, and puts it where it replaces nothing but an earlier site."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import warnings as python_warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

from ...errors import CourseError
from .home import TEACHING, TEMPLATES, add_gallery, add_glossary, add_home, card
from .labs import add_labs
from .material import Material
from .reading import add_notebook

NEEDED = ("sphinx", "myst_nb", "furo", "mathjax")
RECORD = ".nst-course-site.json"  # the files of a site, so that a later one may replace them
ICON = "assets/images/great_wave.jpg"
TITLE = "Neural style transfer"
MATHJAX = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts")
SETTINGS: dict[str, Any] = {
    "project": TITLE,
    "html_title": TITLE,
    "extensions": ["myst_nb"],
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "myst_enable_extensions": ["dollarmath", "amsmath"],
    "myst_heading_anchors": 4,
    "suppress_warnings": ["myst.header"],
    "html_theme": "furo",
    "html_css_files": ["site.css"],
    "html_js_files": [(name, {"defer": "defer"}) for name in ("site.js", "lab.js")],
    "html_copy_source": False,
    "html_show_sphinx": False,
    "html_show_copyright": False,
    "html_permalinks_icon": "#",
    "html_use_index": False,
    "html_favicon": "icon.png",
    "mathjax_path": "mathjax/tex-chtml.js",
    "html_theme_options": {"navigation_with_keys": False},
}


def write_site(
    out: Path, notebooks: list[Path], source: str = "", overwrite: bool = False
) -> tuple[Path, list[str]]:
    """Write the course as static pages into a folder.

    Args:
        notebooks: those of a clone of the course.
        source: the address of its repository, from which readers clone it.
        overwrite: whether an earlier site in the folder is replaced; other files there stay.

    Returns:
        the first page, and the warnings of Sphinx.

    Raises:
        CourseError: a package is missing, the folder is in use, or a page leads to nothing.
        OSError: the folder cannot be written.
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise CourseError(
            "The site needs a few more packages: in the folder of the course, "
            'python -m pip install ".[site]" installs them.'
        )
    old = files_of_earlier_site(out, overwrite)
    material = collected(notebooks, source)
    with tempfile.TemporaryDirectory() as room:
        made, warnings = run_sphinx(material, Path(room))
        new = sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file())
        in_the_way = [name for name in new if name not in old and (out / name).exists()]
        if in_the_way:
            raise CourseError(f"{out / in_the_way[0]} is another file; choose another folder.")
        shutil.copytree(made, out, dirs_exist_ok=True)
    for name in set(old) - set(new):
        (out / name).unlink(missing_ok=True)
    (out / RECORD).write_text(json.dumps(new, indent=0), "utf-8")
    return out / "index.html", warnings


def files_of_earlier_site(out: Path, overwrite: bool) -> list[str]:
    """The files of a site in this folder that may be replaced.

    Raises:
        CourseError: it is a file, or a folder with other things, or one that is to be kept.
    """
    if not out.exists():
        return []
    if not out.is_dir():
        raise CourseError(f"{out} is not a folder; choose another name.")
    if not any(out.iterdir()):
        return []
    if not (out / RECORD).is_file():
        raise CourseError(f"{out} is not empty, and no site of the course; choose another folder.")
    if not overwrite:
        raise CourseError(f"{out} exists; choose another folder, or add --overwrite.")
    return json.loads((out / RECORD).read_text("utf-8"))


def collected(notebooks: list[Path], source: str) -> Material:
    """All pages and files of the site."""
    root = notebooks[0].parents[1]
    material = Material(root)
    readme = (root / "README.md").read_text("utf-8")
    books = {
        path.relative_to(root).as_posix(): nbformat.read(path, as_version=4) for path in notebooks
    }
    labs = add_labs(material, list(books))
    for path, book in books.items():
        add_notebook(book, path, material, labs.get(path, ()))
    add_home(material, [card(path, book, readme) for path, book in books.items()], source)
    add_glossary(material, {Path(path).name[:2]: path for path in books})
    texts = {path: "\n".join(cell.source for cell in book.cells) for path, book in books.items()}
    add_gallery(material, {"README.md": readme, **texts})
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *TEACHING):
        material.add_markdown(page, (root / page).read_text("utf-8"))
    material.follow_links()
    return material


def run_sphinx(material: Material, room: Path) -> tuple[Path, list[str]]:
    """The folder with the pages, and the warnings; everything lies in a temporary folder."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    sources, files, pages = (room / name for name in ("sources", "files", "pages"))
    for address, text in material.pages.items():
        (sources / address).parent.mkdir(parents=True, exist_ok=True)
        (sources / address).write_text(text, "utf-8")
    for address, content in material.contents():
        (files / address).parent.mkdir(parents=True, exist_ok=True)
        (files / address).write_bytes(content)
    with Image.open(material.root / ICON) as picture:
        picture.resize((64, 64), box=(0, 0, picture.height, picture.height)).save(
            sources / "icon.png"
        )
    static = files / "_static"
    for name in ("site.css", "site.js", "lab.js"):
        static.mkdir(exist_ok=True)
        shutil.copyfile(TEMPLATES / name, static / name)
    copy_mathjax(static / "mathjax")
    warnings = io.StringIO()
    settings = {**SETTINGS, "html_extra_path": [str(files)]}
    with patch_docutils(), docutils_namespace(), python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")  # what extensions will have to change some day
        app = Sphinx(
            sources,
            None,
            pages,
            room / "doctrees",
            "html",
            confoverrides=settings,
            status=None,
            warning=warnings,
            freshenv=True,
        )
        app.build(force_all=True)
    return pages, [line for line in warnings.getvalue().splitlines() if line.strip()]


def copy_mathjax(target: Path) -> None:
    """Copy what a page needs to show formulas without asking anyone else."""
    found = find_spec("mathjax")
    assert found is not None and found.submodule_search_locations
    origin = Path(next(iter(found.submodule_search_locations))) / "static" / "mathjax" / "es5"
    for name in MATHJAX:
        if (origin / name).is_dir():
            shutil.copytree(origin / name, target / name)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / name, target / name)
