"""Seconds to the same loss, compared with common solvers, and the cost of a step.

    python -m benchmarks.time_to_loss                              512 pixels, 300 steps (slow)
    python -m benchmarks.time_to_loss --size 128 --steps 60        small
    python -m benchmarks.time_to_loss --pairs cat:great_wave       only these pictures
    python -m benchmarks.time_to_loss --sizes 128 256 512          the cost of a step at these sizes

All solvers run in one process and take turns, so other load on the machine affects all of them.
The clock of a solver runs only during its turns. The common solvers start from the content image,
this course from the content image in the colors of the artwork, like `nst-course render`. The
target is the lowest loss of any common solver after the given number of evaluations. The result of
`torch.optim.LBFGS` with its defaults is no suitable target: its first step is often so large that
it diverges.

Two losses are reported: that of the image of the optimizer, and that of the displayed image. They
differ for solvers that do not keep pixels in 0…1, to which a display clamps them.
"""

import argparse
import functools
import itertools
import math
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor

import nst_course as nst
from nst_course.device import describe, readable_bytes
from nst_course.transfer.tiling import TILE

from .reference import REFERENCES, PlainObjective, Turn

OURS = "this course"
PLAIN = "torch L-BFGS"
PAIRS = ["cat:composition_viii", "astronaut:great_wave", "summer_palace:village_street_in_auvers"]
COLORS = {
    OURS: "#d1495b",
    PLAIN: "#1f77b4",
    "torch L-BFGS, strong Wolfe": "#66a182",
    "torch L-BFGS, clamped": "#edae49",
}
PICTURE = Path(__file__).parent / "time_to_loss.png"

Curve = list[tuple[float, float]]  # (seconds, loss)


@dataclass
class Run:
    """The record of one solver.

    Attributes:
        counted: the loss at every function evaluation.
        shown: the loss of the image clamped to 0…1, after every turn.
        seconds: of all turns so far.
    """

    counted: Curve = field(default_factory=list)
    shown: Curve = field(default_factory=list)
    seconds: float = 0.0


# ---------------------------------------------------------------- time to loss


def our_turns(transfer: nst.StyleTransfer, steps: int) -> Iterator[Turn]:
    """Turns of ten steps of `StyleTransfer`; steps beyond the planned number are in float32."""
    for count in itertools.chain([steps], itertools.repeat(10)):
        done = transfer.steps(count)
        while turn := list(itertools.islice(done, 10)):
            yield [step.losses["total"] for step in turn], turn[-1].image
        transfer.precision = "float32"


def race(content: Tensor, style: Tensor, steps: int, precision: str) -> dict[str, Run]:
    """Run every solver for at least this many function evaluations."""
    backbone = nst.load_backbone()
    content, style = content.to(backbone.device), style.to(backbone.device)
    objective = PlainObjective(content, style, backbone)
    transfer = nst.StyleTransfer(content, style, backbone, init="recolored", precision=precision)
    turns = {OURS: our_turns(transfer, steps)}
    turns |= {name: begin(objective, content) for name, begin in REFERENCES.items()}
    runs = {name: Run() for name in turns}
    warm_up(objective, transfer, content)

    def unfinished(name: str) -> bool:
        evaluations = len(runs[name].counted)
        if name != OURS or evaluations < steps:
            return evaluations < steps
        reached = math.isfinite(time_to(target(runs, steps), runs[name].counted))
        return not reached and evaluations < 1.5 * steps

    while waiting := [name for name in runs if unfinished(name)]:
        for name in waiting:
            run = runs[name]
            begin = now(backbone.device)
            losses, image = next(turns[name])
            spent = now(backbone.device) - begin
            for number, loss in enumerate(losses, start=1):
                run.counted.append((run.seconds + spent * number / len(losses), finite(loss)))
            run.seconds += spent
            with torch.no_grad():
                run.shown.append((run.seconds, finite(objective(image.clamp(0, 1)).item())))
            print(
                f"  {name}: {len(run.counted)} evaluations in {run.seconds:.1f} s, "
                f"loss {losses[-1]:.4g}, of the displayed image {run.shown[-1][1]:.4g}",
                flush=True,
            )
    return runs


def finite(loss: float) -> float:
    """The loss, with infinity in place of NaN, so that it can be compared."""
    return math.inf if math.isnan(loss) else loss


def warm_up(objective: PlainObjective, transfer: nst.StyleTransfer, content: Tensor) -> None:
    """Do what happens once in a process, such as preparing convolutions, outside the timing."""
    for loss in (objective, lambda image: transfer.losses(image)["total"]):
        image = content.clone().requires_grad_()
        loss(image).backward()
    torch.optim.Adam(
        [image]
    ).step()  # the first optimizer of a process imports modules for a second


def now(device: torch.device) -> float:
    """Seconds on a clock, after all work on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def target(runs: dict[str, Run], steps: int) -> float:
    """The lowest loss of a common solver within this many function evaluations."""
    return min(loss for name in REFERENCES for _, loss in runs[name].counted[:steps])


def target_shown(runs: dict[str, Run]) -> float:
    """The lowest loss of a displayed image of a common solver."""
    return min(loss for name in REFERENCES for _, loss in runs[name].shown)


def time_to(loss: float, curve: Curve) -> float:
    """Seconds until a curve first reaches a loss, or infinity."""
    return next((seconds for seconds, value in curve if value <= loss), math.inf)


def compare(pairs: list[str], size: int, steps: int, precision: str) -> dict[str, dict[str, Run]]:
    """Run all solvers on every pair of pictures, and print tables."""
    races = {}
    for pair in pairs:
        print(pair, flush=True)
        content, style = (nst.load_image(name, size) for name in pair.split(":"))
        races[pair] = runs = race(content, style, steps, precision)
        counted, shown = seconds_to_targets(runs, steps)
        for name, run in runs.items():
            lowest = min(loss for _, loss in run.counted[:steps])
            lowest_shown = min(loss for _, loss in run.shown)
            print(
                f"  {name:28} {seconds_or_not(counted[name]):>11} to loss "
                f"{target(runs, steps):.4g}, lowest {lowest:.4g};"
                f" {seconds_or_not(shown[name]):>11} to {target_shown(runs):.4g} as displayed, "
                f"lowest {lowest_shown:.4g}"
            )
        each = {name: run.seconds / len(run.counted) for name, run in runs.items()}
        print("  seconds per evaluation: " + ", ".join(f"{n} {s:.3f}" for n, s in each.items()))
    for number, loss in enumerate(("the same loss", "the same loss of the displayed image")):
        print(f"\nSpeedup to {loss}, {size} px, {steps} evaluations, {precision}:")
        ratios = []
        for runs in races.values():
            seconds = seconds_to_targets(runs, steps)[number]
            ratios.append({name: seconds[name] / seconds[OURS] for name in REFERENCES})
            ratios[-1]["the best of them"] = min(ratios[-1].values())
        for name in (*REFERENCES, "the best of them"):
            reached = [ratio[name] for ratio in ratios if math.isfinite(ratio[name])]
            missing = len(ratios) - len(reached)
            print(f"  {name:28} {spread(reached)}, not reached on {missing} pairs")
    return races


def seconds_to_targets(
    runs: dict[str, Run], steps: int
) -> tuple[dict[str, float], dict[str, float]]:
    """For each solver, the seconds to the target loss, and to that of the displayed image."""
    return (
        {name: time_to(target(runs, steps), run.counted) for name, run in runs.items()},
        {name: time_to(target_shown(runs), run.shown) for name, run in runs.items()},
    )


def seconds_or_not(seconds: float) -> str:
    """A duration, or "not reached" for infinity."""
    return f"{seconds:.1f} s" if math.isfinite(seconds) else "not reached"


def spread(values: list[float]) -> str:
    """The median and the range."""
    if not values:
        return "—"
    return f"{statistics.median(values):.2f} ({min(values):.2f} … {max(values):.2f})"


# ---------------------------------------------------------------- the cost of a step


def bare_convolutions(backbone: nst.Backbone, height: int, width: int) -> Callable[[], None]:
    """Only PyTorch's convolutions up to relu5_1, forward and backward to their inputs."""
    work = []
    for name in backbone.up_to(["relu5_1"]):
        if name.startswith("pool"):
            height, width = height // 2, width // 2
        if not name.startswith("conv"):
            continue
        layer = backbone.convolutions[name]
        x, y = (
            torch.randn(1, channels, height, width, device=backbone.device).to(
                layer.weight.dtype, memory_format=torch.channels_last
            )
            for channels in (layer.in_channels, layer.out_channels)
        )
        work.append((layer, x, y))

    @torch.no_grad()
    def run() -> None:
        for layer, x, _ in work:
            F.conv2d(x, layer.weight, layer.bias, padding=1)
        for layer, x, y in work:
            torch.ops.aten.convolution_backward(
                y, x, layer.weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1,
                [True, False, False],
            )  # fmt: skip

    return run


def cost_of_a_step(sizes: list[int], precision: str, repeats: int = 3) -> None:
    """Print the seconds of a step, relative to its convolutions, and those of a step in tiles."""
    heads = f"{'s a step':>9} {'/ bare':>7} {'µs a px':>8} {'tiled':>7} {'/ untiled':>9}"
    print(f"\n{'pixels':>12} {heads}")
    backbone = nst.load_backbone()
    for size in sizes:
        content, style = nst.load_image("cat", size), nst.load_image("great_wave", min(size, 512))
        runs = [
            nst.StyleTransfer(content, style, backbone, precision=precision, tile=tile)
            for tile in (None, TILE)
        ]
        height, width = content.shape[2:]
        bare = bare_convolutions(runs[0].safeguards.precision.backbone(0), height, width)
        whole_steps, tiled_steps = (run.steps(1000) for run in runs)
        calls = {
            "bare": bare,
            "whole": functools.partial(next, whole_steps),
            "tiled": functools.partial(next, tiled_steps),
        }
        for call in calls.values():
            call()
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(repeats):
            for name, call in calls.items():
                begin = now(backbone.device)
                call()
                seconds[name].append(now(backbone.device) - begin)
        bare_s, whole, tiled = (min(seconds[name]) for name in calls)
        a_pixel = 1e6 / (height * width)
        print(
            f"{f'{width}×{height}':>12} {whole:9.3f} {whole / bare_s:7.2f} {whole * a_pixel:8.2f} "
            f"{tiled * a_pixel:7.2f} {tiled / whole:9.2f}",
            flush=True,
        )


MEMORY = """
import re, sys, nst_course as nst
from nst_course.device import process_memory
from nst_course.transfer.tiling import TILE
name, size = sys.argv[1], int(sys.argv[2])
content, style = nst.load_image("cat", size), nst.load_image("great_wave", size)
backbone = nst.load_backbone(device="cpu")
before = process_memory()
if name.startswith("torch"):
    from benchmarks.reference import REFERENCES, PlainObjective
    next(REFERENCES[name](PlainObjective(content, style, backbone), content))
else:
    tile = TILE if "tiles" in name else None
    nst.StyleTransfer(content, style, backbone, tile=tile).run(20, progress=False)
print(1024 * int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) - before)
"""


def peak_memory(size: int) -> None:
    """Print the peak memory of 20 steps, each solver in its own process."""
    if not sys.platform.startswith("linux"):
        print("\nThe peak memory of a process is available on Linux only.")
        return
    print(f"\nPeak memory of 20 steps at {size} px:")
    for name in (OURS, f"{OURS}, in tiles", PLAIN, "torch Adam"):
        command = [sys.executable, "-c", MEMORY, name, str(size)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"  {name:28} {readable_bytes(float(ran.stdout))}", flush=True)


# ---------------------------------------------------------------- the picture


def draw(races: dict[str, dict[str, Run]], title: str) -> None:
    """Plot loss over seconds, a row for each pair; on the right for the displayed image."""
    figure, axes = plt.subplots(
        len(races),
        2,
        figsize=(9.6, 4.2 * len(races)),
        dpi=110,
        layout="constrained",
        squeeze=False,
        sharex="row",
    )
    kinds = {"counted": "image of the optimizer", "shown": "displayed image"}
    for row, (pair, runs) in zip(axes, races.items(), strict=True):
        for axis, (kind, label) in zip(row, kinds.items(), strict=True):
            curves = {name: getattr(run, kind) for name, run in runs.items()}
            lowest = min(loss for curve in curves.values() for _, loss in curve)
            for name, curve in curves.items():
                seconds, losses = zip(*curve, strict=True)
                best = [min(losses[: i + 1]) for i in range(len(losses))]
                color, width = COLORS.get(name, "#999999"), 2.2 if name == OURS else 1.5
                axis.plot(seconds, best, label=name, color=color, linewidth=width)
            axis.set_yscale("log")
            # Unclamped pixels have a thousand times the loss when displayed.
            axis.set_ylim(lowest * 0.9, lowest * (100 if kind == "counted" else 2000))
            axis.set_title(f"{re.sub('_', ' ', pair.replace(':', ' × '))}: {label}", fontsize=10)
            axis.set_xlabel("seconds")
            axis.set_ylabel("lowest total loss so far")
            axis.grid(alpha=0.25)
    # Below the charts, so that it cannot cover a curve.
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    figure.suptitle(title.replace("; ", "\n"), fontsize=10)
    figure.savefig(PICTURE)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="longer side of the pictures")
    parser.add_argument(
        "--steps", type=int, default=300, help="function evaluations of each solver"
    )
    parser.add_argument("--pairs", nargs="*", default=PAIRS, metavar="CONTENT:STYLE")
    parser.add_argument("--sizes", nargs="*", type=int, default=[128, 256, 512, 1024, 2048])
    parser.add_argument("--precision", default="auto", help="of this course (%(default)s)")
    parser.add_argument("--picture", action="store_true", help=f"draw the curves to {PICTURE.name}")
    options = parser.parse_args()
    device = nst.best_device()
    title = f"{describe(device)}; {options.size} px, torch {torch.__version__}"
    print(title)
    if options.pairs:
        races = compare(options.pairs, options.size, options.steps, options.precision)
        if options.picture:
            draw(races, title)
    if options.sizes:
        cost_of_a_step(options.sizes, options.precision)
        peak_memory(min(512, max(options.sizes)))


if __name__ == "__main__":
    main()
