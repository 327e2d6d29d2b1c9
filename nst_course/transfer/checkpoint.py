"""A run on disk, so that it can be taken up again where it was killed."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import CourseError
from ..files import write_atomically


def save_checkpoint(path: Path, tensors: dict[str, Tensor], facts: dict) -> None:
    """Write tensors, and facts that JSON can hold; the file appears whole or not at all.

    Raises:
        CourseError: the disk is full, or the place cannot be written.
    """
    contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    try:
        write_atomically(
            path, lambda partial: save_file(contiguous, partial, {"facts": json.dumps(facts)})
        )
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CourseError(f"{path} cannot be written ({reason}); make room on the disk.") from error


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict]:
    """What `save_checkpoint` has written.

    Raises:
        CourseError: the file is damaged, or is no checkpoint.
    """
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads(file.metadata()["facts"])
            # Cloned: in the file a tensor may begin anywhere, and sums differ in their last digit
            # with where it begins.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, facts  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise damaged(path) from error


def separate(state: object, tensors: dict[str, Tensor], name: str = "optimizer") -> object:
    """Nested dicts and lists with each tensor moved to ``tensors`` and named in its place."""
    if isinstance(state, Tensor):
        tensors[name] = state
        return {"tensor": name}
    if isinstance(state, dict):
        pairs = ([key, separate(value, tensors, f"{name}.{key}")] for key, value in state.items())
        return {"dict": list(pairs)}  # JSON would turn keys that are numbers into strings
    if isinstance(state, (list, tuple)):
        return [separate(value, tensors, f"{name}.{i}") for i, value in enumerate(state)]
    return state


def combine(state: object, tensors: dict[str, Tensor]) -> object:
    """The opposite of `separate`; tuples come back as lists."""
    if isinstance(state, list):
        return [combine(value, tensors) for value in state]
    if isinstance(state, dict) and "tensor" in state:
        return tensors[state["tensor"]]
    if isinstance(state, dict):
        return {key: combine(value, tensors) for key, value in state["dict"]}
    return state


def damaged(path: Path) -> CourseError:
    return CourseError(
        f"{path} is damaged, or is no checkpoint of this program; delete it and start anew."
    )
