"""A printed formula that multiplies where it should divide."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cases import drawn, tensor
from ..properties import finite_differences, relation
from ..spec import Exercise, Inputs, Mistake


def _raw_gram(channels: int, height: int, width: int, seed: int, **kind: torch.dtype) -> Tensor:
    flat = drawn(1, channels, height * width, seed=seed, **kind)
    return flat @ flat.mT


def _raw(channels: int, height: int, width: int, **kind: torch.dtype) -> Inputs:
    gram, style_gram = (_raw_gram(channels, height, width, seed, **kind) for seed in (1, 2))
    return {"raw_gram": gram, "raw_style_gram": style_gram, "height": height, "width": width}


EXERCISE = Exercise(
    name="mended_style_loss",
    notebook="03_gram_matrix_style_loss",
    title="A printed formula to mend",
    minutes=8,
    importance="useful",
    prompt="""
        A published note prints the style loss of a layer as J = 1/4 × n_C² × (n_H × n_W)² Σ (G_S
        − G_G)², with raw Gram matrices, F Fᵀ divided by nothing. The function below computes
        exactly that. Try it on two sizes of the same texture, and look at what the loss does.
        Then mend it, so that it is the paper's E_l (Gatys et al. 2016, eq. 4).
    """,
    stub='''
        def my_mended_loss(raw_gram, raw_style_gram, height, width):
            """Style loss of one layer from raw Gram matrices, as printed. Something is wrong.

            raw_gram, raw_style_gram: F Fᵀ, (1, C, C);  height, width: size of the feature map
            returns: a scalar tensor
            """
            channels = raw_gram.shape[1]
            difference = ((raw_gram - raw_style_gram) ** 2).sum()
            return 1 / 4 * channels**2 * (height * width) ** 2 * difference  # MEND THIS LINE
    ''',
    code="""
        def my_mended_loss(raw_gram, raw_style_gram, height, width):
            channels = raw_gram.shape[1]
            difference = ((raw_gram - raw_style_gram) ** 2).sum()
            return difference / (4 * channels**2 * (height * width) ** 2)
    """,
    why="The note lost a fraction bar: n_C² and (n_H n_W)² belong below it, with the 4. A raw Gram"
    " matrix grows with H·W, so its squared difference grows with (H·W)², and dividing by (H·W)²"
    " makes the loss independent of size. Dividing by C² turns the sum over C² entries into a"
    " mean.",
    notice="This is a quarter of the course's style loss. For 64 channels and 128×128 positions,"
    " the formula as printed is 10²⁴ times larger: α and β would have to make up for that.",
    hints=(
        "Take the same texture, once as it is and once twice as wide. Should its style loss"
        " change?",
        "Raw Gram matrices add up over positions. If the map has twice as many positions, by what"
        " factor does Σ (G − A)² grow, and what has to happen to that factor?",
        "The paper writes 1 / (4 N² M²), with N channels and M positions. In Python, `a / b * c`"
        " divides by `b` only: put parentheses around all that belongs below the bar.",
    ),
    cases=(
        lambda: {
            "raw_gram": tensor([[[4.0]]]),
            "raw_style_gram": tensor([[[2.0]]]),
            "height": 1,
            "width": 2,
        },
        lambda: {
            "raw_gram": tensor([[[4.0, 1.0], [1.0, 4.0]]]),
            "raw_style_gram": tensor([[[2.0, 3.0], [3.0, 6.0]]]),
            "height": 1,
            "width": 3,
        },
        lambda: _raw(3, 4, 5),
        lambda: _raw(4, 3, 2, dtype=torch.float32),
    ),
    gradient=("raw_gram",),
    definition="E_l = 1 / (4 N² M²) · Σ (G − A)², with N channels and M positions.",
    properties=(
        relation(
            "The same texture twice as wide (raw Gram matrices doubled) has the same loss.",
            lambda i: {
                "raw_gram": 2 * i["raw_gram"],
                "raw_style_gram": 2 * i["raw_style_gram"],
                "width": 2 * i["width"],
            },
        ),
        relation(
            "A layer in which every channel occurs twice has the same loss.",
            lambda i: {n: i[n].repeat(1, 2, 2) for n in ("raw_gram", "raw_style_gram")},
        ),
        finite_differences("raw_gram"),
    ),
    sizes=lambda i: {"C": i["raw_gram"].shape[1], "H·W": i["height"] * i["width"]},
    mistakes=(
        Mistake(
            "the square below the fraction bar stops too early",
            "The paper's 1 / (4 N² M²) is 1 / (2 N M)². Square the whole product, or each of its"
            " parts.",
            edits={
                "(4 * channels**2 * (height * width) ** 2)": "(2 * channels * height * width)",
            },
        ),
        Mistake(
            "the number of positions is not squared",
            "The squared difference grows with the square of H·W, and what divides it has to be"
            " squared too.",
            edits={
                "(height * width) ** 2": "(height * width)",
            },
        ),
        Mistake(
            "the number of channels is not squared",
            "The sum has C² entries, so C is squared below the fraction bar.",
            edits={
                "channels**2": "channels",
            },
        ),
        Mistake(
            "the number of channels is a fixed 3",
            "An image has 3 channels, and the features of a layer have C. Take it from `raw_gram`.",
            edits={
                "channels**2": "3**2",
            },
        ),
        Mistake(
            "the squared width was used with the height to the power of one",
            "Both H and W are squared: put parentheses around `height * width`.",
            edits={
                "(height * width) ** 2": "height * width**2",
            },
        ),
        Mistake(
            "this is still the formula as printed",
            "It multiplies by n_C² and (n_H n_W)². Compute it for a larger feature map and"
            " compare.",
            edits={
                "difference / (4 * channels**2 * (height * width) ** 2)": (
                    "0.25 * difference * channels**2 * (height * width) ** 2"
                )
            },
        ),
        Mistake(
            "only the channels went below the fraction bar",
            "The number of positions still multiplies. Python reads `a / b * c` as (a / b) · c, so"
            " parentheses may be missing.",
            edits={
                "(4 * channels**2 * (height * width) ** 2)": (
                    "(4 * channels**2) * (height * width) ** 2"
                )
            },
        ),
        Mistake(
            "only the positions went below the fraction bar",
            "The number of channels still multiplies. A layer with every channel doubled should"
            " have the same loss.",
            edits={
                "(4 * channels**2 * (height * width) ** 2)": (
                    "(4 * (height * width) ** 2) * channels**2"
                )
            },
        ),
        Mistake(
            "the squares below the fraction bar are missing",
            "The difference is squared, so it grows with the square of the number of positions."
            " What divides it has to be squared too.",
            edits={"channels**2 * (height * width) ** 2": "channels * height * width"},
        ),
        Mistake(
            "the number of channels is gone",
            "The sum runs over C² entries. Without C² below the bar, layers with many channels"
            " count more.",
            edits={"channels**2 * ": ""},
        ),
        Mistake(
            "the number of positions is gone",
            "Raw Gram matrices are sums over positions. Without (H·W)² below the bar, large"
            " pictures count more.",
            edits={" * (height * width) ** 2": ""},
        ),
        Mistake(
            "the 4 went to the wrong side",
            "In the paper the 4 stands below the fraction bar with the rest.",
            edits={"difference / (4 * ": "4 * difference / ("},
        ),
        Mistake(
            "the ¼ is gone",
            "You get the course's own style loss, which is four times the paper's. Here the"
            " paper's is asked for.",
            edits={"(4 * channels**2": "(channels**2"},
        ),
    ),
)
