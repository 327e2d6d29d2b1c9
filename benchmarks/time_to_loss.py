"""Seconds to the same loss, this course against the plain solvers, and what a step costs.

    python -m benchmarks.time_to_loss                              512 pixels, 300 steps: long
    python -m benchmarks.time_to_loss --size 128 --steps 60        small
    python -m benchmarks.time_to_loss --pairs cat:great_wave       only these pictures
    python -m benchmarks.time_to_loss --sizes 128 256 512          seconds a pixel, at these sizes

All solvers run in one process, turn by turn, so that whatever else the machine does disturbs each
of them as much. The clock of a solver runs in its own turns only. The plain ones start from the
content image, this course from the content image in the artwork's colours, as `nst-course render`.
The loss to be reached is the lowest that any of the plain solvers has after so many evaluations.
That of `torch.optim.LBFGS` with its defaults will not do: its first step is often so large that it
never comes back.
"""

import argparse
import itertools
import math
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor

import nst_course as nst
from nst_course import machine
from nst_course.tiling import TILE

from .reference import REFERENCES, PlainObjective

OURS = "this course"
PLAIN = "torch L-BFGS"
PAIRS = ["cat:composition_viii", "astronaut:great_wave", "summer_palace:village_street_in_auvers"]
COLOURS = {OURS: "#d1495b", PLAIN: "#1f77b4", "torch L-BFGS, strong Wolfe": "#66a182"}
PICTURE = Path(__file__).parent / "time_to_loss.png"

Curve = list[tuple[float, float]]  # (seconds, loss) at every evaluation


# ---------------------------------------------------------------- time to loss


def our_turns(transfer: nst.StyleTransfer, steps: int) -> Iterator[list[float]]:
    """Twenty steps of `StyleTransfer` a turn; those past the plan in float32, as its end."""
    for count in itertools.chain([steps], itertools.repeat(20)):
        totals = (step.losses["total"] for step in transfer.steps(count))
        while losses := list(itertools.islice(totals, 20)):
            yield losses
        transfer.precision = "float32"


def race(content: Tensor, style: Tensor, steps: int, precision: str) -> dict[str, Curve]:
    """The curve of every solver over at least so many evaluations."""
    backbone = nst.load_backbone()
    content, style = content.to(backbone.device), style.to(backbone.device)
    objective = PlainObjective(content, style, backbone)
    transfer = nst.StyleTransfer(content, style, backbone, init="recoloured", precision=precision)
    turns = {OURS: our_turns(transfer, steps)}
    turns |= {name: begin(objective, content) for name, begin in REFERENCES.items()}
    curves: dict[str, Curve] = {name: [] for name in turns}
    seconds = dict.fromkeys(turns, 0.0)
    warm_up(objective, transfer, content)

    def unfinished(name: str) -> bool:
        if name != OURS or len(curves[name]) < steps:
            return len(curves[name]) < steps
        behind = time_to(target(curves, steps), curves[name]) == math.inf
        return behind and len(curves[name]) < 1.5 * steps

    while waiting := [name for name in curves if unfinished(name)]:
        for name in waiting:
            begin = now(backbone.device)
            losses = next(turns[name])
            spent = now(backbone.device) - begin
            for number, loss in enumerate(losses, start=1):
                curves[name].append((seconds[name] + spent * number / len(losses), loss))
            seconds[name] += spent
            print(
                f"  {name}: {len(curves[name])} evaluations in {seconds[name]:.1f} s, "
                f"loss {losses[-1]:.4g}",
                flush=True,
            )
    return curves


def warm_up(objective: PlainObjective, transfer: nst.StyleTransfer, content: Tensor) -> None:
    """What happens once in a process, such as preparing convolutions, is nobody's doing."""
    for loss in (objective, lambda image: transfer.losses(image)["total"]):
        image = content.clone().requires_grad_()
        loss(image).backward()
    torch.optim.Adam([image]).step()  # the first optimiser of a process loads a second of modules


def now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def target(curves: dict[str, Curve], steps: int) -> float:
    """The lowest loss that a plain solver has after so many evaluations."""
    return min(loss for name in REFERENCES for _, loss in curves[name][:steps])


def time_to(loss: float, curve: Curve) -> float:
    """Seconds until a curve is down there for the first time."""
    return next((seconds for seconds, value in curve if value <= loss), math.inf)


def compare(pairs: list[str], size: int, steps: int, precision: str) -> dict[str, dict[str, Curve]]:
    """Race on every pair of pictures, and print the table."""
    races, ratios = {}, {name: [] for name in REFERENCES}
    best_ratios = []
    for pair in pairs:
        print(pair, flush=True)
        content, style = (nst.load_image(name, size) for name in pair.split(":"))
        races[pair] = curves = race(content, style, steps, precision)
        goal = target(curves, steps)
        seconds = {name: time_to(goal, curve) for name, curve in curves.items()}
        for name in curves:
            lowest = min(loss for _, loss in curves[name][:steps])
            took = f"{seconds[name]:.1f} s" if seconds[name] < math.inf else "not reached"
            print(f"  {name:28} {took:>12} to loss {goal:.4g}; lowest {lowest:.4g}")
        for name in REFERENCES:
            ratios[name].append(seconds[name] / seconds[OURS])
        best_ratios.append(min(seconds[name] for name in REFERENCES) / seconds[OURS])
        each = {name: curve[-1][0] / len(curve) for name, curve in curves.items()}
        print("  seconds an evaluation: " + ", ".join(f"{n} {s:.3f}" for n, s in each.items()))
    print(f"\nTimes as fast to the same loss, {size} px, {steps} evaluations, {precision}:")
    for name, values in {**ratios, "the best of them": best_ratios}.items():
        finite = [value for value in values if math.isfinite(value)]
        print(f"  {name:28} {spread(finite)}, not reached on {len(values) - len(finite)} pairs")
    return races


def spread(values: list[float]) -> str:
    if not values:
        return "—"
    return f"{statistics.median(values):.2f} ({min(values):.2f} … {max(values):.2f})"


# ---------------------------------------------------------------- what a step costs


def bare_convolutions(backbone: nst.Backbone, height: int, width: int) -> Callable[[], None]:
    """PyTorch's convolutions to relu5_1, forward and back to their inputs, and nothing between."""
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
    """Seconds a step over those of the convolutions; microseconds a pixel with tiles and not."""
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
        bare = bare_convolutions(runs[0]._backbone, height, width)
        calls = {"bare": bare, "whole": runs[0]._step, "tiled": runs[1]._step}
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
from nst_course.machine import process_memory
from nst_course.tiling import TILE
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
    """What 20 steps add to the memory of a process, each solver in a process of its own."""
    if not sys.platform.startswith("linux"):
        print("\nOnly Linux tells the largest memory of a process.")
        return
    print(f"\nMemory that 20 steps at {size} px add to a process:")
    for name in (OURS, f"{OURS}, in tiles", PLAIN, "torch Adam"):
        command = [sys.executable, "-c", MEMORY, name, str(size)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"  {name:28} {machine.readable_bytes(float(ran.stdout))}", flush=True)


# ---------------------------------------------------------------- the picture


def draw(races: dict[str, dict[str, Curve]], title: str) -> None:
    """Loss over seconds, one axis for each pair of pictures."""
    figure, axes = plt.subplots(
        1,
        len(races),
        figsize=(max(6.4, 4.2 * len(races)), 4),
        dpi=110,
        layout="constrained",
        squeeze=False,
    )
    for axis, (pair, curves) in zip(axes[0], races.items(), strict=True):
        lowest = min(loss for curve in curves.values() for _, loss in curve)
        for name, curve in curves.items():
            seconds, losses = zip(*curve, strict=True)
            best = [min(losses[: i + 1]) for i in range(len(losses))]
            colour = COLOURS.get(name, "#999999")
            axis.plot(
                seconds, best, label=name, color=colour, linewidth=2.2 if name == OURS else 1.5
            )
        axis.set_yscale("log")
        axis.set_ylim(lowest * 0.9, lowest * 30)
        axis.set_title(re.sub("_", " ", pair.replace(":", " × ")), fontsize=10)
        axis.set_xlabel("seconds")
        axis.set_ylabel("lowest total loss so far")
        axis.grid(alpha=0.25)
    axes[0][0].legend(loc="upper right", fontsize=9, framealpha=1)
    figure.suptitle(title.replace("; ", "\n"), fontsize=10)
    figure.savefig(PICTURE)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="longer side of the pictures")
    parser.add_argument("--steps", type=int, default=300, help="evaluations of each solver")
    parser.add_argument("--pairs", nargs="*", default=PAIRS, metavar="CONTENT:STYLE")
    parser.add_argument("--sizes", nargs="*", type=int, default=[128, 256, 512, 1024, 2048])
    parser.add_argument("--precision", default="auto", help="of this course (%(default)s)")
    parser.add_argument("--picture", action="store_true", help=f"draw the curves to {PICTURE.name}")
    options = parser.parse_args()
    device = nst.best_device()
    title = f"{machine.describe(device)}; {options.size} px, torch {torch.__version__}"
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
