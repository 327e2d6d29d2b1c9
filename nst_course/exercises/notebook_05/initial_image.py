"""Where the optimization starts: from the photograph or from noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..cases import picture
from ..properties import table
from ..spec import Call, Exercise, Inputs, Mistake, Property


class _Facts(dict):
    """What can be said about an image whose pixels may be drawn in more than one way."""

    image: Tensor


def _facts(call: Callable, inputs: Inputs) -> _Facts:
    content, init = inputs["content"], inputs["init"]

    def made(seed: int, photograph: Tensor = content) -> Any:
        return call(photograph, init, torch.Generator().manual_seed(seed))

    image = made(1)
    facts = _Facts({"": image, "requires a gradient": True, "is a leaf": True, "is a copy": True})
    if init == "noise":
        facts |= dict.fromkeys(_TESTS, True) | {"repeatable": True, "new for a new seed": True}
        facts |= {"independent of the photograph": True}
    if not isinstance(image, Tensor) or image.shape != content.shape:
        return facts  # the form is wrong: no more can be said
    facts.image = values = image.detach()
    facts |= {
        "": values * (init == "content"),
        "requires a gradient": image.requires_grad,
        "is a leaf": image.is_leaf,
        "is a copy": image.data_ptr() != content.data_ptr(),
    }
    if init == "noise" and values.is_floating_point():
        facts |= {name: test(values.double()) for name, test in _TESTS.items()}
        facts["repeatable"] = bool((image == made(1)).all())
        facts["new for a new seed"] = not (image == made(2)).all()
        facts["independent of the photograph"] = bool((image == made(1, content / 2)).all())
    return facts


def _even(values: Tensor) -> bool:
    """Kolmogorov and Smirnov's test at a level of about 1 in a million."""
    ordered = values.flatten().sort().values
    places = (torch.arange(len(ordered)) + 0.5) / len(ordered)
    return bool((ordered - places).abs().max() < 0.05)


def _drawn_one_by_one(values: Tensor) -> bool:
    """Neighbors in any direction are uncorrelated, and many different values occur."""
    centered = values - values.mean()
    for axis in (1, 2, 3):
        first, second = (centered.narrow(axis, i, centered.shape[axis] - 1) for i in (0, 1))
        if (first * second).mean().abs() > 0.1 * centered.square().mean():
            return False
    return len(values.unique()) >= 200


def _range(values: Tensor) -> bool | str:
    low, high = float(values.min()), float(values.max())
    return (low >= 0 and high <= 1) or f"no, {round(2 * low) / 2:g} to {round(2 * high) / 2:g}"


_TESTS: dict[str, Callable[[Tensor], bool | str]] = {
    "inside 0…1": _range,
    "evenly spread": _even,
    "drawn one by one": _drawn_one_by_one,
}


def _fact(name: str, says: str) -> Property:
    def test(call: Call, inputs: Inputs) -> str | None:
        facts = call(inputs)
        if facts.get(name, True) is True:
            return None
        rows: list[tuple[str, Any]] = [("init", inputs["init"])]
        if name in _TESTS:
            quarters = torch.histc(facts.image.float(), 4, 0, 1) / facts.image.numel()
            rows += [("lowest value", facts.image.min()), ("highest value", facts.image.max())]
            rows += [("share of values in each quarter of 0…1", quarters)]
        return table(rows)

    return Property(says, test)


def _case(init: str) -> Inputs:
    content = 0.3 + 0.4 * picture(1, 3, 32, 32, seed=3, dtype=torch.float32)
    return {"content": content, "init": init, "generator": torch.Generator().manual_seed(1)}


EXERCISE = Exercise(
    name="initial_image",
    notebook="05_optimization_loop",
    title="Where to start",
    minutes=6,
    difficulty="easy",
    importance="useful",
    prompt="""
        Make the image that the optimizer will change. It starts as a copy of the content image
        (init = "content"), or as noise spread evenly over 0…1 (init = "noise"). It requires
        gradients. The noise comes from the given generator, so that a run can be repeated.
    """,
    stub='''
        def my_initial_image(content, init, generator):
            """Image to be optimized.

            content: (1, 3, H, W), values 0…1;  init: "content" or "noise"
            generator: torch.Generator for the noise
            returns: (1, 3, H, W), a leaf that requires gradients; `content` stays as it is
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_initial_image(content, init, generator):
            if init == "content":
                image = content.clone()
            else:
                image = torch.rand(content.shape, generator=generator)
            return image.requires_grad_(True)
    """,
    why="`clone` gives the image memory of its own, so the photograph survives. `requires_grad_`"
    " comes last: the optimizer needs a leaf, a tensor that was not computed from another one that"
    " requires gradients.",
    notice="From the content image there is one result. From noise there is one for each seed, and"
    " the layout has to be reconstructed from the features, so it takes longer.",
    hints=(
        "Two ways to make the numbers, and one line at the end that both share.",
        "`content.clone()` copies. `torch.rand` draws evenly from 0…1; it takes a shape and a"
        " `generator`.",
        "End with `return image.requires_grad_(True)`, after the image is complete.",
    ),
    cases=(lambda: _case("content"), lambda: _case("noise")),
    observe=_facts,
    definition="The image is a copy of the content image or even noise over 0…1, and it is a leaf"
    " that requires gradients.",
    properties=(
        _fact(
            "requires a gradient", "The image requires gradients: `image.requires_grad` is True."
        ),
        _fact("is a leaf", "The image is a leaf: `image.is_leaf` is True."),
        _fact("is a copy", "The image has memory of its own."),
        _fact("inside 0…1", "All values of the noise lie in 0…1."),
        _fact(
            "evenly spread",
            "The noise is spread evenly over 0…1: a quarter of the values lies in"
            " each quarter of this range.",
        ),
        _fact(
            "drawn one by one",
            "Every value of the noise is drawn on its own: in all three"
            " channels, in every row and every column.",
        ),
        _fact("repeatable", "A generator with the same seed gives the same noise."),
        _fact("new for a new seed", "A generator with another seed gives other noise."),
        _fact("independent of the photograph", "The noise does not depend on the photograph."),
    ),
    mistakes=(
        Mistake(
            "the two ways to start are exchanged",
            '`"content"` asks for the copy of the photograph, and `"noise"` for the noise.',
            edits={
                'init == "content"': 'init == "noise"',
            },
        ),
        Mistake(
            "the noise is normally distributed and clamped to 0…1",
            "Clamping leaves a heap of values at exactly 0 and 1. `torch.rand` is spread evenly.",
            edits={
                "torch.rand(content.shape, generator=generator)": (
                    "torch.randn(content.shape, generator=generator).clamp(0, 1)"
                ),
            },
        ),
        Mistake(
            "the noise is normally distributed and not from the generator",
            "`randn` has values below 0 and above 1, which are no colors; `rand` stays in 0…1."
            " And without the generator nobody can repeat the run.",
            edits={
                "torch.rand(content.shape, generator=generator)": "torch.randn(content.shape)",
            },
        ),
        Mistake(
            "the noise was rounded to 0 and 1",
            "The noise takes all values in between as well.",
            edits={
                "torch.rand(content.shape, generator=generator)": (
                    "torch.rand(content.shape, generator=generator).round()"
                ),
            },
        ),
        Mistake(
            "the noise is gray",
            "Each of the three channels has noise of its own: draw (1, 3, H, W) values.",
            edits={
                "torch.rand(content.shape, generator=generator)": (
                    "torch.rand(1, 1, *content.shape[2:], generator=generator).repeat(1, 3, 1, 1)"
                ),
            },
        ),
        Mistake(
            "the start is a constant image",
            "`init` asks for noise here, drawn with the generator.",
            edits={
                "torch.rand(content.shape, generator=generator)": "torch.full_like(content, 0.5)",
            },
        ),
        Mistake(
            "the noise runs from −1 to 1",
            "Images are 0…1 in this course.",
            edits={
                "torch.rand(content.shape, generator=generator)": (
                    "torch.rand(content.shape, generator=generator) * 2 - 1"
                ),
            },
        ),
        Mistake(
            "the noise was mixed with the content image",
            "Some programs start from such a mixture. Here the noise stands alone.",
            edits={
                "torch.rand(content.shape, generator=generator)": (
                    "0.6 * torch.rand(content.shape, generator=generator) + 0.4 * content"
                ),
            },
        ),
        Mistake(
            "the result shares its memory with the content image",
            "The optimizer would change the photograph as well. Make a copy with `clone`.",
            edits={"content.clone()": "content"},
        ),
        Mistake(
            "the image does not require gradients",
            "`backward` would compute no gradient for it. Call `requires_grad_(True)` at the end.",
            edits={"image.requires_grad_(True)": "image"},
        ),
        Mistake(
            "the image is computed from one that requires gradients",
            "The copy was made after `requires_grad_`, so it is a result and not a leaf. The"
            " optimizer refuses it: “can't optimize a non-leaf Tensor”. Copy first, then call"
            " `requires_grad_`.",
            source="""
                def my_initial_image(content, init, generator):
                    if init == "content":
                        return content.requires_grad_(True).clone()
                    noise = torch.rand(content.shape, generator=generator)
                    return noise.requires_grad_(True).clone()
            """,
        ),
        Mistake(
            "the noise is normally distributed",
            "`randn` has values below 0 and above 1, which are no colors. `rand` stays in 0…1.",
            edits={"torch.rand(": "torch.randn("},
        ),
        Mistake(
            "the noise runs from 0 to 255",
            "Images are 0…1 in this course. The backbone scales them as its network needs.",
            edits={"generator=generator)": "generator=generator) * 255"},
        ),
        Mistake(
            "the noise does not depend on the generator",
            "Two generators with different seeds gave the same noise. Draw with"
            " `generator=generator`, and leave its seed alone: the caller has chosen it.",
            edits={", generator=generator": ""},
        ),
        Mistake(
            "noise was added to the content image",
            "That is a third way to start (the Coursera course does it). Here the noise stands"
            " alone.",
            edits={"torch.rand(content.shape": "content + torch.rand(content.shape"},
        ),
        Mistake(
            "the noise has no axis for the batch",
            "The network needs four axes, (1, 3, H, W). Take the shape from the content image.",
            edits={"torch.rand(content.shape": "torch.rand(content.shape[1:]"},
        ),
    ),
)
