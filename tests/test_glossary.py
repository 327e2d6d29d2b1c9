"""The glossary: its page, the look-up, and whether the notebooks use what it says they build."""

import json
import re
from pathlib import Path

import pytest

import nst_course as nst
from nst_course.glossary_entries import ENTRY, PAGE, entries

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def text_of(number: str) -> str:
    """The cells of a notebook in small letters."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells).casefold()


def test_every_line_of_the_page_is_an_entry_and_they_are_sorted():
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("- ")]
    assert len(lines) == len(entries()) >= 60
    # Greek letters stand where their names would.
    letters = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma", "λ": "lambda"})
    spelled = [name.translate(letters).casefold() for name in entries()]
    assert spelled == sorted(spelled)


@pytest.mark.parametrize("line", entries().values(), ids=list(entries()))
def test_term_stands_in_the_notebook_that_is_said_to_build_it(line):
    found = ENTRY.match(line)
    assert found is not None
    # "α, content weight" stands there as one of the two.
    names = [name.strip().casefold() for name in found["term"].split(",")]
    text = re.sub(r"\s+", " ", text_of(found["notebook"]))
    assert any(name in text for name in names)


@pytest.mark.parametrize("term", ["Gram matrix", "gram matrix", " GRAM MATRIX "])
def test_term_is_found_in_any_case(term):
    (line,) = nst.glossary(term)
    assert "F Fᵀ / (H·W)" in line
    assert repr(nst.glossary(term)).startswith("Gram matrix (03): ")
    assert nst.glossary(term)._repr_markdown_() == line


def test_part_of_a_term_finds_all_that_contain_it():
    assert len(nst.glossary("pooling")) == 1  # it is a term itself
    assert len(nst.glossary("receptive")) == 2
    assert len(nst.glossary()) == len(entries())


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("gram matrx", "did you mean Gram matrix"),
        ("zebra", "lists all terms"),
        ("", "lists all"),
        (3, "not 3"),
    ],
)
def test_unknown_term_is_answered_in_a_sentence(term, words):
    with pytest.raises(nst.CourseError, match=words):
        nst.glossary(term)
