"""The sliced Wasserstein distance of two sets of features."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import finite_differences, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _inputs(
    size: tuple[int, int],
    other: tuple[int, int],
    channels: int = 3,
    count: int = 4,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Inputs:
    return {
        "features": drawn(1, channels, *size, seed=seed, dtype=dtype),
        "style_features": 1 + 2 * drawn(1, channels, *other, seed=seed + 1, dtype=dtype),
        "directions": 3 * drawn(count, channels, seed=seed + 2, dtype=dtype),
    }


EXERCISE = Exercise(
    name="sliced_wasserstein",
    notebook="07_mixing_styles",
    title="Sliced Wasserstein distance",
    minutes=12,
    difficulty="hard",
    importance="optional",
    prompt="""
        Compare two clouds of features from several directions. Make each direction a unit vector.
        Project the features of every position onto it, and sort the numbers. Do the same with the
        artwork. The distance is the mean of the squared differences of the sorted numbers.

        The artwork may have another number of positions. Then bring its sorted numbers, (1, K, n),
        to the count of the image: `torch.nn.functional.interpolate(numbers, count, mode="linear")`.
    """,
    stub='''
        def my_sliced_wasserstein(features, style_features, directions):
            """Mean squared difference of sorted projections.

            features: F, (1, C, H, W);  style_features: (1, C, H', W')
            directions: (K, C), each row a vector of any length
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_sliced_wasserstein(features, style_features, directions):
            unit = directions / directions.norm(dim=1, keepdim=True)
            numbers = (unit @ features.flatten(2)).sort(dim=2).values
            targets = (unit @ style_features.flatten(2)).sort(dim=2).values
            count = numbers.shape[2]
            targets = torch.nn.functional.interpolate(targets, count, mode="linear")
            return ((numbers - targets) ** 2).mean()
    """,
    why="In one dimension the cheapest way to move one set of numbers onto another keeps their"
    " order: the smallest goes to the smallest. So sorting solves the problem on each line. The"
    " mean over many lines tells two clouds apart that no single line can.",
    notice="Sorting forgets where a number stood, as a Gram matrix does. Yet it keeps the whole"
    " histogram of each direction, and not only its second moment.",
    hints=(
        "On one line: project, sort, compare in order. Then all lines at once, as the rows of a"
        " matrix product.",
        "`unit @ features.flatten(2)` has shape (1, K, H·W). Sort along the positions, which are"
        " the last axis; `.sort(dim=2).values`.",
        "Unit vectors are `directions / directions.norm(dim=1, keepdim=True)`. At the end:"
        " interpolate the artwork's sorted numbers, difference, square, mean.",
    ),
    cases=(
        lambda: {
            "features": tensor([[[[3.0, 1.0]]]]),
            "style_features": tensor([[[[5.0, 8.0]]]]),
            "directions": tensor([[2.0]]),
        },
        lambda: _inputs((2, 3), (3, 2)),
        lambda: _inputs((2, 3), (4, 5), seed=5),
        lambda: _inputs((4, 4), (2, 2), seed=7),
        lambda: _inputs((3, 3), (4, 2), seed=9, dtype=torch.float32),
    ),
    gradient=("features",),
    definition="The distance is the mean, over directions and positions, of the squared differences"
    " of sorted projections.",
    properties=(
        holds("The distance is never negative.", lambda r, i: bool(r >= 0)),
        relation(
            "The length of the directions does not count.",
            lambda i: {"directions": 5 * i["directions"]},
        ),
        relation(
            "The artwork itself has distance 0, with its positions in any order.",
            lambda i: {"features": i["style_features"].flip(2, 3)},
            lambda r, i: 0 * r,
        ),
        relation(
            "Three times all features is nine times the distance.",
            lambda i: {k: 3 * i[k] for k in ("features", "style_features")},
            lambda r, i: 9 * r,
        ),
        relation(
            "Each direction twice is the same distance.",
            lambda i: {"directions": torch.cat([i["directions"], i["directions"]])},
        ),
        finite_differences("features"),
    ),
    sizes=lambda i: {
        "the number of directions": i["directions"].shape[0],
        "C": i["directions"].shape[1],
        "H·W": i["features"][0, 0].numel(),
    },
    mistakes=(
        Mistake(
            "the directions were not made unit vectors",
            "A direction twice as long counts four times as much. Divide each row by its norm.",
            edits={"directions / directions.norm(dim=1, keepdim=True)": "directions"},
        ),
        Mistake(
            "the directions were divided along the wrong axis",
            "A direction is a row of the matrix. Its norm is taken over the channels, `dim=1`.",
            edits={"directions.norm(dim=1, keepdim=True)": "directions.norm(dim=0, keepdim=True)"},
        ),
        Mistake(
            "all directions were divided by one number",
            "`directions.norm()` is the norm of the whole matrix. Each row has a norm of its own:"
            " `.norm(dim=1, keepdim=True)`.",
            edits={"directions.norm(dim=1, keepdim=True)": "directions.norm()"},
        ),
        Mistake(
            "the sums of the directions were made 1",
            "A unit vector has the Euclidean norm 1: divide by the root of the sum of squares.",
            edits={
                "directions.norm(dim=1, keepdim=True)": "directions.abs().sum(dim=1, keepdim=True)"
            },
        ),
        Mistake(
            "nothing was sorted",
            "Without sorting, each position is compared with the position at the same place, as by"
            " a content loss. Sort both sides along the positions.",
            edits={
                "(unit @ features.flatten(2)).sort(dim=2).values": "unit @ features.flatten(2)",
                "(unit @ style_features.flatten(2)).sort(dim=2).values": (
                    "unit @ style_features.flatten(2)"
                ),
            },
        ),
        Mistake(
            "`sort` returns two things",
            "It returns the sorted numbers and the places where they stood. Take the numbers:"
            " `.sort(dim=2).values`.",
            edits={
                "(unit @ features.flatten(2)).sort(dim=2).values": (
                    "(unit @ features.flatten(2)).sort(dim=2)"
                ),
            },
            raises=r"return_types\.sort",
        ),
        Mistake(
            "the directions were sorted, and not the positions",
            "Axis 1 counts the directions. Each direction has its own list of numbers, along the"
            " last axis.",
            edits={
                "features.flatten(2)).sort(dim=2).values\n    targets": (
                    "features.flatten(2)).sort(dim=1).values\n    targets"
                ),
                "style_features.flatten(2)).sort(dim=2)": "style_features.flatten(2)).sort(dim=1)",
            },
        ),
        Mistake(
            "only the image was sorted",
            "Sort the artwork's numbers as well: the smallest is compared with the smallest.",
            edits={
                "(unit @ style_features.flatten(2)).sort(dim=2).values": (
                    "unit @ style_features.flatten(2)"
                )
            },
        ),
        Mistake(
            "only the artwork was sorted",
            "Sort the image's numbers as well: the smallest is compared with the smallest.",
            edits={"(unit @ features.flatten(2)).sort(dim=2).values": "unit @ features.flatten(2)"},
        ),
        Mistake(
            "the largest was compared with the smallest",
            "One side is in descending order. Sort both in the same direction.",
            edits={
                "(unit @ features.flatten(2)).sort(dim=2).values": (
                    "(unit @ features.flatten(2)).sort(dim=2, descending=True).values"
                )
            },
        ),
        Mistake(
            "the channels were sorted before they were projected",
            "Sorting a channel tears apart what belongs to one position. Project first, then sort.",
            edits={
                "(unit @ features.flatten(2)).sort(dim=2).values": (
                    "unit @ features.flatten(2).sort(dim=2).values"
                ),
                "(unit @ style_features.flatten(2)).sort(dim=2).values": (
                    "unit @ style_features.flatten(2).sort(dim=2).values"
                ),
            },
        ),
        Mistake(
            "the artwork was interpolated before it was sorted",
            "Between two neighbors of the picture lie other values than between two neighbors of"
            " the sorted list. Sort first, then interpolate.",
            edits={
                "(unit @ style_features.flatten(2)).sort(dim=2).values": (
                    "unit @ style_features.flatten(2)"
                ),
                'interpolate(targets, count, mode="linear")': (
                    'interpolate(targets, count, mode="linear").sort(dim=2).values'
                ),
            },
        ),
        Mistake(
            "the sorted numbers of the artwork were cut off",
            "The first ones are its smallest. Interpolate, so that the whole range is there.",
            edits={
                'torch.nn.functional.interpolate(targets, count, mode="linear")': (
                    "targets[:, :, :count]"
                )
            },
            raises="must match",
        ),
        Mistake(
            "the nearest of the artwork's numbers were taken",
            '`interpolate` repeats or drops numbers unless it is told otherwise; `mode="linear"`'
            " takes those in between.",
            edits={', mode="linear"': ""},
        ),
        Mistake(
            "the artwork was not brought to the count of the image",
            "Its list of numbers is longer or shorter where the artwork has another size."
            " Interpolate the sorted list.",
            edits={
                'torch.nn.functional.interpolate(targets, count, mode="linear")': "targets",
            },
            raises="must match",
        ),
        Mistake(
            "the sum over the entries instead of their mean",
            "A sum grows with the picture and with the number of directions.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "the absolute differences instead of the squares",
            "The distance here is the mean of squares.",
            edits={"((numbers - targets) ** 2)": "(numbers - targets).abs()"},
        ),
        Mistake(
            "the root was taken at the end",
            "The distance here is the mean of squares itself. The root has no gradient at 0.",
            edits={".mean()": ".mean().sqrt()"},
        ),
        Mistake(
            "only the means of the projections were compared",
            "The mean is one number of each line. Compare the sorted numbers one by one.",
            edits={"(numbers - targets)": "(numbers - targets).mean(2)"},
        ),
        Mistake(
            "`reshape` was used in place of a transpose",
            "`reshape` to (H·W, C) cuts the numbers up anew and mixes channels and positions."
            " Use `flatten(2)`, and multiply with the directions from the left.",
            edits={
                "unit @ features.flatten(2)": (
                    "unit @ features.reshape(1, -1, features.shape[1]).mT"
                ),
                "unit @ style_features.flatten(2)": (
                    "unit @ style_features.reshape(1, -1, features.shape[1]).mT"
                ),
            },
        ),
    ),
)
