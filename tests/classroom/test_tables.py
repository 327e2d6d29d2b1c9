"""What the pages and tables of a marked class say, without running a submission."""

import base64
import csv
import io
from dataclasses import replace

import nbformat
import pytest
from PIL import Image

from nst_course.classroom.marking.batch import Marked, stopped
from nst_course.classroom.marking.grade import grades, student_page, table
from nst_course.classroom.marking.needed import read
from nst_course.classroom.marking.submissions import File, Submission
from nst_course.classroom.marking.tables import exercises_handed_in, mistakes, rows
from nst_course.classroom.marking.worker import picture_below, result
from nst_course.exercises import registry
from nst_course.exercises.grader.verdicts import CATEGORIES

SESSIONS = registry()
ANSWERS = {  # of `shuffle_positions` → the category of its verdict
    "right": SESSIONS["shuffle_positions"].code,
    "input changed": "def my_shuffle(features, order):\n"
    "    flat = features.flatten(2)\n"
    "    flat[:, :, order] = flat.clone()\n"
    "    return features",
    "raised": "def my_shuffle(features, order):\n"
    "    raise PermissionError('a submission may not x')",
    "form": "def my_shuffle(features, order):\n    return 1.0",
}


def book(source: str, runs: tuple[int | None, int | None] = (None, None)) -> bytes:
    """A notebook with an answer, and a cell with a picture below it."""
    stream = io.BytesIO()
    Image.new("RGB", (60, 40), "orange").save(stream, "PNG")
    data = {"image/png": base64.b64encode(stream.getvalue()).decode()}
    code = nbformat.v4.new_code_cell
    cells = [
        code(source, metadata={"exercise": "shuffle_positions"}, execution_count=runs[0]),
        code("draw", outputs=[nbformat.v4.new_output("display_data", data)]),
    ]
    cells[1].execution_count = runs[1]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


@pytest.fixture(scope="module")
def found():
    exercise = SESSIONS["shuffle_positions"].exercise
    batch = []
    for student, code in ANSWERS.items():
        content = book(exercise.cell(code))
        verdict = result(exercise, "mine.ipynb", read(content), 0)
        assert verdict["category"] == student
        given = Submission(student, [File("mine.ipynb", content)])
        batch.append(Marked(given, {"shuffle_positions": verdict}))
    batch.append(Marked(Submission("stopped"), {"shuffle_positions": stopped("it ran on")}))
    batch.append(Marked(Submission("absent")))
    return rows(batch, exercises_handed_in(batch))


def lines(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_wrong_answer_says_in_the_table_what_is_wrong(found):
    for line in lines(table(found)):
        is_right = line["category"] in ("right", "missing", "not attempted")
        assert (line["mistake"] == "") == is_right, line


def test_grade_book_has_a_line_for_each_student(found):
    read_again = lines(grades(found, [cell.exercise for cell in found[0].cells]))
    assert [line["student"] for line in read_again] == [row.student for row in found]
    assert [line["right"] for line in read_again] == ["1", "0", "0", "0", "0", "0"]
    assert [line["shuffle_positions"] for line in read_again] == list("100000")
    assert {line["of"] for line in read_again} == {str(len(found[0].cells))}


@pytest.mark.parametrize("category", CATEGORIES)
def test_class_page_has_words_for_every_category(found, category):
    mistake = "its name" if category == "mistake" else ""
    cell = replace(found[0].cells[0], category=category, mistake=mistake)
    counted = mistakes([replace(found[0], cells=[cell])], cell.exercise)
    if category in ("right", "not attempted"):
        assert counted == []
    else:
        [(words, count)] = counted
        assert words and count == 1


def test_what_was_refused_is_told_to_the_instructor(found):
    refused = {row.student: [f for f in row.faults if "may not do" in f] for row in found}
    assert [student for student, faults in refused.items() if faults] == ["raised"]
    [row] = [row for row in found if row.student == "raised"]
    assert "may not do" not in student_page(row)


@pytest.mark.parametrize(
    ("runs", "is_shown"),
    [
        ((None, None), False),
        ((3, None), False),
        ((3, 2), False),
        ((3, 4), True),
        ((None, 4), False),
    ],
)
def test_picture_counts_if_it_was_made_after_the_answer(runs, is_shown):
    assert bool(picture_below(read(book("answer", runs)), 0)) is is_shown
