"""Weights with which the gradients of all layers have the same norm."""

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
        mixing[0, 0] = mixing[0, 0].abs()  # for some seeds no channel would be active otherwise
        features = (mixing @ features).relu()
        losses[name] = ((features @ features.mT / 16 - mixing.square().mean()) ** 2).mean()
    return {"losses": losses, "image": image}


def _norms(losses: dict[str, Tensor], image: Tensor) -> dict[str, float]:
    gradients = (torch.autograd.grad(e, image, retain_graph=True)[0] for e in losses.values())
    return {layer: float(g.norm()) for layer, g in zip(losses, gradients, strict=True)}


def _norms_alike(call: Call, inputs: Inputs) -> str | None:
    norms = _norms(inputs["losses"], inputs["image"])
    weights = call(inputs)
    weighted = {layer: weights[layer] * norm for layer, norm in norms.items()}
    if max(weighted.values()) - min(weighted.values()) <= 1e-5 * max(weighted.values()):
        return None
    rows: list[tuple[str, Any]] = [("gradient norm", norms), ("your weights", weights)]
    return table([*rows, ("weight × norm", weighted)])


def _first_layer(inputs: Inputs) -> Inputs:
    return {"losses": dict(list(inputs["losses"].items())[:1])}


EXERCISE = Exercise(
    name="equal_gradient_weights",
    notebook="04_layer_weighting",
    title="Equal gradient norms for all layers",
    minutes=12,
    difficulty="hard",
    importance="useful",
    prompt="""
        An optimizer acts on gradients, not on losses. Find weights with which every layer has the
        same influence on a step: w_l times the norm of ∂E_l/∂image is the same for all layers.
        The norm is the Euclidean norm over all pixel values. The weights add up to 1.
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
            norms = {}
            for layer, loss in losses.items():
                (gradient,) = torch.autograd.grad(loss, image, retain_graph=True)
                norms[layer] = gradient.norm().item()
            total = sum(1 / norm for norm in norms.values())
            return {layer: 1 / norm / total for layer, norm in norms.items()}
    """,
    why="Each loss has its own gradient, so ask for them one at a time. The losses share the lower"
    " part of the network; `retain_graph=True` keeps it for the next one. A large gradient gets a"
    " small weight, and dividing by the sum makes the weights add up to 1.",
    notice="The norms are equal at this image only. As the image changes, so do the gradients, and"
    " the layers drift apart again.",
    hints=(
        "You need one gradient for each layer, not the gradient of their sum.",
        "`torch.autograd.grad(loss, image, retain_graph=True)[0]` is the gradient, and"
        " `image.grad` stays as it is. Its `.norm()` is what you need.",
        "The weight is 1 divided by the norm. At the end divide all weights by their sum.",
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
        Property("The weight times the gradient norm is the same for all layers.", _norms_alike),
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
                "{layer: 1 / norm / total": "{layer: 1 - norm / total",
                "sum(1 / norm for": "sum(norm for",
            },
        ),
        Mistake(
            "a softmax of the norms was taken",
            "The weight times the norm has to be the same for all layers, so the weight is 1"
            " divided by the norm.",
            edits={
                "sum(1 / norm for": "sum(2.718281828459045**-norm for",
                "{layer: 1 / norm / total": "{layer: 2.718281828459045**-norm / total",
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
            "This adds to the difference. The layer with the larger gradient needs the smaller"
            " weight.",
            edits={
                "sum(1 / norm for": "sum(norm for",
                "{layer: 1 / norm / total": "{layer: norm / total",
            },
        ),
        Mistake(
            "the weights do not add up to 1",
            "They have the right proportions. Divide each by the sum of all.",
            edits={"1 / norm / total": "1 / norm"},
        ),
        Mistake(
            "the network's graph was freed after the first layer",
            "The losses share the lower part of the network. A backward pass frees its graph;"
            " `retain_graph=True` keeps it for the next one.",
            edits={", retain_graph=True": ""},
            raises="second time",
        ),
        Mistake(
            "the gradients of the layers were added up",
            "`backward` adds to `image.grad`, so the second layer's norm is that of a sum. Clear"
            " it before each layer, or use `torch.autograd.grad`.",
            source="""
                def my_equal_weights(losses, image):
                    norms = {}
                    for layer, loss in losses.items():
                        loss.backward(retain_graph=True)
                        norms[layer] = image.grad.norm().item()
                    total = sum(1 / norm for norm in norms.values())
                    return {layer: 1 / norm / total for layer, norm in norms.items()}
            """,
        ),
        Mistake(
            "the squared norm was used",
            "Doubling a loss doubles its gradient norm. The weight has to be halved then, and"
            " the square would quarter it.",
            edits={"gradient.norm().item()": "gradient.square().sum().item()"},
        ),
        Mistake(
            "the mean absolute value was used for the norm",
            "The text asks for the Euclidean norm: the root of the sum of squares.",
            edits={"gradient.norm().item()": "gradient.abs().mean().item()"},
        ),
    ),
)
