"""The Gram matrix of a layer's features."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..compare import close
from ..properties import finite_differences, holds, relation
from ..spec import Exercise, Mistake


def _order(features: Tensor, seed: int = 7) -> Tensor:
    """A new order of the positions."""
    count = features.shape[2] * features.shape[3]
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _shuffled(features: Tensor) -> Tensor:
    return features.flatten(2)[:, :, _order(features)].reshape(features.shape)


EXERCISE = Exercise(
    name="gram_matrix",
    notebook="03_gram_matrix_style_loss",
    title="Gram matrix",
    minutes=10,
    prompt="""
        Write the Gram matrix of a layer's features: G = F Fᵀ / (H·W). F has one row for each
        channel and one column for each position. Entry (i, j) says how strongly channels i and j
        are active at the same places. Each picture of a batch gets a matrix of its own.
    """,
    stub='''
        def my_gram(features):
            """Gram matrix of each picture's features: F Fᵀ, divided by the number of positions.

            features: (B, C, H, W)
            returns: (B, C, C)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_gram(features):
            batch, channels, height, width = features.shape
            flat = features.reshape(batch, channels, height * width)  # F: a row for each channel
            return flat @ flat.transpose(1, 2) / (height * width)
    """,
    why="`reshape` lays the rows of each map end to end and leaves batch and channels where they"
    " are. The product of F and its transpose sums over positions; dividing by their number makes"
    " it an average, so that maps of any size can be compared.",
    notice="The sum over positions is where the picture's layout is lost. Every place counts the"
    " same, wherever it is.",
    hints=(
        "Each channel is a map of numbers. What is left if you forget that it is two-dimensional?",
        "Reshape the features to (B, C, H·W). You then need the dot product of every row with every"
        " row, and one matrix product does that.",
        "`flat @ flat.transpose(1, 2)` has shape (B, C, C). Divide it by the number of positions.",
    ),
    cases=(
        lambda: {"features": tensor([[[[1.0, 3.0]]]])},
        lambda: {"features": tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])},
        lambda: {"features": tensor([[[[1.0, 2.0], [0.0, 1.0]], [[3.0, 1.0], [1.0, 0.0]]]])},
        lambda: {"features": tensor([[[[1.0, 2.0]]], [[[3.0, 0.0]]]])},
        lambda: {"features": drawn(1, 2, 2, 3, seed=3)},
        lambda: {"features": drawn(2, 3, 4, 5, seed=1)},
        lambda: {"features": drawn(1, 4, 3, 2, seed=2, dtype=torch.float32)},
    ),
    gradient=("features",),
    definition="G_ij is the average over all positions of channel i times channel j.",
    properties=(
        holds("G is symmetric: G_ij = G_ji.", lambda r, i: close(r, r.mT)),
        holds(
            "G has no negative eigenvalue.",
            lambda r, i: bool((torch.linalg.eigvalsh(r) > -1e-5).all()),
        ),
        relation(
            "Shuffling the positions, in all channels alike, leaves G as it is.",
            lambda i: {"features": _shuffled(i["features"])},
        ),
        relation(
            "Features three times as strong have a G nine times as large.",
            lambda i: {"features": 3 * i["features"]},
            lambda r, i: 9 * r,
        ),
        relation(
            "A map twice as wide, with the same features again, has the same G.",
            lambda i: {"features": i["features"].repeat(1, 1, 1, 2)},
        ),
        relation(
            "The first picture has the same G when it is alone.",
            lambda i: {"features": i["features"][:1]},
            lambda r, i: r[:1],
        ),
        finite_differences("features"),
    ),
    sizes=lambda i: {
        "C": i["features"].shape[1],
        "H·W": i["features"].shape[2] * i["features"].shape[3],
        "the size of the batch": i["features"].shape[0],
    },
    mistakes=(
        Mistake(
            "this is the covariance of the channels",
            "`torch.cov` subtracts the mean of each channel, and divides by one less than the"
            " number"
            " of positions. The Gram matrix of the paper does neither.",
            source="""
                def my_gram(features):
                    return torch.stack([torch.cov(one.flatten(1)) for one in features])
            """,
        ),
        Mistake(
            "only the last picture of the batch has a matrix",
            "Each picture of a batch gets a matrix of its own. Collect them, for example with"
            " `torch.stack`.",
            edits={
                "    return flat @ flat.transpose(1, 2) / (height * width)": (
                    "    return (flat @ flat.transpose(1, 2) / (height * width))[-1]"
                ),
            },
        ),
        Mistake(
            "`reshape` was used in place of a transpose",
            "`reshape` to (B, H·W, C) cuts the numbers up anew. It does not exchange rows and"
            " columns; `.transpose(1, 2)` or `.mT` does.",
            edits={
                "flat.transpose(1, 2)": "flat.reshape(batch, height * width, channels)",
            },
        ),
        Mistake(
            "the axes were taken for height, width, channels",
            "The features of PyTorch have the channels second: (B, C, H, W). Other libraries have"
            " them last.",
            edits={
                "batch, channels, height, width = features.shape": (
                    "batch, height, width, channels = features.shape"
                ),
                "flat = features.reshape(batch, channels, height * width)": (
                    "flat = features.reshape(batch, height * width, channels).mT"
                ),
            },
        ),
        Mistake(
            "the matrix was divided by the number of channels",
            "The sum runs over positions, so divide by their number, H·W.",
            edits={
                " / (height * width)": " / channels",
            },
        ),
        Mistake(
            "the matrix was divided by the size of the batch as well",
            "Every picture of a batch has a matrix of its own, and the other pictures play no"
            " part in it.",
            edits={
                "/ (height * width)": "/ (height * width * batch)",
            },
        ),
        Mistake(
            "the matrix was divided by B·C·H·W",
            "Here G is an average over positions: divide by their number, H·W, and by nothing"
            " else.",
            edits={
                "/ (height * width)": "/ features.numel()",
            },
        ),
        Mistake(
            "entries were multiplied one by one",
            "`*` multiplies entry by entry. A matrix product is written `@`, and the second"
            " factor has to be transposed.",
            edits={
                "flat @ flat.transpose(1, 2) / (height * width)": "flat * flat / (height * width)",
            },
        ),
        Mistake(
            "each row was normalized",
            "Dividing the rows by their norms gives cosines. How strong a channel is belongs to"
            " the style.",
            edits={
                "    return": "    flat = flat / flat.norm(dim=2, keepdim=True)\n    return",
            },
        ),
        Mistake(
            "the transpose is missing",
            "F times F multiplies rows with columns. You need rows with rows, so the second factor"
            " has to be transposed.",
            edits={"flat.transpose(1, 2)": "flat"},
            raises="batch2|mat1 and mat2|size",
        ),
        Mistake(
            "`.T` turned all axes round",
            "`.T` reverses every axis, the batch as well. `.transpose(1, 2)` swaps the last two of"
            " three.",
            edits={"flat.transpose(1, 2)": "flat.T"},
            raises="batch2|mat1 and mat2|size|must match",
        ),
        Mistake(
            "positions were compared, and not channels",
            "The wrong factor is transposed: Fᵀ F has a row and a column for each position. The sum"
            " has to run over positions.",
            edits={"flat @ flat.transpose(1, 2)": "flat.transpose(1, 2) @ flat"},
        ),
        Mistake(
            "the matrix was divided by C·H·W",
            "Many programs do this, PyTorch's tutorial among them. Here G is an average over"
            " positions: divide by their number, and by nothing else.",
            edits={"/ (height * width)": "/ (channels * height * width)"},
        ),
        Mistake(
            "the division by the number of positions is missing",
            "This is the paper's own G. It grows with the picture, so two pictures of different"
            " sizes cannot be compared.",
            edits={" / (height * width)": ""},
        ),
        Mistake(
            "the pictures of the batch were mixed",
            "Batch and channels share one axis, so channels of different pictures are multiplied"
            " with each other. Keep the batch as an axis of its own.",
            edits={
                "reshape(batch, channels,": "reshape(batch * channels,",
                "transpose(1, 2)": "T",
            },
        ),
        Mistake(
            "the pictures of the batch were mixed, and divided by B·C·H·W",
            "This is the function of PyTorch's tutorial, written for one picture at a time. Two"
            " things differ here: the batch stays an axis of its own, and G is an average over"
            " positions.",
            edits={
                "reshape(batch, channels,": "reshape(batch * channels,",
                "transpose(1, 2)": "T",
                "/ (height * width)": "/ features.numel()",
            },
        ),
        Mistake(
            "`reshape` was used to move axes",
            "`reshape` to (B, H·W, C) has the shape you want, but it only cuts the numbers up"
            " anew: a row then holds neighboring pixels and not the channels of one pixel. To"
            " swap axes, use `transpose`, `permute` or `movedim`.",
            edits={
                "(batch, channels, height * width)": "(batch, height * width, channels)",
                "flat @ flat.transpose(1, 2)": "flat.transpose(1, 2) @ flat",
            },
        ),
        Mistake(
            "the mean of each channel was subtracted",
            "That is the covariance. The Gram matrix of the paper keeps the mean: how strong a"
            " channel is overall belongs to the style.",
            edits={
                "    return": "    flat = flat - flat.mean(2, keepdim=True)\n    return",
            },
        ),
    ),
)
