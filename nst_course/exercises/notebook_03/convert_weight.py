"""A style weight from another convention."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn
from ..properties import agrees, relation
from ..spec import Exercise, Inputs, Mistake


def _raw_gram(channels: int, height: int, width: int, seed: int, **kind: torch.dtype) -> Tensor:
    flat = drawn(1, channels, height * width, seed=seed, **kind)
    return flat @ flat.mT


def _by_way_of_the_losses(inputs: Inputs) -> float:
    """Both losses on the same drawn features, and the weight that makes the products equal."""
    channels, positions = inputs["channels"], inputs["positions"]
    gram, style_gram = (_raw_gram(channels, 1, positions, seed) / positions for seed in (1, 2))
    here = (gram - style_gram).square().mean()
    there = (gram / channels - style_gram / channels).square().mean()
    return float(inputs["weight"] * there / here)


EXERCISE = Exercise(
    name="convert_weight",
    notebook="03_gram_matrix_style_loss",
    title="A weight from another convention",
    minutes=10,
    difficulty="hard",
    importance="optional",
    prompt="""
        PyTorch's tutorial divides the Gram matrix by C·H·W and then takes the mean of the squared
        differences. This course divides by H·W and takes the same mean. Someone gives you a style
        weight that works in the tutorial's convention. Which weight gives the same weighted loss
        here?
    """,
    stub='''
        def my_converted_weight(weight, channels, positions):
            """Style weight for the course's loss, from one for the tutorial's loss.

            weight: for the mean of (G − A)² with G and A divided by C·H·W, as in the tutorial
            channels: C;  positions: H·W
            returns: a number
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_converted_weight(weight, channels, positions):
            return weight / channels**2
    """,
    why="The tutorial's matrix is ours divided by C. Differences are divided by C too, their"
    " squares by C², and the mean over the entries stays a mean. So the tutorial's loss is ours"
    " divided by C², and its weight has to be divided by C² to have the same effect.",
    notice="With C = 64 the tutorial's 1e6 becomes about 244, and with C = 512 about 4. The same"
    " number in two programs is two different weights, and here it even differs from layer to"
    " layer.",
    hints=(
        "Write the tutorial's Gram matrix as a number times ours.",
        "It is ours divided by C. What happens to that factor when the difference is squared?",
        "The tutorial's loss is ours divided by C². The product of weight and loss has to stay the"
        " same.",
    ),
    cases=(
        lambda: {"weight": 1.0, "channels": 2, "positions": 3},
        lambda: {"weight": 36.0, "channels": 3, "positions": 4},
        lambda: {"weight": 1e6, "channels": 64, "positions": 100},
    ),
    definition="Weight times loss is the same number in both conventions.",
    properties=(
        relation(
            "Twice the weight there is twice the weight here.",
            lambda i: {"weight": 2 * i["weight"]},
            lambda r, i: 2 * r,
        ),
        agrees(
            "With the features of two pictures, weight times loss is the same in both conventions.",
            _by_way_of_the_losses,
        ),
        relation(
            "The number of positions plays no part: both conventions divide by it.",
            lambda i: {"positions": 5 * i["positions"]},
        ),
    ),
    sizes=lambda i: {"C": i["channels"], "H·W": i["positions"]},
    mistakes=(
        Mistake(
            "the root of C was used",
            "The matrices differ by a factor C, and the loss squares it: C².",
            edits={
                "channels**2": "channels**0.5",
            },
        ),
        Mistake(
            "divided by C³",
            "The matrices differ by a factor C, and the loss squares it. The mean adds no factor.",
            edits={
                "channels**2": "channels**3",
            },
        ),
        Mistake(
            "divided by C⁴",
            "The matrices differ by a factor C, and the loss squares it once: C².",
            edits={
                "channels**2": "channels**4",
            },
        ),
        Mistake(
            "the number of positions is left over",
            "Both conventions divide by H·W, so it cancels.",
            edits={
                "channels**2": "(channels**2 * positions)",
            },
        ),
        Mistake(
            "multiplied where a division is needed",
            "The tutorial's loss is the smaller one, so the tutorial's weight is the larger, and"
            " yours the smaller: divide.",
            edits={"weight / channels**2": "weight * channels**2"},
        ),
        Mistake(
            "divided by C once",
            "The matrices differ by a factor C. The loss squares their difference, and the factor"
            " with it.",
            edits={"channels**2": "channels"},
        ),
        Mistake(
            "multiplied by C",
            "The tutorial's matrix is smaller, and so is its loss: the weight here has to be"
            " smaller. The square is missing as well.",
            edits={"weight / channels**2": "weight * channels"},
        ),
        Mistake(
            "the number of positions was taken in",
            "Both conventions divide by H·W. Only what they do differently matters.",
            edits={"channels**2": "(channels * positions) ** 2"},
        ),
        Mistake(
            "only the number of positions was used",
            "Both conventions divide by H·W. Look at what the tutorial divides by besides.",
            edits={"channels**2": "positions**2"},
        ),
        Mistake(
            "the weight stayed the same",
            "The two losses are different numbers for the same pictures, so one weight cannot have"
            " the same effect in both.",
            edits={" / channels**2": ""},
        ),
    ),
)
