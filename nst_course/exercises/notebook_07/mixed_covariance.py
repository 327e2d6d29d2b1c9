"""The covariance of a mixture of artworks, from their means and covariances."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _inputs(
    weights: list[float], channels: int, seed: int = 0, dtype: torch.dtype = torch.float64
) -> Inputs:
    rows = [drawn(channels, 7, seed=seed + k, dtype=dtype) for k in range(len(weights))]
    return {
        "covariances": [torch.cov(x, correction=0) for x in rows],
        "means": [drawn(channels, seed=seed + 10 + k, dtype=dtype) for k in range(len(weights))],
        "weights": weights,
    }


def _from_the_pairs(inputs: Inputs) -> torch.Tensor:
    """Σ w C, plus half of Σ w_j w_k (m_j − m_k)(m_j − m_k)ᵀ: without any second moment."""
    parts = list(zip(*inputs.values(), strict=True))
    result = sum(w * covariance for covariance, _, w in parts)
    for _, first, v in parts:
        for _, second, w in parts:
            result = result + v * w / 2 * torch.outer(first - second, first - second)
    return result


EXERCISE = Exercise(
    name="mixed_covariance",
    notebook="07_mixing_styles",
    title="The covariance of a mixture",
    minutes=12,
    difficulty="hard",
    importance="useful",
    prompt="""
        You have the mean and the covariance of several artworks, and weights that add up to 1.
        What is the covariance of the mixture, in which each artwork has its weight as its share
        of the positions?

        The second moment of an artwork is its covariance plus mean times mean, Σ + μ μᵀ. Second
        moments and means may be averaged.
    """,
    stub='''
        def my_mixed_covariance(covariances, means, weights):
            """Covariance of the mixture of several artworks.

            covariances: list of matrices Σ_k, each (C, C);  means: list of vectors μ_k, each (C,)
            weights: list of as many numbers that add up to 1
            returns: (C, C)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_mixed_covariance(covariances, means, weights):
            second, mean = 0, 0
            for covariance, mu, weight in zip(covariances, means, weights):
                second = second + weight * (covariance + torch.outer(mu, mu))
                mean = mean + weight * mu
            return second - torch.outer(mean, mean)
    """,
    why="The second moment and the mean are means over positions, so both of a mixture are the"
    " averages. A covariance is computed from the two, so it has to be computed again from their"
    " averages.",
    notice="Two artworks without any variance, one all black and one all white, have a mixture with"
    " a variance: it comes from the distance of their means.",
    hints=(
        "Σ is not a mean over positions: it has the mean in it, squared. What does it become if"
        " you add μ μᵀ?",
        "Average Σ_k + μ_k μ_kᵀ by weight, and average μ_k by weight. The covariance is the first"
        " minus the second times itself, transposed.",
        "`torch.outer(mu, mu)` is μ μᵀ. The end is `second - torch.outer(mean, mean)`.",
    ),
    cases=(
        lambda: {
            "covariances": [tensor([[0.0]]), tensor([[0.0]])],
            "means": [tensor([1.0]), tensor([3.0])],
            "weights": [0.5, 0.5],
        },
        lambda: _inputs([0.75, 0.25], 2),
        lambda: _inputs([0.2, 0.5, 0.3], 3, seed=3),
        lambda: _inputs([0.6, 0.4], 4, seed=5, dtype=torch.float32),
    ),
    definition="The covariance is Σ w_k (Σ_k + μ_k μ_kᵀ) − μ μᵀ with μ = Σ w_k μ_k.",
    properties=(
        agrees("The means of each pair add their distance.", _from_the_pairs),
        relation(
            "Moving all means by the same vector changes nothing.",
            lambda i: {"means": [mean + 2 for mean in i["means"]]},
        ),
        relation(
            "With equal means the covariances are averaged.",
            lambda i: {"means": [i["means"][0] for _ in i["means"]]},
            lambda r, i: sum(w * c for c, w in zip(i["covariances"], i["weights"], strict=True)),
        ),
        holds("The result is symmetric.", lambda r, i: bool((r - r.T).abs().max() < 1e-4)),
    ),
    sizes=lambda i: {"the number of artworks": len(i["weights"]), "C": len(i["means"][0])},
    mistakes=(
        Mistake(
            "the covariances were averaged, and the means forgotten",
            "Where the means differ, the mixture varies between them as well. Average the second"
            " moments Σ + μ μᵀ and the means, and compute the covariance from both.",
            edits={
                "weight * (covariance + torch.outer(mu, mu))": "weight * covariance",
                " - torch.outer(mean, mean)": "",
            },
        ),
        Mistake(
            "the result is the second moment",
            "That is the averaged Σ + μ μᵀ. The covariance is what is left after the mixture's"
            " mean times itself is subtracted.",
            edits={" - torch.outer(mean, mean)": ""},
        ),
        Mistake(
            "the mean was subtracted but never added",
            "Each covariance is without its own mean already. Add μ_k μ_kᵀ to it before you"
            " average.",
            edits={"(covariance + torch.outer(mu, mu))": "covariance"},
        ),
        Mistake(
            "the mean times itself was added at the end",
            "A covariance is the second moment minus the mean times itself.",
            edits={"second - torch": "second + torch"},
        ),
        Mistake(
            "the weights have no effect",
            "Each artwork counts by its weight, in the second moment and in the mean.",
            edits={
                "second + weight * (covariance": "second + 1 / len(weights) * (covariance",
                "mean + weight * mu": "mean + mu / len(weights)",
            },
        ),
        Mistake(
            "the mean was averaged without the weights",
            "The mean of the mixture is Σ w_k μ_k, with the same weights as the second moment.",
            edits={"mean + weight * mu": "mean + mu / len(weights)"},
        ),
        Mistake(
            "each artwork's own mean was subtracted again",
            "You averaged Σ_k + μ_k μ_kᵀ and subtracted the average of μ_k μ_kᵀ, which gives the"
            " average of the covariances. What has to be subtracted is the mean of the mixture,"
            " times itself.",
            source="""
                def my_mixed_covariance(covariances, means, weights):
                    second, squares = 0, 0
                    for covariance, mu, weight in zip(covariances, means, weights):
                        outer = torch.outer(mu, mu)
                        second = second + weight * (covariance + outer)
                        squares = squares + 2 * weight * outer
                    return second - squares
            """,
        ),
        Mistake(
            "the mean was multiplied with itself entry by entry",
            "`mu * mu` is a vector, and PyTorch adds it to each row of the matrix. μ μᵀ has a row"
            " and a column for each channel: `torch.outer(mu, mu)`.",
            edits={"torch.outer(mu, mu)": "mu * mu", "torch.outer(mean, mean)": "mean * mean"},
        ),
        Mistake(
            "the scalar product was taken",
            "`mu @ mu` is one number, and PyTorch adds it to every entry. You need the product of"
            " each pair of channels, `torch.outer(mu, mu)`.",
            edits={"torch.outer(mu, mu)": "mu @ mu", "torch.outer(mean, mean)": "mean @ mean"},
        ),
        Mistake(
            "the weights came in twice",
            "The weight stands in front of Σ_k + μ_k μ_kᵀ once. You weighted the mean before it"
            " was multiplied by itself.",
            edits={"torch.outer(mu, mu)": "weight * torch.outer(mu, mu)"},
        ),
        Mistake(
            "only the last artwork counts",
            "Each pass of the loop overwrites the second moment. Add to what is there.",
            edits={"second = second + weight": "second = weight"},
        ),
    ),
)
