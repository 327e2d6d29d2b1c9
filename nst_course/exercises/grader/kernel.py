"""What an answer might change in the kernel, put back after each call."""

from __future__ import annotations

import builtins
import contextlib
import math
import os
import pdb
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

_NAMESPACES = {  # where a replaced function would mislead the check and every later cell
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn.functional": torch.nn.functional,
    "math": math,
    "builtins": builtins,
}


class Refused(Exception):
    """The answer asked for something that a check cannot give; the text is a sentence."""


@contextlib.contextmanager
def put_back(notes: list[str]) -> Iterator[None]:
    """Leaves the kernel as it was, and adds a sentence to `notes` for what a student should know.

    Put back: random generators, dtype, device, threads and autograd mode of torch, the recursion
    limit, the working directory, the environment, and functions of torch that were replaced.
    """
    on_gpu = torch.cuda.is_available() and torch.cuda.is_initialized()
    devices = list(range(torch.cuda.device_count())) if on_gpu else []
    drawn, limit, threads = random.getstate(), sys.getrecursionlimit(), torch.get_num_threads()
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    folder, environment = os.getcwd(), dict(os.environ)
    names = {name: dict(vars(space)) for name, space in _NAMESPACES.items()}
    compiler = "torch._dynamo" in sys.modules  # it replaces functions itself when it is imported
    numpy = sys.modules.get("numpy")
    numpy_drawn = numpy.random.get_state() if numpy else None
    # Leaving enable_grad also undoes what the answer did to the grad mode.
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        try:
            yield
        finally:
            compiler_came = "torch._dynamo" in sys.modules and not compiler
            _put_back_names(names, compiler_came, notes)
            random.setstate(drawn)
            sys.setrecursionlimit(limit)
            torch.set_default_dtype(dtype)
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            if torch.get_default_device() != device:
                torch.set_default_device(None if device.type == "cpu" else device)
            if numpy:
                numpy.random.set_state(numpy_drawn)
            if dict(os.environ) != environment:
                os.environ.clear()
                os.environ.update(environment)
            if os.getcwd() != folder:
                os.chdir(folder)
                _note(notes, "Your function changed the working directory. It was changed back.")


def _put_back_names(
    names: dict[str, dict[str, Any]], compiler_came: bool, notes: list[str]
) -> None:
    for name, before in names.items():
        space = _NAMESPACES[name]
        now = vars(space)
        for key, value in before.items():
            new = now.get(key, value)
            if new is not value and not (compiler_came and _is_of_torch(new)):
                setattr(space, key, value)
                _note(notes, f"Your function replaced `{name}.{key}`. It was put back.")
        if isinstance(space, type) and not compiler_came:  # in front of what the class inherits
            for key in set(now) - set(before):
                delattr(space, key)
                _note(notes, f"Your function replaced `{name}.{key}`. It was put back.")


def _is_of_torch(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).startswith("torch")


def _note(notes: list[str], sentence: str) -> None:
    if sentence not in notes:
        notes.append(sentence)


@contextlib.contextmanager
def nobody_waits(notes: list[str]) -> Iterator[None]:
    """Inside, nothing waits: not for time to pass, for a key, for a debugger, or for a compiler."""
    thread, sleep = threading.get_ident(), time.sleep

    def skip(seconds: float) -> None:
        if threading.get_ident() != thread:
            sleep(seconds)
        else:
            _note(notes, "Your function calls `time.sleep`. The check did not wait; leave it out.")

    def refuse(sentence: str) -> Callable:
        def refused(*_: Any, **__: Any) -> Any:
            raise Refused(sentence)

        return refused

    debugger = refuse("A check cannot stop in a debugger. Take `breakpoint()` out for the check.")
    with contextlib.ExitStack() as stack:
        for place, name, value in (
            (time, "sleep", skip),
            (builtins, "input", refuse("A check cannot wait for `input()`. Leave it out.")),
            (sys, "breakpointhook", debugger),
            (pdb, "set_trace", debugger),
            (torch, "compile", _not_compiled),
        ):
            stack.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, value)
        yield


def _not_compiled(model: Any = None, **_: Any) -> Any:
    return model if model is not None else (lambda function: function)
