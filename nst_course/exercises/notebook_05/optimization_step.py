"""One step of any optimiser, L-BFGS among them, with a closure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..cases import tensor
from ..properties import holds
from ..spec import Exercise, Inputs, Mistake


def _objective(image: Tensor) -> Tensor:
    """objective(image) = Σ (image − (1.5, 0.4))²"""
    return ((image - tensor([1.5, 0.4])) ** 2).sum()


def _case(optimizer: Callable, **settings: Any) -> Inputs:
    image = tensor([[[[0.9, 0.2]]]]).requires_grad_(True)
    optimizer = optimizer([image], **settings)
    return {"image": image, "objective": _objective, "optimizer": optimizer}


def _steep_case() -> Inputs:
    """L-BFGS with a closure that is called several times a step, and a minimum outside 0…1."""

    def objective(image: Tensor) -> Tensor:
        """objective(image) = Σ (image − (1.5, 0.4))⁴"""
        return ((image - tensor([1.5, 0.4])) ** 4).sum()

    inputs = _case(torch.optim.LBFGS, lr=0.5, max_iter=4)
    return {**inputs, "objective": objective}


def _three_steps(call: Callable, inputs: Inputs) -> dict[str, Any]:
    """Losses that three steps in a row return, and the image after them."""
    losses = [call(*inputs.values()) for _ in range(3)]
    return {"losses": losses, "image": inputs["image"].detach().clone()}


EXERCISE = Exercise(
    name="optimization_step",
    notebook="05_optimization_loop",
    title="One step with a closure",
    prompt="""
        Take one step of an optimiser. L-BFGS looks at the loss several times within a step, so it
        wants a closure: a function that computes the loss and its gradient anew. Afterwards put
        the pixels back into 0…1, in place, because the optimiser holds on to this tensor.
    """,
    stub='''
        def my_step(image, objective, optimizer):
            """One optimisation step; changes `image` in place.

            image: (1, 3, H, W), a leaf that asks for gradients;  objective: image → scalar loss
            optimizer: any of torch.optim, made for [image]
            after the step, the pixels are cut to 0…1
            returns: the loss before the step, a number (`loss.item()`)
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
            with torch.no_grad():
                image.clamp_(0, 1)
            return loss.item()
    """,
    why="The closure clears the gradient, computes the loss and its gradient, and returns the"
    " loss. The step calls it as often as it likes and returns the first loss. Cutting the pixels"
    " to 0…1 is no part of the objective: it comes after the step, and autograd does not record"
    " it.",
    notice="Adam calls the closure once a step, PyTorch's L-BFGS up to 25 times. “One step” of the"
    " two is not the same amount of work, so compare them by time or by calls of the closure.",
    hints=(
        "Write a function inside the function. What has to happen in it so that `image.grad` is"
        " right whenever it is called?",
        "In the closure: clear the gradient, compute the loss, go backward, return the loss. Hand"
        " the closure itself to `optimizer.step`, without brackets.",
        "`loss = optimizer.step(closure)`, then `with torch.no_grad(): image.clamp_(0, 1)`, then"
        " `return loss.item()`.",
    ),
    cases=(
        lambda: _case(torch.optim.SGD, lr=0.1),
        lambda: _case(torch.optim.Adam, lr=0.3),
        lambda: _case(torch.optim.LBFGS, lr=0.5, max_iter=4),
        _steep_case,
    ),
    may_change=("image", "optimizer"),
    observe=_three_steps,
    definition="After the optimiser's step the image is cut to 0…1, and the loss from before is"
    " returned (here: three steps in a row).",
    properties=(
        holds(
            "After a step all pixels lie in 0…1.",
            lambda r, i: bool(((r["image"] >= 0) & (r["image"] <= 1)).all()),
        ),
    ),
    mistakes=(
        Mistake(
            "the gradient is never cleared",
            "`backward` adds to what is there. From the second call of the closure on, the"
            " optimiser sees a sum of gradients.",
            edits={"        optimizer.zero_grad()\n": ""},
        ),
        Mistake(
            "the gradient is never computed",
            "The closure returns the loss, but nothing calls `backward`, so the image stays where"
            " it is.",
            edits={"        loss.backward()\n": ""},
        ),
        Mistake(
            "the closure returns nothing",
            "The optimiser needs the loss: L-BFGS compares it between its inner steps, and `step`"
            " hands it on to you. End the closure with `return loss`.",
            edits={"        return loss\n": ""},
            raises="NoneType",
        ),
        Mistake(
            "the step has no closure",
            "Loss and gradient were computed once, before the step. Adam is content with that;"
            " L-BFGS has to look at the loss again, and asks for a closure.",
            source="""
                def my_step(image, objective, optimizer):
                    optimizer.zero_grad()
                    loss = objective(image)
                    loss.backward()
                    optimizer.step()
                    with torch.no_grad():
                        image.clamp_(0, 1)
                    return loss.item()
            """,
            raises="closure",
        ),
        Mistake(
            "the closure was called, and its result handed over",
            "`step(closure())` gives the optimiser a number. It wants the function, to call it"
            " itself.",
            edits={"step(closure)": "step(closure())"},
            raises="not callable",
        ),
        Mistake(
            "the loss is computed outside the closure",
            "The closure goes backward through one and the same loss each time. The second call"
            " finds its graph freed, and the loss would be out of date anyway.",
            edits={
                "        loss = objective(image)\n": "",
                "    def closure():\n": "    loss = objective(image)\n\n    def closure():\n",
            },
            raises="second time",
        ),
        Mistake(
            "the pixels are cut inside the closure",
            "Then the image moves while L-BFGS measures how the loss changes, and what it learns of"
            " the curvature is wrong. After some hundred steps the loss can explode. Cut the pixels"
            " after the step.",
            edits={
                "        optimizer.zero_grad()\n": (
                    "        with torch.no_grad():\n            image.clamp_(0, 1)\n"
                    "        optimizer.zero_grad()\n"
                ),
                "    with torch.no_grad():\n        image.clamp_(0, 1)\n    return": "    return",
            },
        ),
        Mistake(
            "the image is not cut to 0…1",
            "Either there is no `clamp`, or its result went into a new tensor: `image ="
            " image.clamp(0, 1)` leaves the tensor that the optimiser holds as it was. `clamp_`"
            " works in place.",
            edits={"    with torch.no_grad():\n        image.clamp_(0, 1)\n": ""},
        ),
        Mistake(
            "autograd watched while the pixels were cut",
            "A leaf that asks for gradients cannot be changed in place while autograd records. Put"
            " `with torch.no_grad():` around `clamp_`.",
            edits={
                "    with torch.no_grad():\n        image.clamp_(0, 1)": "    image.clamp_(0, 1)"
            },
            raises="leaf [Vv]ariable",
        ),
    ),
)
