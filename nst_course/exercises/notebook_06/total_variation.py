"""Total variation: how much neighboring pixels differ."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import picture, tensor
from ..properties import finite_differences, holds, relation
from ..spec import Exercise, Mistake


def _three_channels(first: list[list[float]]) -> Tensor:
    """An image whose other two channels are constant."""
    red = tensor(first)
    return torch.stack([red, 0 * red + 1, 0 * red])[None]


EXERCISE = Exercise(
    name="total_variation",
    notebook="06_when_it_goes_wrong",
    title="Total variation",
    minutes=6,
    difficulty="easy",
    prompt="""
        Write the total variation of an image: the mean of the squared differences of horizontal
        neighbors, plus the mean of the squared differences of vertical neighbors.
    """,
    stub='''
        def my_total_variation(image):
            """Mean squared difference of horizontal neighbors plus that of vertical ones.

            image: (1, 3, H, W), with H and W at least 2
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_total_variation(image):
            horizontal = image[:, :, :, 1:] - image[:, :, :, :-1]
            vertical = image[:, :, 1:, :] - image[:, :, :-1, :]
            return (horizontal**2).mean() + (vertical**2).mean()
    """,
    why="All columns but the first, minus all columns but the last: every pixel meets its left"
    " neighbor. The same for rows. The squares have a gradient everywhere, absolute values have"
    " none at zero.",
    notice="The loss knows no difference between noise and the edge of a house. With a large weight"
    " both go, and the picture turns into flat patches.",
    hints=(
        "Slices can shift an image by one pixel. What is the difference between an image and its"
        " shifted copy?",
        "`image[:, :, :, 1:]` leaves out the first column, `image[:, :, :, :-1]` the last one.",
        "Square the two differences and take the mean of each on its own. Add the two means.",
    ),
    cases=(
        lambda: {"image": _three_channels([[0.0, 1.0], [2.0, 5.0]])},
        lambda: {"image": picture(1, 3, 3, 4, seed=1)},
        lambda: {"image": picture(1, 3, 5, 4, seed=2, dtype=torch.float32)},
    ),
    gradient=("image",),
    definition="The mean of squared horizontal differences plus the mean of squared vertical ones.",
    properties=(
        relation(
            "A constant image has total variation 0.",
            lambda i: {"image": torch.full_like(i["image"], 0.5)},
            lambda r, i: 0 * r,
        ),
        relation(
            "A brighter image (0.1 added everywhere) has the same total variation.",
            lambda i: {"image": i["image"] + 0.1},
        ),
        relation(
            "An image of twice the contrast has four times the total variation.",
            lambda i: {"image": 2 * i["image"]},
            lambda r, i: 4 * r,
        ),
        relation(
            "Rows and columns count alike: the transposed image has the same total variation.",
            lambda i: {"image": i["image"].mT},
        ),
        relation(
            "The colors in another order have the same total variation.",
            lambda i: {"image": i["image"].flip(1)},
        ),
        holds("It is never negative.", lambda r, i: bool(r >= 0)),
        finite_differences("image"),
    ),
    sizes=lambda i: {
        "the number of channels": i["image"].shape[1],
        "H·W": i["image"].shape[2] * i["image"].shape[3],
        "the number of pixel values": i["image"].numel(),
    },
    mistakes=(
        Mistake(
            "each sum was divided by the number of all pixel values",
            "There are fewer differences than pixel values: one less in each row, or in each"
            " column. `.mean()` divides by the right count.",
            edits={
                "(horizontal**2).mean() + (vertical**2).mean()": (
                    "((horizontal**2).sum() + (vertical**2).sum()) / image.numel()"
                ),
            },
        ),
        Mistake(
            "each sum was divided by its number of differences in one channel",
            "The mean runs over the three channels as well, so there are three times as many"
            " differences.",
            edits={
                "(horizontal**2).mean() + (vertical**2).mean()": (
                    "((horizontal**2).mean() + (vertical**2).mean()) * 3"
                ),
            },
        ),
        Mistake(
            "the last row and the last column were left out",
            "The horizontal differences exist in every row, the vertical ones in every column."
            " Only the axis along which you shift gets shorter.",
            edits={
                "image[:, :, :, 1:] - image[:, :, :, :-1]": (
                    "image[:, :, :-1, 1:] - image[:, :, :-1, :-1]"
                ),
                "image[:, :, 1:, :] - image[:, :, :-1, :]": (
                    "image[:, :, 1:, :-1] - image[:, :, :-1, :-1]"
                ),
            },
        ),
        Mistake(
            "the last row and column were left out, and the squares were summed",
            "The horizontal differences exist in every row, the vertical ones in every column."
            " And the definition takes means, not sums.",
            edits={
                "image[:, :, :, 1:] - image[:, :, :, :-1]": (
                    "image[:, :, :-1, 1:] - image[:, :, :-1, :-1]"
                ),
                "image[:, :, 1:, :] - image[:, :, :-1, :]": (
                    "image[:, :, 1:, :-1] - image[:, :, :-1, :-1]"
                ),
                "(horizontal**2).mean() + (vertical**2).mean()": (
                    "(horizontal**2).sum() + (vertical**2).sum()"
                ),
            },
        ),
        Mistake(
            "pixels two steps apart were compared",
            "Neighbors are one pixel apart: `1:` and `:-1`.",
            edits={
                "image[:, :, :, 1:] - image[:, :, :, :-1]": (
                    "image[:, :, :, 2:] - image[:, :, :, :-2]"
                ),
                "image[:, :, 1:, :] - image[:, :, :-1, :]": (
                    "image[:, :, 2:, :] - image[:, :, :-2, :]"
                ),
            },
        ),
        Mistake(
            "the roots were taken as well",
            "The root of the mean square is a distance. The definition has no root.",
            edits={
                "(horizontal**2).mean() + (vertical**2).mean()": (
                    "(horizontal**2).mean().sqrt() + (vertical**2).mean().sqrt()"
                ),
            },
        ),
        Mistake(
            "this is the variance of all pixels",
            "`var` compares each pixel with the mean of the image. Total variation compares each"
            " pixel with its neighbors.",
            edits={
                "(horizontal**2).mean() + (vertical**2).mean()": "image.var()",
            },
        ),
        Mistake(
            "the absolute differences instead of the squares",
            "Both are called total variation, and their weights are not comparable. Here the"
            " squares are asked for.",
            edits={"(horizontal**2)": "horizontal.abs()", "(vertical**2)": "vertical.abs()"},
        ),
        Mistake(
            "the sums instead of the means",
            "A sum grows with the image, so the same weight would smooth a large picture more.",
            edits={
                "(horizontal**2).mean() + (vertical**2).mean()": (
                    "(horizontal**2).sum() + (vertical**2).sum()"
                )
            },
        ),
        Mistake(
            "only horizontal neighbors were compared",
            "Horizontal stripes would cost nothing. The vertical neighbors belong to it too.",
            edits={" + (vertical**2).mean()": ""},
        ),
        Mistake(
            "only vertical neighbors were compared",
            "Vertical stripes would cost nothing. The horizontal neighbors belong to it too.",
            edits={"(horizontal**2).mean() + ": ""},
        ),
        Mistake(
            "the image was wrapped round at its borders",
            "`roll` makes the last column a neighbor of the first. Those two have nothing to do"
            " with each other.",
            edits={
                "image[:, :, :, 1:] - image[:, :, :, :-1]": "image - image.roll(1, 3)",
                "image[:, :, 1:, :] - image[:, :, :-1, :]": "image - image.roll(1, 2)",
            },
        ),
        Mistake(
            "the differences were not squared",
            "Rises and falls cancel each other out: only the borders of the image are left.",
            edits={"(horizontal**2)": "horizontal", "(vertical**2)": "vertical"},
        ),
        Mistake(
            "the colors were compared as well",
            "Red, green and blue of one pixel are no neighbors in the picture. Shift along the"
            " height and the width, and leave the second axis alone.",
            edits={
                "    return": "    colors = image[:, 1:] - image[:, :-1]\n    return",
                "(vertical**2).mean()": "(vertical**2).mean() + (colors**2).sum() / image.numel()",
            },
        ),
        Mistake(
            "the mean was taken over both kinds of differences together",
            "In an image that is not square, there are more differences of one kind. Take two means"
            " and add them.",
            edits={
                "(horizontal**2).mean() + (vertical**2).mean()": (
                    "torch.cat([horizontal.flatten(), vertical.flatten()]).square().mean()"
                )
            },
        ),
    ),
)
