"""What a run reports: each step, the result, and a progress bar."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..checks import check_callable


@dataclass(frozen=True)
class Step:
    """One step of the loop: an image and its losses.

    Attributes:
        iteration: 0 for the starting image, then 1, 2, …
        losses: ``"total"``, the weighted sum of all terms; each term by its name, without its
            weight (``"content"``, ``"style"``, ``"tv"``); and its loss at each layer without w_l,
            such as ``"style/relu1_1"``.
        image: the image that has these losses, (1, 3, H, W), 0…1.
        message: what the loop had to correct before this step, or what makes it slow; else empty.
    """

    iteration: int
    losses: dict[str, float]
    image: Tensor = field(repr=False)
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What `StyleTransfer.run` returns.

    Attributes:
        image: the image with the lowest total loss, (1, 3, H, W), 0…1.
        history: name of a loss → its value at every step; the names are those of `Step.losses`.
        best_iteration: the iteration that `image` comes from.
        seconds: how long the run took.
        interrupted: whether it was stopped before its last step.
        messages: what the loop had to correct, in words.
    """

    image: Tensor = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    best_iteration: int
    seconds: float
    interrupted: bool = False
    messages: tuple[str, ...] = ()


def follow(
    steps: Iterable[Step],
    count: int,
    progress: bool,
    on_step: Callable[[Step], None] | None,
) -> dict[str, Any]:
    """Take all steps, show a bar, and collect what they report; Ctrl-C ends it early.

    Args:
        steps: those of a transfer.
        count: how many there will be.
        progress: show a bar with the seconds left.
        on_step: called with every step.

    Returns:
        The fields of `Result` that the steps decide.
    """
    if on_step is not None:
        check_callable("on_step", on_step)
    from tqdm.auto import tqdm  # imported here because it looks for widgets, which takes a while

    history: dict[str, list[float]] = {}
    messages: list[str] = []
    interrupted, start = False, time.perf_counter()
    with tqdm(total=count, disable=not progress, unit="step", leave=False) as bar:
        try:
            for step in steps:
                for name, value in step.losses.items():
                    history.setdefault(name, []).append(value)
                if step.message:
                    messages.append(step.message)
                    bar.write(step.message)
                bar.set_postfix_str(f"loss {step.losses['total']:.4g}", refresh=False)
                bar.update()
                if on_step is not None:
                    on_step(step)
        except KeyboardInterrupt:
            interrupted = True
            done = len(history.get("total", []))
            message = f"Stopped after {done} of {count} steps; the best image so far is kept."
            messages.append(message)
            bar.write(message)
    return {
        "history": history,
        "seconds": time.perf_counter() - start,
        "interrupted": interrupted,
        "messages": tuple(messages),
    }
