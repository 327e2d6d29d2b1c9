"""Where in the image the receptive field of a unit is."""

from __future__ import annotations

import numbers

from ..properties import holds, relation
from ..spec import Exercise, Mistake

EXERCISE = Exercise(
    name="unit_patch",
    notebook="01_feature_visualization",
    title="The patch that a unit depends on",
    minutes=12,
    difficulty="hard",
    importance="optional",
    prompt="""
        Which patch of the image does the unit at (row, column) of a feature map depend on? Return
        its corners. They may lie outside the image: at the border the patch includes padding.
    """,
    stub='''
        def my_unit_patch(row, column, size, jump, first_center):
            """Corners of the image patch that one unit depends on.

            row, column: place of the unit in the feature map
            size, jump: receptive field and jump of its layer, in pixels
            first_center: center of the patch of unit (0, 0); the center of the first pixel is 0
            returns: (top, left, bottom, right), whole numbers,
                     so that image[..., top:bottom, left:right] is the patch
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_unit_patch(row, column, size, jump, first_center):
            half = (size - 1) / 2
            top = int(first_center + row * jump - half)
            left = int(first_center + column * jump - half)
            return top, left, top + size, left + size
    """,
    why="The patch of unit (0, 0) has its center at `first_center`, every step moves it by `jump`"
    " pixels, and from the center of the first pixel of a patch to the patch's center it is `(size"
    " - 1) / 2`. A slice in Python ends before its second number.",
    notice="Neighboring patches share most of their pixels: they are `size` pixels wide and only"
    " `jump` pixels apart.",
    hints=(
        "Find the center of the patch first, then go half a patch up and to the left.",
        "The center is `first_center + row * jump`. The centers of the first and the last pixel of"
        " a patch are `size - 1` apart.",
        "`top = first_center + row * jump - (size - 1) / 2`, as a whole number, and"
        " `bottom = top + size`. Left and right are the same with the column.",
    ),
    cases=(
        lambda: {"row": 0, "column": 0, "size": 3, "jump": 1, "first_center": 1},
        lambda: {"row": 1, "column": 2, "size": 3, "jump": 1, "first_center": 0},
        lambda: {"row": 2, "column": 1, "size": 10, "jump": 2, "first_center": 0.5},
        lambda: {"row": 0, "column": 9, "size": 10, "jump": 2, "first_center": 0.5},
        lambda: {"row": 30, "column": 12, "size": 24, "jump": 4, "first_center": 1.5},
        lambda: {"row": 1, "column": 7, "size": 132, "jump": 16, "first_center": 7.5},
    ),
    definition="The patch is `size` pixels high and wide, and its center is `jump` pixels further"
    " for every step in the feature map.",
    properties=(
        holds(
            "The patch is as high and as wide as the receptive field.",
            lambda r, i: r[2] - r[0] == i["size"] == r[3] - r[1],
        ),
        holds(
            "The corners are whole numbers, so that a slice can use them. `int(...)` makes one.",
            lambda r, i: all(isinstance(corner, numbers.Integral) for corner in r),
        ),
        relation(
            "One row further down, the patch lies `jump` pixels lower.",
            lambda i: {"row": i["row"] + 1},
            lambda r, i: (r[0] + i["jump"], r[1], r[2] + i["jump"], r[3]),
        ),
    ),
    mistakes=(
        Mistake(
            "the patch begins one pixel too late",
            "`size / 2` pixels lie between the center and the border of the patch, but `(size -"
            " 1) / 2` between the centers of its middle and its first pixel.",
            edits={
                "(size - 1) / 2": "size / 2 - 1",
            },
        ),
        Mistake(
            "the corners were rounded down twice",
            "`size // 2` is half a pixel more than half of the way for an even size, and"
            " `int(first_center)` half a pixel less. Compute with fractions, and round once at"
            " the end.",
            edits={
                "top = int(first_center + row * jump - half)": (
                    "top = int(first_center) + row * jump - size // 2"
                ),
                "left = int(first_center + column * jump - half)": (
                    "left = int(first_center) + column * jump - size // 2"
                ),
            },
        ),
        Mistake(
            "width and height were returned in place of the second corner",
            "The order asked for is top, left, bottom, right. The lower right corner is `top +"
            " size, left + size`.",
            edits={
                "top + size, left + size": "size, size",
            },
        ),
        Mistake(
            "half of the size was rounded down",
            "`size // 2` is not `(size - 1) / 2` for an even size. Compute with fractions and"
            " make a whole number at the end.",
            edits={
                "(size - 1) / 2": "size // 2",
            },
        ),
        Mistake(
            "the unit's place was taken for a place in the image",
            "Units lie `jump` pixels apart. The patch of unit 10 in a layer with jump 4 is 40"
            " pixels from the patch of unit 0.",
            edits={"row * jump": "row", "column * jump": "column"},
        ),
        Mistake(
            "the patch begins at its center",
            "The patch reaches as far up and to the left of its center as down and to the right.",
            edits={"row * jump - half": "row * jump", "column * jump - half": "column * jump"},
        ),
        Mistake(
            "the last row and the last column are missing",
            "A slice ends before its second number: `image[..., 2:5, :]` has three rows. The corner"
            " is the first pixel behind the patch.",
            edits={"top + size, left + size": "top + size - 1, left + size - 1"},
        ),
        Mistake(
            "rows and columns were exchanged",
            "The row says how far down a unit is, so it moves top and bottom. The order asked for"
            " is top, left, bottom, right.",
            edits={
                "top = int(first_center + row": "top = int(first_center + column",
                "left = int(first_center + column": "left = int(first_center + row",
            },
        ),
        Mistake(
            "the first unit's center was left out",
            "Unit (0, 0) need not look at pixel 0: pooling without padding moves its center to"
            " the right and down.",
            edits={"first_center + row": "row", "first_center + column": "column"},
        ),
        Mistake(
            "the corners are in another order",
            "The order asked for is top, left, bottom, right: one corner, then the other.",
            edits={"top, left, top + size, left + size": "top, top + size, left, left + size"},
        ),
        Mistake(
            "half of the size was taken for half a patch",
            "From the center of the first pixel of a patch to that of the last it is `size - 1`"
            " pixels, so half of it is `(size - 1) / 2`.",
            edits={"(size - 1) / 2": "size / 2"},
        ),
        Mistake(
            "the patch was cut off at the border",
            "Near the border the patch includes padding. Keep the negative corner: whoever crops"
            " has to know how far the patch hangs over.",
            edits={
                "int(first_center + row * jump - half)": (
                    "max(0, int(first_center + row * jump - half))"
                ),
                "int(first_center + column * jump - half)": (
                    "max(0, int(first_center + column * jump - half))"
                ),
            },
        ),
        Mistake(
            "patches were laid side by side",
            "Patches overlap: the next one begins `jump` pixels further, and not `size` pixels.",
            edits={"row * jump": "row * size", "column * jump": "column * size"},
        ),
    ),
)
