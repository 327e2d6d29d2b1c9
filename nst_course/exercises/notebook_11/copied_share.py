"""How much of a grown texture is copied: a count to mend."""

from __future__ import annotations

import torch

from ..cases import picture, tensor
from ..properties import holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(height: int, width: int, seed: int) -> Inputs:
    """Pieces of rows from a source, of one to three pixels, and some that only look like it."""
    rows = (2 * picture(height, width, seed=seed)).long()
    steps = (4 * picture(height, width, seed=seed + 1)).long() - 1
    return {"origin": torch.stack([rows, steps.cumsum(1)])}


EXERCISE = Exercise(
    name="copied_share",
    notebook="11_history_and_gallery",
    title="How much is copied?",
    minutes=8,
    difficulty="easy",
    importance="useful",
    prompt="""
        `origin` says for each pixel of a grown texture which row and column of the source it was
        copied from. Where two pixels side by side come from two pixels side by side, in the same
        order, a piece of the source was copied. The function below should return the share of
        such pairs. It finds too many. Mend it.
    """,
    stub='''
        def my_copied_share(origin):
            """The share of pairs (pixel, pixel to its right) that were copied as a pair.

            origin: row and column in the source of each pixel, whole numbers, (2, H, W)
            returns: a number from 0 to 1
            """
            step = origin[:, :, 1:] - origin[:, :, :-1]
            together = step[1] == 1  # MEND THIS LINE
            return together.float().mean().item()
    ''',
    code="""
        def my_copied_share(origin):
            step = origin[:, :, 1:] - origin[:, :, :-1]
            together = (step[0] == 0) & (step[1] == 1)
            return together.float().mean().item()
    """,
    why="One step to the right in the result is a copied pair if it is one step to the right in the"
    " source: the column grows by 1 *and* the row stays.",
    notice="A Gram matrix cannot copy, because it knows no places. A method that copies pixels can"
    " give back whole pieces of its source.",
    hints=(
        "Draw a source of two rows. Which pairs count that were no neighbors there?",
        "`step[0]` is the change of the row, `step[1]` that of the column. What should each be?",
        "Both have to hold at once: `(step[0] == 0) & (step[1] == 1)`.",
    ),
    cases=(
        lambda: {"origin": tensor([[[0, 0, 1], [4, 4, 4]], [[0, 1, 2], [1, 2, 5]]]).long()},
        lambda: _case(4, 6, seed=1),
        lambda: _case(7, 5, seed=3),
        lambda: _case(9, 9, seed=5),
    ),
    definition="The mean over pairs of: the row is the same, and the column is larger by 1.",
    properties=(
        holds("The share lies from 0 to 1.", lambda r, i: 0 <= r <= 1),
        relation(
            "It does not matter where in the source a piece lies.",
            lambda i: {"origin": i["origin"] + torch.tensor([5, 9])[:, None, None]},
        ),
        relation(
            "Pixels that all come from one place make no piece.",
            lambda i: {"origin": torch.zeros_like(i["origin"])},
            lambda r, i: 0.0,
        ),
    ),
    mistakes=(
        Mistake(
            "only the row is compared",
            "In the same row, the column has to be the next one.",
            edits={"(step[0] == 0) & (step[1] == 1)": "step[0] == 0"},
        ),
        Mistake(
            "one of the two conditions is enough",
            "`|` means or. Both have to hold: `&`.",
            edits={" & ": " | "},
        ),
        Mistake(
            "a step to the left counts",
            "The pixel to the right has the larger column: the step is +1.",
            edits={"step[1] == 1": "step[1] == -1"},
        ),
        Mistake(
            "steps in both directions count",
            "A pair in the opposite order is mirrored, and not copied.",
            edits={"step[1] == 1": "step[1].abs() == 1"},
        ),
        Mistake(
            "rows and columns changed places",
            "`step[0]` is the change of the row. It stays, and the column grows.",
            edits={"(step[0] == 0) & (step[1] == 1)": "(step[0] == 1) & (step[1] == 0)"},
        ),
        Mistake(
            "pixels one below the other were compared",
            "The pair is a pixel and the one to its *right*: the last axis of `origin`.",
            edits={"origin[:, :, 1:] - origin[:, :, :-1]": "origin[:, 1:] - origin[:, :-1]"},
        ),
        Mistake(
            "pairs were counted and not their share",
            "Divide the number of pairs by that of all pairs: `.mean()`.",
            edits={"together.float().mean()": "together.float().sum()"},
        ),
    ),
)
