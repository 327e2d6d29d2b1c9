"""The Gram matrix of a region."""

from __future__ import annotations

import torch

from ..cases import drawn, picture, tensor
from ..properties import agrees, finite_differences, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _inputs(
    channels: int, size: tuple[int, int], factor: int, seed: int, dtype: torch.dtype
) -> Inputs:
    mask = picture(factor * size[0], factor * size[1], seed=seed + 1, dtype=dtype)
    mask[: factor * size[0] // 2] *= (mask[: factor * size[0] // 2] > 0.6).to(dtype)
    mask[:factor, :factor] = 0  # one position is outside
    return {"features": drawn(1, channels, *size, seed=seed, dtype=dtype), "mask": mask}


def _position_by_position(inputs: Inputs) -> torch.Tensor:
    """The average of f fᵀ over the positions, with the mean of each block of the mask."""
    features, mask = inputs["features"], inputs["mask"]
    height, width = features.shape[2:]
    tall, wide = mask.shape[0] // height, mask.shape[1] // width
    result, total = features.new_zeros(features.shape[1], features.shape[1]), 0.0
    for row in range(height):
        for column in range(width):
            block = mask[row * tall : (row + 1) * tall, column * wide : (column + 1) * wide]
            vector = features[0, :, row, column]
            result = result + block.mean() * torch.outer(vector, vector)
            total = total + block.mean().item()
    return (result / total)[None]


EXERCISE = Exercise(
    name="guided_gram",
    notebook="08_control",
    title="The Gram matrix of a region",
    prompt="""
        Compute the Gram matrix of a region: the average of f fᵀ over the positions, in which
        each position counts by the mask. The mask has the size of the image, and the features are
        smaller by a whole factor. A position's share is the mean of the mask over the block of
        pixels that belongs to it: `torch.nn.functional.interpolate(…, mode="area")` or
        `avg_pool2d`.
    """,
    stub='''
        def my_guided_gram(features, mask):
            """Gram matrix of the features in a region.

            features: (1, C, h, w);  mask: (H, W), 0…1, with H and W multiples of h and w
            returns: (1, C, C)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_guided_gram(features, mask):
            size = features.shape[2:]
            small = torch.nn.functional.interpolate(mask[None, None], size, mode="area")
            shares = small.flatten(2) / small.sum()
            rows = features.flatten(2)
            return (rows * shares) @ rows.mT
    """,
    why="The shares add up to 1, so this is a weighted mean over positions. A mask of ones gives"
    " F Fᵀ/(H·W), the Gram matrix that you know. The shares come in once, at one of the factors.",
    notice="The size of the region does not matter: a small sky and a large one of the same clouds"
    " have the same Gram matrix. So one can be compared with the other.",
    hints=(
        "First bring the mask to the size of the features. How much of each block is inside?",
        "Multiply the features of each position by its share, on one side of the product F Fᵀ.",
        "Divide by the sum of the small mask, and not by the number of positions.",
    ),
    cases=(
        lambda: {
            "features": tensor([[[1.0, 2.0]], [[0.0, 3.0]]]).view(1, 2, 1, 2),
            "mask": tensor([[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]]),
        },
        lambda: _inputs(2, (2, 3), 2, 1, torch.float64),
        lambda: _inputs(4, (4, 3), 4, 3, torch.float64),
        lambda: _inputs(3, (6, 5), 2, 5, torch.float32),
    ),
    gradient=("features",),
    definition="The result is Σ m f fᵀ / Σ m over the positions; m is the mean of the mask there.",
    properties=(
        agrees("The average, position by position.", _position_by_position),
        relation(
            "A mask of ones gives the Gram matrix of all positions.",
            lambda i: {"mask": torch.ones_like(i["mask"])},
            lambda r, i: (
                i["features"].flatten(2) @ i["features"].flatten(2).mT / i["features"][0, 0].numel()
            ),
        ),
        relation(
            "Half the mask everywhere gives the same matrix.",
            lambda i: {"mask": i["mask"] / 2},
        ),
        relation(
            "Features of twice the size give four times the matrix.",
            lambda i: {"features": 2 * i["features"]},
            lambda r, i: 4 * r,
        ),
        holds("The result is symmetric.", lambda r, i: bool((r - r.mT).abs().max() < 1e-4)),
        finite_differences("features"),
    ),
    sizes=lambda i: {
        "C": i["features"].shape[1],
        "h·w": i["features"][0, 0].numel(),
        "H·W": i["mask"].numel(),
        "the sum of the mask": i["mask"].sum().item(),
    },
    mistakes=(
        Mistake(
            "the sum was divided by the number of all positions",
            "A region of a tenth of the picture would have a tenth of the matrix. Divide by the"
            " sum of the small mask.",
            edits={"small.flatten(2) / small.sum()": "small.flatten(2) / small.numel()"},
        ),
        Mistake(
            "nothing was divided",
            "This grows with the area of the region. Divide by the sum of the small mask.",
            edits={" / small.sum()": ""},
        ),
        Mistake(
            "the sum was divided by that of the large mask",
            "The large mask has more entries than there are positions. Divide by the sum of the"
            " small one.",
            edits={"small.sum()": "mask.sum()"},
        ),
        Mistake(
            "the sum was divided by the number of positions that the mask touches",
            "A position that is half inside counts half, in the sum as well as in the count."
            " Divide by the sum of the small mask.",
            edits={"small.sum()": "(small > 0).sum()"},
        ),
        Mistake(
            "the mask was made smaller by taking single pixels",
            "`nearest`, and slices such as `mask[::2, ::2]`, look at one pixel of each block. An"
            ' edge or a thin line is lost. Use `mode="area"`.',
            edits={'size, mode="area")': 'size, mode="nearest")'},
        ),
        Mistake(
            "the mask was interpolated",
            "`bilinear` mixes the pixels next to the middle of a block and leaves out the others."
            ' Use `mode="area"`, the mean of the block.',
            edits={'size, mode="area")': 'size, mode="bilinear")'},
        ),
        Mistake(
            "the largest value of each block was taken",
            "Max pooling lets the region grow: a block with one pixel inside counts as if it were"
            " inside. Take the mean.",
            source="""
                def my_guided_gram(features, mask):
                    size = features.shape[2:]
                    small = torch.nn.functional.adaptive_max_pool2d(mask[None, None], size)
                    shares = small.flatten(2) / small.sum()
                    rows = features.flatten(2)
                    return (rows * shares) @ rows.mT
            """,
        ),
        Mistake(
            "the mask came in on both sides",
            "Masked features times masked features have the mask squared, so that soft edges count"
            " too little. Multiply one of the two factors, or both by the square root.",
            edits={"(rows * shares) @ rows.mT": ("(rows * small.flatten(2)) @ (rows * shares).mT")},
        ),
        Mistake(
            "the shares came in on both sides",
            "Both factors were multiplied by the shares. Multiply one of them.",
            edits={"(rows * shares) @ rows.mT": "(rows * shares) @ (rows * shares).mT"},
        ),
        Mistake(
            "the mask was made hard",
            "A mask with values between 0 and 1 has soft edges, and a block at the edge is partly"
            " inside. Keep these values.",
            edits={
                "shares = small.flatten(2) / small.sum()": (
                    "small = (small > 0.5).to(small); shares = small.flatten(2) / small.sum()"
                )
            },
        ),
        Mistake(
            "the region is the part outside the mask",
            "1 is inside, and 0 is outside.",
            edits={"mask[None, None]": "1 - mask[None, None]"},
        ),
        Mistake(
            "the matrix was divided by the number of channels as well",
            "Some implementations do so. Here the matrix is the mean of f fᵀ over the region.",
            edits={"@ rows.mT": "@ rows.mT / rows.shape[1]"},
        ),
        Mistake(
            "the mean of the region was subtracted",
            "That is the covariance of the region. A Gram matrix keeps the mean.",
            edits={
                "    return (rows * shares) @ rows.mT": (
                    "    rows = rows - (rows * shares).sum(2, keepdim=True)\n"
                    "    return (rows * shares) @ rows.mT"
                ),
            },
        ),
    ),
)
