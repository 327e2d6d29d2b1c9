"""A run that notices divergence and returns its best image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..cases import tensor
from ..properties import holds
from ..spec import Exercise, Inputs, Mistake

_NAN, _INFINITY = math.nan, math.inf


def run_case(losses: list[float], count: int) -> Inputs:
    """A run whose images are 0, 1, 2, … everywhere, with these losses."""

    def step(image: Tensor) -> tuple[Tensor, Tensor]:
        return tensor(losses[round(image.flatten()[0].item())]), image + 1

    names = ", ".join(f"{loss:g}" for loss in losses)
    step.__doc__ = f"image of value n → loss n of [{names}], image of value n + 1"
    return {"image": torch.zeros(1, 3, 1, 1), "step": step, "count": count}


def _result(call: Callable, inputs: Inputs) -> dict[str, Any]:
    """The image that is returned, and how many steps were taken."""
    calls = 0
    step = inputs["step"]

    def counted(image: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal calls
        calls += 1
        return step(image)

    counted.__doc__ = step.__doc__
    image = call(inputs["image"], counted, inputs["count"])
    return {"image": image, "steps taken": calls}


EXERCISE = Exercise(
    name="guarded_run",
    notebook="06_when_it_goes_wrong",
    title="Order the lines: a run that guards itself",
    minutes=10,
    prompt="""
        The lines of this function are all there, in alphabetical order and without their
        indentation. Bring them into the right order. A run has diverged when its loss is not
        finite, or more than 10 times the first one. Then it ends at once. In any case it returns
        the image with the lowest loss.
    """,
    stub='''
        def my_guarded_run(image, step, count):
            """The best image of a run that ends when it diverges.

            image: (1, 3, H, W);  step: image → (its loss, a scalar; the next image)
            count: how many steps to take at most
            returns: the image with the lowest loss
            """
            # best, lowest = image, loss
            # best, lowest, first = image, torch.inf, None
            # break
            # first = loss if first is None else first
            # for _ in range(count):
            # if loss < lowest:
            # if not loss.isfinite() or loss > 10 * first:
            # image = next_image
            # loss, next_image = step(image)
            # return best
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_guarded_run(image, step, count):
            best, lowest, first = image, torch.inf, None
            for _ in range(count):
                loss, next_image = step(image)
                first = loss if first is None else first
                if not loss.isfinite() or loss > 10 * first:
                    break
                if loss < lowest:
                    best, lowest = image, loss
                image = next_image
            return best
    """,
    why="The loss belongs to the image before the step, so `best` is recorded before `image` is"
    " replaced. The check for divergence comes first: a comparison with `nan` is never true, so"
    " `loss < lowest` alone would not end the run.",
    notice="`StyleTransfer` does the same, and then goes on: it returns to the best image and"
    " halves the learning rate.",
    hints=(
        "One line comes first, one line last. Three lines end with a colon: what belongs below"
        " each of them?",
        "In the loop: take the step; remember the first loss; leave if it has diverged; record"
        " the best image; go on to the next one.",
        "`break` is indented below `if not loss.isfinite()…`, `best, lowest = image, loss` below"
        " `if loss < lowest:`, and `image = next_image` ends the loop.",
    ),
    cases=(
        lambda: run_case([9.0, 4.0, 6.0, 3.0, 5.0], 5),
        lambda: run_case([9.0, 4.0, _NAN, 1.0], 4),
        lambda: run_case([5.0, 2.0, 51.0, 1.0], 4),
        lambda: run_case([5.0, 2.0, 49.0, 1.0, 3.0], 5),
        lambda: run_case([5.0, 7.0, 4.0, 2.0], 3),
        lambda: run_case([5.0, _INFINITY, 2.0], 3),
        lambda: run_case([8.0, 7.0, 6.0], 3),
    ),
    observe=_result,
    definition="The image with the lowest loss before the run ends or diverges.",
    properties=(
        holds("At most `count` steps are taken.", lambda r, i: r["steps taken"] <= i["count"]),
    ),
    mistakes=(
        Mistake(
            "the last image is returned",
            "Return `best`: the last image may be the worst one.",
            edits={"return best": "return image"},
        ),
        Mistake(
            "the next image is kept as the best one",
            "The loss belongs to the image before the step. Record it before `image = next_image`.",
            edits={
                "        image = next_image\n": "",
                "        if loss < lowest:\n": (
                    "        image = next_image\n        if loss < lowest:\n"
                ),
            },
        ),
        Mistake(
            "a loss that is no number does not end the run",
            "`nan > 10 * first` is false, like every comparison with `nan`. Ask"
            " `loss.isfinite()` as well.",
            edits={"not loss.isfinite() or loss > 10 * first": "loss > 10 * first"},
        ),
        Mistake(
            "only a loss that is not finite ends the run",
            "A loss of more than 10 times the first one ends it, too. Is `first` still the first"
            " loss, or is it replaced at every step?",
            edits={"not loss.isfinite() or loss > 10 * first": "not loss.isfinite()"},
        ),
        Mistake(
            "the run continues after it has diverged",
            "`continue` skips one step only. `break` ends the loop.",
            edits={"break": "image = next_image\n            continue"},
        ),
        Mistake(
            "the image never changes",
            "At the end of the loop, the next image becomes the present one.",
            edits={"        image = next_image\n": ""},
        ),
        Mistake(
            "the lowest loss is not remembered",
            "Both belong together: `best, lowest = image, loss`.",
            edits={"best, lowest = image, loss": "best = image"},
        ),
        Mistake(
            "the image with the highest loss is kept",
            "A lower loss is better.",
            edits={"torch.inf, None": "-torch.inf, None", "loss < lowest": "loss > lowest"},
        ),
        Mistake(
            "the run stops at the first loss that is higher than the one before",
            "A loss may rise for a while. Only one of more than 10 times the first ends the run.",
            edits={"loss > 10 * first": "loss > lowest"},
        ),
    ),
)
