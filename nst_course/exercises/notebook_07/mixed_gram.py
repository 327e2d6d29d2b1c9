"""The Gram matrix of a mixture of artworks: the average by weight."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..properties import holds, relation
from ..spec import Exercise, Mistake


def _grams(count: int, channels: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    features = [drawn(1, channels, 6, seed=seed, dtype=dtype) for seed in range(count)]
    return [rows @ rows.mT / 6 for rows in features]


EXERCISE = Exercise(
    name="mixed_gram",
    notebook="07_mixing_styles",
    title="The Gram matrix of a mixture",
    minutes=6,
    difficulty="easy",
    prompt="""
        Average the Gram matrices of several artworks by weight. Only the ratios of the weights
        count: 3 and 1 mean the same as 0.75 and 0.25.
    """,
    stub='''
        def my_mixed_gram(grams, weights):
            """The average of several Gram matrices, by weight.

            grams: list of Gram matrices, each (1, C, C)
            weights: list of as many numbers, which need not add up to 1
            returns: (1, C, C)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_mixed_gram(grams, weights):
            total = sum(weights)
            mixed = torch.zeros_like(grams[0])
            for gram, weight in zip(grams, weights):
                mixed = mixed + weight * gram
            return mixed / total
    """,
    why="An entry of a Gram matrix is a mean over positions. A picture with three quarters of its"
    " positions from one artwork and a quarter from another has exactly this average.",
    notice="The average of Gram matrices is a Gram matrix of something: of the two sets of"
    " positions put together. Nobody has to paint that picture first.",
    hints=(
        "Multiply each matrix by its weight and add them up. What has to be true of the weights?",
        "With weights 3 and 1 the sum is four times too large. Divide by the sum of the weights.",
        "In a loop over `zip(grams, weights)` add `weight * gram`, and at the end divide by"
        " `sum(weights)`.",
    ),
    cases=(
        lambda: {"grams": [tensor([[[2.0]]]), tensor([[[6.0]]])], "weights": [1.0, 3.0]},
        lambda: {"grams": _grams(3, 2), "weights": [0.5, 2.0, 1.0]},
        lambda: {"grams": _grams(4, 3, torch.float32), "weights": [0.1, 0.0, 0.6, 0.2]},
    ),
    definition="The mixture is Σ w_k G_k, divided by Σ w_k.",
    properties=(
        relation(
            "Ten times all weights is the same mixture.",
            lambda i: {"weights": [10 * weight for weight in i["weights"]]},
        ),
        relation(
            "A mixture of equal matrices is that matrix.",
            lambda i: {"grams": [i["grams"][0] for _ in i["grams"]]},
            lambda r, i: i["grams"][0],
        ),
        holds(
            "Each entry lies between the smallest and the largest of the artworks'.",
            lambda r, i: bool(
                (r <= torch.stack(i["grams"]).amax(0) + 1e-5).all()
                and (r >= torch.stack(i["grams"]).amin(0) - 1e-5).all()
            ),
        ),
        relation(
            "An artwork in two halves counts as much as in one piece.",
            lambda i: {
                "grams": [*i["grams"], i["grams"][0]],
                "weights": [i["weights"][0] / 2, *i["weights"][1:], i["weights"][0] / 2],
            },
        ),
    ),
    sizes=lambda i: {"the number of artworks": len(i["grams"])},
    mistakes=(
        Mistake(
            "the weights were not divided by their sum",
            "With weights 1 and 3, four artworks are added up. An average stays among the values"
            " that it is made of: divide by the sum of the weights.",
            edits={" / total": ""},
        ),
        Mistake(
            "the sum was divided by the number of artworks",
            "That is an average only if the weights add up to that number. Divide by their sum.",
            edits={"sum(weights)": "len(weights)"},
        ),
        Mistake(
            "the weights have no effect",
            "This is the plain average. Multiply each matrix by its weight first.",
            edits={"weight * gram": "gram", "sum(weights)": "len(weights)"},
        ),
        Mistake(
            "the weights went through a softmax",
            "Softmax takes exponentials, so a weight of 0 still counts. Divide each weight by the"
            " sum of all.",
            edits={
                "    total = sum(weights)\n": (
                    "    weights = torch.tensor(weights).softmax(0).tolist()\n"
                    "    total = sum(weights)\n"
                ),
            },
        ),
        Mistake(
            "the weights were squared",
            "Each matrix counts with its weight. (In a mixture of the features the weight would"
            " come in twice, but features of two pictures cannot be added position by position.)",
            edits={
                "weight * gram": "weight**2 * gram",
                "sum(weights)": "sum(w**2 for w in weights)",
            },
        ),
        Mistake(
            "only the first two artworks count",
            "There may be three or more. Go through all of them.",
            edits={"zip(grams, weights)": "zip(grams[:2], weights[:2])"},
        ),
        Mistake(
            "the artworks got each other's weights",
            "The first weight belongs to the first matrix. Walk through both lists in the same"
            " order.",
            edits={"zip(grams, weights)": "zip(grams, reversed(weights))"},
        ),
        Mistake(
            "the artwork with the largest weight was taken",
            "A mixture has a part of each artwork.",
            source="""
                def my_mixed_gram(grams, weights):
                    return grams[weights.index(max(weights))].clone()
            """,
        ),
        Mistake(
            "the matrices were multiplied entry by entry",
            "An average adds. Multiply each matrix by its weight, and add the results.",
            edits={
                "torch.zeros_like": "torch.ones_like",
                "mixed + weight": "mixed * weight",
            },
        ),
        Mistake(
            "the `return` stands inside the loop",
            "The function ends at its first `return`, after one artwork.",
            edits={"    return mixed / total": "        return mixed / total"},
        ),
        Mistake(
            "each pass of the loop overwrites the sum",
            "Only the last artwork is left. Add to what is there.",
            edits={"mixed + weight": "weight"},
        ),
    ),
)
