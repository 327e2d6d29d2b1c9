"""From an answer to a verdict: runs it on every case and finds out what is wrong with it.

The order, from what helps most to what helps least: not attempted; a known mistake; several values
returned; the right numbers in a wrong form; a multiple of the right answer; one wrong place in the
student's own code; an exception, in plain words; a changed input; a gradient that is cut; two known
mistakes together; a property that fails; the definition.

Each of these is only said when it explains everything: a known mistake when it does on every case
exactly what the answer does, a place in the code when a change there makes the answer right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..spec import Exercise, Mistake
from . import verdicts
from .answer import calling, still_the_stub, uncompiled, unusable
from .diagnose import diagnosis
from .sandbox import Sandbox, Stopped
from .trial import Trial
from .verdicts import Verdict


def judge(exercise: Exercise, answer: Any, seconds: float | None = None) -> Verdict:
    """The verdict on an answer. Never raises: Ctrl-C and endless code become sentences too."""
    sandbox = Sandbox() if seconds is None else Sandbox(seconds)
    try:
        with sandbox:
            verdict = _judge(exercise, uncompiled(answer), sandbox)
    except Stopped as stop:
        verdict = verdicts.stopped(str(stop))
    except KeyboardInterrupt:  # while an exception of the answer was being described
        verdict = verdicts.stopped(sandbox.reason or "You stopped the check before it was done.")
    except Exception as error:
        verdict = verdicts.unclear(error)
    return verdict.with_notes(sandbox.notes).with_printed(sandbox.printed)


def _judge(exercise: Exercise, answer: Any, sandbox: Sandbox) -> Verdict:
    if still_the_stub(exercise, answer):
        return verdicts.not_attempted(exercise)
    if sentence := unusable(exercise, answer):
        return verdicts.no_answer(sentence)
    call = calling(exercise, answer)
    assert call is not None
    return diagnosis(Trial(exercise, answer, call, sandbox))


def matching_mistakes(exercise: Exercise, answer: Callable) -> list[Mistake]:
    """Every known mistake that does what the answer does. There should never be two."""
    with Sandbox() as sandbox:
        return list(Trial(exercise, answer, answer, sandbox).known_mistakes())
