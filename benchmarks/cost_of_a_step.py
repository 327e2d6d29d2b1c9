"""The cost of a step, relative to its convolutions, and the memory that it takes.

python -m benchmarks.cost_of_a_step
python -m benchmarks.cost_of_a_step --sizes 128 256
"""

import argparse
import functools
import subprocess
import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F

import nst_course as nst
from nst_course.device import describe, readable_bytes
from nst_course.transfer.tiling import TILE

from .time_to_loss import OURS, now


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
if not name.startswith("this course"):
    from benchmarks.reference import REFERENCES, PlainObjective, one_at_a_time
    objective = PlainObjective(content, style, backbone)
    turns = one_at_a_time(REFERENCES[name], objective, content)
    for _ in range(20):
        next(turns)
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
    for name in (OURS, f"{OURS}, in tiles", "neural-style-pt", "crowsonkb"):
        command = [sys.executable, "-c", MEMORY, name, str(size)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"  {name:28} {readable_bytes(float(ran.stdout))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", type=int, default=[128, 256, 512, 1024, 2048])
    parser.add_argument("--precision", default="auto", help="of this course (%(default)s)")
    options = parser.parse_args()
    print(f"{describe(nst.best_device())}; torch {torch.__version__}")
    cost_of_a_step(options.sizes, options.precision)
    peak_memory(min(512, max(options.sizes)))


if __name__ == "__main__":
    main()
