"""Where the optimiser starts: from the photograph or from noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..cases import picture
from ..spec import Exercise, Inputs, Mistake


def _facts(call: Callable, inputs: Inputs) -> dict[str, Any]:
    """What can be said about an image whose pixels may be drawn in more than one way."""
    content, init = inputs["content"], inputs["init"]

    def made(seed: int) -> Any:
        return call(content, init, torch.Generator().manual_seed(seed))

    image = made(1)
    if (
        not isinstance(image, Tensor)
        or image.shape != content.shape
        or image.device != content.device
    ):
        return {"image": image}  # the form is wrong: no more can be said
    return {
        "image": image.detach() * (init == "content"),
        "asks for a gradient": image.requires_grad,
        "is a leaf": image.is_leaf,
        "its pixels are the content image's own memory": image.data_ptr() == content.data_ptr(),
        "lowest value": _rounded(image.min()),
        "highest value": _rounded(image.max()),
        "the same generator draws the same image": bool((image == made(1)).all()),
        "another seed draws another image": not (image == made(2)).all(),
    }


def _rounded(value: Tensor) -> float:
    return round(float(value), 1) + 0.0  # no minus in front of a zero


def _case(init: str) -> Inputs:
    content = 0.3 + 0.4 * picture(1, 3, 8, 8, seed=3, dtype=torch.float32)
    return {"content": content, "init": init, "generator": torch.Generator().manual_seed(1)}


EXERCISE = Exercise(
    name="initial_image",
    notebook="05_optimization_loop",
    title="Where to start",
    prompt="""
        Make the image that the optimiser will change. It starts as a copy of the content image
        (init = "content"), or as noise spread evenly over 0…1 (init = "noise"). It asks for
        gradients. The noise comes from the given generator, so that a run can be repeated.
    """,
    stub='''
        def my_initial_image(content, init, generator):
            """Image to be optimised.

            content: (1, 3, H, W), values 0…1;  init: "content" or "noise"
            generator: torch.Generator for the noise
            returns: (1, 3, H, W), a leaf that asks for gradients; `content` stays as it is
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
    " comes last: the optimiser needs a leaf, a tensor that was not computed from another one that"
    " asks for gradients.",
    notice="From the content image there is one result. From noise there is one for each seed, and"
    " the layout has to be found anew, so it takes longer.",
    hints=(
        "Two ways to make the numbers, and one line at the end that both share.",
        "`content.clone()` copies. `torch.rand` draws evenly from 0…1; it takes a shape and a"
        " `generator`.",
        "End with `return image.requires_grad_(True)`, after the image is complete.",
    ),
    cases=(lambda: _case("content"), lambda: _case("noise")),
    observe=_facts,
    definition="The image is a copy of the content image or even noise over 0…1, and it is a leaf"
    " that asks for gradients.",
    mistakes=(
        Mistake(
            "the content image itself was returned",
            "The optimiser would paint over the photograph. Make a copy with `clone`.",
            edits={"content.clone()": "content"},
        ),
        Mistake(
            "the image asks for no gradient",
            "`backward` would fill no gradient for it. Say `requires_grad_(True)` at the end.",
            edits={"image.requires_grad_(True)": "image"},
        ),
        Mistake(
            "the image is computed from one that asks for gradients",
            "The copy was made after `requires_grad_`, so it is a result and not a leaf. The"
            " optimiser refuses it: “can't optimize a non-leaf Tensor”. Copy first, then ask for"
            " gradients.",
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
            "`randn` has values below 0 and above 1, which are no colours. `rand` stays in 0…1.",
            edits={"torch.rand(": "torch.randn("},
        ),
        Mistake(
            "the noise runs from 0 to 255",
            "Images are 0…1 in this course. The backbone scales them as its network needs.",
            edits={"generator=generator)": "generator=generator) * 255"},
        ),
        Mistake(
            "the generator was not used",
            "Without it every run draws from the global state, and nobody can repeat it.",
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
            "The network wants four axes, (1, 3, H, W). Take the shape from the content image.",
            edits={"torch.rand(content.shape": "torch.rand(content.shape[1:]"},
        ),
    ),
)
