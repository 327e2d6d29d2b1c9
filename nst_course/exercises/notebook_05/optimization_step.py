"""One step of any optimizer, with a closure."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from torch import Tensor

from ..properties import holds
from ..spec import Exercise, Inputs, Mistake
from .optimizers import (
    GradientDescent,
    SeveralEvaluations,
    coupled_objective,
    steep_objective,
    step_case,
)


def _three_steps(call: Callable, inputs: Inputs) -> dict[str, Any]:
    """What three steps in a row return, the pixels after them, and how they were made."""
    image, objective, optimizer = inputs.values()
    calls = 0

    def counted(image: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return objective(image)

    counted.__doc__ = objective.__doc__
    results = [call(image, counted, optimizer) for _ in range(3)]
    pairs = [result for result in results if isinstance(result, tuple) and len(result) == 2]
    return {
        "results": results,
        "the optimizer's pixels": image.detach().clone(),
        "the losses are numbers": all(isinstance(loss, numbers.Real) for loss, _ in pairs),
        # One more evaluation in a step, for the loss to return, does no harm.
        "the closure evaluates the objective once": calls <= optimizer.evaluations + 3,
    }


EXERCISE = Exercise(
    name="optimization_step",
    notebook="05_optimization_loop",
    title="One step with a closure",
    minutes=12,
    prompt="""
        Take one step of an optimizer. L-BFGS evaluates the loss several times within a step, so it
        needs a closure: a function that computes the loss and its gradient anew. Only the
        optimizer moves `image`. What is returned for display is a copy, clamped to 0…1.
    """,
    stub='''
        def my_step(image, objective, optimizer):
            """One optimization step; the optimizer changes `image` in place, nothing else does.

            image: (1, 3, H, W), a leaf that requires gradients;  objective: image → scalar loss
            optimizer: any of torch.optim, made for [image]
            returns: the loss before the step, a number (`loss.item()`), and
                a copy of the image after it, clamped to 0…1 for display
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_step(image, objective, optimizer):
            def closure():
                optimizer.zero_grad()
                loss = objective(image)
                loss.backward()
                return loss

            loss = optimizer.step(closure)
            return loss.item(), image.detach().clamp(0, 1)
    """,
    why="The closure clears the gradient, computes the loss and its gradient, and returns the"
    " loss. The step calls it as often as it needs to and returns the first loss. `clamp` without"
    " an underscore makes a new tensor: the pixels that the optimizer holds stay its own.",
    notice="Adam calls the closure once a step, PyTorch's L-BFGS up to 25 times. A step of one is"
    " not the same amount of work as a step of the other, so compare them by time or by function"
    " evaluations.",
    hints=(
        "Write a function inside the function. What has to happen in it so that `image.grad` is"
        " right whenever it is called?",
        "In the closure: clear the gradient, compute the loss, call `backward`, return the loss."
        " Give the closure itself to `optimizer.step`, without parentheses.",
        "`loss = optimizer.step(closure)`, then `return loss.item(), image.detach().clamp(0, 1)`.",
    ),
    cases=(
        lambda: step_case(GradientDescent, lr=0.1),
        lambda: step_case(GradientDescent, lr=0.4, momentum=0.5),
        lambda: step_case(SeveralEvaluations, coupled_objective, lr=0.1),
        lambda: step_case(SeveralEvaluations, steep_objective, lr=0.03, momentum=0.5),
    ),
    may_change=("image", "optimizer"),
    observe=_three_steps,
    definition="The loss before the step, and a clamped copy of the image after it.",
    properties=(
        holds(
            "The image for display lies in 0…1.",
            lambda r, i: all(((image >= 0) & (image <= 1)).all() for _, image in r["results"]),
        ),
        holds("The step returns a number, not a tensor.", lambda r, i: r["the losses are numbers"]),
        holds(
            "Each call of the closure evaluates the objective once.",
            lambda r, i: r["the closure evaluates the objective once"],
        ),
    ),
    mistakes=(
        Mistake(
            "the loss is returned as a tensor",
            "`optimizer.step` returns what the closure returned, a tensor with its whole graph."
            " `.item()` makes a number of it.",
            edits={"return loss.item(),": "return loss,"},
        ),
        Mistake(
            "the copy is not clamped at 0",
            "Values below 0 stay as they are. `clamp(0, 1)` has both bounds.",
            edits={".clamp(0, 1)": ".clamp(max=1)"},
        ),
        Mistake(
            "the copy is rescaled to 0…1",
            "Rescaling changes every pixel, also those that are inside 0…1. Clamping changes the"
            " others only.",
            edits={
                "    return loss.item(), image.detach().clamp(0, 1)": (
                    "    copy = image.detach()\n"
                    "    copy = (copy - copy.min()) / (copy.max() - copy.min())\n"
                    "    return loss.item(), copy"
                ),
            },
        ),
        Mistake(
            "the copy was made before the step",
            "The image after the step is asked for. Make the copy below `optimizer.step`.",
            edits={
                "    loss = optimizer.step(closure)\n": (
                    "    copy = image.detach().clamp(0, 1)\n    loss = optimizer.step(closure)\n"
                ),
                "item(), image.detach().clamp(0, 1)": "item(), copy",
            },
        ),
        Mistake(
            "the pixels of the optimizer are clamped after the step",
            "`clamp_` works in place, so it moves the pixels that the optimizer holds. L-BFGS"
            " compares the next gradient with the last one, and takes the clamp for a move of its"
            " own. `image.detach().clamp(0, 1)` makes a copy.",
            edits={
                "    loss = optimizer.step(closure)\n": (
                    "    loss = optimizer.step(closure)\n"
                    "    with torch.no_grad():\n        image.clamp_(0, 1)\n"
                ),
            },
        ),
        Mistake(
            "only the loss is returned",
            "Two things are asked for: the loss and a clamped copy of the image.",
            edits={"item(), image.detach().clamp(0, 1)": "item()"},
        ),
        Mistake(
            "the pixels are clamped inside the closure",
            "The image then moves between two evaluations of one step, and L-BFGS draws wrong"
            " conclusions about the curvature. Clamp a copy, after the step.",
            edits={
                "        optimizer.zero_grad()\n": (
                    "        with torch.no_grad():\n            image.clamp_(0, 1)\n"
                    "        optimizer.zero_grad()\n"
                ),
            },
        ),
        Mistake(
            "the gradient is cleared once, outside the closure",
            "L-BFGS calls the closure several times in one step, and `backward` adds to the"
            " gradient each time. Clear it inside the closure.",
            edits={
                "        optimizer.zero_grad()\n": "",
                "    def closure():\n": "    optimizer.zero_grad()\n\n    def closure():\n",
            },
        ),
        Mistake(
            "the loss of the last evaluation was returned",
            "The step evaluates the loss several times. The loss before the step is the first of"
            " them, and `optimizer.step` returns it.",
            source="""
                def my_step(image, objective, optimizer):
                    losses = []

                    def closure():
                        optimizer.zero_grad()
                        losses.append(objective(image))
                        losses[-1].backward()
                        return losses[-1]

                    optimizer.step(closure)
                    return losses[-1].item(), image.detach().clamp(0, 1)
            """,
        ),
        Mistake(
            "the loss after the step was returned",
            "The loss before the step is asked for: it is what `optimizer.step(closure)` returns.",
            edits={
                "return loss.item(),": "return objective(image).item(),",
            },
        ),
        Mistake(
            "the closure evaluates the objective twice",
            "Every evaluation is a pass through the whole network. Keep the loss in a variable,"
            " call `backward` on it, and return it.",
            edits={
                "return loss\n": "return objective(image)\n",
            },
        ),
        Mistake(
            "the loss was computed once, and the closure returns it",
            "The closure has to compute the loss and its gradient anew at each call: L-BFGS"
            " changes the image in between.",
            source="""
                def my_step(image, objective, optimizer):
                    optimizer.zero_grad()
                    loss = objective(image)
                    loss.backward()
                    optimizer.step(lambda: loss)
                    return loss.item(), image.detach().clamp(0, 1)
            """,
        ),
        Mistake(
            "the gradient is never cleared",
            "`backward` adds to what is there. From the second call of the closure on, the"
            " optimizer gets a sum of gradients.",
            edits={"        optimizer.zero_grad()\n": ""},
        ),
        Mistake(
            "the gradient is never computed",
            "Nothing calls `backward`, so there is no gradient and the image stays as it is.",
            edits={"        loss.backward()\n": ""},
        ),
        Mistake(
            "the closure returns nothing",
            "The optimizer needs the loss, and `step` returns it to you. End the closure with"
            " `return loss`.",
            edits={"        return loss\n": ""},
            raises="NoneType",
        ),
        Mistake(
            "the step has no closure",
            "`optimizer.step` was called without a closure. That is enough for Adam. L-BFGS"
            " evaluates"
            " the loss several times within a step and cannot do without one.",
            source="""
                def my_step(image, objective, optimizer):
                    optimizer.zero_grad()
                    loss = objective(image)
                    loss.backward()
                    optimizer.step()
                    return loss.item(), image.detach().clamp(0, 1)
            """,
            raises="closure",
        ),
        Mistake(
            "the closure was called, and its result was given to `step`",
            "`step(closure())` gives the optimizer a tensor. It needs the function, to call it"
            " itself.",
            edits={"step(closure)": "step(closure())"},
            raises="not callable",
        ),
        Mistake(
            "the loss is computed outside the closure",
            "Each call of the closure runs `backward` on one and the same loss. At the second call"
            " its graph is freed, and the loss would be out of date anyway.",
            edits={
                "        loss = objective(image)\n": "",
                "    def closure():\n": "    loss = objective(image)\n\n    def closure():\n",
            },
            raises="second time",
        ),
        Mistake(
            "the copy is not clamped to 0…1",
            "What a screen shows lies in 0…1: `.clamp(0, 1)`.",
            edits={"image.detach().clamp(0, 1)": "image.detach().clone()"},
        ),
        Mistake(
            "the pixels were clamped in place",
            "A leaf that requires gradients cannot be changed in place while autograd records. And"
            " a copy is asked for: `image.detach().clamp(0, 1)`, without an underscore.",
            edits={"image.detach().clamp(0, 1)": "image.clamp_(0, 1)"},
            raises="leaf [Vv]ariable",
        ),
    ),
)
