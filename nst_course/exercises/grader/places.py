"""What is said about the one wrong place in the student's code, by kind of the change."""

from __future__ import annotations

from .repair import Repair

_PLACES = {
    "power": "In Python a power is written `**`. The `^` in line {line} is something else.",
    "precedence": "Python works from left to right: in line {line}, `a / b * c` means (a / b) · c."
    " Put parentheses around everything that belongs below the fraction bar.",
    "return": "The `return` in line {line} is inside the loop, so the function ends in the first"
    " pass.",
    "accumulate": "Line {line} gives the variable a new value in every pass of the loop, so only"
    " the last pass counts. Add to the value instead.",
    "module": "In line {line} the tensors are taken for the settings of a module. Make the module"
    " first and then call it, as in `nn.MSELoss()(a, b)`.",
    "floor": "`//` in line {line} rounds down to a whole number. A plain division is `/`.",
    "out of the loop": "Line {line} runs in every pass of the loop. It belongs after the loop.",
    "into the loop": "Line {line} runs once, after the loop. It belongs inside the loop.",
    "closure returns": "The inner function returns nothing. Whoever calls it needs its result.",
    "into the closure": "Line {line} runs only once. It has to run each time the inner function is"
    " called.",
    "out of the closure": "Line {line} runs each time the inner function is called. It belongs"
    " after that, outside.",
    "detached": "`{piece}` in line {line} cuts the gradient off.",
    "no_grad": "Autograd does not record what stands under line {line}, and here a gradient is"
    " needed.",
    "transpose": "`{piece}` in line {line} is not the transpose that is needed: it has to exchange"
    " the last two axes and leave the batch alone. `.mT` does that.",
    "retain_graph": "The backward pass in line {line} frees the graph, and a later one needs it"
    " again.",
    "dtype": "`{piece}` in line {line} makes float32 numbers, whatever the input holds, and the"
    " check also gives float64. A new tensor can take its type from the input with `dtype=`.",
    "divisor": "In line {line}, the division `{piece}` is too much. Everything else is right.",
    "factor": "In line {line}, the factor `{piece}` is too much. Everything else is right.",
    "reduction": "Everything but one word is right. In line {line}: is it a sum or a mean?",
    "function": "In line {line}, the outer call in `{piece}` is too much. Everything else is"
    " right.",
    "item": "Line {line} returns a tensor, and a plain number is asked for. `.item()` makes one.",
    "reduce": "What line {line} returns still has an axis too many. Reduce it to a single number.",
    "keyword": "In line {line}, one of the keyword arguments in `{piece}` is too much.",
    "sign": "Everything but one sign is right. Look at `{piece}` in line {line}.",
    "operator": "Everything but one operator is right. Look at `{piece}` in line {line}.",
    "factors": "In line {line}, the factors of `{piece}` are in the wrong order.",
    "comparison": "Everything but one comparison is right. Look at `{piece}` in line {line}.",
    "arguments": "In line {line}, the arguments of `{piece}` are in the wrong order.",
    "constant": "Everything but one number is right. Look at the `{piece}` in line {line}.",
    "method": "Everything but one call is right. Look at `{piece}` in line {line}.",
    "values": "In line {line}, the values of `{piece}` are in another order than asked for.",
    "in place": "Line {line} changes a tensor in place that is still needed as it was.",
    "name": "Everything but one name is right. Look at `{piece}` in line {line}: is another"
    " variable meant?",
    "statement": "Line {line} is too much. Without it, everything is right.",
    "order": "Line {line} comes too early: it belongs after the one that follows.",
}  # fmt: skip


def place(repair: Repair) -> str:
    """What is wrong at the place that a repair has found."""
    piece = repair.piece if len(repair.piece) <= 60 else repair.piece[:59] + "…"
    return _PLACES[repair.kind].format(line=repair.line_number, piece=piece)
