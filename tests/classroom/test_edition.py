"""Editions of the notebooks: what is in them, what is not, and that they run."""

import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import nst_course as nst
from nst_course.classroom import edition as editions
from nst_course.classroom.cells import exercise_of, exercises_of
from nst_course.classroom.minutes import sections, total_minutes
from nst_course.cli.command import main
from nst_course.exercises import lock

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHOICES = editions.Choices(word="Sepia-1", source="https://example.org/course.git")
ENVIRONMENT = {
    **os.environ,
    "NST_COURSE_QUICK": "1",
    "NST_COURSE_PROGRESS": "off",
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),  # alembic
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(autouse=True)
def no_lock():
    yield
    lock.LOCKS.lock = None


def code_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def texts(cell) -> str:
    kept = [o.get("text", "") + str(o.get("data", {}).get("text/html", "")) for o in cell.outputs]
    return "".join(kept)


def test_student_edition_has_no_verdicts_notes_or_answers(notebook):
    made = editions.edition("student", notebook, CHOICES)
    nbformat.validate(made)
    for cell in made.cells:
        assert cell.metadata.slideshow.slide_type != "notes"
        assert "<details>" not in cell.source
        if exercise := exercise_of(cell):
            assert cell.source == exercise.cell() and cell.outputs == []
        if any(exercise.function_name in cell.source for exercise in exercises_of(notebook)):
            assert cell.cell_type == "markdown" or texts(cell) == ""
    text = " ".join("\n".join(cell.source for cell in made.cells).split())
    for exercise in exercises_of(notebook):
        body = exercise.code.split("\n", 1)[1]
        assert " ".join(body.split()) not in text, exercise.name


def test_student_edition_keeps_every_picture_and_all_other_code(notebook):
    made = editions.edition("student", notebook, CHOICES)

    def pictures(book):
        return [o.data for c in book.cells for o in c.get("outputs", []) if editions.is_picture(o)]

    assert pictures(made) == pictures(notebook)
    before, after = code_of(notebook), code_of(made)
    assert after[1:] == before[1:]
    assert after[0].startswith(before[0]) and "lock_solutions(word=" in after[0]
    assert "Sepia" not in after[0]


def test_instructor_edition_has_solutions_mistakes_and_minutes(notebook):
    made = editions.edition("instructor", notebook, CHOICES)
    nbformat.validate(made)
    text = "\n".join(cell.source for cell in made.cells)
    for exercise in exercises_of(notebook):
        assert exercise.cell(exercise.code) in text
        for mistake in exercise.mistakes:
            assert f"*{mistake.name}*: {mistake.why}" in text
    assert text.count("**Minutes.**") == len(sections(notebook))
    others = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for before, after in zip(others, code_of(made), strict=True):
        assert after == before or re.search(r"^nst\.exercises\.\w+\.check", before, re.MULTILINE)


def test_minutes_of_the_sections_add_up_to_those_of_the_notebook(notebook):
    found = sections(notebook)
    assert sum(section.minutes for section in found) == total_minutes(notebook)
    for one, after in zip(found, found[1:], strict=False):
        assert one.start + one.minutes == after.start
        assert one.minutes > 0


@pytest.mark.parametrize("kind", ["student", "instructor", "nbgrader"])
def test_links_of_an_edition_resolve(kind, tmp_path):
    written, _ = editions.write_edition(kind, tmp_path, NOTEBOOKS, CHOICES)
    assert len(written) == len(NOTEBOOKS)
    for path in written:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", cell.source):
                    assert "://" in target or (path.parent / target).exists(), target


def test_solution_opens_by_the_word_or_on_the_day(capsys):
    lock.lock_solutions(until="2999-01-31", word=lock.digest("Sepia-1"))
    for word in ("", "sepia"):
        nst.exercises.content_loss.solution(word)
        said = capsys.readouterr().out
        assert "not open yet" in said and "2999-01-31" in said and "return" not in said
    nst.exercises.content_loss.solution(" sepia-1 ")
    assert "return ((features - target) ** 2).mean()" in capsys.readouterr().out
    lock.lock_solutions(until=datetime.date.today().isoformat())
    nst.exercises.content_loss.solution()
    assert "return ((features - target) ** 2).mean()" in capsys.readouterr().out
    with pytest.raises(nst.CourseError, match="is a date"):
        nst.exercises.lock_solutions(until="tomorrow")


def test_set_up_line_locks_what_the_choices_say(capsys):
    choices = editions.Choices("amber", datetime.date(2999, 1, 31))
    exec(editions.lock_line(choices), {"nst": nst})
    assert lock.LOCKS.lock == lock.Lock(datetime.date(2999, 1, 31), lock.digest("amber"))


def test_command_draws_a_word_that_opens_and_replaces_nothing(tmp_path, capsys):
    command = ["edition", "student", str(tmp_path / "out"), "02"]
    assert main(command) == 0
    word = re.search(r"opens the solutions: (\S+)", capsys.readouterr().out).group(1)
    path = tmp_path / "out/notebooks/02_content_loss.ipynb"
    assert lock.digest(word) in path.read_text("utf-8")
    path.write_text("my work")
    assert main(command) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert path.read_text() == "my work"
    assert main([*command, "--overwrite", "--solutions-on", "2027-01-31"]) == 0
    assert 'lock_solutions(until=\\"2027-01-31\\")' in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["edition", "teacher", "out"], "must be one of student"),
        (["edition", "student", "out", "--solutions-on", "soon"], "date such as 2027-01-31"),
    ],
)
def test_wrong_arguments_are_named(words, message, capsys):
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_colab_needs_an_address(tmp_path, capsys):
    assert main(["edition", "colab", str(tmp_path / "out")]) == 1
    assert "--source" in capsys.readouterr().err


def test_colab_edition_installs_first_embeds_pictures_and_runs_labs_in_their_cell(tmp_path):
    written, _ = editions.write_edition("colab", tmp_path, NOTEBOOKS, CHOICES)
    runs = 0
    for path in written:
        made = nbformat.read(path, as_version=4)
        nbformat.validate(made)
        assert "--editable" not in made.cells[0].source  # not found until the kernel starts again
        assert "git clone" in made.cells[0].source and CHOICES.source in made.cells[0].source
        assert "](../assets/" not in "".join(
            c.source.replace("build_gallery.py", "") for c in made.cells if "![" in c.source
        )
        for cell, after in zip(made.cells, made.cells[1:], strict=False):
            if cell.cell_type == "code" and re.search(r"^lab = nst\.labs\.", cell.source):
                explorer = bool(re.search(r"(Explorer|ClinicLab)\(", cell.source))  # no run
                assert (after.source == "lab.run()") != explorer
                runs += not explorer
    assert runs >= 3


def run_in_a_clean_kernel(path: Path) -> None:
    made = nbformat.read(path, as_version=4)
    client = NotebookClient(made, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env=ENVIRONMENT)
    for cell in made.cells:
        if exercise_of(cell):
            yield cell.outputs[0].data["text/plain"][:1]


@pytest.mark.slow
@pytest.mark.notebooks
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("kind", "symbol"), [("student", "○"), ("instructor", "✓")])
def test_editions_run_from_a_clean_kernel(kind, symbol, path, tmp_path):
    written, _ = editions.write_edition(kind, tmp_path, [path], CHOICES)
    exercises = exercises_of(nbformat.read(path, as_version=4))
    assert list(run_in_a_clean_kernel(written[0])) == [symbol] * len(exercises)


@pytest.mark.notebooks
def test_nbgrader_makes_the_assignment_and_grades_it(tmp_path):
    """generate_assignment, then autograde of one right answer, one wrong one and open stubs."""
    pytest.importorskip("nbgrader")
    shorter = nbformat.read(ROOT / "notebooks/02_content_loss.ipynb", as_version=4)
    exercises = {exercise.name: exercise for exercise in exercises_of(shorter)}
    set_up = shorter.cells[3]
    shorter.cells = [set_up, *filter(exercise_of, shorter.cells)]  # the rest runs in other tests
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks/02_content_loss.ipynb"
    nbformat.write(shorter, path)
    course = tmp_path / "course"
    editions.write_edition("nbgrader", course, [path], CHOICES)

    def nbgrader(*words):
        command = [sys.executable, "-m", "nbgrader", *words]
        ran = subprocess.run(command, cwd=course, env=ENVIRONMENT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    nbgrader("generate_assignment", "02_content_loss", "--create")
    released = course / "release/02_content_loss/02_content_loss.ipynb"
    made = nbformat.read(released, as_version=4)
    everything = "\n".join(cell.source for cell in made.cells)
    assert "SOLUTION" not in everything and "HIDDEN" not in everything
    for exercise in exercises.values():
        assert exercise.code.split("\n", 1)[1] not in everything

    right = exercises["content_loss"]
    wrong = right.mistake_source(next(m for m in right.mistakes if m.name.startswith("the sum")))
    for student, source in {"ada": right.code, "bob": wrong}.items():
        answered = nbformat.read(released, as_version=4)
        cell = next(c for c in answered.cells if c.metadata.get("exercise") == right.name)
        cell.source = source
        target = course / "submitted" / student / "02_content_loss/02_content_loss.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(answered, target)
    nbgrader("autograde", "02_content_loss", "--create")
    nbgrader("export", "--to", "grades.csv")
    rows = (course / "grades.csv").read_text().splitlines()
    names, *rows = [row.split(",") for row in rows]
    student, score = names.index("student_id"), names.index("raw_score")
    marks = {row[student]: row[score] for row in rows}
    assert marks == {"ada": "1.0", "bob": "0.0"}


@pytest.mark.parametrize("name", nst.exercises.registry())
def test_nbgrader_source_is_the_solution_and_without_its_region_the_stub(name):
    exercise = nst.exercises.registry()[name].exercise
    source = editions.nbgrader.answer(exercise)
    session = nst.exercises.registry()[name]
    assert session.examine(session.compiled(source)).solved
    region = r"    ### BEGIN SOLUTION.*### END SOLUTION"
    stub = re.sub(region, "    ...  # YOUR CODE HERE", source, flags=re.DOTALL)
    assert not session.examine(session.compiled(stub)).attempted


@pytest.mark.parametrize("place", [3, 5])
def test_names_of_notebooks_may_stand_before_and_after_options(tmp_path, place):
    arguments = ["edition", "student", str(tmp_path), "--solutions-on", "2027-01-31"]
    arguments[place:place] = ["03", "00"]
    assert main(arguments) == 0
    made = sorted(path.name[:2] for path in (tmp_path / "notebooks").iterdir())
    assert made == ["00", "03"]
