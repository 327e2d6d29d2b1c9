"""Arguments, checked and brought to one form; every error is one sentence."""

import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from .errors import CourseError

# What functions raise for an argument of a wrong type, shape or range.
WRONG_ARGUMENT = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RuntimeError)

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
    plain = len(text) <= 60 and " at 0x" not in text
    return text if plain else f"a {type(value).__name__}"


def printable(text: str) -> str:
    """The beginning of a text, in one line and without characters that a terminal refuses."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:60])


def check_floats(name: str, tensor: Tensor) -> None:
    """Refuse what is no dense tensor of floats."""
    if not isinstance(tensor, Tensor):
        raise CourseError(f"{name} is a tensor of floats, not a {type(tensor).__name__}.")
    check_kind(name, tensor)


def check_features(name: str, features: Tensor, batch: int | None = None) -> None:
    """Refuse what is no tensor of floats, (B, C, H, W)."""
    check_floats(name, features)
    if features.dim() != 4 or features.numel() == 0 or batch not in (None, features.shape[0]):
        shape = f"({batch or 'B'}, C, H, W)"
        raise CourseError(f"{name} has shape {shape}, not {tuple(features.shape)}.")


def check_images(name: str, image: Tensor) -> None:
    """Refuse what is no batch of images (B, 3, H, W) of floats."""
    if not isinstance(image, Tensor):
        kind = type(image).__name__
        raise CourseError(
            f"{name} is a tensor of floats, (1, 3, H, W), 0…1, and not a {kind}; "
            "nst.load_image gives one."
        )
    check_kind(name, image, has_data=True)
    if image.dim() != 4 or image.shape[1] != 3 or image.numel() == 0:
        raise CourseError(f"{name} has shape (1, 3, H, W), not {tuple(image.shape)}.")


def check_callable(name: str, function: object) -> None:
    if not callable(function):
        raise CourseError(f"{name} is a function, not {shown(function)}.")


def check_kind(name: str, tensor: Tensor, has_data: bool = False) -> None:
    """Refuse tensors of integers or complex numbers, sparse ones, and if asked those of no data."""
    if not tensor.is_floating_point() or tensor.layout != torch.strided:
        kind = f"{tensor.dtype}, {tensor.layout}"
        raise CourseError(f"{name} is a dense tensor of floats, and not {kind}; use .float().")
    if has_data and tensor.is_meta:
        raise CourseError(f"{name} is on the device meta, which holds no data.")


def comparable(values: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both tensors, if a loss can compare them."""
    for tensor in (values, target):
        check_floats("What a loss compares", tensor)
    if values.shape != target.shape:
        raise CourseError(
            f"The shapes {tuple(values.shape)} and {tuple(target.shape)} differ; "
            "a loss compares two tensors of the same shape."
        )
    if values.numel() == 0:
        raise CourseError(f"A loss compares numbers, and shape {tuple(values.shape)} has none.")
    if values.device != target.device:
        raise CourseError(
            f"A loss compares two tensors on one device, not on {values.device} and "
            f"{target.device}; move one with .to()."
        )
    return widened(values), widened(target)


def widened(values: Tensor) -> Tensor:
    """float16 as float32: a square beyond 65504 has no other place."""
    return values.float() if values.dtype == torch.float16 else values


def as_image(name: str, image: Tensor) -> Tensor:
    """The image as float32, if it is one: (1, 3, H, W) and finite."""
    if not isinstance(image, Tensor):
        raise CourseError(
            f"{name} is a tensor (1, 3, H, W), not a {type(image).__name__}; "
            "nst.load_image turns a name or a file into one."
        )
    if image.dim() != 4 or image.shape[:2] != (1, 3) or image.numel() == 0:
        raise CourseError(f"{name} has shape (1, 3, H, W), not {tuple(image.shape)}.")
    check_kind(name, image, has_data=True)
    if not image.isfinite().all():
        raise CourseError(f"{name} holds numbers that are not finite; load the picture again.")
    if image.max() > 2 or image.min() < -1:  # optimizers without bounds overshoot
        raise CourseError(
            f"{name} has values from {image.min():g} to {image.max():g}; an image lies in 0…1."
        )
    return usable_in_graphs(image.detach().float())


def usable_in_graphs(tensor: Tensor) -> Tensor:
    """The tensor, or a copy if it was made under ``torch.inference_mode()``."""
    return tensor.clone() if tensor.is_inference() else tensor


def names_of_layers(name: str, layers: str | Iterable[str]) -> list[str]:
    """The names, as a list; one name stands for itself."""
    layers = [layers] if isinstance(layers, str) else layers
    if not isinstance(layers, Iterable) or isinstance(layers, Tensor):
        raise CourseError(f"{name} lists layers, unlike {shown(layers)}.")
    names = list(layers)
    for layer in names:
        if not isinstance(layer, str):
            raise CourseError(f"{name}: names look like relu4_2, unlike {shown(layer)}.")
    return names


def layer_weights(name: str, layers: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    """Layer → weight; plain names get the weight 1."""
    names = names_of_layers(name, layers)
    weights = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(names, 1.0)
    for layer, weight in weights.items():
        check_weight(f'{name}["{layer}"]', weight)
    return weights


def check_weight(name: str, weight: float) -> None:
    try:
        works = isinstance(weight, Real) and math.isfinite(weight) and weight >= 0
    except OverflowError:  # an integer of 400 digits
        works = False
    if not works:
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


def explained(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a function raise a CourseError that names it where it fails for its arguments.

    For functions such as those that draw, whose many arguments are not checked one by one.
    """

    @functools.wraps(function)
    def with_sentence(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except CourseError:
            raise
        except WRONG_ARGUMENT as error:
            if isinstance(error, RuntimeError) and "memory" in str(error):  # PyTorch's has run out
                raise
            given = ", ".join(shown(value) for value in (*args, *kwargs.values()))
            name = function.__qualname__.removesuffix(".__init__")
            raise CourseError(
                f"{name} cannot use {given or 'nothing'}; its help says what it takes."
            ) from error

    return with_sentence


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
