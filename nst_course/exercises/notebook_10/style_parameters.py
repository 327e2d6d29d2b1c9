"""Conditional parameters: γ and β of a mixture of styles."""

from __future__ import annotations

import torch

from ..cases import drawn, picture, tensor
from ..properties import holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(batch: int, styles: int, channels: int, dtype: torch.dtype = torch.float64) -> Inputs:
    mix = picture(batch, styles, seed=batch, dtype=dtype)
    return {
        "gammas": drawn(styles, channels, seed=7, dtype=dtype),
        "betas": drawn(styles, channels, seed=8, dtype=dtype),
        "mix": mix / mix.sum(1, keepdim=True),
    }


EXERCISE = Exercise(
    name="style_parameters",
    notebook="10_fast_networks",
    title="A style is a row of γ and β",
    prompt="""
        A layer has a row of γ and a row of β for every style. Find γ and β for every image of a
        batch. Each image has its own mixture of styles: a row of weights that add up to 1.
    """,
    stub='''
        def my_style_parameters(gammas, betas, mix):
            """γ and β of each image (Dumoulin et al. 2017).

            gammas, betas: a row a style, (S, C)
            mix: how much of each style each image gets, (B, S)
            returns: γ and β, a tuple of two tensors (B, C, 1, 1), to multiply features (B, C, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_style_parameters(gammas, betas, mix):
            gamma = mix @ gammas
            beta = mix @ betas
            return gamma[:, :, None, None], beta[:, :, None, None]
    """,
    why="A row of `mix` times the matrix of all rows is the weighted sum of the rows. With a single"
    " 1 in `mix` it picks one row: one style. The two axes of length 1 line up with H and W.",
    notice="Between two styles there is a straight line of γ and β, and the network paints every"
    " point of it. Nobody trained it on mixtures.",
    hints=(
        "What does a row of weights times a matrix of rows give?",
        "`mix @ gammas` is (B, C). The features have two axes more.",
        "`gamma[:, :, None, None]` adds the two axes. Do the same with `betas`, and return both.",
    ),
    cases=(
        lambda: {
            "gammas": tensor([[1.0, 2.0], [5.0, 8.0]]),
            "betas": tensor([[0.0, 1.0], [4.0, 3.0]]),
            "mix": tensor([[0.75, 0.25]]),
        },
        lambda: _case(2, 4, 3),
        lambda: _case(3, 3, 3),
        lambda: _case(2, 3, 5, torch.float32),
    ),
    definition="γ of an image is Σ_s mix_s · γ_s, and β likewise.",
    properties=(
        relation(
            "A row of `mix` with a single 1 gives the row of that style.",
            lambda i: {"mix": torch.eye(len(i["gammas"]), dtype=i["mix"].dtype)},
            lambda r, i: (i["gammas"][:, :, None, None], i["betas"][:, :, None, None]),
        ),
        relation(
            "Images in another order have their parameters in that order.",
            lambda i: {"mix": i["mix"].flip(0)},
            lambda r, i: tuple(values.flip(0) for values in r),
        ),
        holds("γ and β have the shape (B, C, 1, 1).", lambda r, i: r[0].shape[2:] == (1, 1)),
    ),
    mistakes=(
        Mistake(
            "only the strongest style counts",
            "Every style counts with its weight, so that styles can be mixed.",
            edits={
                "gamma = mix @ gammas": "gamma = gammas[mix.argmax(1)]",
                "beta = mix @ betas": "beta = betas[mix.argmax(1)]",
            },
        ),
        Mistake(
            "all styles count the same",
            "This is the plain average of the rows. Weight each row with its number of `mix`.",
            edits={
                "gamma = mix @ gammas": "gamma = gammas.mean(0).expand(len(mix), -1)",
                "beta = mix @ betas": "beta = betas.mean(0).expand(len(mix), -1)",
            },
        ),
        Mistake(
            "every image got the mixture of the first one",
            "Each image has a row of `mix`. Use all rows.",
            edits={
                "gamma = mix @ gammas": "gamma = mix[:1].expand_as(mix) @ gammas",
                "beta = mix @ betas": "beta = mix[:1].expand_as(mix) @ betas",
            },
        ),
        Mistake(
            "the images of the batch were averaged",
            "Each image keeps a mixture of its own; do not average `mix` over the batch.",
            edits={
                "gamma = mix @ gammas": "gamma = mix.mean(0, keepdim=True).expand_as(mix) @ gammas",
                "beta = mix @ betas": "beta = mix.mean(0, keepdim=True).expand_as(mix) @ betas",
            },
        ),
        Mistake(
            "β was made of the rows of γ",
            "β has rows of its own: `mix @ betas`.",
            edits={"beta = mix @ betas": "beta = mix @ gammas"},
        ),
        Mistake(
            "γ and β changed places",
            "γ comes first: it multiplies. β is added.",
            edits={
                "return gamma[:, :, None, None], beta[:, :, None, None]": (
                    "return beta[:, :, None, None], gamma[:, :, None, None]"
                )
            },
        ),
        Mistake(
            "the mixture went through a softmax",
            "The weights add up to 1 already. Softmax would mix a part of every style into each.",
            edits={
                "gamma = mix @ gammas": "gamma = mix.softmax(1) @ gammas",
                "beta = mix @ betas": "beta = mix.softmax(1) @ betas",
            },
        ),
        Mistake(
            "the mixture counts for γ only",
            "β is a part of the style, too. It is mixed with the same weights.",
            edits={"beta = mix @ betas": "beta = betas.mean(0).expand(len(mix), -1)"},
        ),
    ),
)
