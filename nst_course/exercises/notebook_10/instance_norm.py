"""Instance normalization: every channel of every image by its own mean and deviation."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..compare import close
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Inputs:
    x = 3 * drawn(*shape, seed=seed, dtype=dtype) + 2 * drawn(*shape[:2], 1, 1, seed=seed + 1).to(
        dtype
    )
    gamma, beta = (drawn(shape[1], seed=seed + k, dtype=dtype) for k in (2, 3))
    return {"x": x, "gamma": gamma, "beta": beta}


EXERCISE = Exercise(
    name="instance_norm",
    notebook="10_fast_networks",
    title="Instance normalization",
    prompt="""
        Normalize every channel of every image by its own mean and its own standard deviation, then
        scale by γ and shift by β: y = γ (x − μ) / √(σ² + 10⁻⁵) + β. σ² is the mean of (x − μ)².
    """,
    stub='''
        def my_instance_norm(x, gamma, beta):
            """Instance normalization (Ulyanov et al. 2017).

            x: features, (B, C, H, W);  gamma, beta: one number a channel, (C,)
            returns: (B, C, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_instance_norm(x, gamma, beta):
            mean = x.mean((2, 3), keepdim=True)
            variance = (x - mean).square().mean((2, 3), keepdim=True)
            normalized = (x - mean) / (variance + 1e-5).sqrt()
            return gamma.view(1, -1, 1, 1) * normalized + beta.view(1, -1, 1, 1)
    """,
    why="The means are taken over the positions, axes 2 and 3, so every image of the batch and"
    " every channel has its own. `keepdim` and `view(1, -1, 1, 1)` line the numbers up with"
    " (B, C, H, W).",
    notice="The contrast of the photograph is gone: a pale photograph and a strong one look the"
    " same to the layers that follow. A painting has the contrast of its artwork.",
    hints=(
        "Over which axes is a mean taken that belongs to one channel of one image?",
        "`x.mean((2, 3), keepdim=True)` has the shape (B, C, 1, 1). The variance is the mean of the"
        " squared distance to it, over the same axes.",
        "Divide `x - mean` by `(variance + 1e-5).sqrt()`. Then multiply by `gamma.view(1, -1, 1,"
        " 1)` and add `beta.view(1, -1, 1, 1)`.",
    ),
    cases=(
        lambda: {
            "x": tensor([[[[1.0, 3.0]]], [[[10.0, 50.0]]]]),
            "gamma": tensor([2.0]),
            "beta": tensor([5.0]),
        },
        lambda: _case(2, 3, 3, 4, seed=1),
        lambda: _case(3, 2, 2, 3, seed=5),
        lambda: _case(2, 4, 5, 3, seed=9, dtype=torch.float32),
    ),
    definition="y = γ (x − μ) / √(σ² + 10⁻⁵) + β, with μ and σ² over the positions.",
    properties=(
        agrees(
            "It is what torch.nn.functional.instance_norm computes.",
            lambda i: torch.nn.functional.instance_norm(i["x"], weight=i["gamma"], bias=i["beta"]),
        ),
        relation(
            "Each image is normalized by itself: alone it gives the same.",
            lambda i: {"x": i["x"][:1]},
            lambda r, i: r[:1],
        ),
        holds(
            "The mean of every channel of every image is β.",
            lambda r, i: close(r.mean((2, 3)), i["beta"].expand(len(r), -1).contiguous()),
        ),
    ),
    gradient=("x", "gamma", "beta"),
    sizes=lambda i: {"the number of positions": i["x"][0, 0].numel(), "the batch": len(i["x"])},
    mistakes=(
        Mistake(
            "the mean and the variance are taken over the batch as well",
            "That is batch normalization: the result of one image depends on the others beside it."
            " Leave the axis 0 out of both means.",
            edits={
                "x.mean((2, 3), keepdim=True)": "x.mean((0, 2, 3), keepdim=True)",
                ".square().mean((2, 3), keepdim=True)": ".square().mean((0, 2, 3), keepdim=True)",
            },
        ),
        Mistake(
            "the means are taken over the channels as well",
            "That is layer normalization: one mean an image. Every channel has its own here; leave"
            " the axis 1 out.",
            edits={
                "x.mean((2, 3), keepdim=True)": "x.mean((1, 2, 3), keepdim=True)",
                ".square().mean((2, 3), keepdim=True)": ".square().mean((1, 2, 3), keepdim=True)",
            },
        ),
        Mistake(
            "the means are taken over the channels instead of the positions",
            "Axis 1 counts the channels. The positions are the axes 2 and 3.",
            edits={
                "x.mean((2, 3), keepdim=True)": "x.mean(1, keepdim=True)",
                ".square().mean((2, 3), keepdim=True)": ".square().mean(1, keepdim=True)",
            },
        ),
        Mistake(
            "the variance is divided by H·W − 1",
            "`x.var` and `x.std` divide by one less than the number of positions unless told"
            " otherwise: `x.var((2, 3), correction=0, keepdim=True)`.",
            edits={
                "(x - mean).square().mean((2, 3), keepdim=True)": ("x.var((2, 3), keepdim=True)")
            },
        ),
        Mistake(
            "γ and β were left out",
            "The numbers are normalized, and then nothing is done with γ and β. They are what makes"
            " a style: multiply by γ and add β.",
            edits={"gamma.view(1, -1, 1, 1) * normalized + beta.view(1, -1, 1, 1)": "normalized"},
        ),
        Mistake(
            "β was left out",
            "Every channel has the mean 0 then. Add β.",
            edits={" + beta.view(1, -1, 1, 1)": ""},
        ),
        Mistake(
            "γ was left out",
            "Every channel has the deviation 1 then. Multiply by γ.",
            edits={"gamma.view(1, -1, 1, 1) * ": ""},
        ),
        Mistake(
            "γ and β changed places",
            "γ multiplies and β is added.",
            edits={
                "gamma.view(1, -1, 1, 1) * normalized + beta.view": (
                    "beta.view(1, -1, 1, 1) * normalized + gamma.view"
                )
            },
        ),
        Mistake(
            "the difference was divided by the variance",
            "The deviation is the square root of the variance.",
            edits={"(variance + 1e-5).sqrt()": "(variance + 1e-5)"},
        ),
        Mistake(
            "the mean was not subtracted",
            "Subtract the mean of the channel before dividing.",
            edits={"normalized = (x - mean) /": "normalized = x /"},
        ),
        Mistake(
            "the difference was not divided by the deviation",
            "The contrast of the photograph is still there. Divide by √(σ² + 10⁻⁵).",
            edits={" / (variance + 1e-5).sqrt()": ""},
        ),
        Mistake(
            "β was added before γ multiplies",
            "Multiply by γ first, then add β.",
            edits={
                "gamma.view(1, -1, 1, 1) * normalized + beta.view(1, -1, 1, 1)": (
                    "gamma.view(1, -1, 1, 1) * (normalized + beta.view(1, -1, 1, 1))"
                )
            },
        ),
    ),
)
