"""What a check says about a wrong answer is specific, and true on inputs that it does not have."""

import inspect
import linecache
import math
import re

import pytest
import torch

import nst_course as nst
from nst_course.exercises.grader.judge import judge
from nst_course.exercises.grader.multiple import multiple
from nst_course.exercises.grader.repair import repairs
from nst_course.exercises.grader.sandbox import Sandbox
from nst_course.exercises.grader.source import compiled
from nst_course.exercises.grader.trial import Trial
from tests.exercises.mutants import mutants
from tests.exercises.right_answers import RIGHT_ANSWERS
from tests.exercises.test_mutants import EXERCISES, FRESH, agree, computed, function
from tests.exercises.wrong_answers import WRONG_ANSWERS


def written(source: str, name: str = "f"):
    """A function whose code can be looked up, as that of a notebook's cell can."""
    source = inspect.cleandoc(source) + "\n"
    file = f"<cell {hash(source):x}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    names = {"torch": torch, "nst": nst, "math": math, "__name__": "__main__"}
    exec(compile(source, file, "exec"), names)
    return names[name]


@pytest.mark.parametrize("name, words, source", WRONG_ANSWERS)
def test_what_is_wrong_is_said(name, words, source):
    verdict = judge(EXERCISES[name], written(source))
    assert not verdict.solved
    assert words in " ".join(repr(verdict).split()), verdict


@pytest.mark.parametrize("name", EXERCISES)
def test_no_verdict_shows_what_is_none_of_the_students_business(name):
    """No keys of ours, no long rows of decimals, no minus in front of a zero."""
    exercise = EXERCISES[name]
    sources = map(exercise.mistake_source, exercise.mistakes)
    for source in sources:
        text = repr(judge(exercise, compiled(exercise, source)))
        assert not re.search(r"-0(?![.\d])", text), text
        assert max(text.count(mark) for mark in ("nst_course", "Traceback", "<mistake")) == 0
        for line in text.splitlines():
            assert len(re.findall(r"\d+\.\d+", line)) <= 12, text


def named_mistakes(name: str, every: int):
    """Mutants of right answers with the mistake that the check names."""
    exercise = EXERCISES[name]
    sources = [exercise.code, *map(inspect.cleandoc, RIGHT_ANSWERS.get(name, []))]
    programs = [m for s in sources if "torch.compile" not in s for m in mutants(s)][::every]
    for program in programs:
        answer = function(exercise, program)
        if answer is None:
            continue
        with Sandbox(seconds=2) as sandbox:
            trial = Trial(exercise, answer, answer, sandbox)
            try:
                mistakes = list(trial.known_mistakes()) if trial.wrong else []
            except Exception:  # the check's own sentence for it is tested elsewhere
                continue
        assert len(mistakes) <= 1, (program, [m.name for m in mistakes])
        for mistake in mistakes:
            yield program, answer, mistake


# What is said of these two is of a kind of answers, not of one formula.
FORMULAS = [name for name in EXERCISES if name not in ("initial_image", "optimization_step")]


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMULAS)
def test_a_mistake_that_is_named_is_the_mistake_on_other_inputs_too(name):
    exercise = EXERCISES[name]
    for program, answer, mistake in named_mistakes(name, 1):
        wrong = compiled(exercise, exercise.mistake_source(mistake))
        for case in FRESH[name]:
            try:
                expected = computed(exercise, wrong, case)
            except Exception as error:
                with pytest.raises(type(error)):
                    computed(exercise, answer, case)
                continue
            got = computed(exercise, answer, case)
            assert all(map(agree, got, expected)), (mistake.name, program)


@pytest.mark.parametrize(
    "factor, words",
    [
        (lambda s: 0.5, "half of the right one"),
        (lambda s: 4, "4 times the right one"),
        (lambda s: -1, "minus the right one"),
        (lambda s: 0.37, "0.37 times the right one"),
        (lambda s: 1 / s["C"], "the right one divided by C"),
        (lambda s: s["H·W"], "the right one times H·W"),
        (lambda s: 1 / (s["C"] * s["H·W"]), "the right one divided by C · H·W"),
        (lambda s: s["C"] ** 2 / s["H·W"], "the right one times C² / (H·W)"),
        (lambda s: 0.25 / s["C"] ** 2, "a quarter of the right one divided by C²"),
        (lambda s: s["H·W"] ** 0.5, "the right one times √(H·W)"),
        (lambda s: 1, ""),
        (lambda s: s["C"] + s["H·W"] ** 2, ""),
        (lambda s: torch.rand(3, dtype=torch.float64), ""),
    ],
)
def test_multiples_are_found_and_only_they(factor, words):
    sizes = [{"C": 2, "H·W": 12}, {"C": 3, "H·W": 20}, {"C": 5, "H·W": 6}]
    right = [torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64) * k for k in (1, 3, 7)]
    got = [factor(s) * value for s, value in zip(sizes, right, strict=True)]
    assert multiple(got, right, sizes) == words


def test_a_place_is_only_named_if_a_change_there_is_enough():
    """Every repair that the search tries is code of the student's with one change."""
    answer = written(
        """
        def f(features, target):
            loss = ((features - target) ** 2).sum()
            return loss / features.shape[1] * features.shape[2] * features.shape[3]
        """
    )
    exercise = EXERCISES["content_loss"]
    verdict = judge(exercise, answer)
    assert "parentheses" in repr(verdict) and "line 3" in repr(verdict)
    inputs = exercise.cases[-1]()
    tried = 0
    for repair, changed in repairs(answer):
        assert repair.line in inspect.getsource(answer)
        tried += 1
        if repair.kind == "precedence" and changed(**inputs).allclose(nst.content_loss(**inputs)):
            break
    else:
        pytest.fail("the repair is not among them")
    assert tried == 1  # the most telling kind comes first


def test_a_target_that_is_not_detached_gets_no_check_mark():
    answer = written(
        """
        def f(extract, content, start, steps, step_size):
            target, image = extract(content), start.clone().requires_grad_()
            for _ in range(steps):
                loss = ((extract(image) - target) ** 2).mean()
                loss.backward(retain_graph=True)
                with torch.no_grad():
                    image -= step_size * image.grad
                image.grad = None
            return image.detach()
        """
    )
    verdict = judge(EXERCISES["invert_features"], answer)
    assert "✓" not in repr(verdict) and "The target is a constant" in " ".join(
        repr(verdict).split()
    )


def test_a_sum_that_starts_from_a_tensor_is_right_with_a_remark():
    answer = written(
        """
        def f(features, target):
            total = torch.zeros(1)
            for mine, theirs in zip(features.flatten(), target.flatten()):
                total = total + (mine - theirs) ** 2
            return total / features.numel()
        """
    )
    verdict = judge(EXERCISES["content_loss"], answer)
    assert verdict.solved and "Start a sum from `0.0`" in " ".join(repr(verdict).split())
    kept = judge(EXERCISES["content_loss"], lambda f, t: ((f - t) ** 2).mean(dim=(1, 2, 3)))
    assert not kept.solved


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FORMULAS if EXERCISES[name].sizes])
def test_a_multiple_that_is_named_holds_on_other_inputs_too(name):
    exercise = EXERCISES[name]
    right = compiled(exercise, exercise.code)
    sources = [exercise.code, *map(inspect.cleandoc, RIGHT_ANSWERS.get(name, []))]
    programs = [m for s in sources if "torch.compile" not in s for m in mutants(s)]
    for answer in filter(None, (function(exercise, program) for program in programs)):
        with Sandbox(seconds=2) as sandbox:
            trial = Trial(exercise, answer, answer, sandbox)
            if any(outcome.raised for outcome in trial.outcomes):
                continue
        sizes = [exercise.sizes(case()) for case in exercise.cases]
        pairs = [o.value for o in trial.outcomes], [o.value for o in trial.expected]
        words = multiple(*pairs, sizes)
        if not words:
            continue
        for case in FRESH[name]:
            inputs = dict(zip(exercise.parameters, case().values(), strict=True))
            got, expected = answer(*inputs.values()), right(*inputs.values())
            more = multiple(
                [*pairs[0], got], [*pairs[1], expected], [*sizes, exercise.sizes(inputs)]
            )
            assert more == words


def test_an_exception_is_no_proof_of_two_mistakes():
    answer = written(
        """
        def f(extract, content, start, steps, step_size):
            image = start.clone().requires_grad_(True)
            with torch.no_grad():
                target = extract(content)
                for _ in range(steps):
                    ((extract(image) - target) ** 2).mean().backward()
                    image -= step_size * image.grad
            return image
        """
    )
    text = repr(judge(EXERCISES["invert_features"], answer))
    assert "two things" not in text and "requires gradients" in " ".join(text.split())
