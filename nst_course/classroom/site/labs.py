"""The labs without a kernel: knobs that choose among pictures that were computed before.

`assets/frames/build_frames.py` makes the pictures, and says in `labs.json` what the knobs are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

from .home import TEMPLATES
from .material import Material

FRAMES = "assets/frames"


def add_labs(material: Material, notebooks: list[str]) -> dict[str, list[str]]:
    """Add the frames of every lab, and a page with all labs.

    Args:
        notebooks: paths in the repository.

    Returns:
        path of a notebook → HTML of each of its labs, for a page in the folder of the notebooks.
    """
    record = material.root / FRAMES / "labs.json"
    known = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    found: dict[str, list[str]] = {}
    sections = []
    for path in notebooks:
        number = Path(path).name[:2]
        for name in (name for name in known if name.startswith(number)):
            for frame in (material.root / FRAMES / name).iterdir():
                material.files[f"{FRAMES}/{name}/{frame.name}"] = frame
            found.setdefault(path, []).append(html(name, known[name], "../"))
            title = f"## {known[name]['title']}"
            sections += [title, html(name, known[name], ""), f"[Notebook {number}]({path})"]
    if sections:
        words = (
            "Every picture on this page was computed before. In the notebooks the same labs run on"
            " your own photographs, with every value in between."
        )
        material.add_markdown("labs.md", "\n\n".join(["# The labs", words, *sections]) + "\n")
    return found


def html(name: str, lab: dict[str, Any], up: str) -> str:
    """One lab; `up` leads from the page to the first page."""
    starts = [knob["start"] for knob in lab["knobs"]]
    values = [knob["values"][start] for knob, start in zip(lab["knobs"], starts, strict=True)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("lab.html").render(
        name=name,
        folder=f"{up}{FRAMES}/{name}/",
        first="-".join(map(str, starts)),
        alt=lab["alt"].format(*values),
        template=lab["alt"],
        notes=lab.get("notes", []),
        lab=lab,
    )
    return text.replace("\n\n", "\n")
