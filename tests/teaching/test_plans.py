"""Plans and objectives name sections, exercises and questions that exist, and all that do."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PACK = ROOT / "teaching"
NOTEBOOKS = {
    path.name[:2]: nbformat.read(path, as_version=4)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
PLANS = (PACK / "plans.md").read_text("utf-8")
COURSE = PLANS.split("## A course of seven weeks")[1]
OBJECTIVES = (PACK / "objectives.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+) \| (\d\d) \| (.+?) \| (.*)\|$", re.MULTILINE)


def sections(number: str) -> dict[str, list[str]]:
    """Title of each section → the names of its exercises."""
    found: dict[str, list[str]] = {}
    for cell in NOTEBOOKS[number].cells:
        if heading := re.search(r"^## (.+)$", cell.source, re.MULTILINE):
            found[heading[1].strip()] = exercises = []
        if "exercise" in cell.metadata:
            exercises.append(cell.metadata["exercise"])
    return found


def test_every_row_names_a_section_and_exercises_in_it():
    for _, number, title, rest in ROW.findall(PLANS):
        assert title in sections(number), f"plans.md: notebook {number} has no section {title!r}"
        named = re.findall(r"`(\w+)`", rest) if "nst-course" not in rest else []
        assert set(named) <= set(sections(number)[title]), f"plans.md: {title}"


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_the_course_has_every_section_and_exercise(number):
    planned = {
        title: re.findall(r"`(\w+)`", rest)
        for _, notebook, title, rest in ROW.findall(COURSE)
        if notebook == number
    }
    assert planned == sections(number)


def test_the_minutes_of_every_table_add_up():
    tables = re.findall(r"\| minutes \|.*?Total: (\d+) minutes", PLANS, re.DOTALL)
    parts = re.split(r"Total: \d+ minutes", PLANS)[: len(tables)]
    sums = [sum(int(row[0]) for row in ROW.findall(part)) for part in parts]
    assert sums == [int(total) for total in tables]
    assert len(sums) == PLANS.count("| minutes |") >= 11


def test_every_exercise_has_an_objective_and_every_objective_questions():
    names = [list(sections(number).values()) for number in NOTEBOOKS]
    exercises = {name for parts in names for part in parts for name in part}
    assert set(re.findall(r"`(\w+)`", OBJECTIVES)) == exercises
    titles = {title for number in NOTEBOOKS for title in sections(number)}
    assert set(re.findall(r'"(.+?)"', OBJECTIVES)) <= titles
    questions = re.findall(r"\| ([\d, ]+) \|$", OBJECTIVES, re.MULTILINE)
    numbers = re.findall(r"^### (\d+)\.", (PACK / "exam.md").read_text("utf-8"), re.MULTILINE)
    assert set(", ".join(questions).split(", ")) == set(numbers)


@pytest.mark.parametrize("page", [*PACK.glob("*.md"), *PACK.glob("hub/*.md")], ids=lambda p: p.name)
def test_links_of_the_pack_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
