"""What shuffling the positions changes, and what it does not."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..compare import close
from ..properties import holds
from ..spec import Exercise, Inputs, Mistake


def _gram(features: Tensor) -> Tensor:
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


def _shuffled_by(order: list[int], features: Tensor) -> Inputs:
    return {"features": features, "order": torch.tensor(order)}


EXERCISE = Exercise(
    name="shuffle_positions",
    notebook="03_gram_matrix_style_loss",
    title="What shuffling the positions changes",
    minutes=6,
    difficulty="easy",
    importance="useful",
    prompt="""
        Shuffle the positions of a feature map: what is found at position `order[m]` goes to
        position m, the same way in all channels. Positions are counted along the rows, from 0 to
        H·W − 1. Before you run it: which will change, the content loss, the Gram matrix, both?
    """,
    stub='''
        def my_shuffle(features, order):
            """The same features with their positions in a new order.

            features: (1, C, H, W);  order: (H·W,), whole numbers, each position once
            returns: (1, C, H, W), with old position order[m] at the new position m
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_shuffle(features, order):
            batch, channels, height, width = features.shape
            flat = features.reshape(batch, channels, height * width)
            return flat[:, :, order].reshape(batch, channels, height, width)
    """,
    why="Flattening only the two axes of the position gives each position one number, the same in"
    " all channels. Indexing the last axis moves whole columns of F, and a sum over columns does"
    " not notice.",
    notice="The Gram matrix did not change, and the content loss to the original is large. To the"
    " Gram matrix, a face and its shuffled pieces have the same style.",
    hints=(
        "Positions have two axes. It is easier to shuffle one.",
        "Flatten H and W into one axis, as for the Gram matrix. A tensor of whole numbers can be"
        " used as an index.",
        "`flat[:, :, order]` is the shuffled map. Give it its shape (1, C, H, W) back.",
    ),
    cases=(
        lambda: _shuffled_by([2, 0, 1], tensor([[[[1.0, 2.0, 3.0]]]])),
        lambda: _shuffled_by(
            [1, 2, 3, 0], tensor([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]])
        ),
        lambda: _shuffled_by([4, 2, 9, 0, 7, 1, 3, 8, 6, 5], drawn(1, 3, 2, 5, seed=1)),
        lambda: _shuffled_by([2, 5, 1, 0, 3, 4], drawn(1, 4, 3, 2, seed=2, dtype=torch.float32)),
    ),
    gradient=("features",),
    definition="Position m of the result holds, in every channel, what was at position `order[m]`.",
    properties=(
        holds(
            "Each channel keeps its numbers; only their places change.",
            lambda r, i: close(r.flatten(2).sort().values, i["features"].flatten(2).sort().values),
        ),
        holds(
            "The Gram matrix stays the same: what was at one position stays together.",
            lambda r, i: close(_gram(r), _gram(i["features"])),
        ),
    ),
    mistakes=(
        Mistake(
            "height and width were exchanged at the end",
            "The shape is (B, C, H, W), with the height before the width.",
            edits={
                ".reshape(batch, channels, height, width)": (
                    ".reshape(batch, channels, width, height)"
                ),
            },
        ),
        Mistake(
            "the channels were shuffled with the positions",
            "Only the two axes of the position are flattened. With the channels in the same axis,"
            " numbers move between channels.",
            edits={
                "flat = features.reshape(batch, channels, height * width)": (
                    "flat = features.reshape(batch, -1)"
                ),
                "flat[:, :, order]": "flat[:, order]",
            },
            raises="invalid for input of size",
        ),
        Mistake(
            "the order was reversed",
            "`order[m]` says which old position comes to position m. It is used as it is.",
            edits={
                "flat[:, :, order]": "flat[:, :, order.flip(0)]",
            },
        ),
        Mistake(
            "the positions were sorted",
            "`order` is an index: `flat[:, :, order]`.",
            edits={
                "flat[:, :, order]": "flat.sort(dim=2).values",
            },
        ),
        Mistake(
            "nothing was shuffled",
            "The result is the same as the input.",
            edits={
                "flat[:, :, order].reshape(batch, channels, height, width)": "features.clone()",
            },
        ),
        Mistake(
            "the order was used the other way round",
            "You sent position m to `order[m]`. The result at m has to be fetched from `order[m]`.",
            edits={"flat[:, :, order]": "flat[:, :, order.argsort()]"},
        ),
        Mistake(
            "`reshape` was used to move axes",
            "`reshape` to (B, H·W, C) does not bring the channels to the end, it cuts the numbers"
            " up anew. Numbers of different positions get mixed into one row.",
            edits={
                "flat = features.reshape(batch, channels, height * width)": (
                    "flat = features.reshape(batch, height * width, channels)"
                ),
                "flat[:, :, order]": "flat[:, order]",
            },
        ),
        Mistake(
            "the columns of the picture were indexed, and not its positions",
            "`features[..., order]` picks along the width only. Make one axis of height and width"
            " first.",
            edits={
                "flat[:, :, order].reshape(batch, channels, height, width)": "features[..., order]"
            },
            raises="out of bounds",
        ),
        Mistake(
            "the map stayed flat",
            "The order is right. Give the result the shape of the features again: (1, C, H, W).",
            edits={".reshape(batch, channels, height, width)": ""},
        ),
        Mistake(
            "each channel was shuffled in its own way",
            "Then a position no longer holds what belonged together, and the Gram matrix changes."
            " All channels need the same order. Here the channels got one new random order each.",
            edits={
                "flat[:, :, order]": (
                    "torch.stack([flat[:, c, torch.randperm(height * width)]"
                    " for c in range(channels)], 1)"
                )
            },
        ),
    ),
)
