"""Every exercise, its solution and its known mistakes; in Python, in a kernel, in the notebooks."""

import copy
import inspect
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import nst_course as nst
from nst_course import exercises
from nst_course.exercises.grader.judge import judge, matching_mistakes
from nst_course.exercises.grader.source import compiled
from nst_course.exercises.spec import Exercise, Mistake

ROOT = Path(__file__).parents[2]
EXERCISES = [session.exercise for session in exercises.registry().values()]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SET_UP = "import torch\nimport nst_course as nst"

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


# The exercises themselves.


@each_exercise
def test_solution_is_right(exercise: Exercise):
    verdict = judge(exercise, compiled(exercise, exercise.code))
    assert verdict.solved, verdict
    assert exercise.notice in " ".join(repr(verdict).split())


@each_exercise
def test_stub_is_not_attempted(exercise: Exercise):
    assert judge(exercise, compiled(exercise, exercise.stub)).category == "not attempted"


@pytest.mark.parametrize(
    "exercise, mistake", MISTAKES, ids=[f"{e.name}: {m.name}" for e, m in MISTAKES]
)
def test_mistake_is_named_and_no_other(exercise: Exercise, mistake: Mistake):
    answer = compiled(exercise, exercise.mistake_source(mistake))
    verdict = judge(exercise, answer)
    assert (verdict.category, verdict.mistake) == ("mistake", mistake.name), verdict
    assert matching_mistakes(exercise, answer) == [mistake]


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
    assert max(map(len, exercise.cell().splitlines())) <= 100


@each_exercise
def test_a_check_answers_within_a_second(exercise: Exercise):
    answer = compiled(exercise, exercise.mistake_source(exercise.mistakes[-1]))
    judge(exercise, answer)  # the first one in a process pays for torch's own late imports
    begin = time.perf_counter()
    judge(exercise, answer)
    assert time.perf_counter() - begin < 1


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
        "05_optimization_loop": 4,
    }


@pytest.mark.parametrize("name", ["content_loss", "gram_matrix", "style_loss", "total_variation"])
def test_the_package_passes_its_own_exercises(name):
    verdict = judge(getattr(exercises, name).exercise, getattr(nst, name))
    assert verdict.solved, verdict


# Right answers that look different from the solution, by the exercise they belong to.
OTHER_RIGHT_ANSWERS = {
    "receptive_field": [
        """
        def f(layers):
            size = 1
            for kernel, stride in reversed(layers):  # from the unit down to the image
                size = (size - 1) * stride + kernel
            return [size, torch.tensor([s for _, s in layers]).prod()]
        """
    ],
    "activation_loss": ["f = lambda features, channel: features[0, channel].mean().neg()"],
    "content_loss": ["f = torch.nn.functional.mse_loss", "f = torch.nn.MSELoss()"],
    "content_gradient": [
        """
        def f(features, target):
            features = features.clone().requires_grad_(True)
            loss = ((features.relu() - target) ** 2).sum() / 2
            return torch.autograd.grad(loss, features)[0]
        """
    ],
    "invert_features": [
        """
        def f(extract, content, start, steps, step_size):
            target = extract(content).detach()
            image = start.clone().requires_grad_()
            optimizer = torch.optim.SGD([image], lr=step_size)
            for _ in range(steps):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(extract(image), target).backward()
                optimizer.step()
            return image
        """,
        """
        def f(extract, content, start, steps, step_size):
            target, image = extract(content), start
            for _ in range(steps):
                image = image.detach().requires_grad_()
                loss = (extract(image) - target).square().mean()
                image = image - step_size * torch.autograd.grad(loss, image)[0]
            return image
        """,
    ],
    "gram_matrix": [
        "f = lambda F: torch.einsum('bihw,bjhw->bij', F, F) / F[0, 0].numel()",
        """
        def f(features):
            grams = []
            for maps in features:
                flat = maps.permute(1, 2, 0).reshape(-1, len(maps))
                grams.append(flat.T @ flat / len(flat))
            return torch.stack(grams)
        """,
        """
        def f(features):
            b, c, h, w = features.size()
            gram = torch.zeros(b, c, c, dtype=features.dtype)
            for i in range(c):
                for j in range(c):
                    gram[:, i, j] = (features[:, i] * features[:, j]).mean((1, 2))
            return gram
        """,
    ],
    "style_loss": ["f = lambda G, A: (G - A).square().sum() / G.shape[1] ** 2"],
    "mended_style_loss": [
        """
        def f(raw_gram, raw_style_gram, height, width):
            channels = raw_gram.shape[1]
            difference = ((raw_gram - raw_style_gram) ** 2).sum()
            return 1 / 4 / channels**2 / (height * width) ** 2 * difference
        """
    ],
    "convert_weight": ["f = lambda weight, channels, positions: weight / channels / channels"],
    "shuffle_positions": ["f = lambda x, order: x.flatten(2).index_select(2, order).view_as(x)"],
    "weighted_style_loss": [
        "f = lambda G, A, w: sum(w[l] * torch.nn.functional.mse_loss(G[l], A[l]) for l in w)"
    ],
    "layer_shares": [
        """
        def f(losses, weights):
            total = 0
            for layer in weights:
                total += weights[layer] * losses[layer]
            return {layer: weights[layer] * losses[layer] / total for layer in weights}
        """
    ],
    "equal_gradient_weights": [
        """
        def f(losses, image):
            weights = {}
            for layer, loss in losses.items():
                image.grad = None
                loss.backward(retain_graph=True)
                weights[layer] = 1 / image.grad.norm()
            total = sum(weights.values())
            return {layer: weight / total for layer, weight in weights.items()}
        """
    ],
    "total_loss": [
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            loss = 0
            for l, target in content_features.items():
                loss += alpha * nst.content_loss(features[l], target)
            for l, w in style_layers.items():
                loss += beta * w * nst.style_loss(nst.gram_matrix(features[l]), style_grams[l])
            return loss
        """
    ],
    "total_variation": [
        "f = lambda image: image.diff(dim=2).square().mean() + image.diff(dim=3).square().mean()"
    ],
    "initial_image": [
        """
        def f(content, init, generator):
            start = content if init == "content" else torch.empty_like(content).uniform_(
                0, 1, generator=generator)
            return start.detach().clone().requires_grad_()
        """
    ],
    "optimization_step": [
        """
        def f(image, objective, optimizer):
            losses = []

            def closure():
                image.grad = None
                losses.append(objective(image))
                losses[-1].backward()
                return losses[-1]

            optimizer.step(closure)
            image.data.clamp_(0, 1)
            return losses[0]
        """
    ],
}


@pytest.mark.parametrize(
    "name, source",
    [(name, source) for name, many in OTHER_RIGHT_ANSWERS.items() for source in many],
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
    assert set(dir(exercises)) == {"progress", *(exercise.name for exercise in EXERCISES)}


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


# The round trip in a kernel: stubs, solutions and mistakes, each in a cell of its own.


def exercise_cells(notebook) -> dict[str, nbformat.NotebookNode]:
    """The exercise cells of a notebook, by the id in their metadata."""
    tagged = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    return {cell.metadata["exercise"]: cell for cell in tagged}


def with_answers(notebook, source_of):
    """A copy of a notebook with `source_of(exercise)` in place of each exercise's stub."""
    notebook = copy.deepcopy(notebook)
    for name, cell in exercise_cells(notebook).items():
        exercise = getattr(exercises, name)
        cell.source = exercise.cell(source_of(exercise))
    return notebook


def run(notebook, folder: Path, timeout: int = 120):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NST_COURSE_QUICK": "1"}
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=resources)
    client.execute(env=environment)
    return notebook


def shown(cell) -> str:
    """The one verdict below a cell, as text."""
    assert [output.output_type for output in cell.outputs] == ["display_data"], cell.outputs
    assert set(cell.outputs[0].data) == {"text/plain", "text/html"}
    return " ".join(cell.outputs[0].data["text/plain"].split())


@pytest.fixture(scope="module")
def one_kernel(tmp_path_factory):
    """One kernel in which every stub, then every mistake, then every solution was checked."""
    cells = [new_code_cell(SET_UP)]
    for exercise in EXERCISES:
        sources = [exercise.mistake_source(mistake) for mistake in exercise.mistakes]
        for source in (exercise.stub, *sources, exercise.code):
            metadata = {"tags": ["exercise"], "exercise": exercise.name}
            cells.append(new_code_cell(exercise.cell(source), metadata=metadata))
    cells.append(new_code_cell("nst.exercises.progress()"))
    return run(new_notebook(cells=cells), tmp_path_factory.mktemp("kernel"))


@each_exercise
def test_round_trip_in_a_kernel(one_kernel, exercise: Exercise):
    cells = [cell for cell in one_kernel.cells if cell.metadata.get("exercise") == exercise.name]
    stub, *mistaken, solved = map(shown, cells)
    assert "Not attempted yet" in stub
    assert solved.startswith("✓ Right")
    for mistake, text in zip(exercise.mistakes, mistaken, strict=True):
        named = [
            m.name for m in exercise.mistakes if text.startswith(f"✗ Not right yet: {m.name} ")
        ]
        assert max(named, key=len) == mistake.name, text


def test_progress_in_a_kernel(one_kernel):
    text = shown(one_kernel.cells[-1])
    assert f"{len(EXERCISES)} of {len(EXERCISES)} exercises solved" in text


# The course's own notebooks.


@each_notebook
def test_exercise_cells_hold_the_stubs(path):
    notebook = nbformat.read(path, as_version=4)
    cells = exercise_cells(notebook)
    assert sorted(cells) == sorted(e.name for e in EXERCISES if e.notebook == path.stem)
    for name, cell in cells.items():
        assert cell.source == getattr(exercises, name).cell(), name
        assert "Not attempted yet" in shown(
            cell
        )  # as committed, and so as a run with stubs shows it


@each_notebook
def test_notebook_runs_with_the_solutions(path):
    notebook = nbformat.read(path, as_version=4)
    if not exercise_cells(notebook):
        pytest.skip("no exercises in this notebook")
    solved = run(with_answers(notebook, lambda exercise: exercise.code), path.parent)
    for name, cell in exercise_cells(solved).items():
        assert shown(cell).startswith("✓ Right"), name
