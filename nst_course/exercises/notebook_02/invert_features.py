"""An image reconstructed by descent on the content loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..cases import drawn, picture, tensor
from ..properties import relation
from ..spec import Call, Exercise, Inputs, Mistake, Property


def _doubled(image: Tensor) -> Tensor:
    """extract(image) = 2 · image"""
    return 2 * image


def _small_network() -> Callable[[Tensor], Tensor]:
    """A network that nobody froze: its weights require gradients."""
    weight = (drawn(4, 3, seed=5) / 2).requires_grad_(True)

    def extract(image: Tensor) -> Tensor:
        """a small network: it mixes the colors of each pixel into 4 channels, then a ReLU"""
        return torch.einsum("oc,bchw->bohw", weight, image).relu()

    return extract


def _inversion(extract: Callable, width: int, steps: int, step_size: float, **kind: Any) -> Inputs:
    if extract is _doubled:
        content, start = (tensor(v).view(1, 3, 1, 1) for v in ([1.0, 0.0, 0.7], [0.5, 0.5, 0.5]))
    else:
        content, start = (picture(1, 3, width, width, seed=s, **kind) for s in (1, 2))
        extract = extract()
    return {
        "extract": extract,
        "content": content,
        "start": start,
        "steps": steps,
        "step_size": step_size,
    }


def _target_is_a_constant(call: Call, inputs: Inputs) -> str | None:
    """Whether no `backward` walks through the graph of the target."""
    extract, content = inputs["extract"], inputs["content"]
    walked: list[Tensor] = []

    def watched(image: Tensor) -> Tensor:
        features = extract(image)
        if image is content and features.requires_grad:
            features.register_hook(walked.append)
        return features

    call({**inputs, "extract": watched})
    return "the target has a gradient" if walked else None


def _one_step(inputs: Inputs, image: Tensor) -> Tensor:
    """One step of the descent from `image`."""
    extract = inputs["extract"]
    image = image.detach().clone().requires_grad_(True)
    loss = ((extract(image) - extract(inputs["content"]).detach()) ** 2).mean()
    return (image - inputs["step_size"] * torch.autograd.grad(loss, image)[0]).detach()


EXERCISE = Exercise(
    name="invert_features",
    notebook="02_content_loss",
    title="From features back to an image",
    minutes=12,
    prompt="""
        Reconstruct an image from the features of `content`, without using its pixels. Begin at
        `start` and take `steps` steps of plain gradient descent on the content loss, the mean of
        (F − P)².
    """,
    stub='''
        def my_inversion(extract, content, start, steps, step_size):
            """Image with the features of `content`, reconstructed by gradient descent from `start`.

            extract: function, image → features;  content, start: images (1, 3, H, W)
            a step: image ← image − step_size · ∂loss/∂image, with loss = mean of (F − P)²
            returns: the image after `steps` steps, (1, 3, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_inversion(extract, content, start, steps, step_size):
            with torch.no_grad():
                target = extract(content)
            image = start.clone().requires_grad_(True)
            for _ in range(steps):
                loss = ((extract(image) - target) ** 2).mean()
                loss.backward()
                with torch.no_grad():
                    image -= step_size * image.grad
                image.grad = None
            return image.detach()
    """,
    why="The target is computed once and is a constant. The image is a copy that requires"
    " gradients. Its update is not part of the loss, so autograd must not record it, and the"
    " gradient has to be cleared, because `backward` adds to what is there.",
    notice="This loop is all of style transfer. Only the loss will change: the network stays fixed"
    " and the pixels are what is trained.",
    hints=(
        "Before the loop: compute the target once, and make a copy of `start` that requires"
        " gradients. In the loop: loss, gradient, step.",
        "`loss.backward()` adds the gradient to `image.grad`. Change the image inside"
        " `with torch.no_grad():`, and clear the gradient before the next step.",
        "In the loop: `loss = ((extract(image) - target) ** 2).mean()`, `loss.backward()`, then"
        " under `no_grad` `image -= step_size * image.grad`, then `image.grad = None`.",
    ),
    cases=(
        lambda: _inversion(_doubled, 0, steps=1, step_size=0.1),
        lambda: _inversion(_doubled, 0, steps=2, step_size=0.1),
        lambda: _inversion(_doubled, 0, steps=1, step_size=0.6),  # leaves the range from 0 to 1
        lambda: _inversion(_small_network, 5, steps=1, step_size=0.5),
        lambda: _inversion(_small_network, 5, steps=4, step_size=0.5),
    ),
    definition="The image is `start` after `steps` steps of image ← image − step_size ·"
    " ∂loss/∂image.",
    properties=(
        relation(
            "With no steps at all, the image is `start`.",
            lambda i: {"steps": 0},
            lambda r, i: i["start"],
        ),
        relation(
            "Two steps in a row are one step from where one step leads.",
            lambda i: {"steps": i["steps"] + 1},
            lambda r, i: _one_step(i, r),
        ),
    ),
    remarks=(
        Property(
            "The target keeps the graph of its own forward pass, and with `retain_graph=True` every"
            " `backward` walks through it again. This costs time and memory in every step. The"
            " target is a constant: compute it under `torch.no_grad()`, or `.detach()` it. Then"
            " `retain_graph` is not needed.",
            _target_is_a_constant,
        ),
    ),
    mistakes=(
        Mistake(
            "the gradient is never cleared",
            "`backward` adds to `image.grad`. From the second step on, the image moves along the"
            " sum of all gradients so far.",
            edits={"        image.grad = None\n": ""},
        ),
        Mistake(
            "the steps go uphill",
            "The gradient points to where the loss grows. Descent goes the other way.",
            edits={"image -= ": "image += "},
        ),
        Mistake(
            "the images were compared, and not their features",
            "This ends at the photograph itself, whatever the network does. The question is what"
            " the layer still knows about it, so compare `extract(image)` with the target.",
            edits={"(extract(image) - target)": "(image - content)"},
        ),
        Mistake(
            "the target is not detached",
            "The target hangs on the graph of its own forward pass, because this network's weights"
            " require gradients. `backward` walks through that graph in the first step and frees"
            " it; the second step finds it gone. The target is a constant: compute it without"
            " gradients.",
            edits={
                "with torch.no_grad():\n        target": "target",
            },
            raises="second time",
        ),
        Mistake(
            "the sum instead of the mean",
            "With a sum the steps grow with the number of features, and a step size that works for"
            " one image overshoots in a larger one.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "half the sum instead of the mean",
            "That is the paper's loss. This exercise takes the mean, so your steps are too long.",
            edits={".mean()": ".sum() / 2"},
        ),
        Mistake(
            "the image stays what it was at the start",
            "No step changes the image that you return. Either the gradient is zero (a target that"
            " was computed from `start` gives loss 0 at once), or it is never computed, or the step"
            " changes another tensor.",
            edits={"target = extract(content)": "target = extract(start)"},
        ),
        Mistake(
            "the image was clamped at every step",
            "The step asked for is plain descent. A clamp inside the loop changes what the next"
            " step starts from; clamp once at the end, when the picture is shown.",
            edits={
                "image -= step_size * image.grad": (
                    "image -= step_size * image.grad\n            image.clamp_(0, 1)"
                )
            },
        ),
        Mistake(
            "Adam took the steps",
            "Adam scales every pixel's step by the history of its gradients. The step asked for is"
            " plain: image − step_size · gradient.",
            source="""
                def my_inversion(extract, content, start, steps, step_size):
                    target = extract(content).detach()
                    image, mean, square = start.clone(), 0, 0
                    for step in range(1, steps + 1):
                        image = image.detach().requires_grad_(True)
                        loss = ((extract(image) - target) ** 2).mean()
                        (gradient,) = torch.autograd.grad(loss, image)
                        mean = 0.9 * mean + 0.1 * gradient
                        square = 0.999 * square + 0.001 * gradient**2
                        spread = (square / (1 - 0.999**step)).sqrt() + 1e-8
                        image = image - step_size * mean / (1 - 0.9**step) / spread
                    return image.detach()
            """,
        ),
        Mistake(
            "the loss does not lead back to the image",
            "Autograd has recorded nothing. Either the image does not require gradients"
            " (`start.clone().requires_grad_()` does), or the loss was computed under"
            " `torch.no_grad()`.",
            edits={".requires_grad_(True)": ""},
            raises="does not require grad",
        ),
        Mistake(
            "autograd recorded the step",
            "The step is no part of the loss, and autograd forbids changing a recorded image in"
            " place. Put the step under `with torch.no_grad():`.",
            edits={
                "        with torch.no_grad():\n            image -= step_size * image.grad": (
                    "        image -= step_size * image.grad"
                )
            },
            raises="leaf Variable",
        ),
        Mistake(
            "the gradient is cleared before there is one",
            "Before the first `backward`, `image.grad` is None, and None has no `zero_`. Clear the"
            " gradient after the step, or write `image.grad = None`, which always works.",
            edits={
                "        loss = ((extract": "        image.grad.zero_()\n        loss = ((extract",
                "        image.grad = None\n": "",
            },
            raises="no attribute 'zero_'",
        ),
        Mistake(
            "the descent began at the photograph",
            "The start is `start`. Beginning at `content`, the loss is 0 before the first step.",
            edits={"image = start.clone()": "image = content.clone()"},
        ),
        Mistake(
            "the gradient was divided by its norm",
            "The gradient was divided by its norm. The step asked for is step_size times the"
            " gradient itself: it gets shorter as the loss gets flatter.",
            edits={"step_size * image.grad\n": "step_size * image.grad / image.grad.norm()\n"},
        ),
        Mistake(
            "only the sign of the gradient was used",
            "The step asked for is step_size times the gradient itself: it gets shorter as the loss"
            " gets flatter.",
            edits={"step_size * image.grad\n": "step_size * image.grad.sign()\n"},
        ),
        Mistake(
            "one step is missing",
            "`range(1, steps)` and `range(steps - 1)` run one time less than `range(steps)`.",
            edits={"range(steps)": "range(1, steps)"},
        ),
        Mistake(
            "`start` itself was changed",
            "Without a copy, the steps change the caller's image. Clone it first.",
            edits={"start.clone()": "start"},
        ),
        Mistake(
            "each step makes a new image that has no gradient",
            "`image = image - …` binds the name to another tensor. It is a result and not a leaf,"
            " so `backward` fills no `.grad` for it. Change the image in place, under `no_grad`.",
            edits={
                "        with torch.no_grad():\n            image -= step_size * image.grad": (
                    "        image = image - step_size * image.grad"
                )
            },
            raises="for .*'NoneType'",
        ),
        Mistake(
            "each step makes a new image that autograd does not follow",
            "`image = image - …` under `no_grad` gives a tensor that does not require a gradient,"
            " so the"
            " next `backward` finds nothing to do. Use `image -= …`, which keeps the tensor.",
            edits={"image -= step_size": "image = image - step_size"},
            raises="does not require grad|does not have a grad_fn",
        ),
    ),
)
