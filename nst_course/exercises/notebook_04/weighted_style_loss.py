"""The style loss over several layers: Σ_l w_l E_l."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..properties import relation
from ..spec import Exercise, Inputs, Mistake


def _gram(channels: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    flat = drawn(1, channels, 6, seed=seed, dtype=dtype)
    return flat @ flat.mT / 6


def _three_layers(dtype: torch.dtype) -> Inputs:
    """Layers of different width, one of them not used, and each dictionary in its own order."""
    widths = {"relu1_1": 2, "relu2_1": 3, "relu3_1": 4}
    return {
        "grams": {name: _gram(width, width, dtype) for name, width in widths.items()},
        "style_grams": {name: _gram(w, 10 + w, dtype) for name, w in reversed(widths.items())},
        "weights": {"relu3_1": 0.5, "relu1_1": 2.0},
    }


EXERCISE = Exercise(
    name="weighted_style_loss",
    notebook="04_layer_weighting",
    title="Style loss over several layers",
    minutes=6,
    difficulty="easy",
    prompt="""
        Add up the style losses of several layers, each with its weight: Σ w_l E_l, where E_l is
        the mean of (G − A)² at layer l. The layers to use are those that `weights` names.
    """,
    stub='''
        def my_weighted_style_loss(grams, style_grams, weights):
            """Weighted sum of the layers' style losses.

            grams, style_grams: layer name → G or A, (1, C, C), with C different for each layer
            weights: layer name → w_l, for the layers that count
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_weighted_style_loss(grams, style_grams, weights):
            total = 0.0
            for layer, weight in weights.items():
                total = total + weight * ((grams[layer] - style_grams[layer]) ** 2).mean()
            return total
    """,
    why="Every layer is looked up by its name, so the order of the dictionaries does not matter."
    " The weight stands in front of the layer's loss, outside of the square.",
    notice="A weight of zero takes a layer out and its gradient with it. The five losses differ by"
    " orders of magnitude before any weight is set; print them one by one.",
    hints=(
        "You have the style loss of one layer. Now walk through the layers.",
        "Walk through `weights.items()`: it gives the name and the weight, and the name finds both"
        " Gram matrices.",
        "Begin with `total = 0.0` and add `weight * ((grams[layer] - style_grams[layer]) **"
        " 2).mean()` for each layer.",
    ),
    cases=(
        lambda: {
            "grams": {"relu1_1": tensor([[[3.0]]])},
            "style_grams": {"relu1_1": tensor([[[1.0]]])},
            "weights": {"relu1_1": 2.0},
        },
        lambda: {
            "grams": {"relu1_1": tensor([[[3.0]]]), "relu2_1": tensor([[[5.0]]])},
            "style_grams": {"relu2_1": tensor([[[2.0]]]), "relu1_1": tensor([[[1.0]]])},
            "weights": {"relu2_1": 0.5, "relu1_1": 4.0},
        },
        lambda: _three_layers(torch.float64),
        lambda: _three_layers(torch.float32),
    ),
    gradient=("grams",),
    definition="The loss is Σ w_l · mean((G_l − A_l)²) over the layers that have a weight.",
    properties=(
        relation(
            "Twice all weights is twice the loss.",
            lambda i: {"weights": {name: 2 * weight for name, weight in i["weights"].items()}},
            lambda r, i: 2 * r,
        ),
        relation(
            "The order in which the layers are listed has no effect.",
            lambda i: {"weights": dict(reversed(i["weights"].items()))},
        ),
        relation(
            "Equal Gram matrices in all layers have loss 0.",
            lambda i: {"grams": i["style_grams"]},
            lambda r, i: 0 * r,
        ),
    ),
    sizes=lambda i: {
        "the number of layers": len(i["weights"]),
        "the sum of the weights": sum(i["weights"].values()),
    },
    mistakes=(
        Mistake(
            "each layer's loss was divided by 4",
            "The ¼ of the paper's E_l is not part of the course's style loss.",
            edits={
                "weight * ((grams[layer] - style_grams[layer]) ** 2).mean()": (
                    "weight * ((grams[layer] - style_grams[layer]) ** 2).mean() / 4"
                ),
            },
        ),
        Mistake(
            "the norm of the difference was taken",
            "`norm` is the root of the sum of the squares. E_l is the mean of the squares,"
            " without a root.",
            edits={
                "((grams[layer] - style_grams[layer]) ** 2).mean()": (
                    "(grams[layer] - style_grams[layer]).norm()"
                ),
            },
        ),
        Mistake(
            "the absolute differences instead of the squares",
            "E_l is the mean of squares.",
            edits={
                "((grams[layer] - style_grams[layer]) ** 2).mean()": (
                    "(grams[layer] - style_grams[layer]).abs().mean()"
                ),
            },
        ),
        Mistake(
            "each layer's loss was divided by its number of channels",
            "The mean over the C² entries is divided by nothing more.",
            edits={
                "weight * ((grams[layer] - style_grams[layer]) ** 2).mean()": (
                    "weight * ((grams[layer] - style_grams[layer]) ** 2).mean() /"
                    " grams[layer].shape[-1]"
                ),
            },
        ),
        Mistake(
            "the weights were added instead of multiplied",
            "Each layer's loss is multiplied by its weight.",
            edits={
                "weight * ((": "weight + ((",
            },
        ),
        Mistake(
            "the `return` stands inside the loop",
            "The function ends at its first `return`, so only the first layer counts.",
            edits={
                "        total = total + weight * ((grams[layer] - style_grams[layer]) **"
                " 2).mean()\n    return total": (
                    "        total = total + weight * ((grams[layer] - style_grams[layer]) **"
                    " 2).mean()\n        return total"
                ),
            },
        ),
        Mistake(
            "the layers were matched by their order",
            "The three dictionaries need not list the layers in the same order, nor the same"
            " layers. Look each one up by its name.",
            source="""
                def my_weighted_style_loss(grams, style_grams, weights):
                    total = 0.0
                    matched = zip(grams.values(), style_grams.values(), weights.values())
                    for gram, style_gram, weight in matched:
                        total = total + weight * ((gram - style_gram) ** 2).mean()
                    return total
            """,
            raises="size of tensor",
        ),
        Mistake(
            "every layer was taken, and not those with a weight",
            "Walk through `weights`: a layer without a weight does not count.",
            edits={
                "for layer, weight in weights.items():\n": (
                    "for layer in grams:\n        weight = weights[layer]\n"
                )
            },
            raises="relu",
        ),
        Mistake(
            "the weight was squared with the difference",
            "The weight belongs in front of the layer's loss. Inside the square, a weight of 0.1"
            " counts as 0.01.",
            edits={
                "weight * ((grams[layer] - style_grams[layer]) ** 2)": (
                    "((weight * (grams[layer] - style_grams[layer])) ** 2)"
                )
            },
        ),
        Mistake(
            "the weights have no effect",
            "The layers were added up as they are. Multiply each loss by its weight.",
            edits={"weight * ((": "(("},
        ),
        Mistake(
            "the sum was divided by the number of layers",
            "Σ w_l E_l is a sum. For an average, put 1/L into the weights.",
            edits={"return total": "return total / len(weights)"},
        ),
        Mistake(
            "the sum was divided by the sum of the weights",
            "The weights need not add up to one. Dividing by their sum would undo a change of all"
            " of them.",
            edits={"return total": "return total / sum(weights.values())"},
        ),
        Mistake(
            "the sum over the entries instead of their mean",
            "E_l is a mean over C² entries. With a sum, the layers with many channels take over.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "only the last layer counts",
            "Each pass of the loop overwrites `total`. Add to what is there.",
            edits={"total = total + weight": "total = weight"},
        ),
    ),
)
