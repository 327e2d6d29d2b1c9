"""Looks at an answer before it is run: is it a function of these inputs, is it still the stub?"""

from __future__ import annotations

import dis
import inspect
import types
from collections.abc import Callable
from typing import Any

from ..compare import kind
from ..spec import Exercise
from .source import compiled

NOTHING = object()  # `check()` without an argument


def still_the_stub(exercise: Exercise, answer: Any) -> bool:
    """Whether the answer's code is the stub's, or a body of nothing but `...` and a docstring."""
    code = getattr(inspect.unwrap(answer), "__code__", None) if callable(answer) else None
    if code is None:
        return answer is None or answer is ...
    stub = compiled(exercise, exercise.stub)
    return _instructions(code) in (_instructions(stub.__code__), _instructions(_empty.__code__))


def unusable(exercise: Exercise, answer: Any) -> str:
    """A sentence for something that cannot be called as an answer; empty if it can."""
    call = f"`{exercise.call_name}.check({exercise.function_name})`"
    if answer is NOTHING:
        return f"`check` needs your function: {call}."
    if isinstance(answer, type):
        return f"You gave the class `{answer.__name__}`. Give a function: {call}."
    if not callable(answer):
        return (
            f"You gave a value of type {kind(answer)}, and not a function. Give the function"
            f" itself, without brackets behind its name: {call}."
        )
    return _wrong_parameters(exercise, answer)


def _wrong_parameters(exercise: Exercise, answer: Callable) -> str:
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C do not say
        return ""
    try:
        signature.bind(*exercise.parameters)
    except TypeError:
        return (
            f"Your function takes {_listed(tuple(signature.parameters))}. The check calls it with"
            f" {_listed(exercise.parameters)}, in this order."
        )
    return ""


def _listed(names: tuple[str, ...]) -> str:
    names = tuple(f"`{name}`" for name in names)
    if len(names) < 2:
        return names[0] if names else "no arguments"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _empty() -> None: ...


def _instructions(code: types.CodeType) -> list[tuple[str, Any]]:
    """What a function does, without line numbers and docstring."""
    found = []
    for instruction in dis.get_instructions(code):
        value = instruction.argval
        if isinstance(value, types.CodeType):
            value = str(_instructions(value))
        found.append((instruction.opname, value))
    return found
