"""A loop from a forum, with two bugs in its closure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..notebook_05.optimizers import (
    GradientDescent,
    SeveralEvaluations,
    coupled_objective,
    objective,
    steep_objective,
    step_case,
)
from ..properties import holds
from ..spec import Exercise, Inputs, Mistake


def _case(optimizer: Callable, function: Callable, steps: int, **settings: float) -> Inputs:
    return {**step_case(optimizer, function, **settings), "steps": steps}


def _run(call: Callable, inputs: Inputs) -> dict[str, Any]:
    """What a run returns, and the pixels after it."""
    image, function, optimizer, steps = inputs.values()
    returned = call(image, function, optimizer, steps)
    return {"": returned, "the optimizer's pixels": image.detach().clone()}


EXERCISE = Exercise(
    name="mended_loop",
    notebook="06_when_it_goes_wrong",
    title="A loop from a forum",
    minutes=8,
    prompt="""
        Somebody posts this loop in a forum: "L-BFGS does not work." There are two bugs in the
        closure. One is something that does not belong there, one is a line that is missing. Only
        the optimizer moves `image`; what is returned for display is a clamped copy.
    """,
    stub='''
        def my_mended_loop(image, objective, optimizer, steps):
            """Several steps of an optimizer, with two bugs; changes `image` in place.

            image: (1, 3, H, W), a leaf that requires gradients;  objective: image → scalar loss
            optimizer: any of torch.optim, made for [image]
            returns: a copy of the image after the last step, clamped to 0…1 for display
            """
            def closure():  # REPAIR THIS FUNCTION
                with torch.no_grad():
                    image.clamp_(0, 1)
                loss = objective(image)
                loss.backward()
                return loss

            for _ in range(steps):
                optimizer.step(closure)
            return image.detach().clone()
    ''',
    code="""
        def my_mended_loop(image, objective, optimizer, steps):
            def closure():
                optimizer.zero_grad()
                loss = objective(image)
                loss.backward()
                return loss

            for _ in range(steps):
                optimizer.step(closure)
            return image.detach().clamp(0, 1)
    """,
    why="A closure computes the loss and its gradient at the pixels that the optimizer has chosen."
    " It moves no pixel. And because `backward` adds to the gradient that is there, the closure"
    " clears it first.",
    notice="Without `zero_grad` each gradient is the sum of all earlier ones: a momentum that"
    " nobody asked for and that never decays.",
    hints=(
        "Read the closure as L-BFGS does: it asks for the loss at some pixels, and then at others."
        " Which line answers for different pixels?",
        "`backward` adds to `image.grad`. What is in it at the second call?",
        "Delete the two lines with `clamp_` and clamp the copy in the last line instead. Put"
        " `optimizer.zero_grad()` in their place.",
    ),
    cases=(
        lambda: _case(GradientDescent, objective, 2, lr=0.1),
        lambda: _case(GradientDescent, objective, 3, lr=0.4, momentum=0.5),
        lambda: _case(SeveralEvaluations, coupled_objective, 3, lr=0.1),
        lambda: _case(SeveralEvaluations, steep_objective, 2, lr=0.03, momentum=0.5),
    ),
    may_change=("image", "optimizer"),
    observe=_run,
    definition="Each step uses the gradient at the pixels that the optimizer has chosen.",
    properties=(
        holds(
            "The image for display lies in 0…1.",
            lambda r, i: bool(((r[""] >= 0) & (r[""] <= 1)).all()),
        ),
    ),
    mistakes=(
        Mistake(
            "the gradient is cleared after `backward`",
            "Then the optimizer finds no gradient, and the image stays as it is. Clear it before"
            " the loss is computed.",
            edits={
                "        optimizer.zero_grad()\n": "",
                "        loss.backward()\n": (
                    "        loss.backward()\n        optimizer.zero_grad()\n"
                ),
            },
        ),
        Mistake(
            "the gradient is cleared once a step, outside the closure",
            "L-BFGS calls the closure several times in one step. Clear the gradient inside it.",
            edits={
                "        optimizer.zero_grad()\n": "",
                "    for _ in range(steps):\n": (
                    "    for _ in range(steps):\n        optimizer.zero_grad()\n"
                ),
            },
        ),
        Mistake(
            "the pixels are still clamped in the closure",
            "`zero_grad` is there now. The clamp still moves the image between two evaluations of"
            " one step. Delete it, and clamp the copy that is returned.",
            edits={
                "        optimizer.zero_grad()\n": (
                    "        optimizer.zero_grad()\n        with torch.no_grad():\n"
                    "            image.clamp_(0, 1)\n"
                ),
            },
        ),
        Mistake(
            "the pixels of the optimizer are clamped after every step",
            "That is better than in the closure, and L-BFGS still compares gradients from one step"
            " to the next. Clamp the copy that is returned, once.",
            edits={
                "        optimizer.step(closure)\n": (
                    "        optimizer.step(closure)\n        with torch.no_grad():\n"
                    "            image.clamp_(0, 1)\n"
                ),
            },
        ),
        Mistake(
            "the pixels of the optimizer are clamped after the last step",
            "A copy is asked for: `image.detach().clamp(0, 1)`, without an underscore.",
            edits={".clamp(0, 1)": ".clamp_(0, 1)"},
        ),
        Mistake(
            "the copy is not clamped",
            "The clamp is gone from the closure. What a screen shows has to lie in 0…1: clamp the"
            " copy.",
            edits={"clamp(0, 1)": "clone()"},
        ),
        Mistake(
            "the gradient is never cleared",
            "The clamp is right now. `backward` still adds to the gradients of all earlier"
            " evaluations: clear them at the top of the closure.",
            edits={"        optimizer.zero_grad()\n": ""},
        ),
    ),
)
