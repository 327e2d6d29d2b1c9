"""The derivative of the content loss, by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..properties import agrees, holds
from ..spec import Exercise, Inputs, Mistake


def _through_the_relu(inputs: Inputs) -> Tensor:
    """Autograd's derivative of ½ Σ (relu(z) − P)² with respect to z, where relu(z) = F."""
    features, target = inputs["features"], inputs["target"]
    before = torch.where(features > 0, features, -torch.ones_like(features)).requires_grad_(True)
    loss = ((before.relu() - target) ** 2).sum() / 2
    return torch.autograd.grad(loss, before)[0]


EXERCISE = Exercise(
    name="content_gradient",
    notebook="02_content_loss",
    title="The derivative of the content loss",
    minutes=10,
    importance="useful",
    prompt="""
        Eq. 2 of Gatys et al. 2016 is the derivative of the paper's loss L = ½ Σ (F − P)². F comes
        out of a ReLU, and the paper counts the ReLU in: a unit that is off lets no gradient
        through. Write the derivative by hand. The check compares it with what autograd finds.

        The paper says “0 if F < 0”. After a ReLU no F is below zero, so read it as: 0 where the
        unit is off.
    """,
    stub='''
        def my_content_gradient(features, target):
            """Derivative of L = ½ Σ (F − P)² with respect to what enters the ReLU.

            features: F ≥ 0, (1, C, H, W), after the ReLU;  target: P, the same shape
            returns: (1, C, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_content_gradient(features, target):
            return (features - target) * (features > 0)
    """,
    why="The 2 of the square cancels the ½, so F − P is left. The ReLU's own slope is 1 where the"
    " unit is on and 0 where it is off.",
    notice="The gradient is the difference itself. Where a unit is off in the generated image, this"
    " loss has no gradient there, even if the photograph's unit is on.",
    hints=(
        "Take one entry: what is the derivative of ½ (F − P)² with respect to F?",
        "It is F − P. Now the ReLU: what is its slope where F is 0?",
        "Multiply F − P by a mask that is 1 where `features > 0` and 0 elsewhere.",
    ),
    cases=(
        lambda: {"features": tensor([[[[3.0]]]]), "target": tensor([[[[1.0]]]])},
        lambda: {"features": tensor([[[[3.0, 0.0]]]]), "target": tensor([[[[1.0, 2.0]]]])},
        lambda: {"features": tensor([[[[3.0, 1.0]]]]), "target": tensor([[[[0.0, 2.0]]]])},
        lambda: {
            "features": drawn(1, 3, 3, 4, seed=1).relu(),
            "target": drawn(1, 3, 3, 4, seed=2).relu(),
        },
        lambda: {
            "features": drawn(1, 2, 3, 4, seed=3, dtype=torch.float32).relu(),
            "target": drawn(1, 2, 3, 4, seed=4, dtype=torch.float32).relu(),
        },
    ),
    definition="The derivative is F − P where the unit is on, and 0 where it is off.",
    properties=(
        holds(
            "Where the unit is off (F = 0) no gradient passes.",
            lambda r, i: not r[i["features"] == 0].any(),
        ),
        agrees("Autograd finds the same.", _through_the_relu),
    ),
    sizes=lambda i: {"C·H·W": i["features"].numel()},
    mistakes=(
        Mistake(
            "a factor of 2 is left over, and the units that are off get a gradient",
            "The 2 of the square cancels the ½ of the paper's sum. And where F is 0, the slope of"
            " the ReLU is 0 and nothing passes.",
            edits={
                "(features - target) * (features > 0)": "2 * (features - target)",
            },
        ),
        Mistake(
            "this is the derivative of the mean, without the ReLU",
            "Eq. 2 is about the paper's ½ Σ, not about a mean. And where F is 0, the slope of the"
            " ReLU is 0 and nothing passes.",
            edits={
                "(features - target) * (features > 0)": (
                    "2 / features.numel() * (features - target)"
                ),
            },
        ),
        Mistake(
            "the difference was multiplied by the features",
            "The slope of the ReLU is 1 where the unit is on, whatever its activation. Multiply"
            " by a mask of zeros and ones.",
            edits={
                "(features > 0)": "features",
            },
        ),
        Mistake(
            "the loss was returned instead of its derivative",
            "The derivative has one entry for each entry of F.",
            edits={
                "(features - target) * (features > 0)": "0.5 * ((features - target) ** 2).sum()",
            },
        ),
        Mistake(
            "the sum of the derivative was returned",
            "The derivative has one entry for each entry of F. Leave out the sum.",
            edits={
                "(features - target) * (features > 0)": (
                    "((features - target) * (features > 0)).sum()"
                ),
            },
        ),
        Mistake(
            "the mask has the wrong sign",
            "After a ReLU no F is below 0, so a mask with `features < 0` lets nothing through.",
            edits={
                "(features > 0)": "(features < 0)",
            },
        ),
        Mistake(
            "the units that are off get a gradient",
            "Where F is 0 the ReLU is flat, and nothing passes. (After a ReLU nothing is below 0,"
            " so a mask with `features < 0` has no effect.)",
            edits={" * (features > 0)": ""},
        ),
        Mistake(
            "a factor of 2 is left over",
            "The derivative of a square brings a 2, and the ½ in front of the paper's sum cancels"
            " it.",
            edits={"return ": "return 2 * "},
        ),
        Mistake(
            "the sign is wrong",
            "Where F is too large the loss grows with F, so the derivative is positive there."
            " Descent subtracts it later.",
            edits={"(features - target)": "(target - features)"},
        ),
        Mistake(
            "this is the derivative of the mean",
            "You divided by the number of entries. That belongs to the course's loss; eq. 2 is"
            " about the paper's ½ Σ.",
            edits={"return ": "return 2 / features.numel() * "},
        ),
        Mistake(
            "the mask was taken from the target",
            "The gradient flows back through the generated image's own ReLU. Whether the"
            " photograph's unit is on does not matter.",
            edits={"(features > 0)": "(target > 0)"},
        ),
        Mistake(
            "only units that are too strong get a gradient",
            "The mask asks whether the unit is on, and not whether F − P is positive. A unit that"
            " is on and too weak has to grow.",
            edits={"(features > 0)": "(features > target)"},
        ),
    ),
)
