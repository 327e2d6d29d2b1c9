"""Arguments, checked and brought to one form; every error is one sentence."""

import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

from torch import Tensor

from .errors import CourseError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def shown(value: object) -> str:
    """A value in a few words of one line, for a message: a tensor by its shape."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"a {type(value).__name__} of shape {tuple(shape)}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a class of the reader's own
        return f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def as_image(name: str, image: Tensor) -> Tensor:
    """The image as float32, if it is one: (1, 3, H, W) and finite."""
    if not isinstance(image, Tensor):
        raise CourseError(
            f"{name} is a tensor (1, 3, H, W), not a {type(image).__name__}; "
            "nst.load_image turns a name or a file into one."
        )
    if image.dim() != 4 or image.shape[:2] != (1, 3) or image.numel() == 0:
        raise CourseError(f"{name} has shape (1, 3, H, W), not {tuple(image.shape)}.")
    if not image.isfinite().all():
        raise CourseError(f"{name} holds numbers that are not finite; load the picture again.")
    if image.max() > 2 or image.min() < -1:  # other optimisers than the course's overshoot
        raise CourseError(
            f"{name} has values from {image.min():g} to {image.max():g}; an image lies in 0…1."
        )
    return image.detach().float()


def layer_weights(name: str, layers: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    """Layer → weight; plain names get the weight 1."""
    layers = [layers] if isinstance(layers, str) else layers
    if not isinstance(layers, Iterable):
        raise CourseError(f"{name} maps layers to weights or lists layers, unlike {shown(layers)}.")
    weights = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers, 1.0)
    for layer, weight in weights.items():
        check_weight(f'{name}["{layer}"]', weight)
    return weights


def check_weight(name: str, weight: float) -> None:
    if not isinstance(weight, Real) or not math.isfinite(weight) or weight < 0:
        raise CourseError(f"{name} is a number from 0 up, not {shown(weight)}.")


def check_count(name: str, count: Any, least: int = 0) -> None:
    if (
        isinstance(count, bool)
        or not isinstance(count, Integral)
        or not least <= int(count) < 2**63
    ):
        raise CourseError(f"{name} is a whole number from {least} up, not {shown(count)}.")


def check_choice(name: str, value: str | int, choices: Iterable[str | int]) -> None:
    choices = tuple(choices)
    if not isinstance(value, (str, int)) or value not in choices:  # an array is no answer
        raise CourseError(f"{name} is one of {', '.join(map(repr, choices))}, not {shown(value)}.")


def renamed(**names: str) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Let a function take keyword parameters by their old names as well, with a warning.

    Args:
        names: old name = new name.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @functools.wraps(function)
        def with_old_names(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            for old, new in names.items():
                if old in kwargs and new not in kwargs:
                    message = f"{function.__qualname__}: {old} is now {new}."
                    warnings.warn(message, DeprecationWarning, stacklevel=2)
                    kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return with_old_names

    return decorate


def renamed_names(module: str, **names: str) -> Callable[[str], object]:
    """A ``__getattr__`` for a module, so that renamed functions keep their old names as well.

    Args:
        module: ``__name__`` of the module.
        names: old name = new name.
    """

    def find(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        message = f"{module}.{name} is now {module}.{names[name]}."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[module], names[name])

    return find


def renamed_attribute(old: str, new: str) -> property:
    """A property for the old name of an attribute or method: it returns the new one and warns."""

    def read(self: object) -> object:
        message = f"{type(self).__name__}.{old} is now {new}."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(self, new)

    return property(read)
