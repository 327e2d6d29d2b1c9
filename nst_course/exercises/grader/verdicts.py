"""The words of a check: one function for each thing that can be said about an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..compare import Difference
from ..report import Report
from ..spec import Exercise, Mistake, Property
from .sandbox import Raised

CATEGORIES = (
    "right", "not attempted", "stopped", "no answer", "mistake", "raised",
    "form", "input changed", "gradient", "property", "unclear",
)  # fmt: skip

_ADVICE_ON_ERRORS = {
    "RecursionError": "Your function calls itself and never stops.",
    "SystemExit": "`exit()` would end the notebook's kernel. Leave it out.",
    "KeyboardInterrupt": "Your own code raises it; nobody pressed a key.",
    "NameError": "Has the cell that defines this name been run?",
}
_ADVICE_ON_TYPES = {
    "numpy.ndarray": "A numpy array has left autograd behind. Stay with torch's functions.",
    "float": "A Python number carries no gradient. Leave out `.item()` and `float(...)`.",
    "int": "A Python number carries no gradient. Keep the tensor.",
    "generator": "`yield` makes a generator. Use `return`.",
    "tuple": "A comma after the returned value makes a tuple.",
}
_ADVICE_ON_FORM = {
    "dtype": "Keep the number type of the input: a new tensor can take `dtype=` from it.",
    "device": "Keep the result on the device of the input.",
}


@dataclass(frozen=True)
class Verdict:
    """What a check found. `category` is one of `CATEGORIES`."""

    category: str
    report: Report
    mistake: str = ""  # the name of the known mistake, where it is one

    @property
    def solved(self) -> bool:
        return self.category == "right"

    @property
    def attempted(self) -> bool:
        return self.category != "not attempted"

    def with_printed(self, text: str) -> Verdict:
        """The same verdict, with the beginning of what the answer printed below it."""
        lines = text.strip().splitlines()
        if not lines:
            return self
        kept = [line[:100] for line in lines[:6]]
        kept += ["…"] if len(lines) > 6 or len(text) >= 600 else []
        block = "\n".join([*self.report.block.splitlines(), "", "printed by your code:", *kept])
        return replace(self, report=replace(self.report, block=block.strip("\n")))

    def __repr__(self) -> str:
        return repr(self.report)


def right(exercise: Exercise) -> Verdict:
    return Verdict("right", Report("right", f"Right · {exercise.title}", (exercise.notice,)))


def not_attempted(exercise: Exercise, dots_left: bool = False) -> Verdict:
    text = (
        "There is still a `...` where a value should be."
        if dots_left
        else "The function still holds what it came with. Write your code there, and run the cell."
    )
    nudge = f"`{exercise.call_name}.hint()` gives a nudge."
    headline = f"Not attempted yet · {exercise.title}"
    return Verdict("not attempted", Report("open", headline, (text, nudge)))


def stopped(reason: str) -> Verdict:
    return Verdict("stopped", Report("wrong", "The check was stopped", (reason,)))


def no_answer(text: str) -> Verdict:
    return Verdict("no answer", Report("wrong", "This is not an answer yet", (text,)))


def returns_nothing() -> Verdict:
    text = "Your function returns None. Is the `return` missing?"
    return Verdict("no answer", Report("wrong", "Nothing comes back", (text,)))


def mistake(known: Mistake, block: str) -> Verdict:
    report = Report("wrong", f"Not right yet: {known.name}", (known.why,), block)
    return Verdict("mistake", report, known.name)


def raised(error: Raised, inputs: str) -> Verdict:
    advice = _ADVICE_ON_ERRORS.get(error.type)
    if "^" in error.line:
        advice = "In Python a power is written `**`; `^` is something else."
    after = (f"It was called with {inputs}.", *((advice,) if advice else ()))
    headline = f"Your code raised {error.type}"
    return Verdict("raised", Report("wrong", headline, (), error_lines(error), after))


def error_lines(error: Raised) -> str:
    """The line of the student's code and what it raised."""
    lines = [f"line {error.line_number}:  {error.line}"] if error.line else []
    return "\n".join([*lines, f"{error.type}: {error.message}" if error.message else error.type])


def wrong_form(found: Difference, inputs: str) -> Verdict:
    place = f" at `{found.where}`" if found.where else ""
    block = f"got       {found.got}\nexpected  {found.expected}"
    advice = _ADVICE_ON_FORM.get(found.aspect, "")
    if found.aspect == "type" and "Tensor" in found.expected:
        advice = _ADVICE_ON_TYPES.get(found.got, "")
    if found.aspect == "shape" and found.expected == "()":
        advice = "() is the shape of a single number."
    headline = f"The result has the wrong {found.aspect}{place}"
    called = f"It was called with {inputs}."
    return Verdict("form", Report("wrong", headline, (), block, (called, *filter(None, [advice]))))


def input_changed(name: str, block: str) -> Verdict:
    text = (
        f"After the call, `{name}` is no longer what it was. Whoever called your function still"
        " needs it. Operations that end in `_`, `+=` and `-=`, and assignments to parts of a"
        " tensor work in place; compute a new tensor instead."
    )
    return Verdict(
        "input changed",
        Report("wrong", f"Your function changes its input `{name}`", (text,), block),
    )


def gradient_cut(name: str) -> Verdict:
    text = (
        f"No gradient reaches `{name}` from your result, so an optimiser could not use it. These"
        " cut it off: `.detach()`, `.data`, `.item()`, `.numpy()`, `torch.tensor(...)` around a"
        " tensor, `with torch.no_grad():`."
    )
    return Verdict("gradient", Report("wrong", "The gradient is cut off", (text,)))


def gradient_partly_cut(name: str, block: str) -> Verdict:
    text = (
        f"The values are right, and a gradient reaches `{name}`, but it is not the gradient of"
        " these values. A part of the computation is detached."
    )
    return Verdict("gradient", Report("wrong", "The gradient is partly cut off", (text,), block))


def no_backward(message: str) -> Verdict:
    text = (
        "The result cannot be differentiated: autograd needs a tensor that your function has"
        " changed in place, or no longer has."
    )
    report = Report("wrong", "The gradient cannot be computed", (text,), message)
    return Verdict("gradient", report)


def not_a_number(block: str) -> Verdict:
    text = (
        "The result contains nan (“not a number”). It comes from dividing zero by zero, from the"
        " root or logarithm of a negative number, or from infinity minus infinity."
    )
    return Verdict("property", Report("wrong", "Not right yet: nan in the result", (text,), block))


def property_fails(failing: Property, block: str) -> Verdict:
    text = "This should hold, and your result breaks it:"
    return Verdict(
        "property", Report("wrong", "Not right yet: a property fails", (text, failing.says), block)
    )


def differs(exercise: Exercise, block: str) -> Verdict:
    text = "The smallest example that shows it:"
    return Verdict("property", Report("wrong", "Not right yet", (exercise.definition, text), block))


def unclear(error: BaseException) -> Verdict:
    text = (
        f"The check met {type(error).__name__} when it looked at your result. Return a plain tensor"
        " or number, as the docstring says."
    )
    return Verdict("unclear", Report("wrong", "This answer cannot be judged", (text,)))
