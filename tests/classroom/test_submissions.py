"""Folders of submissions as the platforms leave them."""

import io
import zipfile
from pathlib import Path

import nbformat
import pytest

import nst_course as nst
from nst_course.classroom.marking import needed
from nst_course.classroom.marking.submissions import LARGEST, find_submissions
from nst_course.exercises import registry

NAME = "02_content_loss.ipynb"


def lay_out(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"{}")
    return folder


def zipped(*paths: str, content: bytes = b"{}") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.writestr(path, content)
    return stream.getvalue()


def found(folder: Path) -> dict[str, list[str]]:
    return {s.student: [f.name for f in s.notebooks] for s in find_submissions(folder)}


MOODLE = "Ada Lovelace_123_assignsubmission_file_"
RENAMED = "ada/course/notebooks/02_content_loss__20270101.ipynb"  # by nbgitpuller, in a merge
LAYOUTS = {
    "moodle, folders": ([f"{MOODLE}/{NAME}", "Bo Li_7_assignsubmission_file_/x.ipynb"],
                        {"Ada Lovelace": [NAME], "Bo Li": ["x.ipynb"]}),
    "moodle, flat": ([f"{MOODLE}{NAME}"], {"Ada Lovelace": [NAME]}),
    "canvas": ([f"lovelaceada_12_345_{NAME}", f"libo_LATE_7_8_{NAME}"],
               {"lovelaceada": [NAME], "libo": [NAME]}),
    "canvas, two files": ([f"libo_7_8_{NAME}", "libo_7_9_03_gram_matrix_style_loss-1.ipynb"],
                          {"libo": [NAME, "03_gram_matrix_style_loss-1.ipynb"]}),
    "nbgitpuller": ([f"ada/course/notebooks/{NAME}", RENAMED,
                     f"bo/course/notebooks/{NAME}", f"bo/course/.ipynb_checkpoints/{NAME}"],
                    {"ada": [NAME, RENAMED.rpartition("/")[2]], "bo": [NAME]}),
    "nbgrader": ([f"submitted/ada/02_content_loss/{NAME}", f"submitted/bo/02_content_loss/{NAME}"],
                 {"ada": [NAME], "bo": [NAME]}),
    "a notebook each": (["ada.ipynb", "bo.ipynb"], {"ada": ["ada.ipynb"], "bo": ["bo.ipynb"]}),
    "two of a name": ([f"Jo_{n}_assignsubmission_file_/{n}.ipynb" for n in (1, 2)],
                      {"Jo (1)": ["1.ipynb"], "Jo (2)": ["2.ipynb"]}),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_students_and_files_of_a_layout(layout, tmp_path):
    paths, expected = LAYOUTS[layout]
    folder = lay_out(tmp_path / "handed_in", *paths)
    assert {name: sorted(files) for name, files in found(folder).items()} == {
        name: sorted(files) for name, files in expected.items()
    }
    archive = tmp_path / "all.zip"
    archive.write_bytes(zipped(*paths))
    assert found(archive).keys() == expected.keys()


def test_folder_of_one_student(tmp_path):
    assert found(lay_out(tmp_path / "ada", NAME, "03_gram_matrix_style_loss.ipynb")).keys() == {
        "ada"
    }


def test_only_one_student_in_folders_of_his_own(tmp_path):
    assert found(lay_out(tmp_path / "all", f"ada/course/notebooks/{NAME}")) == {"ada": [NAME]}
    lay_out(tmp_path / "all", "ada/course/my_images/x.png")
    assert found(tmp_path / "all") == {"ada": [NAME]}


def test_archive_of_each_student_inside_the_folder(tmp_path):
    (tmp_path / "ada.zip").write_bytes(zipped(f"course/notebooks/{NAME}", "../../evil.ipynb"))
    (tmp_path / f"{MOODLE}work.zip").write_bytes(zipped(NAME))
    (tmp_path / "bo.zip").write_bytes(b"PK\x03\x04 damaged")
    by_name = {s.student: s.notebooks for s in find_submissions(tmp_path)}
    assert [f.name for f in by_name["ada"]] == [NAME]
    assert [f.name for f in by_name["Ada Lovelace"]] == [NAME]
    assert "damaged" in by_name["bo"][0].fault


def test_archive_that_grows_without_end_is_told(tmp_path):
    (tmp_path / "ada.zip").write_bytes(zipped(NAME, content=bytes(LARGEST + 1)))
    [submission] = find_submissions(tmp_path)
    assert submission.notebooks[0].content == b"" and "more than" in submission.notebooks[0].fault


def test_links_are_not_followed(tmp_path):
    secret = lay_out(tmp_path / "instructor", NAME)
    folder = lay_out(tmp_path / "handed_in", "ada/x.ipynb")
    (folder / "ada" / "link.ipynb").symlink_to(secret / NAME)
    (folder / "ada" / "tree").symlink_to(secret)
    assert found(folder) == {"ada": ["x.ipynb"]}


def test_nothing_there_is_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for folder, words in ((tmp_path / "none", "no folder"), (tmp_path / "notes.txt", "neither")):
        with pytest.raises(nst.CourseError, match=words):
            find_submissions(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(nst.CourseError, match="no submissions"):
        find_submissions(tmp_path / "empty")


# ---------------------------------------------------------------- what an exercise needs


def book(*sources: str) -> needed.Notebook:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return needed.read(nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode())


def names(read: needed.Notebook, cell: int) -> list[str]:
    exercise = registry()["content_loss"].exercise
    return [name for s in needed.needed(read, exercise, cell) for name in sorted(s.binds)]


def test_needed_statements_are_found_through_functions_and_in_order():
    read = book(
        "import torch as t\nunused = 1 / 0",
        "scale = 1\nscale += 1\n%matplotlib inline\n!ls",
        "def square(x):\n    return scale * x * x",
        "def my_content_loss(f, p):\n    return t.mean(square(f - p))\nplot(my_content_loss)",
    )
    assert names(read, 3) == ["t", "scale", "scale", "square", "my_content_loss"]


def test_variables_of_a_function_are_not_needed_from_outside():
    read = book(
        "total = expensive()\nfeatures = other = expensive()",
        "def my_content_loss(features, target):\n    total = features - target\n"
        "    return sum(other for other in total)",
    )
    assert names(read, 1) == ["my_content_loss"]


def test_earlier_meanings_of_a_name_are_not_needed():
    read = book(
        "f = expensive()\nfor f in range(10**9): pass\ng = f + 1",
        "def f(x):\n    return x * x",
        "my_content_loss = lambda features, target: f(features - target).mean()",
        "f = later()",
    )
    assert names(read, 2) == ["f", "my_content_loss"]
    read = book("f = 2\ndef g(x):\n    return f(x)\ny = f\ndef f(x): ...\nmy_content_loss = g, y")
    assert names(read, 0) == ["f", "g", "y", "f", "my_content_loss"]


def test_dictionary_that_is_filled_entry_by_entry_is_needed_whole():
    read = book("w = {}\nw['a'] = 1\nw.b = 2\ndef my_content_loss(f, p):\n    return w['a']")
    assert names(read, 0) == ["w", "w", "w", "my_content_loss"]


def test_answers_that_are_no_def_and_later_definitions_are_found():
    read = book("my_content_loss = lambda f, p: later(f, p)", "from torch import dist as later")
    assert names(read, 0) == ["my_content_loss", "later"]
    read = book("if True:\n    def my_content_loss(f, p): ...\nelse:\n    pass")
    assert names(read, 0) == ["my_content_loss"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'{"cells": 3}', b"[" * 10**5])
def test_what_is_no_notebook_is_told(content):
    with pytest.raises(needed.Broken):
        needed.read(content)


def test_notebook_of_an_old_format_is_read():
    old = nbformat.convert(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]), 3)
    assert needed.read(nbformat.writes(old, version=3).encode()).sources[0].strip() == "x = 1"
