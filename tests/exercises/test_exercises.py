"""Every exercise, its solution and its known mistakes: in Python, in IPython, in a kernel.

That the solutions are right in the notebooks too is part of the notebooks' own run (conftest.py).
"""

import functools
import inspect
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import nbformat
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import nst_course as nst
from nst_course import exercises
from nst_course.exercises.grader.judge import judge, matching_mistakes
from nst_course.exercises.grader.source import compiled
from nst_course.exercises.spec import Exercise, Mistake
from tests.exercises.right_answers import RIGHT_ANSWERS

ROOT = Path(__file__).parents[2]
EXERCISES = [session.exercise for session in exercises.registry().values()]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SET_UP = "import torch\nimport nst_course as nst"

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def text_of(data: dict) -> str:
    """The verdict that an output shows, as text on one line; it has HTML as well."""
    assert set(data) == {"text/plain", "text/html"}
    return " ".join(data["text/plain"].split())


# The exercises themselves.


@pytest.fixture(scope="module")
def shell():
    """IPython, which runs a cell and knows what it displays, as a kernel does."""
    shell = InteractiveShell.instance(history_load_length=0)
    shell.run_cell(SET_UP).raise_error()
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def verdict_below(shell):
    """A function that runs an exercise's cell and returns the one verdict that it shows."""

    def run(exercise: Exercise, source: str) -> str:
        with capture_output() as shown:
            shell.run_cell(exercise.cell(source)).raise_error()
        assert (shown.stdout, shown.stderr) == ("", "")
        (output,) = shown.outputs
        return text_of(output.data)

    return run


@each_exercise
def test_solution_is_right(exercise: Exercise, verdict_below):
    text = verdict_below(exercise, exercise.code)
    assert text.startswith("✓ Right") and exercise.notice in text


@each_exercise
def test_stub_is_not_attempted(exercise: Exercise, verdict_below):
    assert "Not attempted yet" in verdict_below(exercise, exercise.stub)


@pytest.mark.parametrize(
    "exercise, mistake", MISTAKES, ids=[f"{e.name}: {m.name}" for e, m in MISTAKES]
)
def test_mistake_is_named_and_no_other(exercise: Exercise, mistake: Mistake, verdict_below, shell):
    text = verdict_below(exercise, exercise.mistake_source(mistake))
    assert named(text, exercise) == mistake.name, text
    assert matching_mistakes(exercise, shell.user_ns[exercise.function_name]) == [mistake]


def named(text: str, exercise: Exercise) -> str:
    """The name of the mistake with which a verdict begins."""
    names = [m.name for m in exercise.mistakes if text.startswith(f"✗ Not right yet: {m.name} ")]
    return max(names, key=len, default="")


@each_exercise
def test_declaration_is_complete(exercise: Exercise):
    assert len(exercise.mistakes) >= 3
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
    assert len(exercise.hints) == 3
    texts = [exercise.prompt, exercise.why, exercise.notice, exercise.definition, *exercise.hints]
    texts += [text for mistake in exercise.mistakes for text in (mistake.name, mistake.why)]
    texts += [statement.says for statement in exercise.properties]
    for text in texts:
        assert text.strip() and "!" not in text
        assert text.count("`") % 2 == 0, text
    for case in exercise.cases:
        assert tuple(case()) == exercise.parameters
        assert len(inspect.signature(compiled(exercise, exercise.code)).parameters) == len(case())
    assert exercise.function_name.startswith("my_")
    assert 2 <= exercise.minutes <= 20
    assert exercise.difficulty in ("easy", "medium", "hard")
    assert exercise.importance in ("core", "useful", "optional")
    assert max(map(len, exercise.cell().splitlines())) <= 100


@each_exercise
def test_a_check_calls_an_answer_few_times(exercise: Exercise):
    """A wrong one still less often than a right one: the smallest case tells them apart."""
    mistake = exercise.mistake_source(exercise.mistakes[-1])
    for source, most in ((exercise.code, 150), (mistake, 10)):
        function = compiled(exercise, source)
        answer = functools.wraps(function)(mock.Mock(side_effect=function))
        judge(exercise, answer)
        assert 0 < answer.call_count <= most


def test_names_are_unique_and_hide_no_module():
    names = [exercise.name for exercise in EXERCISES]
    modules = {path.stem for path in Path(exercises.__file__).parent.glob("*")}
    assert len(set(names)) == len(names) == len(EXERCISES)
    assert not {*names} & ({*modules} | {*vars(exercises)})


def test_every_core_notebook_has_at_least_two_exercises():
    counts = {}
    for exercise in EXERCISES:
        counts[exercise.notebook] = counts.get(exercise.notebook, 0) + 1
    assert counts == {
        "01_feature_visualization": 3,
        "02_content_loss": 3,
        "03_gram_matrix_style_loss": 5,
        "04_layer_weighting": 3,
        "05_optimization_loop": 3,
        "06_when_it_goes_wrong": 5,
        "07_mixing_styles": 3,
        "08_control": 3,
        "09_video_and_sound": 6,
        "10_fast_networks": 4,
        "11_history_and_gallery": 4,
    }


@pytest.mark.parametrize("name", ["content_loss", "gram_matrix", "style_loss", "total_variation"])
def test_the_package_passes_its_own_exercises(name):
    verdict = judge(getattr(exercises, name).exercise, getattr(nst, name))
    assert verdict.solved, verdict


@pytest.mark.parametrize(
    "name, source",
    [(name, source) for name, many in RIGHT_ANSWERS.items() for source in many],
)
def test_other_right_answers_are_right(name, source):
    names = {"torch": torch, "nst": nst}
    exec(inspect.cleandoc(source), names)
    verdict = judge(getattr(exercises, name).exercise, names["f"])
    assert verdict.solved, verdict


# How a student gets at them.


def test_unknown_names_get_a_sentence_with_the_nearest_one():
    with pytest.raises(
        nst.CourseError, match="There is no exercise 'gram_matix'; did you mean 'gram_"
    ):
        exercises.gram_matix  # noqa: B018
    with pytest.raises(AttributeError, match="there are receptive_field, unit_patch"):
        exercises.xyz  # noqa: B018
    assert not hasattr(exercises, "xyz")


def test_completion_lists_the_exercises():
    names = {exercise.name for exercise in EXERCISES}
    assert set(dir(exercises)) == {"progress", "lock_solutions", *names}


def test_progress_lists_every_notebook(capsys):
    exercises.progress()
    out = capsys.readouterr().out
    for exercise in EXERCISES:
        assert exercise.notebook in out and exercise.name in out


def test_importing_the_course_imports_no_exercise_and_no_ipython():
    code = (
        "import sys, nst_course; from nst_course import exercises; import nst_course.exercises;"
        "print(sorted(m for m in sys.modules if m == 'IPython' or 'exercises.' in m))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == "[]", run.stderr


# The round trip in a kernel.


@pytest.mark.slow
def test_round_trip_in_a_kernel(tmp_path):
    """A mistake in every exercise, each in a cell of its own, and then the first one solved."""
    first = EXERCISES[0]
    sources = [
        exercise.cell(exercise.mistake_source(exercise.mistakes[-1])) for exercise in EXERCISES
    ]
    sources += [first.cell(first.code), "nst.exercises.progress()"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in [SET_UP, *sources]])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    *mistaken, solved, progress = (shown(cell) for cell in notebook.cells[1:])
    for exercise, text in zip(EXERCISES, mistaken, strict=True):
        assert named(text, exercise) == exercise.mistakes[-1].name, text
    assert solved.startswith("✓ Right")
    assert f"1 of {len(EXERCISES)} exercises solved" in progress


def shown(cell) -> str:
    """The one verdict below a cell, as text."""
    assert [output.output_type for output in cell.outputs] == ["display_data"], cell.outputs
    return text_of(cell.outputs[0].data)


# The course's own notebooks.


@each_notebook
def test_exercise_cells_hold_the_stubs(path):
    notebook = nbformat.read(path, as_version=4)
    tagged = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    cells = {cell.metadata["exercise"]: cell for cell in tagged}
    assert sorted(cells) == sorted(e.name for e in EXERCISES if e.notebook == path.stem)
    for name, cell in cells.items():
        assert cell.source == getattr(exercises, name).cell(), name
        assert "Not attempted yet" in shown(cell)  # as committed, and so as a run shows it
