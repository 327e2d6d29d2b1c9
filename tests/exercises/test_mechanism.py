"""The mechanism behind the exercises, with answers that misbehave.

The exercise of these tests is about nothing in particular: the mechanism must not know more.
"""

import functools
import itertools
import os
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output

from nst_course import CourseError, exercises
from nst_course.exercises import report
from nst_course.exercises.grader.answer import NOTHING
from nst_course.exercises.grader.judge import judge, matching_mistakes
from nst_course.exercises.grader.sandbox import Sandbox
from nst_course.exercises.grader.source import compiled
from nst_course.exercises.grader.verdicts import CATEGORIES
from nst_course.exercises.properties import finite_differences, holds, relation
from nst_course.exercises.session import Session
from nst_course.exercises.spec import Exercise, Mistake

PACKAGE = Path(exercises.__file__).parent


def make(**changes) -> Exercise:
    """The mean of squares, as an exercise."""
    fields = dict(
        name="mean_square",
        notebook="99_nothing",
        title="Mean square",
        prompt="Write the mean of the squares.",
        stub='''
            def my_mean_square(x):
                """Mean of x².

                x: (N,);  returns: a scalar tensor
                """
                ...  # YOUR CODE HERE
        ''',
        code="""
            def my_mean_square(x):
                return (x**2).mean()
        """,
        why="It is the definition.",
        notice="It grows with the square.",
        hints=("Nudge.", "More.", "Nearly there."),
        cases=(
            lambda: {"x": torch.tensor([1.0, 3.0], dtype=torch.float64)},
            lambda: {"x": torch.linspace(-1, 2, 7, dtype=torch.float64)},
            lambda: {"x": torch.linspace(-1, 2, 5, dtype=torch.float32)},
        ),
        gradient=("x",),
        properties=(
            holds("It is never negative.", lambda r, i: bool(r >= 0)),
            relation(
                "Twice x is four times as much.", lambda i: {"x": 2 * i["x"]}, lambda r, i: 4 * r
            ),
            finite_differences("x"),
        ),
        mistakes=(
            Mistake("the sum", "Divide.", edits={"mean()": "sum()"}),
            Mistake("no square", "Square.", edits={"(x**2)": "x"}),
            Mistake("changed in place", "Copy.", source="""
                def my_mean_square(x):
                    x *= x
                    return x.mean()
            """),
            Mistake(
                "a matrix product",
                "No.",
                edits={"(x**2).mean()": "(x[:, None] @ x[:, None]).mean()"},
                raises="mat1 and mat2",
            ),
        ),
    )  # fmt: skip
    return Exercise(**{**fields, **changes})


@pytest.fixture
def mean_square() -> Exercise:
    return make()


def raising(error):
    def answer(x):
        raise error

    return answer


class BrokenError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Broken:
    def __repr__(self):
        raise RuntimeError("no words")

    def __bool__(self):
        raise RuntimeError("no truth")

    def __eq__(self, other):
        raise RuntimeError("no equality")

    __hash__ = None


def recurses(x):
    return recurses(x)


def yields(x):
    yield x


async def waits(x):
    return x


def prints_a_megabyte(x):
    print("x" * 1_000_000)
    sys.stderr.write("y" * 1_000_000)
    return (x**2).sum() / 7  # wrong, so that everything is tried


def two_arguments(x, y):
    return (x**2).mean()


def changes_its_input(x):
    result = (x**2).mean()
    with torch.no_grad():
        x += 1
    return result


def resizes_its_input(x):
    result = (x**2).mean()
    x.unsqueeze_(0)
    return result


def half_detached(x):
    return (x * x.detach()).mean()


def breaks_backward(x):
    y = x.exp()
    result = y.sum()
    y += 1
    return result


MISBEHAVING = {
    # answer → (category, a piece of what is said)
    "SystemExit": (raising(SystemExit(3)), "raised", "SystemExit"),
    "exit()": (lambda x: sys.exit(), "raised", "would end the notebook's kernel"),
    "KeyboardInterrupt": (raising(KeyboardInterrupt()), "raised", "nobody pressed a key"),
    "GeneratorExit": (raising(GeneratorExit()), "raised", "GeneratorExit"),
    "exception without words": (raising(BrokenError()), "raised", "BrokenError"),
    "unknown name": (lambda x: nonsense(x), "raised", "Has the cell"),  # noqa: F821
    "NotImplementedError": (raising(NotImplementedError()), "not attempted", "Not attempted"),
    "recursion": (recurses, "raised", "calls itself"),
    "numpy": (lambda x: (x.detach().numpy() ** 2).mean(), "form", "numpy"),
    "numpy array": (lambda x: x.detach().numpy() ** 2, "form", "left autograd behind"),
    "Python float": (lambda x: (x**2).mean().item(), "form", "carries no gradient"),
    "string": (lambda x: "4.5", "form", "str"),
    "tuple": (lambda x: ((x**2).mean(),), "form", "comma"),
    "NaN": (lambda x: (x**2).mean() * float("nan"), "property", "nan"),
    "infinity": (lambda x: (x**2).mean() / 0, "mistake", "inf"),
    "meta device": (lambda x: torch.empty((), device="meta"), "form", "device"),
    "float64": (lambda x: (x.double() ** 2).mean(), "right", "another number type"),
    "float32": (lambda x: (x.float() ** 2).mean(), "right", "another number type"),
    "float16": (lambda x: (x.half() ** 2).mean().to(x), "property", "slope"),
    "complex": (lambda x: (x**2).mean() + 0j, "form", "complex"),
    "sparse": (lambda x: x.to_sparse(), "form", "shape|layout"),
    "whole numbers": (lambda x: (x**2).mean().int(), "form", "int32"),
    "wrong shape": (lambda x: (x**2).mean().view(1, 1), "form", r"\(1, 1\)"),
    "huge shape": (lambda x: x[0].expand(10**6, 10**6), "form", "1000000"),
    "None": (lambda x: print(end=""), "no answer", "return"),
    "Ellipsis": (lambda x: ..., "not attempted", r"`\.\.\.`"),
    "generator": (yields, "no answer", "yield"),
    "coroutine": (waits, "no answer", "coroutine"),
    "a function": (lambda x: lambda: x, "form", "function"),
    "a broken object": (lambda x: Broken(), "form", "Broken"),
    "a megabyte": (prints_a_megabyte, "property", "printed by your code"),
    "changed input": (changes_its_input, "input changed", "changes its input `x`"),
    "resized input": (resizes_its_input, "input changed", "changes its input `x`"),
    "detached": (lambda x: (x.detach() ** 2).mean(), "gradient", "No gradient reaches `x`"),
    "half detached": (half_detached, "gradient", "partly"),
    "no_grad": (torch.no_grad()(lambda x: (x**2).mean()), "gradient", "No gradient"),
    "new tensor": (lambda x: torch.tensor(x.tolist()).to(x).square().mean(), "gradient", "tensor"),
    "broken backward": (breaks_backward, "gradient", "cannot be"),
    "unexpected argument": (two_arguments, "no answer", "`x` and `y`"),
    "no argument": (lambda: 1, "no answer", "no arguments"),
    "the result": (torch.ones(()), "no answer", "without parentheses"),
    "the result, a number": (4.5, "no answer", "without parentheses"),
    "a class": (Broken, "no answer", "class"),
    "nothing": (NOTHING, "no answer", "needs your function"),
    "None itself": (None, "not attempted", "Not attempted"),
    "dots": (..., "not attempted", "Not attempted"),
    "at times an error": (lambda x: (x**2).mean() if len(x) < 7 else 1 / 0, "raised", "ZeroDiv"),
    "at times right": (lambda x: (x**2).mean() + (len(x) > 6), "mistake", "but one number"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the coroutine is never awaited
@pytest.mark.parametrize("name", MISBEHAVING)
def test_every_misbehaviour_gets_a_sentence(mean_square, name, capsys):
    answer, category, words = MISBEHAVING[name]
    verdict = judge(mean_square, answer)
    text = repr(verdict)
    assert verdict.category == category, text
    assert verdict.category in CATEGORIES
    assert re.search(words, " ".join(text.split())), text
    assert "Traceback" not in text
    assert len(text) < 2_500
    assert capsys.readouterr() == ("", "")  # judging alone shows nothing, and catches all output


def test_a_right_answer_is_right(mean_square):
    for answer in (
        lambda x: (x**2).mean(),
        lambda x: x @ x / len(x),
        lambda y, unused=0: torch.stack([v * v for v in y]).mean(),
        functools.partial(lambda power, x: (x**power).mean(), 2),
        lambda *given: (given[0] ** 2).mean(),
    ):
        verdict = judge(mean_square, answer)
        assert verdict.solved, verdict
        assert "It grows with the square." in repr(verdict)
        assert verdict.mistake == ""


def test_a_module_may_be_an_answer(mean_square):
    class Squares(torch.nn.Module):
        def forward(self, x):
            return (x**2).mean()

    assert judge(mean_square, Squares()).solved


def test_stub_with_only_another_docstring_is_not_attempted(mean_square):
    def my_mean_square(x):
        """I shall think about it."""

    def passes(x):
        pass

    for answer in (compiled(mean_square, mean_square.stub), my_mean_square, passes):
        assert judge(mean_square, answer).category == "not attempted"


def test_forgotten_return_is_not_mistaken_for_the_stub(mean_square):
    def my_mean_square(x):
        result = (x**2).mean()  # noqa: F841

    verdict = judge(mean_square, my_mean_square)
    assert verdict.category == "no answer" and "`return`" in repr(verdict)


def test_a_stub_with_code_counts_as_not_attempted_until_it_is_changed():
    exercise = make(
        stub="""
            def my_mean_square(x):
                return (x**2).sum()
        """
    )
    assert judge(exercise, compiled(exercise, exercise.stub)).category == "not attempted"
    assert judge(exercise, lambda x: x.square().sum()).mistake == "the sum"


def test_a_stub_may_hold_a_function():
    exercise = make(
        stub="""
            def my_mean_square(x):
                def square():
                    ...  # YOUR CODE HERE

                return square()
        """
    )
    assert judge(exercise, compiled(exercise, exercise.stub)).category == "not attempted"
    changed = exercise.stub.replace("...", "return x**2")
    assert judge(exercise, compiled(exercise, changed)).category == "form"


def test_exception_is_told_with_line_and_message(mean_square):
    def helper(values):
        return values.reshape(3, 50)  # the line

    def answer(x):
        return helper(x).mean()

    text = repr(judge(mean_square, answer))
    assert "return values.reshape(3, 50)  # the line" in text
    assert re.search(r"line \d+:", text)
    assert "RuntimeError: shape '[3, 50]' is invalid" in text
    assert "`x` of shape (2,)" in text


def test_exception_inside_the_library_is_told_with_the_students_line(mean_square):
    def answer(x):
        return torch.nn.functional.one_hot(x).sum()  # mine

    assert "one_hot(x).sum()  # mine" in repr(judge(mean_square, answer))


@pytest.mark.parametrize("mistake", make().mistakes, ids=lambda m: m.name)
def test_a_known_mistake_is_named_and_no_other(mean_square, mistake):
    answer = compiled(mean_square, mean_square.mistake_source(mistake))
    verdict = judge(mean_square, answer)
    assert (verdict.category, verdict.mistake) == ("mistake", mistake.name)
    assert mistake.why in repr(verdict)
    assert [m.name for m in matching_mistakes(mean_square, answer)] == [mistake.name]


def test_a_mistake_is_only_named_if_it_explains_everything(mean_square):
    """The values of a known mistake, but detached as well: that is another thing to say."""
    verdict = judge(mean_square, lambda x: x.detach().square().sum())
    assert verdict.category == "gradient"
    other_error = judge(
        mean_square, lambda x: x.reshape(17)
    )  # raises RuntimeError, as a mistake does
    assert other_error.category == "raised"


def test_a_failing_property_comes_with_the_smallest_example(mean_square):
    verdict = judge(mean_square, lambda x: x.cosh().mean())
    text = repr(verdict)
    assert verdict.category == "property"
    assert "Twice x is four times as much." in text
    assert "[1, 3]" in text and "[2, 6]" in text  # the first case, and twice that
    assert "102.7" in text and "23.22" in text  # what came back, and four times the first


def test_without_a_failing_property_the_definition_is_shown():
    verdict = judge(make(properties=()), lambda x: x[0] ** 2 + 5)
    text = repr(verdict)
    assert "follows the definition" in text
    assert re.search(r"yours +6\n +expected +5$", text)


def test_a_mistake_that_does_not_fit_the_solution_is_refused(mean_square):
    with pytest.raises(
        CourseError, match="'median' of exercise 'mean_square' exchanges 'med\\(\\)'"
    ):
        mean_square.mistake_source(Mistake("median", "", edits={"med()": "median()"}))


def test_state_of_torch_and_random_is_left_alone(mean_square):
    def careless(x):
        torch.manual_seed(3)
        random.seed(3)
        numpy.random.seed(3)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_default_device("meta")
        sys.setrecursionlimit(5_000)
        return x.mean()

    def state():
        device, limit = torch.get_default_device(), sys.getrecursionlimit()
        numbers = torch.get_rng_state().sum(), random.getstate(), numpy.random.get_state()[1].sum()
        return str(device), limit, torch.get_default_dtype(), torch.is_grad_enabled(), *numbers

    random.seed(12345)
    torch.manual_seed(12345)
    numpy.random.seed(12345)
    handler, streams, before = signal.getsignal(signal.SIGINT), (sys.stdout, sys.stderr), state()
    judge(mean_square, careless)
    assert state() == before
    assert signal.getsignal(signal.SIGINT) is handler
    assert (sys.stdout, sys.stderr) == streams


def test_answers_that_draw_numbers_get_the_same_verdict_each_time(mean_square):
    def answer(x):
        return (x**2).mean() + torch.rand(()).to(x) * 0 + random.random() * 0

    assert judge(mean_square, answer).solved
    texts = {repr(judge(mean_square, lambda x: x.mean() + torch.rand(()).to(x))) for _ in range(3)}
    assert len(texts) == 1


def test_checks_work_where_gradients_are_switched_off(mean_square):
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            assert judge(mean_square, lambda x: (x**2).mean()).solved


def loops(x):
    while True:
        pass


def loops_and_holds_on(x):
    for i in itertools.count():
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            if i:
                raise


def swallows_everything(x):
    while True:
        try:
            while True:
                time.sleep(0.01)
        except:  # noqa: E722
            pass


@pytest.mark.parametrize("answer", [loops, loops_and_holds_on, swallows_everything])
def test_endless_code_is_stopped(mean_square, answer):
    verdict = judge(mean_square, answer, seconds=0.2)
    assert verdict.category == "stopped"
    assert "still running after 0.2 seconds" in " ".join(repr(verdict).split())


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_a_real_interrupt_stops_the_check_with_a_sentence(mean_square):
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    verdict = judge(mean_square, loops)
    assert verdict.category == "stopped"
    assert "You stopped the check" in repr(verdict)


def test_no_interrupt_arrives_late(mean_square):
    """Answers that end just when the time is up."""
    for i in range(20):
        answer = lambda x: time.sleep(0.001) or (x**2).mean()  # noqa: E731
        assert judge(mean_square, answer, seconds=0.01 + i / 1000).category in ("right", "stopped")
    time.sleep(0.05)


def test_check_works_in_another_thread(mean_square):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(judge(mean_square, lambda x: x.square().sum()))
    )
    thread.start()
    thread.join()
    assert found[0].mistake == "the sum"


def test_what_the_answer_prints_is_shown_once_and_cut(mean_square):
    def talks(x):
        print("shape", tuple(x.shape))
        return x.sum()

    text = repr(judge(mean_square, talks))
    assert text.count("printed by your code") == 1
    assert "shape (2,)" in text and "shape (7,)" not in text


def test_pictures_of_an_answer_are_not_shown(mean_square):
    """Neither displayed ones nor figures; those that were open before stay."""

    def shows(x):
        plt.figure()
        plt.show()
        display(x)
        return x.square().mean()

    shell, mine = InteractiveShell.instance(), plt.figure()
    try:
        with capture_output(stdout=False) as shown:
            display("seen")
            verdict = judge(mean_square, shows)
        assert verdict.solved and len(shown.outputs) == 1
        assert plt.get_fignums() == [mine.number]
    finally:
        plt.close("all")
        shell.clear_instance()


def test_only_the_beginning_of_what_is_printed_is_kept():
    with Sandbox() as sandbox:
        sandbox.call(prints_a_megabyte, torch.ones(2))
    assert 1_000 < len(sandbox.printed) < 3_000


def test_finite_differences_find_a_part_that_is_detached():
    test = finite_differences("x").test
    inputs = {"x": torch.tensor([1.0, 3.0], dtype=torch.float64)}
    assert test(lambda i: (i["x"] ** 2).mean(), inputs) is None
    assert "slope measured       [1, 3]" in test(lambda i: half_detached(i["x"]), inputs)


# What a student sees.


def test_check_shows_its_verdict_once_and_returns_nothing(mean_square, capsys):
    assert Session(mean_square).check(lambda x: (x**2).mean()) is None
    assert capsys.readouterr().out == "✓ Right · Mean square\n  It grows with the square.\n"


def test_check_without_an_argument_says_how_to_call_it(mean_square, capsys):
    Session(mean_square).check()
    assert "nst.exercises.mean_square.check(my_mean_square)" in capsys.readouterr().out


def test_hints_come_one_at_a_time(mean_square, capsys):
    session, outputs = Session(mean_square), []
    for _ in range(5):
        session.hint()
        outputs.append(capsys.readouterr().out)
    assert [("Nudge." in o, "More." in o, "Nearly there." in o) for o in outputs] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (True, True, True),
        (True, True, True),
    ]
    assert "Hint 2 of 3" in outputs[1]
    assert ["no more hints" in o for o in outputs] == [False, False, True, True, True]


def test_solution_shows_code_and_reason(mean_square, capsys):
    Session(mean_square).solution()
    out = capsys.readouterr().out
    assert "return (x**2).mean()" in out and "It is the definition." in out


def test_an_exercise_shows_its_prompt_and_stub(mean_square):
    text = repr(Session(mean_square))
    assert "Write the mean of the squares." in text and "YOUR CODE HERE" in text


def test_html_is_escaped_and_has_no_fixed_colours(mean_square):
    def answer(x):
        print("<script>alert(1)</script>")
        raise ValueError("<b>bold</b> & `code`")

    page = judge(mean_square, answer).report._repr_html_()
    assert "<script>" not in page and "<b>bold" not in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; `code`" in page
    for colour in re.findall(r"(?:color|background|border-left):([^;]*)", page):
        assert "inherit" in colour or "rgba" in colour or "var(" in colour, colour
    assert page.count("<div") == page.count("</div>") and page.count("<pre") == 1


def test_html_of_sentences_is_escaped():
    page = report.Report("wrong", "<i>", ("a < b & `c < d`",), "", ("<u>",))._repr_html_()
    assert "&lt;i&gt;" in page and "a &lt; b &amp; <code" in page and "&lt;u&gt;" in page
    assert ">c &lt; d</code>" in page


def test_a_terminal_that_knows_no_symbols_still_gets_the_words(monkeypatch):
    class Terminal:
        encoding = "ascii"

        def __init__(self):
            self.text = ""

        def write(self, text):
            text.encode(self.encoding)
            self.text += text

        def flush(self):
            pass

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    report.show(report.Report("right", "Right", ("Σ of squares",)))
    assert "Right" in terminal.text and "of squares" in terminal.text


def test_the_mechanism_knows_nothing_of_the_subject():
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("grader/*.py")]:
        text = re.sub(r'""".*?"""', "", path.read_text("utf-8"), count=1, flags=re.S)
        words = r"gram\b|gram_|vgg|style(?!=)|content_loss|relu"
        assert not re.search(words, text, re.I), path
