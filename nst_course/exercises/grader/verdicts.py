"""The words of a check: one function for each thing that can be said about an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..compare import Difference
from ..report import Report
from ..spec import Exercise, Mistake, Property
from .places import place
from .repair import Repair
from .sandbox import Raised
from .translate import meaning

CATEGORIES = (
    "right", "not attempted", "stopped", "no answer", "mistake", "raised",
    "form", "input changed", "gradient", "property", "unclear",
)  # fmt: skip

_ADVICE_ON_TYPES = {
    "numpy.ndarray": "numpy has left autograd behind. Stay with torch's functions.",
    "float": "A Python number carries no gradient. Leave out `.item()` and `float(...)`.",
    "int": "A Python number carries no gradient. Keep the tensor.",
    "coroutine": "`async def` makes a coroutine. Write `def`.",
    "generator": "`yield` makes a generator. Use `return`.",
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
    mistake: str = ""  # what is wrong, in words, where the check knows it
    where: str = ""  # what is wrong at one place in the student's code, where there is one

    @property
    def solved(self) -> bool:
        return self.category == "right"

    @property
    def attempted(self) -> bool:
        return self.category != "not attempted"

    @property
    def hint(self) -> str:
        """A sentence that leads from what was wrong to the next attempt."""
        if self.where:
            return self.where
        if self.category == "raised":
            return (
                "Print what goes into the line that is named: `print(x.shape)` for a tensor. Then"
                " compare it with the shapes in the docstring. " + self.mistake
            ).strip()
        if self.category == "property":
            return (
                "Compute this small example by hand, one step after the other. Then print the same"
                " steps in your function, and look for the first one that differs."
            )
        return " ".join(self.report.sentences)

    def with_line(self, repair: Repair | None) -> Verdict:
        """The same verdict, with the line of the student's code that it is about."""
        if repair is None:
            return self
        if self.report.block.startswith("line "):
            return replace(self, where=place(repair))
        block = f"{_line(repair.line_number, repair.line)}\n\n{self.report.block}"
        report = replace(self.report, block=block.rstrip("\n"))
        return replace(self, report=report, where=place(repair))

    def with_place(self, repair: Repair | None) -> Verdict:
        """The same verdict, with what is wrong in that line."""
        if repair is None:
            return self
        sentence = place(repair)
        report = replace(self.report, sentences=(*self.report.sentences, sentence))
        return replace(self, report=report, mistake=self.mistake or sentence).with_line(repair)

    def with_notes(self, notes: list[str]) -> Verdict:
        """The same verdict, with sentences on what the answer changed in the kernel."""
        return replace(self, report=replace(self.report, after=(*self.report.after, *notes)))

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


def right(exercise: Exercise, advice: str = "") -> Verdict:
    sentences = (advice, exercise.notice) if advice else (exercise.notice,)
    return Verdict("right", Report("right", f"Right · {exercise.title}", sentences))


def right_but(exercise: Exercise, remark: Property) -> Verdict:
    """The result is right, and something about the way to it is not."""
    headline = f"The result is right, one thing is not · {exercise.title}"
    return Verdict("right", Report("note", headline, (remark.says,)))


def not_attempted(exercise: Exercise, dots_left: bool = False) -> Verdict:
    if dots_left:
        text = "There is still a `...` where a value should be."
    elif "..." in exercise.stub:
        text = "This is still the empty stub. Write your code, then run the cell."
    else:
        text = "This is still the function as it was given. Change it, then run the cell."
    nudge = f"`{exercise.call_name}.hint()` shows a first hint."
    headline = f"Not attempted yet · {exercise.title} · {exercise.effort}"
    return Verdict("not attempted", Report("open", headline, (text, nudge)))


def stopped(reason: str) -> Verdict:
    return Verdict("stopped", Report("wrong", "The check was stopped", (reason,)))


def no_answer(text: str) -> Verdict:
    return Verdict("no answer", Report("wrong", "This cannot be checked yet", (text,)))


def returns_nothing(when: str = "") -> Verdict:
    text = f"It was called with {when}." if when else "Is the `return` missing?"
    headline = "Your function returns nothing" + (" in one case" if when else "")
    if when:
        text += " Does every branch end with a `return`?"
    return Verdict("no answer", Report("wrong", headline, (text,)))


def mistake(known: Mistake, block: str, also: str = "") -> Verdict:
    sentences = (known.why, also) if also else (known.why,)
    report = Report("wrong", f"Not right yet: {known.name}", sentences, block)
    return Verdict("mistake", report, known.name)


def two_mistakes(first: Mistake, second: Mistake, block: str) -> Verdict:
    sentences = (
        f"First: {first.name}. {first.why}",
        f"Second: {second.name}. {second.why}",
    )
    report = Report("wrong", "Not right yet: two things", sentences, block)
    return Verdict("mistake", report, f"{first.name}; {second.name}")


def mistake_and_factor(known: Mistake, words: str, block: str) -> Verdict:
    times = words.removesuffix(" the right one")
    sentences = (
        f"First: {known.name}. {known.why}",
        f"Second: your result is {times} what this mistake alone would give.",
    )
    report = Report("wrong", "Not right yet: two things", sentences, block)
    return Verdict("mistake", report, f"{known.name}; a factor")


def multiple(words: str, definition: str, block: str, at: str = "") -> Verdict:
    name = f"your result is {words}"
    sentence = "It is so in every example, so one factor is missing, wrong, or too much."
    report = Report("wrong", f"Not right yet: {name}", (at or sentence, definition), block)
    return Verdict("mistake", report, name)


def one_place(repair: Repair, block: str) -> Verdict:
    headline = f"Not right yet: look at line {repair.line_number}"
    report = Report("wrong", headline, (place(repair),), block)
    return Verdict("mistake", report, f"line {repair.line_number}: {repair.kind}")


def one_of_several(position: int, count: int, names: str) -> Verdict:
    if count == 1:
        text = "A comma after the returned value makes a tuple of it. Leave the comma out."
    else:
        which = ("first", "second", "third", "fourth", "fifth")[position]
        text = f"The {which} of them is right. Return that one alone."
    headline = f"Your function returns {names}"
    return Verdict("form", Report("wrong", headline, (text,)), headline)


def only_form(got: str, expected: str, sentence: str, stops: str = "") -> Verdict:
    block = f"got       {got}\nexpected  {expected}"
    sentences = ("The numbers are right.", sentence)
    after = (stops,) if stops else ()
    headline = "Not right yet: the numbers are right, their form is not"
    return Verdict("form", Report("wrong", headline, sentences, block, after), sentence)


def raised(error: Raised, inputs: str, at: str = "") -> Verdict:
    if not error.type:  # the check itself refused something; its message is a sentence
        return no_answer(error.message)
    advice = at or meaning(error)
    after = (*((advice,) if advice else ()), f"It was called with {inputs}.")
    headline = f"Your code raised {error.type}"
    report = Report("wrong", headline, (), error_lines(error), after)
    return Verdict("raised", report, advice)


def error_lines(error: Raised) -> str:
    """The line of the student's code and what it raised."""
    lines = [_line(error.line_number, error.line)] if error.line else []
    return "\n".join([*lines, f"{error.type}: {error.message}" if error.message else error.type])


def _line(number: int | None, line: str) -> str:
    return f"line {number}:  {line}"


def wrong_form(found: Difference, inputs: str) -> Verdict:
    where = "" if found.where in ("", "['']") else f" at `{found.where}`"
    block = f"got       {found.got}\nexpected  {found.expected}"
    advice = _ADVICE_ON_FORM.get(found.aspect, "")
    if found.aspect == "type" and "Tensor" in found.expected:
        got = "numpy.ndarray" if found.got.startswith("numpy.") else found.got
        advice = _ADVICE_ON_TYPES.get(got, "")
    if found.aspect == "type" and found.expected == "dict":
        advice = "A dictionary is asked for, with a value for each name: `{name: value, …}`."
    if found.aspect == "shape" and found.expected == "()":
        advice = "() is the shape of a single number."
    headline = f"The result has the wrong {found.aspect}{where}"
    called = f"It was called with {inputs}."
    return Verdict("form", Report("wrong", headline, (), block, (called, *filter(None, [advice]))))


def input_changed(name: str, block: str) -> Verdict:
    text = (
        f"After the call, `{name}` is no longer what it was, and the code that called your function"
        " still needs it. Operations that end in `_`, `+=` and `-=`, and assignments to parts of a"
        " tensor work in place; compute a new tensor instead."
    )
    return Verdict(
        "input changed",
        Report("wrong", f"Your function changes its input `{name}`", (text,), block),
    )


def gradient_cut(name: str) -> Verdict:
    text = (
        f"No gradient reaches `{name}` from your result, so an optimizer could not use it. These"
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
        " root or logarithm of a negative number, from the mean of nothing, or from infinity minus"
        " infinity."
    )
    return Verdict("property", Report("wrong", "Not right yet: nan in the result", (text,), block))


def property_fails(failing: Property, block: str) -> Verdict:
    text = "This must hold for every right answer, but not for yours:"
    return Verdict("property", Report("wrong", "Not right yet", (text, failing.says), block))


def differs(exercise: Exercise, block: str) -> Verdict:
    text = "The smallest example that shows it:"
    return Verdict("property", Report("wrong", "Not right yet", (exercise.definition, text), block))


def unclear(error: BaseException) -> Verdict:
    text = (
        f"The check met {type(error).__name__} when it looked at your result. Return a plain tensor"
        " or number, as the docstring says."
    )
    return Verdict("unclear", Report("wrong", "This answer cannot be checked", (text,)))
