"""The objective: α times the content loss plus β times the style loss."""

from __future__ import annotations

import torch

from ... import losses
from ..cases import drawn, tensor
from ..properties import relation
from ..spec import Exercise, Inputs, Mistake


def _one_layer() -> Inputs:
    return {
        "features": {"relu1_1": tensor([[[[1.0, 2.0]]]])},
        "content_features": {"relu1_1": tensor([[[[1.0, 0.0]]]])},
        "style_grams": {"relu1_1": tensor([[[2.0]]])},
        "style_layers": {"relu1_1": 1.0},
        "content_weight": 1.0,
        "style_weight": 10.0,
    }


def _two_layers() -> Inputs:
    return {
        "features": {"relu1_1": tensor([[[[1.0, 2.0]]]]), "relu2_1": tensor([[[[3.0]]]])},
        "content_features": {"relu2_1": tensor([[[[1.0]]]])},
        "style_grams": {"relu1_1": tensor([[[2.0]]]), "relu2_1": tensor([[[8.0]]])},
        "style_layers": {"relu1_1": 2.0, "relu2_1": 0.5},
        "content_weight": 1.0,
        "style_weight": 10.0,
    }


def _three_layers(dtype: torch.dtype) -> Inputs:
    """Two content layers and two style layers, in different orders, with weights of their own."""
    widths = {"relu1_1": 2, "relu2_1": 3, "relu3_1": 4}
    return {
        "features": {
            name: drawn(1, width, 3, width, seed=width, dtype=dtype)
            for name, width in widths.items()
        },
        "content_features": {
            "relu3_1": drawn(1, 4, 3, 4, seed=8, dtype=dtype),
            "relu2_1": drawn(1, 3, 3, 3, seed=9, dtype=dtype),
        },
        "style_grams": {
            name: drawn(1, width, width, seed=10 + width, dtype=dtype)
            for name, width in reversed(widths.items())
        },
        "style_layers": {"relu2_1": 0.25, "relu1_1": 0.75},
        "content_weight": 3.0,
        "style_weight": 30.0,
    }


def _targets_met(inputs: Inputs) -> Inputs:
    """Targets that are taken from the features themselves."""
    features = inputs["features"]
    rows = {layer: maps.flatten(2) for layer, maps in features.items()}
    return {
        "content_features": {layer: features[layer] for layer in inputs["content_features"]},
        "style_grams": {layer: f @ f.mT / f.shape[2] for layer, f in rows.items()},
    }


EXERCISE = Exercise(
    name="total_loss",
    notebook="05_optimization_loop",
    title="The total loss",
    minutes=8,
    difficulty="easy",
    prompt="""
        Put the objective together: α L_content + β L_style (Gatys et al. 2016, eq. 7). Use
        `nst.content_loss`, `nst.gram_matrix` and `nst.style_loss`. The targets are given: the
        content features at their layers, and the artwork's Gram matrices. If there are several
        content layers, their losses are added up.
    """,
    stub='''
        def my_total_loss(
            features, content_features, style_grams, style_layers, content_weight, style_weight
        ):
            """α · content loss + β · Σ w_l · style loss of layer l.

            features: layer name → F, (1, C, H, W), of the generated image
            content_features: layer name → P, for the content layers
            style_grams: layer name → A, (1, C, C), of the artwork
            style_layers: layer name → w_l, for the layers whose style counts
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    names={"nst": losses},
    code="""
        def my_total_loss(
            features, content_features, style_grams, style_layers, content_weight, style_weight
        ):
            content = 0.0
            for layer, target in content_features.items():
                content = content + nst.content_loss(features[layer], target)
            style = 0.0
            for layer, weight in style_layers.items():
                gram = nst.gram_matrix(features[layer])
                style = style + weight * nst.style_loss(gram, style_grams[layer])
            return content_weight * content + style_weight * style
    """,
    why="One forward pass gives the features of all layers. The content loss compares features, the"
    " style loss Gram matrices, and one gradient of the weighted sum moves the image.",
    notice="Only the ratio β / α decides which picture is best. The size of both together matters"
    " to plain gradient descent, whose rate has to fit it; Adam and L-BFGS adapt to it.",
    hints=(
        "Compute the two losses on their own first. Each has its own layers.",
        "Content: walk through `content_features`. Style: walk through `style_layers`, and make a"
        " Gram matrix of `features[layer]`.",
        "`content_weight * content + style_weight * style`, where `style` is the sum of"
        " `weight * nst.style_loss(nst.gram_matrix(features[layer]), style_grams[layer])`.",
    ),
    cases=(
        _one_layer,
        _two_layers,
        lambda: _three_layers(torch.float64),
        lambda: _three_layers(torch.float32),
    ),
    gradient=("features",),
    definition="The loss is α · L_content + β · Σ w_l E_l.",
    properties=(
        relation(
            "Twice α and twice β is twice the loss.",
            lambda i: {name: 2 * i[name] for name in ("content_weight", "style_weight")},
            lambda r, i: 2 * r,
        ),
        relation(
            "An image that already has the content and the style has loss 0.",
            _targets_met,
            lambda r, i: 0 * r,
        ),
    ),
    sizes=lambda i: {
        "α": i["content_weight"],
        "β": i["style_weight"],
        "(α + β)": i["content_weight"] + i["style_weight"],
        "the number of style layers": len(i["style_layers"]),
    },
    mistakes=(
        Mistake(
            "α and β were exchanged",
            "The content weight belongs to the content loss. With the two exchanged, a higher style"
            " weight gives a picture with less style.",
            edits={
                "content_weight * content + style_weight * style": (
                    "style_weight * content + content_weight * style"
                )
            },
        ),
        Mistake(
            "the weights of the layers have no effect",
            "Each layer's style loss has its own w_l, inside the sum. β multiplies the sum.",
            edits={"weight * nst.style_loss": "nst.style_loss"},
        ),
        Mistake(
            "features were compared with Gram matrices",
            "`style_grams` holds Gram matrices. Make one of the features before you compare.",
            edits={"nst.gram_matrix(features[layer])": "features[layer]"},
            raises="size of tensor",
        ),
        Mistake(
            "only the last style layer counts",
            "Each pass of the loop overwrites `style`. Add to what is there.",
            edits={"style = style + weight": "style = weight"},
        ),
        Mistake(
            "the style losses were averaged over the layers",
            "The sum Σ w_l E_l is not divided by the number of layers; that can be put into the"
            " w_l.",
            edits={"style_weight * style": "style_weight * style / len(style_layers)"},
        ),
        Mistake(
            "β has no effect",
            "The style loss is added as it is. β, here `style_weight`, multiplies it.",
            edits={
                "style_weight * style": "style",
            },
        ),
        Mistake(
            "α has no effect",
            "The content loss is added as it is. α, here `content_weight`, multiplies it.",
            edits={
                "content_weight * content": "content",
            },
        ),
        Mistake(
            "α multiplies the style loss as well",
            "α belongs to the content loss alone. With parentheses around the whole sum, the"
            " style loss has the weight α · β.",
            edits={
                "style_weight * style": "content_weight * style_weight * style",
            },
        ),
        Mistake(
            "β multiplies the content loss as well",
            "β belongs to the style loss alone. With parentheses around the whole sum, the"
            " content loss has the weight α · β.",
            edits={
                "content_weight * content": "style_weight * content_weight * content",
            },
        ),
        Mistake(
            "β is applied twice",
            "The style loss is multiplied by `style_weight` inside the loop and again outside.",
            edits={
                "style_weight * style": "style_weight**2 * style",
            },
        ),
        Mistake(
            "α is applied twice",
            "The content loss is multiplied by `content_weight` inside the loop and again outside.",
            edits={
                "content_weight * content": "content_weight**2 * content",
            },
        ),
        Mistake(
            "α and β are both applied twice",
            "Each weight multiplies its loss inside the loop and again outside.",
            edits={
                "content_weight * content": "content_weight**2 * content",
                "style_weight * style": "style_weight**2 * style",
            },
        ),
        Mistake(
            "the weights of the layers are applied twice",
            "Each style loss has the factor w_l once.",
            edits={
                "weight * nst.style_loss": "weight**2 * nst.style_loss",
            },
        ),
        Mistake(
            "the style loss is missing",
            "Only the content loss is in the result. The total is the sum of both.",
            edits={
                " + style_weight * style": "",
            },
        ),
        Mistake(
            "the content loss is missing",
            "Only the style loss is in the result. The total is the sum of both.",
            edits={
                "content_weight * content + ": "",
            },
        ),
        Mistake(
            "only the last content layer counts",
            "Each pass of the loop overwrites `content`. Add to what is there.",
            edits={
                "content = content + nst": "content = nst",
            },
        ),
        Mistake(
            "the content losses were averaged over the layers",
            "The losses of several content layers are added up, not averaged.",
            edits={
                "content_weight * content": "content_weight * content / len(content_features)",
            },
        ),
        Mistake(
            "each style loss was divided by C·H·W",
            "The Gram matrix is divided by H·W already, and the loss is a mean over its entries."
            " Nothing more is divided. (Some published solutions divide once more here.)",
            edits={
                "weight * nst.style_loss(gram, style_grams[layer])": (
                    "weight * nst.style_loss(gram, style_grams[layer]) / features[layer].numel()"
                ),
            },
        ),
        Mistake(
            "each style loss was divided by 4",
            "The ¼ of the paper's E_l is not part of the course's style loss.",
            edits={
                "weight * nst.style_loss(gram, style_grams[layer])": (
                    "weight * nst.style_loss(gram, style_grams[layer]) / 4"
                ),
            },
        ),
        Mistake(
            "all layers of `style_grams` were used",
            "Which layers count, and how much, is said by `style_layers`. A layer that it does not"
            " name has no weight.",
            edits={
                "for layer, weight in style_layers.items():": (
                    "for layer in style_grams:\n        weight = style_layers.get(layer, 1.0)"
                )
            },
        ),
    ),
)
