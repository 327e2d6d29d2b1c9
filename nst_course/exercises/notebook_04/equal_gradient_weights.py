"""Weights with which every layer pulls equally hard on the image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..cases import drawn, picture, tensor
from ..properties import holds, relation, table
from ..spec import Call, Exercise, Inputs, Mistake, Property


def _two_pixels() -> Inputs:
    image = tensor([1.0, 2.0, 0.5]).view(1, 3, 1, 1).requires_grad_(True)
    return {
        "losses": {"relu1_1": (3 * image).sum(), "relu2_1": (image**2).sum()},
        "image": image,
    }


def _one_network() -> Inputs:
    """Three losses whose layers lie on top of each other, as in a real network."""
    image = picture(1, 3, 4, 4, seed=1).requires_grad_(True)
    features, losses = image.flatten(2), {}
    for name, channels in {"relu1_1": 4, "relu2_1": 5, "relu3_1": 3}.items():
        mixing = drawn(1, channels, features.shape[1], seed=channels)
        features = (mixing @ features).relu()
        losses[name] = ((features @ features.mT / 16 - mixing.square().mean()) ** 2).mean()
    return {"losses": losses, "image": image}


def _lengths(losses: dict[str, Tensor], image: Tensor) -> dict[str, float]:
    gradients = (torch.autograd.grad(e, image, retain_graph=True)[0] for e in losses.values())
    return {layer: float(g.norm()) for layer, g in zip(losses, gradients, strict=True)}


def _pull_alike(call: Call, inputs: Inputs) -> str | None:
    lengths = _lengths(inputs["losses"], inputs["image"])
    weights = call(inputs)
    pulls = {layer: weights[layer] * length for layer, length in lengths.items()}
    if max(pulls.values()) - min(pulls.values()) <= 1e-5 * max(pulls.values()):
        return None
    rows: list[tuple[str, Any]] = [("gradient's length", lengths), ("your weights", weights)]
    return table([*rows, ("weight × length", pulls)])


def _first_layer(inputs: Inputs) -> Inputs:
    return {"losses": dict(list(inputs["losses"].items())[:1])}


EXERCISE = Exercise(
    name="equal_gradient_weights",
    notebook="04_layer_weighting",
    title="An equal pull for every layer",
    prompt="""
        The optimizer feels gradients, not losses. Find weights with which every layer pulls
        equally hard on the image: w_l times the length of ∂E_l/∂image is the same for all layers.
        The length is the Euclidean norm over all pixels. The weights add up to 1.
    """,
    stub='''
        def my_equal_weights(losses, image):
            """Weights with which w_l · ‖∂E_l/∂image‖ is the same for every layer.

            losses: layer name → E_l, scalar tensors computed from `image` by one network
            image: (1, 3, H, W), with `requires_grad=True`
            returns: layer name → w_l, numbers that add up to 1
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_equal_weights(losses, image):
            lengths = {}
            for layer, loss in losses.items():
                (gradient,) = torch.autograd.grad(loss, image, retain_graph=True)
                lengths[layer] = gradient.norm().item()
            total = sum(1 / length for length in lengths.values())
            return {layer: 1 / length / total for layer, length in lengths.items()}
    """,
    why="Each loss has its own gradient, so ask for them one at a time. The losses share the lower"
    " part of the network; `retain_graph=True` keeps it for the next one. A long gradient gets a"
    " small weight, and dividing by the sum makes the weights add up to 1.",
    notice="Equal pull is measured at one image. As the image changes, so do the gradients, and the"
    " layers' pulls drift apart again.",
    hints=(
        "You need one gradient for each layer, not the gradient of their sum.",
        "`torch.autograd.grad(loss, image, retain_graph=True)[0]` is the gradient, and"
        " `image.grad` is left alone. Its `.norm()` is the length.",
        "The weight is 1 divided by the length. At the end divide all weights by their sum.",
    ),
    cases=(_two_pixels, _one_network),
    definition="w_l is 1 / ‖∂E_l/∂image‖, divided by the sum of these over all layers.",
    properties=(
        holds("The weights add up to 1.", lambda r, i: abs(sum(r.values()) - 1) < 1e-6),
        relation(
            "A single layer has weight 1.",
            _first_layer,
            lambda r, i: dict.fromkeys(_first_layer(i)["losses"], 1.0),
        ),
        Property("Weight times length is the same for all layers.", _pull_alike),
    ),
    mistakes=(
        Mistake(
            "the entries of the gradient were added up",
            "Positive and negative entries cancel each other in a sum. The norm is the root of"
            " the sum of the squares.",
            edits={
                "gradient.norm().item()": "gradient.sum().item()",
            },
        ),
        Mistake(
            "the weights are 1 minus the share of the norm",
            "The weight times the norm has to be the same for all layers, so the weight is 1"
            " divided by the norm.",
            edits={
                "{layer: 1 / length / total": "{layer: 1 - length / total",
                "sum(1 / length for": "sum(length for",
            },
        ),
        Mistake(
            "a softmax of the norms was taken",
            "The weight times the norm has to be the same for all layers, so the weight is 1"
            " divided by the norm.",
            edits={
                "sum(1 / length for": "sum(2.718281828459045**-length for",
                "{layer: 1 / length / total": "{layer: 2.718281828459045**-length / total",
            },
        ),
        Mistake(
            "the largest entry of the gradient was used",
            "The text asks for the Euclidean norm: the root of the sum of squares.",
            edits={
                "gradient.norm().item()": "gradient.abs().max().item()",
            },
        ),
        Mistake(
            "the losses were made equal, and not their gradients",
            "You divided by the loss. A layer may have a large loss and a small gradient; what"
            " moves the image is the gradient.",
            edits={"gradient.norm().item()": "loss.item()"},
        ),
        Mistake(
            "a stronger layer gets a larger weight",
            "This adds to the difference. The layer that pulls harder needs the smaller weight.",
            edits={
                "sum(1 / length for": "sum(length for",
                "{layer: 1 / length / total": "{layer: length / total",
            },
        ),
        Mistake(
            "the weights do not add up to 1",
            "They have the right proportions. Divide each by the sum of all.",
            edits={"1 / length / total": "1 / length"},
        ),
        Mistake(
            "the network's graph was freed after the first layer",
            "The losses share the lower part of the network. A backward pass frees it, unless it is"
            " told that another one follows: `retain_graph=True`.",
            edits={", retain_graph=True": ""},
            raises="second time",
        ),
        Mistake(
            "the gradients of the layers were added up",
            "`backward` adds to `image.grad`, so the second layer's length is that of a sum. Clear"
            " it before each layer, or use `torch.autograd.grad`.",
            source="""
                def my_equal_weights(losses, image):
                    lengths = {}
                    for layer, loss in losses.items():
                        loss.backward(retain_graph=True)
                        lengths[layer] = image.grad.norm().item()
                    total = sum(1 / length for length in lengths.values())
                    return {layer: 1 / length / total for layer, length in lengths.items()}
            """,
        ),
        Mistake(
            "the squared length was used",
            "Doubling a loss doubles its gradient's length. The weight has to be halved then, and"
            " the square would quarter it.",
            edits={"gradient.norm().item()": "gradient.square().sum().item()"},
        ),
        Mistake(
            "the mean absolute value was used for the length",
            "The text asks for the Euclidean length: the root of the sum of squares.",
            edits={"gradient.norm().item()": "gradient.abs().mean().item()"},
        ),
    ),
)
