"""The style loss of one layer."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..properties import finite_differences, holds, relation
from ..spec import Exercise, Mistake


def _gram(features: Tensor) -> Tensor:
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


EXERCISE = Exercise(
    name="style_loss",
    notebook="03_gram_matrix_style_loss",
    title="Style loss of one layer",
    minutes=4,
    difficulty="easy",
    prompt="""
        Write the style loss of one layer: the mean over the C² entries of (G − A)². G is the Gram
        matrix of the generated image, A that of the artwork.
    """,
    stub='''
        def my_style_loss(gram, style_gram):
            """Mean of (G − A)² over the C² entries.

            gram: G, (1, C, C);  style_gram: A, the same shape
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_style_loss(gram, style_gram):
            return ((gram - style_gram) ** 2).mean()
    """,
    why="With G and A divided by H·W, this mean is four times E_l of the paper (Gatys et al. 2016,"
    " eq. 4). The 4 can be taken into the weight of the layer.",
    notice="The two pictures may have different sizes: their Gram matrices have the same shape all"
    " the same. The content loss could not do that.",
    hints=(
        "It is the same loss as for the content. Only what is compared is new.",
        "Difference, square, mean, over all C² entries, those beside the diagonal too.",
        "`(gram - style_gram) ** 2` has the shape of a Gram matrix. Take its `.mean()`.",
    ),
    cases=(
        lambda: {"gram": tensor([[[3.0]]]), "style_gram": tensor([[[1.0]]])},
        lambda: {
            "gram": tensor([[[2.0, 1.0], [1.0, 2.0]]]),
            "style_gram": tensor([[[1.0, 3.0], [3.0, 2.0]]]),
        },
        lambda: {
            "gram": _gram(drawn(1, 5, 4, 4, seed=1)),
            "style_gram": _gram(drawn(1, 5, 3, 6, seed=2)),
        },
        lambda: {
            "gram": _gram(drawn(1, 3, 4, 4, seed=3, dtype=torch.float32)),
            "style_gram": _gram(drawn(1, 3, 4, 4, seed=4, dtype=torch.float32)),
        },
    ),
    gradient=("gram",),
    definition="The loss is the mean of (G − A)² over the C² entries.",
    properties=(
        holds("The loss is never negative.", lambda r, i: bool(r >= 0)),
        relation(
            "Equal Gram matrices have loss 0.",
            lambda i: {"gram": i["style_gram"]},
            lambda r, i: 0 * r,
        ),
        relation(
            "The same channels in another order, in both matrices, have the same loss.",
            lambda i: {name: gram.flip(1, 2) for name, gram in i.items()},
        ),
        relation(
            "Matrices three times as large have nine times the loss.",
            lambda i: {name: 3 * gram for name, gram in i.items()},
            lambda r, i: 9 * r,
        ),
        finite_differences("gram"),
    ),
    sizes=lambda i: {"C": i["gram"].shape[1]},
    mistakes=(
        Mistake(
            "the mean was taken before the square",
            "Positive and negative differences cancel in the mean. Square first, then take the"
            " mean.",
            edits={
                "((gram - style_gram) ** 2).mean()": "(gram - style_gram).mean() ** 2",
            },
        ),
        Mistake(
            "the squares were summed over C and averaged once more",
            "The mean over C² entries is divided by nothing else. (Some published solutions"
            " divide by C, H and W once more.)",
            edits={
                ".mean()": ".mean() / gram.shape[-1]",
            },
        ),
        Mistake(
            "half of the mean",
            "The definition is a plain mean, without a factor in front.",
            edits={
                ".mean()": ".mean() / 2",
            },
        ),
        Mistake(
            "the Gram matrix of the Gram matrices was taken",
            "`gram` and `style_gram` are Gram matrices already. Compare them as they are.",
            edits={
                "(gram - style_gram)": "(gram @ gram.mT - style_gram @ style_gram.mT)",
            },
        ),
        Mistake(
            "only one side of the diagonal was compared",
            "The mean runs over all C² entries, above and below the diagonal.",
            edits={
                "(gram - style_gram)": "(gram - style_gram).triu()",
            },
        ),
        Mistake(
            "the gradient of the Gram matrix is cut off",
            "The artwork's matrix is a constant and may be detached. The generated image's matrix"
            " is what the optimizer acts through.",
            edits={
                "(gram - style_gram)": "(gram.detach() - style_gram)",
            },
        ),
        Mistake(
            "the sum instead of the mean",
            "A layer with 512 channels has 64 times as many entries as one with 64. With a sum it"
            " would dominate the total before any weight is set.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "a quarter of the mean, as in the paper",
            "The paper's E_l has 1/4 in front. The course leaves it out; it belongs to the weight.",
            edits={".mean()": ".mean() / 4"},
        ),
        Mistake(
            "the sum was divided by C and not by C²",
            "A Gram matrix has C rows and C columns, so the mean runs over C² entries.",
            edits={".mean()": ".sum() / gram.shape[-1]"},
        ),
        Mistake(
            "the absolute differences instead of the squares",
            "The loss is the mean of squares, as in the paper.",
            edits={"((gram - style_gram) ** 2)": "(gram - style_gram).abs()"},
        ),
        Mistake(
            "the root of the sum of squares",
            "That is the distance between the matrices (the Frobenius norm). The loss is its"
            " square, divided by C².",
            edits={".mean()": ".sum().sqrt()"},
        ),
        Mistake(
            "only the diagonal was compared",
            "The diagonal says how strong each channel is. The other entries say which channels"
            " occur together, and that is most of the style.",
            edits={"(gram - style_gram)": "torch.diagonal(gram - style_gram, dim1=-2, dim2=-1)"},
        ),
    ),
)
