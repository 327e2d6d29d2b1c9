"""The temporal loss: what was painted stays painted, where the same point is seen again."""

from __future__ import annotations

import torch

from ..cases import picture, tensor
from ..properties import finite_differences, relation
from ..spec import Exercise, Inputs, Mistake


def _case(height: int, width: int, seed: int, dtype: torch.dtype = torch.float64) -> Inputs:
    return {
        "image": picture(1, 3, height, width, seed=seed, dtype=dtype),
        "warped": picture(1, 3, height, width, seed=seed + 1, dtype=dtype),
        "weights": picture(1, 1, height, width, seed=seed + 2, dtype=dtype),
    }


EXERCISE = Exercise(
    name="temporal_loss",
    notebook="09_video_and_sound",
    title="The temporal loss",
    prompt="""
        Hold the image to the warped painting of the frame before, where that shows the same point:
        the mean over all D = 3·H·W values of c · (x − ω)². The weights c are 0…1, one a pixel, the
        same for its three colors.
    """,
    stub='''
        def my_temporal_loss(image, warped, weights):
            """The temporal loss (Ruder et al. 2016, eq. 7).

            image: x, (1, 3, H, W)
            warped: ω, the painting of the frame before, warped to this one, (1, 3, H, W)
            weights: c, (1, 1, H, W), 0…1
            returns: a scalar
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_temporal_loss(image, warped, weights):
            return (weights * (image - warped) ** 2).mean()
    """,
    why="Broadcasting gives the three colors of a pixel the same weight. The mean is over all D"
    " values, those of weight 0 included.",
    notice="Where c = 0 the gradient is 0: there the image may become whatever content and style"
    " want.",
    hints=(
        "It is the content loss on pixels, with a weight in front of every square.",
        "`(1, 1, H, W)` times `(1, 3, H, W)` needs no loop and no `expand`.",
        "`(weights * (image - warped) ** 2).mean()`.",
    ),
    cases=(
        lambda: {
            "image": tensor([[[[1.0, 0.5]], [[0.0, 0.5]], [[0.0, 0.5]]]]),
            "warped": tensor([[[[0.0, 0.5]], [[0.0, 0.5]], [[0.0, 0.0]]]]),
            "weights": tensor([[[[0.5, 1.0]]]]),
        },
        lambda: _case(2, 3, seed=1),
        lambda: _case(4, 3, seed=5),
        lambda: _case(5, 6, seed=9, dtype=torch.float32),
    ),
    definition="The mean over all values of c · (x − ω)².",
    properties=(
        relation(
            "Half the weights are half the loss.",
            lambda i: {"weights": i["weights"] / 2},
            lambda result, i: result / 2,
        ),
        relation(
            "Nothing is held where all weights are 0.",
            lambda i: {"weights": 0 * i["weights"]},
            lambda result, i: 0 * result,
        ),
        finite_differences("image"),
    ),
    gradient=("image",),
    mistakes=(
        Mistake(
            "the weights were squared as well",
            "c stands in front of the square. It makes no difference for weights of 0 and 1, and"
            " for all between.",
            edits={"weights * (image - warped) ** 2": "(weights * (image - warped)) ** 2"},
        ),
        Mistake(
            "it is a sum and not a mean",
            "Then the loss grows with the size of the picture. Divide by all D = 3·H·W values.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "it was divided by the sum of the weights",
            "The paper divides by all D values: where little is visible, the term counts little.",
            source="""
                def my_temporal_loss(image, warped, weights):
                    total = (weights * (image - warped) ** 2).sum()
                    return total / (3 * weights.sum()).clamp(min=1e-12)
            """,
        ),
        Mistake(
            "what was hidden is held, and what is visible is not",
            "The weights are 1 where the earlier frame shows the same point.",
            edits={"weights * (image": "(1 - weights) * (image"},
        ),
        Mistake(
            "the weights were left out",
            "Then the image is held to the warped frame where that shows something else.",
            edits={"weights * (image - warped) ** 2": "(image - warped) ** 2"},
        ),
        Mistake(
            "distances in place of their squares",
            "The term is a square, as the content loss is.",
            edits={"(image - warped) ** 2": "(image - warped).abs()"},
        ),
        Mistake(
            "only the image was weighted",
            "The weight belongs to the whole square: c · (x − ω)².",
            edits={"weights * (image - warped) ** 2": "(weights * image - warped) ** 2"},
        ),
    ),
    minutes=5,
    difficulty="easy",
)
