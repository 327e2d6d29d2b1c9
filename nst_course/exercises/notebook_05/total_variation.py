"""Total variation: how much neighbouring pixels differ."""

from __future__ import annotations

import torch

from ..cases import picture, tensor
from ..properties import finite_differences, holds, relation
from ..spec import Exercise, Mistake

EXERCISE = Exercise(
    name="total_variation",
    notebook="05_optimization_loop",
    title="Total variation",
    prompt="""
        Write the total variation of an image: the mean of the squared differences of horizontal
        neighbours, plus the mean of the squared differences of vertical neighbours.
    """,
    stub='''
        def my_total_variation(image):
            """Mean squared difference of horizontal neighbours plus that of vertical ones.

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
    " neighbour. The same for rows. The squares have a gradient everywhere, absolute values have"
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
        lambda: {"image": tensor([[[[0.0, 1.0], [2.0, 5.0]]]])},
        lambda: {"image": tensor([[[[0.0, 1.0, 0.0], [0.0, 3.0, 1.0]]]])},
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
            "The colours in another order have the same total variation.",
            lambda i: {"image": i["image"].flip(1)},
        ),
        holds("It is never negative.", lambda r, i: bool(r >= 0)),
        finite_differences("image"),
    ),
    mistakes=(
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
            "only horizontal neighbours were compared",
            "Horizontal stripes would cost nothing. The vertical neighbours belong to it too.",
            edits={" + (vertical**2).mean()": ""},
        ),
        Mistake(
            "only vertical neighbours were compared",
            "Vertical stripes would cost nothing. The horizontal neighbours belong to it too.",
            edits={"(horizontal**2).mean() + ": ""},
        ),
        Mistake(
            "the image was wrapped round at its borders",
            "`roll` makes the last column a neighbour of the first. Those two have nothing to do"
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
            "the colours were compared as well",
            "Red, green and blue of one pixel are no neighbours in the picture. Shift along the"
            " height and the width, and leave the second axis alone.",
            edits={
                "    return": "    colours = image[:, 1:] - image[:, :-1]\n    return",
                "(vertical**2).mean()": "(vertical**2).mean() + (colours**2).sum() / image.numel()",
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
