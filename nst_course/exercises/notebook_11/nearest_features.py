"""Replace each feature of the photograph by its nearest neighbor in the artwork."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(channels: int, size: tuple[int, int], style_size: tuple[int, int], seed: int) -> Inputs:
    """Features around different means, of different lengths."""
    offset = 3 * drawn(1, channels, 1, 1, seed=seed)
    return {
        "features": drawn(1, channels, *size, seed=seed + 1) + offset,
        "style_features": 2 * drawn(1, channels, *style_size, seed=seed + 2) - offset,
    }


def _columns(features: torch.Tensor) -> set[tuple[float, ...]]:
    return {tuple(column) for column in features[0].flatten(1).T.tolist()}


EXERCISE = Exercise(
    name="nearest_features",
    notebook="11_history_and_gallery",
    title="Nearest neighbors",
    minutes=12,
    prompt="""
        Replace the features at each position of the photograph by those of one position of the
        artwork: the one with the largest cosine. Subtract from each picture its own mean over all
        positions before you compare. What you return are features of the artwork as they are.
    """,
    stub='''
        def my_nearest_features(features, style_features):
            """Features of the artwork, arranged like the photograph (Kolkin et al. 2022).

            features: of the photograph, (1, C, H, W)
            style_features: of the artwork, (1, C, H', W')
            returns: (1, C, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_nearest_features(features, style_features):
            queries = features[0].flatten(1).T
            keys = style_features[0].flatten(1).T
            a = queries - queries.mean(0)
            b = keys - keys.mean(0)
            a = a / a.norm(dim=1, keepdim=True)
            b = b / b.norm(dim=1, keepdim=True)
            nearest = (a @ b.T).argmax(1)
            return keys[nearest].T.reshape(features.shape)
    """,
    why="The rows of two matrices are positions, so one product has the cosines of all pairs: a"
    " row for each position of the photograph. `argmax(1)` picks the best key in it. The means are"
    " taken away only for the comparison.",
    notice="No sum over positions is left. Whatever the painting will be made of, the artwork has"
    " it somewhere, as a whole.",
    hints=(
        "A matrix with a row for each position makes it a product of two matrices.",
        "`x[0].flatten(1).T` is (H·W, C). Subtract `mean(0)`, then divide each row by its length.",
        "`(a @ b.T).argmax(1)` has the number of a key for each query; `keys[…]` are the rows to"
        " return, as (1, C, H, W) again.",
    ),
    cases=(
        lambda: {
            "features": tensor([[[[2.0, 1.0, 0.0]], [[9.0, 8.0, 7.5]]]]),
            "style_features": tensor([[[[1.0, 0.0, 7.0]], [[3.0, 1.0, 2.0]]]]),
        },
        lambda: _case(3, (2, 4), (2, 4), seed=1),
        lambda: _case(4, (6, 4), (5, 7), seed=5),
        lambda: _case(5, (5, 6), (6, 4), seed=9),
    ),
    definition="The column of `style_features` whose centered cosine with the centered column of"
    " `features` is the largest.",
    properties=(
        holds(
            "Every column of the result is one of the artwork's.",
            lambda r, i: _columns(r) <= _columns(i["style_features"]),
        ),
        relation(
            "A constant that is added to a channel of the photograph changes nothing.",
            lambda i: {"features": i["features"] + 7},
        ),
        relation(
            "A photograph of twice the contrast has the same neighbors.",
            lambda i: {"features": 2 * i["features"]},
        ),
        relation(
            "It does not matter where in the artwork something is.",
            lambda i: {"style_features": i["style_features"].flip(3)},
        ),
    ),
    mistakes=(
        Mistake(
            "nothing was centered",
            "The means of all features point the same way in every position, so every cosine is"
            " large. Subtract the mean over positions of each picture.",
            edits={"queries - queries.mean(0)": "queries", "keys - keys.mean(0)": "keys"},
        ),
        Mistake(
            "only the artwork was centered",
            "Both pictures lose their own mean.",
            edits={"queries - queries.mean(0)": "queries"},
        ),
        Mistake(
            "only the photograph was centered",
            "Both pictures lose their own mean.",
            edits={"keys - keys.mean(0)": "keys"},
        ),
        Mistake(
            "both lost the mean of the photograph",
            "Each picture loses its own mean.",
            edits={"keys - keys.mean(0)": "keys - queries.mean(0)"},
        ),
        Mistake(
            "the mean over channels was subtracted",
            "The mean is that over positions, one number for each channel: `mean(0)`.",
            edits={
                "queries.mean(0)": "queries.mean(1, keepdim=True)",
                "keys.mean(0)": "keys.mean(1, keepdim=True)",
            },
        ),
        Mistake(
            "dot products were compared and not cosines",
            "Without division by the lengths, a few strong features of the artwork win everywhere.",
            edits={
                "a = a / a.norm(dim=1, keepdim=True)": "a = 1 * a",
                "b = b / b.norm(dim=1, keepdim=True)": "b = 1 * b",
            },
        ),
        Mistake(
            "distances were compared and not cosines",
            "The distance depends on how strong the features are; the cosine, on their pattern.",
            edits={
                "a = a / a.norm(dim=1, keepdim=True)": "a = 1 * a",
                "b = b / b.norm(dim=1, keepdim=True)": "b = 1 * b",
                "(a @ b.T).argmax(1)": "torch.cdist(a, b).argmin(1)",
            },
        ),
        Mistake(
            "the artwork searched in the photograph",
            "Each position of the *photograph* needs a neighbor: the largest entry of its row.",
            edits={"(a @ b.T).argmax(1)": "(a @ b.T).argmax(0)"},
            raises="invalid for input of size|out of bounds",
        ),
        Mistake(
            "the farthest was taken",
            "The nearest has the largest cosine: `argmax`.",
            edits={".argmax(1)": ".argmin(1)"},
        ),
        Mistake(
            "the result consists of the photograph's features",
            "The numbers of the neighbors belong to the artwork: `keys[nearest]`.",
            edits={"keys[nearest]": "queries[nearest % len(queries)]"},
        ),
        Mistake(
            "the result lacks the mean of the artwork",
            "Means are taken away for the comparison only. Return the artwork's features as they"
            " are.",
            edits={"keys[nearest]": "(keys - keys.mean(0))[nearest]"},
        ),
        Mistake(
            "the result consists of features of length 1",
            "Lengths are divided out for the comparison only. Return the artwork's features as"
            " they are.",
            edits={"keys[nearest]": "b[nearest]"},
        ),
        Mistake(
            "positions and channels were mixed up on the way back",
            "The rows are positions; transpose before you give the result its shape.",
            edits={"keys[nearest].T.reshape": "keys[nearest].reshape"},
        ),
    ),
)
