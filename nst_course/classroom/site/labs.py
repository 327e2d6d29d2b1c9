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


def add_labs(material: Material, notebooks: list[str]) -> dict[str, str]:
    """Add the frames of every lab, and a page with all labs.

    Args:
        notebooks: paths in the repository.

    Returns:
        path of a notebook → HTML of its lab, for a page in the folder of the notebooks.
    """
    record = material.root / FRAMES / "labs.json"
    known = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    found, sections = {}, []
    for path in notebooks:
        number = Path(path).name[:2]
        if number not in known:
            continue
        for frame in (material.root / FRAMES / number).glob("*.webp"):
            material.files[f"{FRAMES}/{number}/{frame.name}"] = frame
        found[path] = html(number, known[number], "../")
        title = f"## {known[number]['title']}"
        sections += [title, html(number, known[number], ""), f"[Notebook {number}]({path})"]
    if sections:
        words = (
            "Every picture on this page was computed before. In the notebooks the same labs run on"
            " your own photographs, with every value in between."
        )
        material.add_markdown("labs.md", "\n\n".join(["# The labs", words, *sections]) + "\n")
    return found


def html(number: str, lab: dict[str, Any], up: str) -> str:
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
        number=number,
        folder=f"{up}{FRAMES}/{number}/",
        first="-".join(map(str, starts)),
        alt=lab["alt"].format(*values),
        template=lab["alt"],
        notes=lab.get("notes", []),
        lab=lab,
    )
    return text.replace("\n\n", "\n")
