"""Looks at an answer before it is run: can it be called with these inputs, is it still the stub?"""

from __future__ import annotations

import dis
import inspect
import types
from collections.abc import Callable
from typing import Any

import torch

from ..compare import kind
from ..spec import Exercise
from .source import compiled

NOTHING = object()  # `check()` without an argument
_JUMPS = {*dis.hasjrel, *dis.hasjabs}


def uncompiled(answer: Any) -> Any:
    """What `torch.compile` was given; compiling takes longer than the whole check."""
    for name in ("_torchdynamo_orig_callable", "_orig_mod"):
        answer = getattr(answer, "__dict__", {}).get(name, answer)
    if isinstance(answer, torch.nn.Module):
        return answer.__dict__.get("_modules", {}).get("_orig_mod", answer)
    return answer


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
        name = answer.__name__
        return (
            f"You gave the class `{name}`. The check needs something that it can call with the"
            f" inputs: make an object of the class, `check({name}())`, or give a function."
        )
    if not callable(answer):
        return (
            f"You gave a value of type {kind(answer)}. Give the function itself, without"
            f" parentheses after its name: {call}."
        )
    if inspect.iscoroutinefunction(answer):
        return "`async def` makes a coroutine, which only runs when it is awaited. Write `def`."
    if inspect.isgeneratorfunction(answer):
        return "`yield` makes a generator. Use `return`."
    return "" if calling(exercise, answer) else _wrong_parameters(exercise, answer)


def calling(exercise: Exercise, answer: Callable) -> Callable | None:
    """The answer as a function of positional arguments; None if it takes other ones."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C do not say
        return answer
    names = exercise.parameters
    if _binds(signature, *names):
        return answer
    keywords = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    for given in (names, tuple(keywords)):
        if len(given) == len(names) and _binds(signature, **dict.fromkeys(given)):
            return lambda *values, given=given: answer(**dict(zip(given, values, strict=True)))
    return None


def _binds(signature: inspect.Signature, *values: Any, **named: Any) -> bool:
    try:
        signature.bind(*values, **named)
    except TypeError:
        return False
    return True


def _wrong_parameters(exercise: Exercise, answer: Callable) -> str:
    mine, asked = tuple(inspect.signature(answer).parameters), exercise.parameters
    sentence = (
        f"Your function takes {_listed(mine)}. The check calls it with {_listed(asked)}, in this"
        " order."
    )
    if len(mine) > len(asked):
        extra = tuple(name for name in mine if name not in asked)
        if len(extra) != len(mine) - len(asked):
            extra = mine[len(asked) :]
        sentence += f" Leave out {_listed(extra)}, or give a default value."
    return sentence


def _listed(names: tuple[str, ...]) -> str:
    names = tuple(f"`{name}`" for name in names)
    if len(names) < 2:
        return names[0] if names else "no arguments"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _empty() -> None: ...


def _instructions(code: types.CodeType) -> list[tuple[str, Any]]:
    """What a function does, without line numbers and docstring."""
    every = list(dis.get_instructions(code))
    places, count = {}, 0  # offset → number of instructions before it; jumps name offsets
    for instruction in every:
        places[instruction.offset] = count
        count += instruction.opname != "NOP"  # a `...` beside other lines
    found = []
    for instruction in every:
        if instruction.opname == "NOP":
            continue
        value = instruction.argval
        if instruction.opcode in _JUMPS:
            value = places.get(value)
        elif isinstance(value, types.CodeType):
            value = str(_instructions(value))
        found.append((instruction.opname, value))
    return found
