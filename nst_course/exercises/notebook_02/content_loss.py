"""The content loss of one layer."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import finite_differences, holds, relation
from ..spec import Exercise, Mistake

EXERCISE = Exercise(
    name="content_loss",
    notebook="02_content_loss",
    title="Content loss",
    minutes=5,
    difficulty="easy",
    prompt="""
        Write the content loss of one layer: the mean over all entries of (F − P)². F are the
        features of the generated image, P those of the photograph. (The paper has ½ Σ (F − P)²:
        eq. 1 of Gatys et al. 2016. The mean does not grow with the image.)
    """,
    stub='''
        def my_content_loss(features, target):
            """Mean of (F − P)² over all entries.

            features: F, (1, C, H, W);  target: P, the same shape
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_content_loss(features, target):
            return ((features - target) ** 2).mean()
    """,
    why="Every entry of F is compared with the entry of P at the same channel and the same place."
    " So this loss knows where things are, which the style loss of the next notebook does not.",
    notice="The loss compares place by place: move the photograph by a few pixels and it is no"
    " longer zero, although you see the same content.",
    hints=(
        "Three steps, one after the other: a difference, a square, a mean.",
        "All three work on the whole tensor at once; no loop is needed.",
        "`(features - target) ** 2` has the shape of the features. Take its `.mean()`.",
    ),
    cases=(
        lambda: {"features": tensor([[[[3.0]]]]), "target": tensor([[[[1.0]]]])},
        lambda: {"features": tensor([[[[1.0, 2.0]]]]), "target": tensor([[[[3.0, 1.0]]]])},
        lambda: {"features": drawn(1, 3, 2, 4, seed=1), "target": drawn(1, 3, 2, 4, seed=2)},
        lambda: {
            "features": drawn(1, 2, 3, 3, seed=3, dtype=torch.float32),
            "target": drawn(1, 2, 3, 3, seed=4, dtype=torch.float32),
        },
    ),
    gradient=("features",),
    definition="The loss is the mean of (F − P)² over all entries.",
    properties=(
        holds("The loss is never negative.", lambda r, i: bool(r >= 0)),
        relation(
            "Features that are equal to the target have loss 0.",
            lambda i: {"features": i["target"]},
            lambda r, i: 0 * r,
        ),
        relation(
            "Features and target may be exchanged.",
            lambda i: {"features": i["target"], "target": i["features"]},
        ),
        relation(
            "Differences three times as large have nine times the loss.",
            lambda i: {"features": 3 * i["features"], "target": 3 * i["target"]},
            lambda r, i: 9 * r,
        ),
        relation(
            "A map twice as wide, with the same entries again, has the same loss.",
            lambda i: {name: value.repeat(1, 1, 1, 2) for name, value in i.items()},
        ),
        finite_differences("features"),
    ),
    sizes=lambda i: {
        "C": i["features"].shape[1],
        "H·W": i["features"].shape[2] * i["features"].shape[3],
        "C·H·W": i["features"].numel(),
    },
    mistakes=(
        Mistake(
            "the mean was taken before the square",
            "Positive and negative differences cancel in the mean. Square first, then take the"
            " mean.",
            edits={
                "((features - target) ** 2).mean()": "(features - target).mean() ** 2",
            },
        ),
        Mistake(
            "the squares were subtracted",
            "Subtract first, then square: (F − P)² is not F² − P².",
            edits={
                "((features - target) ** 2)": "(features**2 - target**2)",
            },
        ),
        Mistake(
            "a quarter of the mean",
            "The ¼ belongs to other definitions of the loss. This one is a plain mean.",
            edits={
                ".mean()": ".mean() / 4",
            },
        ),
        Mistake(
            "the norm of the difference",
            "`norm` is the root of the sum of the squares. The loss is the mean of the squares,"
            " without a root.",
            edits={
                ".mean()": ".sum().sqrt()",
            },
        ),
        Mistake(
            "the features were returned instead of the loss",
            "In PyTorch's tutorial a module passes its input on and keeps the loss as an"
            " attribute. Here the loss itself is returned.",
            edits={
                "((features - target) ** 2).mean()": "features",
            },
        ),
        Mistake(
            "a loss that is linear for large differences",
            "`smooth_l1_loss` and `huber_loss` grow linearly for differences above 1. The"
            " definition squares all of them.",
            edits={
                "((features - target) ** 2).mean()": (
                    "torch.nn.functional.smooth_l1_loss(features, target)"
                ),
            },
        ),
        Mistake(
            "the sum instead of the mean",
            "A sum grows with the image: at twice the width and height the same weight would count"
            " four times as much.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "half the sum, as in the paper",
            "This is eq. 1 of the paper. The course takes the mean over all entries instead, so"
            " that one weight serves every image size.",
            edits={"((features - target) ** 2).mean()": "((features - target) ** 2).sum() / 2"},
        ),
        Mistake(
            "half the mean",
            "The ½ belongs to the paper's sum, where it cancels the 2 of the derivative. This"
            " definition is a plain mean.",
            edits={".mean()": ".mean() / 2"},
        ),
        Mistake(
            "the differences were not squared",
            "Without a square, a difference of +1 and one of −1 cancel each other out.",
            edits={"((features - target) ** 2)": "(features - target)"},
        ),
        Mistake(
            "the absolute differences instead of the squares",
            "The absolute value has the same gradient for small and for large differences. The"
            " paper"
            " squares.",
            edits={"((features - target) ** 2)": "(features - target).abs()"},
        ),
        Mistake(
            "the root was taken as well",
            "The root of the mean square is a distance. The loss is its square: no root at the"
            " end.",
            edits={".mean()": ".mean().sqrt()"},
        ),
        Mistake(
            "`features` was changed in place",
            "The loss is right, but `features -= target` overwrites the features, which are the"
            " network's own output. Write the difference into a new tensor.",
            source="""
                def my_content_loss(features, target):
                    features -= target
                    return (features**2).mean()
            """,
        ),
        Mistake(
            "the gradient of the features is cut off",
            "`.detach()`, `.data` and `torch.no_grad()` cut it off. The target is a constant and"
            " may"
            " be detached; the optimizer needs the gradient of the features.",
            edits={"(features - target)": "(features.detach() - target)"},
        ),
    ),
)
