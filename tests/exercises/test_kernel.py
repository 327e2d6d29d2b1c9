"""What an answer does to the kernel: nothing waits, nothing stays changed, and only its own time
counts."""

import builtins
import os
import pdb
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import matplotlib
import pytest
import torch

import nst_course as nst
from nst_course.exercises.grader.judge import judge
from nst_course.exercises.grader.sandbox import AnswerRaised, Sandbox

ROOT = Path(__file__).resolve().parents[2]
EXERCISE = nst.exercises.content_loss.exercise


def right(a, b):
    return ((a - b) ** 2).mean()


def sleeps(a, b):
    time.sleep(3600)
    return right(a, b)


def stops_in_a_debugger(a, b):
    breakpoint()
    return right(a, b)


def sets_a_trace(a, b):
    pdb.set_trace()
    return right(a, b)


def asks(a, b):
    input("a number, please: ")
    return right(a, b)


async def waits(a, b):
    return right(a, b)


def goes_elsewhere(a, b):
    os.chdir("/")
    return right(a, b)


def replaces_allclose(a, b):
    torch.allclose = lambda *_, **__: True
    torch.equal = torch.allclose
    torch.Tensor.mean = torch.Tensor.sum
    return (a - b).abs().sum()


def compiles(a, b):
    return torch.compile(right, mode="max-autotune")(a, b)


@torch.compile
def compiled(a, b):
    return ((a - b) ** 2).mean()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the coroutine is never awaited
@pytest.mark.parametrize(
    "answer, category, words",
    [
        (sleeps, "right", "calls `time.sleep`. The check did not wait"),
        (stops_in_a_debugger, "no answer", "Take `breakpoint()` out"),
        (sets_a_trace, "no answer", "cannot stop in a debugger"),
        (asks, "no answer", "cannot wait for `input()`"),
        (waits, "no answer", "`async def` makes a coroutine"),
        (goes_elsewhere, "right", "changed the working directory. It was changed back."),
        (replaces_allclose, "property", "replaced `torch.allclose`. It was put back."),
        (compiles, "right", "place by place"),
        (compiled, "right", "place by place"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_an_answer_does_gets_a_sentence_and_is_put_back(answer, category, words):
    before = kernel()
    verdict = judge(EXERCISE, answer)
    text = " ".join(repr(verdict).split())
    assert (verdict.category == category) or (category == "property" and not verdict.solved), text
    assert words in text and "Traceback" not in text
    assert kernel() == before


def kernel() -> list:
    """What the next cell of a notebook relies on."""
    return [
        os.getcwd(), dict(os.environ), time.sleep, builtins.input, sys.breakpointhook,
        pdb.set_trace, torch.compile, torch.allclose, torch.equal, torch.Tensor.mean,
        sys.gettrace(), signal.getsignal(signal.SIGINT), torch.get_num_threads(),
    ]  # fmt: skip


def test_the_environment_and_the_backend_of_figures_are_put_back(monkeypatch):
    def careless(a, b):
        os.environ["HABIT"] = "1"
        os.environ.pop("KEEP_ME")
        matplotlib.use("svg")
        torch.set_num_threads(3)
        return right(a, b)

    matplotlib.use("agg")
    monkeypatch.setenv("KEEP_ME", "yes")
    before = kernel()
    assert judge(EXERCISE, careless).solved
    assert kernel() == before and matplotlib.get_backend() == "agg"


def test_other_threads_sleep_as_ever():
    woke = threading.Event()

    def naps():
        time.sleep(0.2)
        woke.set()

    with Sandbox():
        thread = threading.Thread(target=naps)
        thread.start()
        assert not woke.is_set()
    thread.join()
    assert woke.is_set()


@pytest.fixture
def slow_module(tmp_path, monkeypatch) -> str:
    """A module whose import takes a while, and which must not be left half imported."""
    name = f"slow_{os.getpid()}"
    loop = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\n"
    (tmp_path / f"{name}.py").write_text(f"begun = True\n{loop}done = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def test_an_import_is_not_on_the_students_clock(slow_module):
    def answer(a, b):
        assert __import__(slow_module).done
        return right(a, b)

    assert judge(EXERCISE, answer, seconds=0.2).solved


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_ctrl_c_does_not_leave_half_a_module(slow_module):
    def answer(a, b):
        __import__(slow_module)
        while True:
            pass

    threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGINT)).start()
    verdict = judge(EXERCISE, answer)
    assert verdict.category == "stopped" and "You stopped the check" in repr(verdict)
    assert sys.modules[slow_module].done


def test_an_optimizer_of_torch_survives_a_check_that_is_stopped():
    """In a new process, where the first optimizer imports a compiler."""
    code = """
import torch, nst_course as nst
from nst_course.exercises.grader.judge import judge

def endless(a, b):
    torch.optim.Adam([torch.ones(1, requires_grad=True)]).zero_grad()
    while True:
        pass

verdict = judge(nst.exercises.content_loss.exercise, endless, seconds=0.3)
x = torch.ones(1, requires_grad=True)
optimizer = torch.optim.Adam([x])
x.sum().backward()
optimizer.step()
print(verdict.category, float(x.detach()) < 1)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.split() == ["stopped", "True"], run.stderr


def test_waiting_ends_with_a_sentence_of_its_own(monkeypatch):
    """`sleep` by another name is not skipped: it uses no time of the processor."""
    monkeypatch.setattr("nst_course.exercises.grader.clock.WAITING", 0.2)
    event = threading.Event()
    verdict = judge(EXERCISE, lambda a, b: event.wait(60))
    assert verdict.category == "stopped"
    assert "waited for 0.2 seconds without computing" in " ".join(repr(verdict).split())


def test_one_call_can_have_less_time_than_the_check():
    def endless():
        while True:
            pass

    with Sandbox() as sandbox:
        with pytest.raises(AnswerRaised):
            sandbox.call(endless, allowed=0.05)
        assert sandbox.call(lambda: 3) == 3 and not sandbox.reason
