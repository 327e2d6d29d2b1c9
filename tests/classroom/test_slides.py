"""What is on the slides of a notebook, and what the speaker reads beside them."""

from pathlib import Path

import nbformat
import pytest

from nst_course.classroom.cells import exercises_of
from nst_course.classroom.slides.content import stacks

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_speaker_reads_solution_and_mistakes_of_each_exercise(notebook):
    slides = [slide for stack in stacks(notebook) for slide in stack]
    notes = "".join(slide.notes.striptags() for slide in slides)
    shown = "".join(block.html for slide in slides for block in slide.blocks)
    for exercise in exercises_of(notebook):
        assert f"{exercise.title}: the solution." in notes
        assert notes.count(f"def {exercise.function_name}") >= 1
        assert f"{exercise.title}: the solution." not in shown


def test_slides_show_no_verdict_on_an_answer_that_nobody_gave(notebook):
    shown = [block.html for stack in stacks(notebook) for slide in stack for block in slide.blocks]
    assert [html for html in shown if "is not right yet" in html] == []
