"""What a student can ask besides the check: hints on the last answer, progress, and `use`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nst_course as nst
from nst_course import exercises
from nst_course.exercises.grader.source import compiled
from nst_course.exercises.progress_table import Progress
from nst_course.exercises.record import RECORD, Entry, Record
from nst_course.exercises.session import Session

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch) -> Path:
    """The file that remembers, for one test."""
    path = tmp_path / "data" / "progress.jsonl"
    monkeypatch.setenv("NST_COURSE_PROGRESS", str(path))
    monkeypatch.setattr(RECORD, "_unwritten", [])  # what other tests have solved
    return path


@pytest.fixture
def gram() -> Session:
    return Session(nst.exercises.gram_matrix.exercise)


def with_the_sum(features):
    flat = features.flatten(2)
    return flat @ flat.mT


def test_the_first_hint_after_a_check_speaks_of_the_mistake(gram, capsys):
    answer = gram.compiled(
        """
def my_gram(features):
    b, c, h, w = features.shape
    flat = features.reshape(b, c, h * w)
    return flat @ flat.mT / h * w
"""
    )
    gram.check(answer)
    capsys.readouterr()
    gram.hint()
    first = capsys.readouterr().out
    assert "Hint on your last answer" in first and "parentheses" in first
    assert "flat @ flat.mT / h * w" in first
    gram.hint()
    assert "Hint 1 of 3" in capsys.readouterr().out


def test_hints_without_a_wrong_answer_are_those_of_the_exercise(gram, capsys):
    gram.hint()
    assert "Hint 1 of 3" in capsys.readouterr().out
    gram.check(nst.gram_matrix)
    gram.check(gram.compiled(gram.exercise.stub))
    capsys.readouterr()
    gram.hint()
    assert "Hint 2 of 3" in capsys.readouterr().out


@pytest.mark.parametrize("name", exercises.registry())
def test_every_wrong_answer_has_a_hint_of_its_own(name, capsys):
    session = Session(exercises.registry()[name].exercise)
    for source in map(session.exercise.mistake_source, session.exercise.mistakes):
        session.check(session.compiled(source))
        capsys.readouterr()
        session.hint()
        text = capsys.readouterr().out
        assert "Hint on your last answer" in text and len(text.splitlines()) > 2


def test_use_gives_the_students_function_once_it_is_right(gram, capsys):
    mine = compiled(gram.exercise, gram.code)
    assert gram.use(mine) is mine
    assert capsys.readouterr().out == ""
    features = torch.rand(1, 3, 4, 5)
    for unfinished in (with_the_sum, gram.compiled(gram.exercise.stub)):
        used = gram.use(unfinished)
        assert torch.allclose(used(features), nst.gram_matrix(features))
        assert "`my_gram` is not right yet" in capsys.readouterr().out
    assert gram.state == "open"  # only `check` counts as an attempt


def test_progress_lasts_and_counts(gram, file, capsys):
    gram.check(gram.compiled(gram.exercise.stub))
    gram.check()
    assert not file.exists()  # nothing was tried yet
    gram.check(with_the_sum)
    gram.hint()
    assert gram.state == "tried"
    gram.check(nst.gram_matrix)
    gram.check(with_the_sum)  # a later slip does not take it away
    gram.solution()

    entry = Record().entry("gram_matrix")  # as a new kernel reads it
    assert (entry.state, entry.attempts, entry.hints) == ("solved", 2, 1)
    assert not entry.saw_solution
    capsys.readouterr()
    exercises.progress()
    out = capsys.readouterr().out
    assert f"1 of {len(exercises.registry())} exercises solved" in out
    assert "✓ gram_matrix (solved, 2 attempts, 1 hint)" in out

    exercises.progress.reset()
    assert gram.state == "open" and not file.exists()


def test_another_process_sees_what_was_solved(gram, file):
    gram.check(nst.gram_matrix)
    code = "import nst_course as nst; print(nst.exercises.gram_matrix.state)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=os.environ
    )
    assert run.stdout.strip() == "solved", run.stderr


def test_time_counts_work_and_no_long_pauses():
    entry = Entry()
    for event, when in (("tried", 1000), ("hint", 1060), ("tried", 90_000), ("solved", 90_030)):
        entry.add(event, when)
    assert entry.seconds == 60 + 600 + 30
    text = repr(Progress([nst.exercises.gram_matrix.exercise], {"gram_matrix": entry}))
    assert "✓ gram_matrix (solved, 3 attempts, 1 hint, 12 min)" in text


def test_a_damaged_file_loses_the_damaged_lines_only(file):
    file.parent.mkdir()
    good = json.dumps({"exercise": "gram_matrix", "event": "solved", "time": 1.0})
    bad = ["", "{", "[]", "null", '{"exercise": 3}', '{"exercise": "x", "event": "y", "time": 0}']
    file.write_bytes("\n".join([*bad, good, good[:30]]).encode() + b"\xff\n")
    assert Record().entries().keys() == {"gram_matrix"}


def test_without_a_place_to_write_the_kernel_remembers(gram, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    for place in ("off", str(tmp_path / "a file" / "progress.jsonl")):
        monkeypatch.setenv("NST_COURSE_PROGRESS", place)
        record = Record()
        record.add("gram_matrix", "solved")
        assert record.entry("gram_matrix").state == "solved"
    assert [p.name for p in tmp_path.iterdir()] == ["a file"]


def test_without_a_home_the_kernel_remembers(gram, homeless, monkeypatch):
    monkeypatch.delenv("NST_COURSE_PROGRESS")
    record = Record()
    record.add("gram_matrix", "solved")
    assert record.entry("gram_matrix").state == "solved"
    record.reset()
    assert record.entry("gram_matrix").state == "open"


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names")
def test_a_pipe_is_no_place_to_write(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    for place in (str(tmp_path / "pipe"), os.devnull, "~nosuch/progress"):
        monkeypatch.setenv("NST_COURSE_PROGRESS", place)
        record = Record()
        record.add("gram_matrix", "solved")  # and does not wait for a reader
        assert record.entry("gram_matrix").state == "solved"


def test_the_table_shows_every_state_in_both_forms(file):
    all_exercises = [session.exercise for session in exercises.registry().values()]
    entries = {"gram_matrix": Entry("solved", 1), "style_loss": Entry("tried", 4, 2)}
    table = Progress(all_exercises, entries)
    for text in (repr(table), table._repr_html_()):
        assert f"1 of {len(all_exercises)} exercises solved" in text and "1 of 5" in text
        assert "✓ gram_matrix" in text and "… style_loss (tried, 4 attempts, 2 hints)" in text
        assert "○ content_loss" in text
