"""A run on disk, so that it can be resumed where it was killed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import CourseError
from ..files import write_atomically

VERSION = "2"  # of the format; 1 had no checksum


def save_checkpoint(path: Path, state: dict) -> None:
    """Write nested dicts and lists of tensors, numbers, strings and None; all of it or nothing.

    Raises:
        CourseError: the disk is full, or the place cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_separate(state, tensors, "state"))
    facts = {"version": VERSION, "state": text, "sha256": checksum(text, tensors)}
    try:
        write_atomically(path, lambda partial: save_file(tensors, partial, facts))
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CourseError(f"{path} cannot be written ({reason}); make room on the disk.") from error


def load_checkpoint(path: Path) -> dict:
    """What `save_checkpoint` has written; tuples come back as lists.

    Raises:
        CourseError: the file is damaged, is no checkpoint, or is one of another version.
    """
    try:
        with open(path, "rb"), safe_open(path, "pt") as file:
            facts = file.metadata()
            version = facts.get("version", "1")
            if "state" in facts and version != VERSION:
                raise CourseError(
                    f"{path} is a checkpoint of version {version[:9]}, and this program reads "
                    f"version {VERSION}; finish it with the program that began it, or delete it."
                )
            # Cloned: in the file a tensor may begin anywhere, and sums differ in their last digit
            # with where it begins.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            if facts["sha256"] != checksum(facts["state"], tensors):
                raise damaged(path)
            return _combine(json.loads(facts["state"]), tensors)
    except CourseError:
        raise
    except Exception as error:  # a file of another kind fails in many ways
        raise damaged(path) from error


def damaged(path: Path) -> CourseError:
    """The error for a file that cannot be used."""
    return CourseError(
        f"{path} is damaged, or is no checkpoint of this program; delete it and start again."
    )


def checksum(text: str, tensors: dict[str, Tensor]) -> str:
    """The SHA-256 of everything in a checkpoint."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous().cpu()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _separate(state: Any, tensors: dict[str, Tensor], name: str) -> Any:
    """The state with each tensor moved to ``tensors`` and named in its place."""
    if isinstance(state, Tensor):
        tensors[name] = state.detach().contiguous()
        return {"tensor": name}
    if isinstance(state, dict):
        pairs = ([key, _separate(value, tensors, f"{name}.{key}")] for key, value in state.items())
        return {"dict": list(pairs)}  # JSON would turn keys that are numbers into strings
    if isinstance(state, (list, tuple)):
        return [_separate(value, tensors, f"{name}.{i}") for i, value in enumerate(state)]
    return state


def _combine(state: Any, tensors: dict[str, Tensor]) -> Any:
    """The opposite of `_separate`."""
    if isinstance(state, list):
        return [_combine(value, tensors) for value in state]
    if isinstance(state, dict) and "tensor" in state:
        return tensors[state["tensor"]]
    if isinstance(state, dict):
        return {key: _combine(value, tensors) for key, value in state["dict"]}
    return state
