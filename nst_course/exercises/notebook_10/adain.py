"""Adaptive instance normalization: the mean and deviation of another image's features."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..compare import close
from ..properties import holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(channels: int, seed: int, dtype: torch.dtype = torch.float64) -> Inputs:
    return {
        "features": 2 * drawn(1, channels, 3, 4, seed=seed, dtype=dtype) + 1,
        "style_features": 5 * drawn(1, channels, 2, 3, seed=seed + 1, dtype=dtype) - 3,
    }


EXERCISE = Exercise(
    name="adain",
    notebook="10_fast_networks",
    title="Adaptive instance normalization",
    prompt="""
        Give every channel of the photograph's features the mean and the standard deviation that
        this channel has in the artwork: σ(y) (x − μ(x)) / σ(x) + μ(y), with σ = √(variance + 10⁻⁵)
        and the variance as the mean of the squared distance to μ.
    """,
    stub='''
        def my_adain(features, style_features):
            """Adaptive instance normalization (Huang and Belongie 2017, eq. 8).

            features: x, of the photograph, (1, C, H, W)
            style_features: y, of the artwork, (1, C, H', W')
            returns: (1, C, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_adain(features, style_features):
            def moments(maps):
                mean = maps.mean((2, 3), keepdim=True)
                variance = (maps - mean).square().mean((2, 3), keepdim=True)
                return mean, (variance + 1e-5).sqrt()

            mean, std = moments(features)
            style_mean, style_std = moments(style_features)
            return style_std * (features - mean) / std + style_mean
    """,
    why="The same normalization as before, with γ = σ(y) and β = μ(y): nobody trained them,"
    " they are read off the artwork. So any artwork will do.",
    notice="The positions stay where they are, so the content stays. The decoder turns the new"
    " features back into a picture.",
    hints=(
        "It is instance normalization, and the artwork says what γ and β are.",
        "You need mean and deviation of both, over the positions, with `keepdim=True`. Two calls of"
        " one small function give them.",
        "`style_std * (features - mean) / std + style_mean`.",
    ),
    cases=(
        lambda: {
            "features": tensor([[[[1.0, 3.0]]]]),
            "style_features": tensor([[[[10.0, 30.0, 50.0, 70.0]]]]),
        },
        lambda: _case(2, 1),
        lambda: _case(3, 5),
        lambda: _case(4, 9, torch.float32),
    ),
    definition="σ(y) (x − μ(x)) / σ(x) + μ(y), channel by channel.",
    properties=(
        holds(
            "The mean of every channel is that of the artwork.",
            lambda r, i: close(r.mean((2, 3)), i["style_features"].mean((2, 3))),
        ),
        relation(
            "The artwork's features may be in any order: only means over positions count.",
            lambda i: {"style_features": i["style_features"].flip(2, 3)},
        ),
        relation(
            "The photograph's own mean has no effect.",
            lambda i: {"features": i["features"] + 7},
        ),
    ),
    gradient=("features", "style_features"),
    mistakes=(
        Mistake(
            "the artwork's features were normalized to the photograph's",
            "The result has the positions of the photograph and the mean and deviation of the"
            " artwork. Exchange the two.",
            edits={
                "style_std * (features - mean) / std + style_mean": (
                    "std * (style_features - style_mean) / style_std + mean"
                )
            },
        ),
        Mistake(
            "the mean of the artwork was not added",
            "Every channel has the mean 0 then. Add μ(y).",
            edits={" + style_mean": ""},
        ),
        Mistake(
            "the deviation of the artwork was left out",
            "Every channel has the deviation 1 then. Multiply by σ(y).",
            edits={"style_std * (features": "(features"},
        ),
        Mistake(
            "only the mean was exchanged",
            "The deviation says how strongly a channel varies. Divide by σ(x), multiply by σ(y).",
            edits={"style_std * (features - mean) / std": "features - mean"},
        ),
        Mistake(
            "the mean of the photograph was put back",
            "β is the mean of the artwork, μ(y).",
            edits={" + style_mean": " + mean"},
        ),
        Mistake(
            "the two deviations changed places",
            "Divide by the photograph's deviation and multiply by the artwork's.",
            edits={"style_std * (features - mean) / std": "std * (features - mean) / style_std"},
        ),
        Mistake(
            "one mean and one deviation for all channels",
            "Every channel has its own: take the means over the axes 2 and 3 only.",
            edits={
                "maps.mean((2, 3), keepdim=True)": "maps.mean((1, 2, 3), keepdim=True)",
                ".square().mean((2, 3), keepdim=True)": ".square().mean((1, 2, 3), keepdim=True)",
            },
        ),
        Mistake(
            "the variance stands where the deviation belongs",
            "The deviation is the square root of the variance.",
            edits={"(variance + 1e-5).sqrt()": "variance + 1e-5"},
        ),
        Mistake(
            "the variance is divided by the number of positions minus 1",
            "`std` and `var` do so unless told otherwise. The variance is the mean of the squared"
            " distances here: `var((2, 3), correction=0, keepdim=True)`.",
            edits={
                "(maps - mean).square().mean((2, 3), keepdim=True)": (
                    "maps.var((2, 3), keepdim=True)"
                )
            },
        ),
    ),
)
