"""What PyTorch's and Python's error messages mean, in a sentence or two."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from re import Match

from .sandbox import Raised

Translation = str | Callable[[Match], str]


def _wrong_size(found: Match) -> str:
    shape = [int(size) for size in found[1].split(",") if size.strip()]
    if -1 in shape:
        return (
            f"`reshape` and `view` keep all numbers: {found[2]} of them do not fill the shape"
            f" {shape} evenly. Is an axis missing in the new shape?"
        )
    room = math.prod(shape)
    return (
        f"`reshape` and `view` keep all numbers. The shape {shape} has room for {room}, and the"
        f" tensor has {found[2]}. An axis of the input is missing in the new shape, or counted"
        " twice."
    )


def _unpacked(found: Match) -> str:
    return (
        f"{found[1]} names stand on the left of `=`, and another number of values on the right."
        " Compare with the shape that the docstring gives."
    )


# Pattern of the message → what it means. The first that fits counts.
_MEANINGS: tuple[tuple[str, Translation], ...] = (
    (r"shape '\[(.*)\]' is invalid for input of size (\d+)", _wrong_size),
    (r"(?:too many|not enough) values to unpack \(expected (\d+)", _unpacked),
    (
        r"[Ee]xpected size for first two dimensions of batch2|mat1 and mat2 shapes|"
        r"mat1 and mat2 must|batch1 must be a 3D|self must be a matrix|matrices expected",
        "A matrix product needs as many columns on the left as there are rows on the right, and the"
        " same batch on both sides. Print the `.shape` of both factors.",
    ),
    (
        r"t\(\) expects a tensor with <= 2 dimensions",
        "`.t()` transposes a matrix, and this tensor has more axes. `.transpose(1, 2)` and `.mT`"
        " exchange two of them and leave the others alone.",
    ),
    (
        r"1D tensors expected",
        "`torch.dot` multiplies two vectors. A product of matrices is written `@`.",
    ),
    (
        r"bitwise_xor|operand type\(s\) for \^",
        "In Python a power is written `**`; `^` is something else.",
    ),
    (
        r"Boolean value of Tensor with more than one value",
        "Python asks here whether a tensor is true, and it has many entries. If the line holds a"
        " loss such as `nn.MSELoss(a, b)`: that makes a module and takes the tensors for its"
        " settings. Call the module, `nn.MSELoss()(a, b)`, or use `F.mse_loss(a, b)`.",
    ),
    (
        r"backward through the graph a second time",
        "A graph can be walked through once; then it is freed. Something in your loss was computed"
        " once, before, with a graph of its own: compute it anew in every step, or, if it is a"
        " constant such as a target, `.detach()` it.",
    ),
    (
        r"does not require grad and does not have a grad_fn",
        "Nothing in the loss leads back to a tensor that requires gradients. Was the image made"
        " with `requires_grad_(True)`, and is the loss computed outside of `torch.no_grad()`?",
    ),
    (
        r"One of the differentiated Tensors (?:does not require grad|appears to not)",
        "The loss was not computed from this tensor, or the tensor does not require gradients.",
    ),
    (
        r"grad can be implicitly created only for scalar",
        "`backward` starts at a single number. Reduce the loss first, with `.mean()` for example.",
    ),
    (
        r"leaf [Vv]ariable that requires grad|leaf Variable has been moved",
        "Autograd does not let a leaf be changed in place while it records. Put the change under"
        " `with torch.no_grad():`.",
    ),
    (
        r"can't optimize a non-leaf",
        "An optimizer changes leaves only: tensors that were not computed from other ones. Make a"
        " copy with `.detach().clone()` and call `requires_grad_(True)` last.",
    ),
    (
        r"'NoneType' object has no attribute 'zero_'",
        "Before the first `backward` there is no gradient yet: `.grad` is None. Clear it after the"
        " step, or set it to None.",
    ),
    (
        r"unsupported operand type\(s\) for .*'NoneType'|'NoneType' object",
        "Something here is None. A function without `return` returns None, and so does `.grad`"
        " before the first `backward`, or of a tensor that is no leaf.",
    ),
    (
        r"Can't call numpy\(\) on Tensor that requires grad",
        "numpy knows no gradients. Stay with torch's functions.",
    ),
    (
        r"have the same d?type|to have the same|expected scalar type|same dtype",
        "Two kinds of numbers meet here: the check also gives float64, and a new tensor is float32"
        " unless it is told otherwise. Give new tensors and kernels the kind of the input:"
        " `dtype=x.dtype`, or `.to(x)`.",
    ),
    (
        r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
        "The two tensors have different shapes, and an operation by entry needs equal ones. Print"
        " the `.shape` of both, and check that they belong to the same layer.",
    ),
    (
        r"index .*out of (?:bounds|range)|[Dd]imension out of range",
        "The index is larger than the axis is long. Is it the right axis?",
    ),
    (
        r"(?:list|tuple) indices must be integers|string indices must",
        "This is a list, and it is indexed by position. Are the values of a dictionary meant?",
    ),
    (
        r"not supported between instances|can only concatenate|must be str, not",
        "Two values of different kinds meet in this line. Print their `type(…)`.",
    ),
    (
        r"missing \d+ required positional argument: 'closure'",
        "This optimizer evaluates the loss several times within a step, so `step` needs the"
        " closure: `optimizer.step(closure)`.",
    ),
    (
        r"object is not callable",
        "Something that is no function is followed by parentheses. A missing operator before the"
        " parenthesis, or a call too many?",
    ),
    (
        r"only one element tensors can be converted|cannot be converted to Scalar",
        "Only a tensor with a single entry can become a Python number. Reduce it first.",
    ),
    (
        r"modified by an inplace operation",
        "Something that `backward` needs was changed after it had been computed. Was a result from"
        " before the loop used again inside it? Compute it anew in each pass.",
    ),
    (
        r"'tuple' object has no attribute",
        "This is a tuple, and its first element is meant: `[0]`. `torch.autograd.grad` returns a"
        " tuple with one gradient for each input.",
    ),
    (
        r"has no attribute",
        "This object has nothing of that name. Print its `type(…)`: is it what you expect?",
    ),
)
_KINDS = {
    "RecursionError": "Your function calls itself and never stops.",
    "SystemExit": "`exit()` would end the notebook's kernel. Leave it out.",
    "KeyboardInterrupt": "Your own code raises it; nobody pressed a key.",
    "NameError": "Has the cell that defines this name been run?",
    "UnboundLocalError": "The name is used before it has a value. Set it before the loop.",
    "ZeroDivisionError": "Something is divided by zero.",
}


def _missing_key(message: str) -> str:
    if re.fullmatch(r"-?\d+", message):
        return (
            "The keys of this dictionary are names, not positions. `for name in names:` walks"
            " through the names."
        )
    return (
        f"The dictionary has no key {message}. The dictionaries need not hold the same names: walk"
        " through the one that says which of them count."
    )


def meaning(error: Raised) -> str:
    """What an exception means; empty if there is nothing useful to say."""
    if error.type == "KeyError":
        return _missing_key(error.message)
    if error.type in _KINDS:
        return _KINDS[error.type]
    for pattern, text in _MEANINGS:
        found = re.search(pattern, error.message)
        if found:
            return text if isinstance(text, str) else text(found)
    return ""
