"""Warp an earlier frame by a flow, with `grid_sample` or by hand."""

from __future__ import annotations

import torch

from ..cases import drawn, picture, tensor
from ..properties import relation
from ..spec import Exercise, Inputs, Mistake


def _case(height: int, width: int, seed: int, dtype: torch.dtype = torch.float64) -> Inputs:
    return {
        "earlier": picture(1, 3, height, width, seed=seed, dtype=dtype),
        "flow": 1.5 * drawn(1, 2, height, width, seed=seed + 1, dtype=dtype),
    }


EXERCISE = Exercise(
    name="warp_by_flow",
    notebook="09_video_and_sound",
    title="Warp by a flow",
    prompt="""
        Fetch every pixel of the new frame from where its point was in the earlier one:
        warped(p) = earlier(p + w(p)). `torch.nn.functional.grid_sample` interpolates between
        pixels. It wants a grid (1, H, W, 2) of (x, y), from −1 at the middle of the first pixel to
        1 at the middle of the last one (`align_corners=True`). Outside the picture the pixel at
        the border counts (`padding_mode="border"`).
    """,
    stub='''
        def my_warp(earlier, flow):
            """Move an earlier frame to where its points are now.

            earlier: (1, C, H, W)
            flow: w, in pixels, (1, 2, H, W): channel 0 to the right, channel 1 down
            returns: earlier(p + w(p)) for every pixel p, (1, C, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_warp(earlier, flow):
            height, width = earlier.shape[2:]
            rows = torch.arange(height).view(-1, 1)
            columns = torch.arange(width).view(1, -1)
            x = columns + flow[:, 0]
            y = rows + flow[:, 1]
            grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)
            return torch.nn.functional.grid_sample(
                earlier, grid, mode="bilinear", padding_mode="border", align_corners=True
            )
    """,
    why="The pixel in column x and row y fetches from x + u and y + v. `2 * x / (width - 1) - 1`"
    " takes 0 … width − 1 to −1 … 1, which is what `grid_sample` counts in.",
    notice="The flow belongs to the pixels of the new frame, so every one of them gets a value. A"
    " flow of the earlier frame's pixels would throw them somewhere, and leave holes.",
    hints=(
        "Write down for one pixel where it fetches from, in pixels. Then for all of them.",
        "`torch.arange(width)` has the columns and `torch.arange(height).view(-1, 1)` the rows; add"
        " `flow[:, 0]` and `flow[:, 1]`. Then bring both to −1 … 1.",
        "`grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)`, then"
        ' `grid_sample(earlier, grid, padding_mode="border", align_corners=True)`.',
    ),
    cases=(
        lambda: {
            "earlier": tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]),
            "flow": tensor(
                [[[[1.0, 0.5, 0.0], [0.0, -1.0, 0.0]], [[0.0, 1.0, 0.0], [0.0, -0.5, 0.25]]]]
            ),
        },
        lambda: _case(4, 6, seed=1),
        lambda: _case(7, 3, seed=5),
        lambda: _case(5, 4, seed=9, dtype=torch.float32),
    ),
    definition="warped(p) = earlier(p + w(p)), bilinear between pixels.",
    properties=(
        relation(
            "A flow of zeros leaves the frame as it is.",
            lambda i: {"flow": torch.zeros_like(i["flow"])},
            lambda result, i: i["earlier"],
        ),
        relation(
            "Twice the brightness before is twice the brightness after.",
            lambda i: {"earlier": 2 * i["earlier"]},
            lambda result, i: 2 * result,
        ),
    ),
    # No gradient is asked for: PyTorch's backward pass of grid_sample ends the whole process where
    # the grid of a wrong answer is no number.
    mistakes=(
        Mistake(
            "x and y of the flow were exchanged",
            "Channel 0 is the way to the right, so it belongs to the columns; channel 1 leads down"
            " the rows.",
            edits={"flow[:, 0]": "flow[:, 1 ]", "flow[:, 1]": "flow[:, 0 ]"},
        ),
        Mistake(
            "the flow was followed in the wrong direction",
            "It leads from a pixel of the new frame to its place in the earlier one, so it is"
            " added: p + w(p).",
            edits={"columns + flow": "columns - flow", "rows + flow": "rows - flow"},
        ),
        Mistake(
            "the grid is in pixels",
            "`grid_sample` counts from −1 to 1 across the whole picture. Bring x and y there.",
            edits={"2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1": "x, y"},
        ),
        Mistake(
            "the grid has y before x",
            "The last axis of the grid is (x, y), the other way round than the axes (H, W) of a"
            " tensor.",
            edits={
                "2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1": (
                    "2 * y / (height - 1) - 1, 2 * x / (width - 1) - 1"
                )
            },
        ),
        Mistake(
            "the corners are those of align_corners=False",
            "Then −1 and 1 are the outer edges of the picture, half a pixel beyond the middles, and"
            " a flow of zeros already moves the frame. Use `align_corners=True`.",
            edits={"align_corners=True": "align_corners=False"},
        ),
        Mistake(
            "height and width were exchanged",
            "x runs over the width, y over the height.",
            edits={"(width - 1)": "(height - 1 )", "(height - 1)": "(width - 1 )"},
        ),
        Mistake(
            "it was divided by the number of pixels",
            "From the first middle to the last one there are width − 1 steps.",
            edits={"(width - 1)": "width", "(height - 1)": "height"},
        ),
        Mistake(
            "outside the picture it is black",
            '`grid_sample` fills with zeros unless told otherwise: `padding_mode="border"`.',
            edits={'padding_mode="border"': 'padding_mode="zeros"'},
        ),
        Mistake(
            "the nearest pixel was taken",
            "Between pixels it is interpolated, else strokes would jump by whole pixels:"
            ' `mode="bilinear"`.',
            edits={'mode="bilinear"': 'mode="nearest"'},
        ),
    ),
)
