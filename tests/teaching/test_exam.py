"""Every number in the answers of the exam, recomputed in float64."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import nst_course as nst

EXAM = Path(__file__).parents[2] / "teaching" / "exam.md"
QUESTIONS = {
    int(number): text.split("**Answer.**")
    for number, text in re.findall(
        r"^### (\d+)\. (.*?)(?=^###? |\Z)", EXAM.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
}
F = torch.tensor([[1, 2, 0, 1], [0, 1, 3, 0]], dtype=torch.float64)
A = torch.diag(torch.tensor([1, 2], dtype=torch.float64))
G = nst.gram_matrix(F.view(1, 2, 2, 2))[0]
SQUARES = torch.tensor([1 - 1, 2 - 0, 0 - 2, 3 - 3], dtype=torch.float64).square()
WALL = torch.tensor([1, 3], dtype=torch.float64)
FIRST, SECOND = (torch.tensor(row, dtype=torch.float64) for row in ([0, 2, 5], [1, 4, 3]))
SORTED = (FIRST.sort().values - SECOND.sort().values).square().mean()
UNSORTED = (FIRST - SECOND).square().mean()
INSIDE = torch.tensor([[2, 0], [1, 1]], dtype=torch.float64)
REGION = INSIDE @ INSIDE.T / 2
MOVED = torch.tensor([0.2 - 0.1, 0, 0.9 - 0.1, 0.4 - 0.7], dtype=torch.float64).square()
HELD = torch.tensor([1, 1, 0, 1], dtype=torch.float64)
RATE = 16_000
TONE = torch.sin(2 * math.pi * 440 / RATE * torch.arange(3 * RATE, dtype=torch.float64))
LOUD = torch.stft(
    TONE, 1024, 256, window=torch.hann_window(1024).double(), return_complex=True
).abs()
NOISE, TEXTURE = (torch.tensor(row) for row in ([0.9, 0.1, 0.5, 0.6], [0.3, 0.3, 0.8, 0.4]))
MATCHED = TEXTURE.sort().values[NOISE.argsort().argsort()]
PLACE = torch.tensor([2, 1], dtype=torch.float64)
PLACES = torch.tensor([[8, 4], [1, 1], [0, 3]], dtype=torch.float64)
COSINES = torch.cosine_similarity(PLACE, PLACES)
BLOCK = [(3, 1), (3, 1), (2, 2)]


def fields(layers: list[tuple[int, int]]) -> list[tuple[int, int]]:
    size, jump, found = 1, 1, []
    for kernel, stride in layers:
        size, jump = size + (kernel - 1) * jump, jump * stride
        found.append((size, jump))
    return found


def through_relu() -> tuple[float, list[float]]:
    z = torch.tensor([2, -1, 0.5], dtype=torch.float64, requires_grad=True)
    loss = (z.relu() - 1).square().sum() / 2
    return loss.item(), torch.autograd.grad(loss, z)[0].tolist()


def style_gradient() -> list[list[float]]:
    features = F.clone().requires_grad_()
    loss = nst.style_loss(features @ features.T / 4, A)
    return torch.autograd.grad(loss, features)[0].tolist()


def wave(period: int) -> float:
    x = torch.cos(2 * math.pi * torch.arange(10 * period + 1, dtype=torch.float64) / period)
    return ((x[1:] - x[:-1]).square().mean() / x[1:].square().mean()).item()


def wilson(votes: int, count: int, z: float) -> list[float]:
    """The shares q at which the observed one is z deviations off: (p − q)² = z² q (1 − q) / n."""
    p, ratio = votes / count, z * z / count
    # (1 + z²/n) q² − (2p + z²/n) q + p² = 0
    return sorted(np.roots([1 + ratio, -2 * p - ratio, p * p]))


def words(*numbers: float, digits: int = 0) -> list[str]:
    return [f"{number:,.{digits}f}" for number in numbers]


SHARES = [600_000 / 64**2, 1_600_000 / 128**2, 140_000 / 256**2]
ANSWERS = {
    1: [
        "Sizes " + ", ".join(str(size) for size, _ in fields([*BLOCK, (3, 1)])),
        "jumps " + ", ".join(str(jump) for _, jump in fields([*BLOCK, (3, 1)])),
    ],
    2: [
        "Sizes " + ", ".join(str(size) for size, _ in fields([*BLOCK, *BLOCK, (3, 1)])[4:]),
        "jumps " + ", ".join(str(jump) for _, jump in fields([*BLOCK, *BLOCK, (3, 1)])[4:]),
    ],
    3: words(3 * 224**2, 64 * 224**2, 512 * (224 // 16) ** 2),
    4: words(9 * 3 * 64 + 64, 9 * 128 * 256 + 256),
    11: [f"The mean is {SQUARES.mean():g}", f"half the sum is {SQUARES.sum() / 2:g}"],
    12: [f"= {through_relu()[0]}", "(1, 0, −0.5)"],
    14: words(512 * 384 / 2),
    15: words(0.204 / 0.022, digits=1),
    18: [f"T = 4 it is {wave(4):.0f}", f"T = 16 it is {wave(16):.3f}"],
    21: [f"{G[0, 0]:g},", f"= {G[0, 1]:g}", f"= {G[1, 1]:g}"],
    22: [f"E = {nst.style_loss(G, A):g}"],
    24: ["(" + ", ".join(f"{number:g}" for number in style_gradient()[0]) + ")"],
    25: words(1e6 / 128**2, digits=2),
    28: [f"= {(3**2) ** 2}"],
    30: words(128 * 129 // 2, 128 * 127 // 2),
    31: [f"= {(F[0].square().mean() - F[0].mean() ** 2).item():g}"],
    32: [*words(*SHARES, sum(SHARES), digits=1)]
    + [f"{100 * share / sum(SHARES):.1f} %" for share in SHARES],
    33: words(0.19 / 0.05 * 8 / 23, digits=2),
    38: words(40 * 0.002, digits=2),
    40: [f"= {2 / 50:g}", f"−{abs((1 - 50 * 0.05) ** 3):g}"],
    41: ["3, 1, 1/3", "3, 1, 1."],
    43: [f"diag({0.75 * 2:g}, {0.25 * 4:g})"],
    44: [
        f"mean {WALL.mean():g}, second",
        f"= {WALL.square().mean():g} and",
        f"= {WALL.var(unbiased=False):g}.",
    ],
    45: [f"= 3, mean = {SORTED:g}", f"= 9, mean = {UNSORTED:g}"],
    46: [f"= {0.3 + 0.2 * (0.6 - 0.5) / 0.1:g}", f"below {0.7 / 2:g} ", f"above {1.7 / 2:g}"],
    47: [f"{REGION[0, 0]:g}&{REGION[0, 1]:g}", f"{REGION[1, 0]:g}&{REGION[1, 1]:g}"],
    50: [f"= {1200 / 29.9:.1f}", f"the {math.ceil(1200 / 29.9)}st"],
    51: [f"= {HELD @ MOVED / 4:.3f};", f"= {MOVED.mean():.3f}."],
    52: [*words(*LOUD.shape), f"= {RATE / 1024:g} Hz", f"row {LOUD.mean(1).argmax()}."],
    54: ["rank: " + ", ".join(f"{value:g}" for value in MATCHED)],
    55: ["differences " + ", ".join(words(*(PLACES - PLACE).square().sum(1)))]
    + ["Distances 0, " + ", ".join(words(*1 - COSINES[1:], digits=3))],
    56: [f"from {wilson(15, 20, 2)[0]:.3f} to {wilson(15, 20, 2)[1]:.3f}"],
}


def test_the_questions_are_numbered_and_each_has_one_answer():
    assert sorted(QUESTIONS) == list(range(1, 58))
    assert {len(parts) for parts in QUESTIONS.values()} == {2}


def test_the_kinds_are_mixed():
    text = EXAM.read_text("utf-8")
    for kind in ("by hand", "derive", "read a figure", "find the bug", "choose", "explain"):
        assert text.count(f"({kind}, ") >= 3, kind


def test_total_variation_of_three_rows():
    rows = torch.tensor([[0, 1, 0, 1], [0, 0, 1, 1], [0, 1 / 3, 2 / 3, 1]], dtype=torch.float64)
    steps = rows.diff()
    assert torch.allclose(steps.square().sum(1), torch.tensor([3, 1, 1 / 3]).double())
    assert torch.allclose(steps.abs().sum(1), torch.tensor([3, 1, 1]).double())


def test_two_gradients_stand_in_the_answers_as_computed():
    assert through_relu()[1] == [1, 0, -0.5]
    assert style_gradient()[0] == style_gradient()[1]


@pytest.mark.parametrize("number", ANSWERS)
def test_the_numbers_of_an_answer_are_right(number):
    for expected in ANSWERS[number]:
        assert expected in QUESTIONS[number][1], f"question {number}: {expected}"
