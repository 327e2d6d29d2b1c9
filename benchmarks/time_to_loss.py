"""Evaluations and seconds to the same loss, compared with the programs that people use.

    python -m benchmarks.time_to_loss --size 256 --evaluations 200
    python -m benchmarks.time_to_loss --size 512 --evaluations 100 --pairs cat:composition_viii
    python -m benchmarks.time_to_loss … --picture                  draws the curves

The programs (`reference`) optimize the same objective with their own pixels, optimizer and options.
All run in one process and take turns of ten evaluations, so other load on the machine affects all
of them; the clock of each runs only during its turns. The programs start from the content image,
this course from the content image in the colors of the artwork, like `nst.stylize`. The second
entry of this course goes from coarse to fine, and its clock includes the small sizes.

Two losses are compared: the one that the optimizer counts, and that of the picture as displayed,
clamped to 0…1. The target is the lowest loss of any program after so many evaluations.
"""

import argparse
import itertools
import math
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import Tensor

import nst_course as nst
from nst_course.device import describe
from nst_course.transfer.stylize import multi_scale

from .reference import REFERENCES, STYLE_WEIGHT, Evaluation, PlainObjective, one_at_a_time

OURS, COARSE_TO_FINE = "this course", "this course, coarse to fine"
PAIRS = [
    "cat:composition_viii",
    "astronaut:great_wave",
    "summer_palace:village_street_in_auvers",
    "coffee:summertime",
]
PICTURE = Path(__file__).parent / "time_to_loss.png"
TURN = 10  # evaluations
MOST = 1.5  # times as many evaluations for this course, if it has not reached the target before
COLORS = dict(
    zip(
        [OURS, COARSE_TO_FINE, *REFERENCES],
        ["#d1495b", "#7d1128", "#1f77b4", "#66a182", "#8d6a9f", "#edae49", "#777777"],
        strict=True,
    )
)


@dataclass(frozen=True)
class Point:
    """How far a solver is, in evaluations and seconds, and a loss there."""

    evaluations: int
    seconds: float
    loss: float


@dataclass
class Run:
    """The record of one solver.

    Attributes:
        counted: the loss at every evaluation at the final size.
        displayed: the loss of the image clamped to 0…1, after every turn.
        seconds: of all turns so far.
        ended: whether it stopped by itself.
    """

    counted: list[Point] = field(default_factory=list)
    displayed: list[Point] = field(default_factory=list)
    seconds: float = 0.0
    ended: bool = False


def single_size(transfer: nst.StyleTransfer, evaluations: int) -> Iterator[Evaluation]:
    """The steps of one `StyleTransfer`; those beyond the planned number are in float32."""
    for step in transfer.steps(evaluations):
        yield step.losses["total"], step.image
    transfer.precision = "float32"
    for step in transfer.steps(10**6):
        yield step.losses["total"], step.image


def coarse_to_fine(
    content: Tensor, style: Tensor, backbone: nst.Backbone, precision: str
) -> Iterator[Evaluation | None]:
    """The steps of `nst.stylize` with this objective; None for those at smaller sizes."""
    size = max(content.shape[2:])
    settings = {"style_weight": STYLE_WEIGHT, "precision": precision, "statistic": nst.gram_matrix}
    run = multi_scale(content, style, size, backbone=backbone, **settings)
    for _ in run.steps(sum(scale.steps for scale in run.scales[:-1])):
        yield None
    yield from single_size(run.make(size, run.image), run.scales[-1].steps)


def race(content: Tensor, style: Tensor, evaluations: int, precision: str) -> dict[str, Run]:
    """Run every program for this many evaluations, and this course until it has reached them."""
    backbone = nst.load_backbone()
    content, style = content.to(backbone.device), style.to(backbone.device)
    objective = PlainObjective(content, style, backbone)
    transfer = nst.StyleTransfer(content, style, backbone, init="recolored", precision=precision)
    solvers: dict[str, Iterator[Evaluation | None]] = {
        name: one_at_a_time(solver, objective, content) for name, solver in REFERENCES.items()
    }
    solvers[OURS] = single_size(transfer, evaluations)
    solvers[COARSE_TO_FINE] = coarse_to_fine(content, style, backbone, precision)
    runs = {name: Run() for name in solvers}
    warm_up(objective, transfer, content)
    while waiting := [name for name in runs if unfinished(name, runs, evaluations)]:
        for name in waiting:
            take_turn(solvers[name], runs[name], objective)
            if runs[name].displayed:
                last = runs[name].displayed[-1]
                print(
                    f"  {name}: {last.evaluations} evaluations in {last.seconds:.1f} s, loss "
                    f"{runs[name].counted[-1].loss:.4g}, displayed {last.loss:.4g}",
                    flush=True,
                )
    for name in REFERENCES:
        solvers[name].close()  # type: ignore[attr-defined]  # they are generators
    return runs


def take_turn(solver: Iterator[Evaluation | None], run: Run, objective: PlainObjective) -> None:
    """Ten evaluations of a solver, and the loss of the picture that it would save then."""
    image = None
    for _ in range(TURN):
        begin = now(objective.mean.device)
        evaluation = next(solver, "ended")
        run.seconds += now(objective.mean.device) - begin
        if isinstance(evaluation, str):
            run.ended = True
            break
        if evaluation is not None:
            loss, image = evaluation
            run.counted.append(Point(len(run.counted) + 1, run.seconds, finite(loss)))
    if image is not None:
        with torch.no_grad():
            loss = finite(objective(image.clamp(0, 1)).item())
        run.displayed.append(Point(len(run.counted), run.seconds, loss))


def unfinished(name: str, runs: dict[str, Run], evaluations: int) -> bool:
    """Whether a solver has further turns to take."""
    run = runs[name]
    if name in REFERENCES:
        return not run.ended and len(run.counted) < evaluations
    if any(unfinished(program, runs, evaluations) for program in REFERENCES):
        return len(run.counted) < evaluations
    reached = all(
        math.isfinite(reach(target(runs, kind), getattr(run, kind)).seconds)
        for kind in ("counted", "displayed")
    )
    return not reached and len(run.counted) < MOST * evaluations


def finite(loss: float) -> float:
    """The loss, with infinity in place of NaN, so that it can be compared."""
    return math.inf if math.isnan(loss) else loss


def warm_up(objective: PlainObjective, transfer: nst.StyleTransfer, content: Tensor) -> None:
    """Do what happens once in a process, such as preparing convolutions, outside the timing."""
    for loss in (objective, lambda image: transfer.losses(image)["total"]):
        image = content.clone().requires_grad_()
        loss(image).backward()
    # The first optimizer of a process imports modules for a second.
    torch.optim.Adam([image]).step()


def now(device: torch.device) -> float:
    """Seconds on a clock, after all work on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def target(runs: dict[str, Run], kind: str) -> float:
    """The lowest loss of any program, counted or displayed."""
    return min(point.loss for name in REFERENCES for point in getattr(runs[name], kind))


def reach(loss: float, curve: list[Point]) -> Point:
    """Where a curve first reaches a loss; at infinity if it never does."""
    never = Point(0, math.inf, loss)
    return next((point for point in curve if point.loss <= loss), never)


# ---------------------------------------------------------------- tables


def compare(pairs: list[str], size: int, evaluations: int, precision: str) -> dict:
    """Race on every pair of pictures, and print tables."""
    races = {}
    for pair in pairs:
        print(pair, flush=True)
        content, style = (nst.load_image(name, size) for name in pair.split(":"))
        races[pair] = runs = race(content, style, evaluations, precision)
        for kind in ("counted", "displayed"):
            loss = target(runs, kind)
            print(f"  to {loss:.4g}, {kind}:")
            for name, run in runs.items():
                point, lowest = reach(loss, getattr(run, kind)), lowest_of(run, kind)
                print(f"    {name:28} {in_words(point)}; lowest {lowest:.4g}")
        each = {name: run.seconds / max(1, len(run.counted)) for name, run in runs.items()}
        print("  seconds per evaluation: " + ", ".join(f"{n} {s:.3f}" for n, s in each.items()))
    for kind, name in itertools.product(("counted", "displayed"), (OURS, COARSE_TO_FINE)):
        leads = [lead(runs, kind, name) for runs in races.values()]
        print(
            f"\n{name}, to the lowest loss of any program after {evaluations} evaluations, {kind}:"
        )
        print(f"  times fewer evaluations: {spread([lead[0] for lead in leads])}")
        print(f"  times fewer seconds:     {spread([lead[1] for lead in leads])}")
    return races


def lead(runs: dict[str, Run], kind: str, name: str) -> tuple[float, float]:
    """How many times the evaluations and the seconds of this course the best program takes."""
    loss = target(runs, kind)
    ours = reach(loss, getattr(runs[name], kind))
    best = min(
        (reach(loss, getattr(runs[program], kind)) for program in REFERENCES),
        key=lambda point: point.seconds,
    )
    if not math.isfinite(ours.seconds):
        return 0.0, 0.0
    return best.evaluations / ours.evaluations, best.seconds / ours.seconds


def lowest_of(run: Run, kind: str) -> float:
    return min((point.loss for point in getattr(run, kind)), default=math.inf)


def in_words(point: Point) -> str:
    """A point's evaluations and seconds, or "not reached"."""
    if not math.isfinite(point.seconds):
        return "not reached".rjust(24)
    return f"{point.evaluations:4} evaluations, {point.seconds:6.1f} s"


def spread(values: list[float]) -> str:
    """The median and the range; 0 stands for a target that was not reached."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} … {max(values):.2f})"


# ---------------------------------------------------------------- the picture


def draw(races: dict[str, dict[str, Run]], title: str, path: Path) -> None:
    """Plot the lowest loss so far over seconds, a row for each pair."""
    figure, axes = plt.subplots(
        len(races),
        2,
        figsize=(9.6, 4.2 * len(races)),
        dpi=110,
        layout="constrained",
        squeeze=False,
        sharex="row",
    )
    kinds = {"counted": "as counted", "displayed": "as displayed"}
    for row, (pair, runs) in zip(axes, races.items(), strict=True):
        for axis, (kind, label) in zip(row, kinds.items(), strict=True):
            for name, run in runs.items():
                points = getattr(run, kind)
                best = itertools.accumulate((point.loss for point in points), min)
                width = 2.2 if name.startswith(OURS) else 1.4
                axis.plot(
                    [point.seconds for point in points],
                    list(best),
                    label=name,
                    color=COLORS[name],
                    linewidth=width,
                )
            lowest = min(lowest_of(run, kind) for run in runs.values())
            axis.set_yscale("log")
            axis.set_ylim(lowest * 0.9, lowest * (30 if kind == "counted" else 2000))
            axis.set_title(f"{pair.replace('_', ' ').replace(':', ' × ')}: {label}", fontsize=10)
            axis.set_xlabel("seconds")
            axis.set_ylabel("lowest total loss so far")
            axis.grid(alpha=0.25)
    # Below the charts, so that it cannot cover a curve.
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    figure.suptitle(title.replace("; ", "\n"), fontsize=10)
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="longer side (%(default)s)")
    parser.add_argument(
        "--evaluations", type=int, default=200, help="of each program (%(default)s)"
    )
    parser.add_argument("--pairs", nargs="+", default=PAIRS, metavar="CONTENT:STYLE")
    parser.add_argument("--precision", default="auto", help="of this course (%(default)s)")
    parser.add_argument("--picture", action="store_true", help=f"draw the curves to {PICTURE.name}")
    options = parser.parse_args()
    title = f"{describe(nst.best_device())}; {options.size} px, torch {torch.__version__}"
    print(title)
    races = compare(options.pairs, options.size, options.evaluations, options.precision)
    if options.picture:
        draw(races, title, PICTURE)


if __name__ == "__main__":
    main()
