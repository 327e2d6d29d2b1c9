"""The style of a sound: filters over time, and the Gram matrix of what they answer."""

from __future__ import annotations

import torch

from ..cases import drawn, picture, tensor
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(
    frequencies: int,
    times: int,
    count: int,
    width: int,
    seed: int,
    dtype: torch.dtype = torch.float64,
) -> Inputs:
    return {
        "spectrogram": picture(frequencies, times, seed=seed, dtype=dtype),
        "filters": drawn(count, frequencies, width, seed=seed + 1, dtype=dtype),
    }


def _by_hand(inputs: Inputs) -> torch.Tensor:
    spectrogram, filters = inputs["spectrogram"], inputs["filters"]
    patches = spectrogram.unfold(1, filters.shape[2], 1)  # (F, T', K)
    answers = torch.einsum("ftk,nfk->nt", patches, filters).relu()
    return torch.einsum("nt,mt->nm", answers, answers) / answers.shape[1]


EXERCISE = Exercise(
    name="sound_gram",
    notebook="09_video_and_sound",
    title="The Gram matrix over time",
    minutes=10,
    difficulty="medium",
    prompt="""
        The style of a sound. Slide every filter along the time, without padding, so that T − K + 1
        positions are left; a filter has one weight for each frequency at each of K times. Take
        the ReLU. Then the Gram matrix of the filters: the mean over the positions of the product of
        two filters' activations.
    """,
    stub='''
        def my_sound_gram(spectrogram, filters):
            """The style of a sound (Ulyanov and Lebedev 2016).

            spectrogram: (F, T), a row a frequency
            filters: N filters, (N, F, K), each over all F frequencies and K times
            returns: the Gram matrix of the N filters, (N, N)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_sound_gram(spectrogram, filters):
            answers = torch.nn.functional.conv1d(spectrogram[None], filters)[0]
            answers = torch.relu(answers)
            return answers @ answers.T / answers.shape[1]
    """,
    why="`conv1d` takes (batch, channels, length). The frequencies are the channels, so a filter"
    " moves along the time only.",
    notice="The matrix does not know when something happened, but it knows at which frequency. In a"
    " picture both axes are positions, and the Gram matrix forgets both.",
    hints=(
        "`torch.nn.functional.conv1d` slides filters along the last axis. Which axis of the"
        " spectrogram has to be the channels?",
        "`conv1d(spectrogram[None], filters)` is (1, N, T − K + 1). Take the ReLU of it.",
        "With `answers` of shape (N, T'): `answers @ answers.T`, divided by T'.",
    ),
    cases=(
        lambda: {
            "spectrogram": tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]),
            "filters": tensor([[[1.0, 0.0], [0.0, 1.0]], [[-1.0, 2.0], [1.0, 0.0]]]),
        },
        lambda: _case(3, 7, 2, 2, seed=1),
        lambda: _case(4, 9, 5, 3, seed=3),
        lambda: _case(6, 8, 4, 4, seed=5, dtype=torch.float32),
    ),
    definition="G = R Rᵀ / T', with R the ReLU of the answers at T' = T − K + 1 positions.",
    properties=(
        agrees("Every entry is the mean of a product over the positions.", _by_hand),
        relation(
            "A picture with twice the values gives four times the matrix.",
            lambda i: {"spectrogram": 2 * i["spectrogram"]},
            lambda r, i: 4 * r,
        ),
        relation(
            "The filters in another order give the same rows and columns in that order.",
            lambda i: {"filters": i["filters"].flip(0)},
            lambda r, i: r.flip(0, 1),
        ),
        relation(
            "Played backward with filters that run backward, nothing changes.",
            lambda i: {"spectrogram": i["spectrogram"].flip(1), "filters": i["filters"].flip(2)},
        ),
        holds("The matrix is symmetric.", lambda r, i: bool(torch.allclose(r, r.T))),
    ),
    gradient=("spectrogram",),
    sizes=lambda i: {
        "T'": i["spectrogram"].shape[1] - i["filters"].shape[2] + 1,
        "the number of filters": len(i["filters"]),
        "the number of frequencies": len(i["spectrogram"]),
    },
    mistakes=(
        Mistake(
            "the ReLU was left out",
            "Without it the answers of a filter to two events can cancel. Take the ReLU before the"
            " product.",
            edits={"    answers = torch.relu(answers)\n": ""},
        ),
        Mistake(
            "the ReLU was taken after the product",
            "It belongs to the answers of the filters, before they are multiplied.",
            edits={
                "    answers = torch.relu(answers)\n": "",
                "answers @ answers.T / answers.shape[1]": (
                    "torch.relu(answers @ answers.T / answers.shape[1])"
                ),
            },
        ),
        Mistake(
            "the matrix is that of the times, not of the filters",
            "Entry (i, j) belongs to two filters: sum over the time. `answers @ answers.T` for"
            " answers of shape (N, T').",
            edits={"answers @ answers.T / answers.shape[1]": "answers.T @ answers / len(answers)"},
        ),
        Mistake(
            "the sum over the positions was not divided by their number",
            "Then a sound of twice the length has twice the style. Divide by T'.",
            edits={" / answers.shape[1]": ""},
        ),
        Mistake(
            "the sum was divided by T, the columns of the spectrogram",
            "Without padding a filter of width K has T' = T − K + 1 positions. Divide by these.",
            edits={" / answers.shape[1]": " / spectrogram.shape[1]"},
        ),
        Mistake(
            "the sum was divided by the number of filters as well",
            "A mean over positions: divide by T' only.",
            edits={" / answers.shape[1]": " / answers.numel()"},
        ),
        Mistake(
            "the sum was divided by the number of filters",
            "The mean is over the positions in time. Divide by T'.",
            edits={" / answers.shape[1]": " / len(answers)"},
        ),
        Mistake(
            "the spectrogram was padded with silence",
            "Here the filters stay inside. Call `conv1d` without `padding`.",
            edits={"(spectrogram[None], filters)": '(spectrogram[None], filters, padding="same")'},
        ),
        Mistake(
            "the filters were turned around in time",
            "`conv1d` does not flip its filters, and nothing else should: weight 0 meets the"
            " earlier column.",
            edits={"(spectrogram[None], filters)": "(spectrogram[None], filters.flip(2))"},
        ),
        Mistake(
            "the mean of each filter was subtracted",
            "That is the covariance. The Gram matrix is uncentered.",
            edits={
                "torch.relu(answers)": "torch.relu(answers)\n"
                "    answers = answers - answers.mean(1, keepdim=True)"
            },
        ),
        Mistake(
            "each frequency was filtered by itself, and the answers added up later",
            "A filter adds over all frequencies first, and then the ReLU is taken of the sum.",
            source="""
                def my_sound_gram(spectrogram, filters):
                    patches = spectrogram.unfold(1, filters.shape[2], 1)
                    answers = torch.einsum("ftk,nfk->nft", patches, filters).relu().sum(1)
                    return answers @ answers.T / answers.shape[1]
            """,
        ),
        Mistake(
            "only the squares of the filters were taken, without their products",
            "The diagonal says how strong each filter is. What belongs together in a sound is in"
            " the products of different filters.",
            edits={
                "return answers @ answers.T / answers.shape[1]": (
                    "return torch.diag((answers**2).mean(1))"
                )
            },
        ),
    ),
)
