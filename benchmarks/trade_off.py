"""Content loss against style loss: this course over its strengths, and programs at their defaults.

    python -m benchmarks.trade_off --size 192
    python -m benchmarks.trade_off … --picture                  draws the curve

One number cannot compare programs that weight content and style differently, but a curve can
(Kolkin et al. 2019): a picture is worse where another has both losses lower. Both losses are those
of `StyleTransfer` with its default layers, for the picture as displayed. Every program has its own
losses, weights, optimizer and number of evaluations, on the embedded network.
"""

import argparse
import functools
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor

import nst_course as nst
from nst_course.device import describe
from nst_course.images.io import resized

from .reference import REFERENCES, PlainObjective, averaged_adam, one_at_a_time

PICTURE = Path(__file__).parent / "trade_off.png"
STRENGTHS = [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
CHANNELS = [64, 128, 256, 512, 512]
PAIRS = ["cat:composition_viii", "summer_palace:village_street_in_auvers"]

Losses = tuple[float, float]  # content and style


def gordicaleksa(content: Tensor, style: Tensor, backbone: nst.Backbone) -> Tensor:
    """Content 1e5, style 3e4, total variation 1; up to 1000 iterations with a line search."""
    # Its Gram matrices are divided by C, and their squared differences are summed: C² / C² = 1.
    weights = dict.fromkeys(LAYERS, 1 / len(LAYERS))
    objective = PlainObjective(
        content, style, backbone, {"conv4_2": 1.0}, weights, 1e5, 3e4, variation=1.0
    )
    return last(one_at_a_time(REFERENCES["gordicaleksa"], objective, content), 1000)


def leongatys(content: Tensor, style: Tensor, backbone: nst.Backbone) -> Tensor:
    """Content 1, style 1e3 / C² at each layer; 500 evaluations."""
    objective = PlainObjective(content, style, backbone)  # its weights are this course's defaults
    return last(one_at_a_time(REFERENCES["leongatys"], objective, content), 500)


def neural_style_pt(content: Tensor, style: Tensor, backbone: nst.Backbone) -> Tensor:
    """Content 5, style 100, total variation 1e-3; 1000 iterations from faint noise."""
    weights = {layer: 1 / count**2 for layer, count in zip(LAYERS, CHANNELS, strict=True)}
    objective = PlainObjective(
        content, style, backbone, style_layers=weights, content_weight=5.0, style_weight=100.0,
        variation=1e-3,
    )  # fmt: skip
    noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(0)).to(content)
    start = backbone.mean / 255 + 0.001 * noise / 255
    return last(one_at_a_time(REFERENCES["neural-style-pt"], objective, start), 1000)


def crowsonkb(content: Tensor, style: Tensor, backbone: nst.Backbone) -> Tensor:
    """Content 0.015, style by the Wasserstein distance of Gaussians, total variation 2; Adam.

    From 128 px in ratios of √2, with 1000 iterations at the first size and 500 at the others.
    """
    size, image = max(content.shape[2:]), content
    sizes = [round(size / 2 ** (k / 2)) for k in range(20)]
    for number, side in enumerate(sorted(s for s in sizes if s >= min(size, 128))):
        photograph = nst.images.io.scaled(content, side)
        objective = WassersteinObjective(photograph, nst.images.io.scaled(style, side), backbone)
        start = resized(image, photograph.shape[2:])
        evaluations = one_at_a_time(averaged_adam, objective, start)
        image = last(evaluations, 500 if number else 1000)
    return image


class WassersteinObjective(PlainObjective):
    """The objective of crowsonkb/style-transfer-pytorch."""

    def __init__(self, content: Tensor, style: Tensor, backbone: nst.Backbone):
        weights = dict(zip(LAYERS, (256, 64, 16, 4, 1), strict=True))
        super().__init__(content, style, backbone, style_layers=weights)
        with torch.no_grad():
            features = self.features(style)
        self.targets = {}
        for layer in LAYERS:
            mean, covariance = self.moments(features[layer])
            values, vectors = torch.linalg.eigh(covariance)
            root = vectors * values.clamp(min=0).sqrt() @ vectors.mT
            self.targets[layer] = mean, covariance, root

    @staticmethod
    def moments(features: Tensor) -> tuple[Tensor, Tensor]:
        rows = features[0].flatten(1)
        return rows.mean(1), torch.cov(rows, correction=0) + 1e-4 * torch.eye(len(rows)).to(rows)

    def __call__(self, image: Tensor) -> Tensor:
        features = self.features(image)
        total = 0.015 * F.mse_loss(features["relu4_2"], self.contents["relu4_2"])
        for layer, weight in self.style_layers.items():
            mean, covariance = self.moments(features[layer])
            target_mean, target, root = self.targets[layer]
            cross = torch.linalg.eigvalsh(root @ covariance @ root).clamp(min=1e-8).sqrt()
            distance = (target + covariance).trace() - 2 * cross.sum()
            total = total + weight / 341 * (
                F.mse_loss(mean, target_mean) + distance / len(target_mean)
            )
        rows, columns = image.diff(dim=2).square().mean(), image.diff(dim=3).square().mean()
        return total + 2 * (rows + columns)


PROGRAMS: dict[str, Callable[[Tensor, Tensor, nst.Backbone], Tensor]] = {
    "gordicaleksa": gordicaleksa,
    "leongatys": leongatys,
    "neural-style-pt": neural_style_pt,
    "crowsonkb": crowsonkb,
}


def last(evaluations: Iterator[tuple[float, Tensor]], count: int) -> Tensor:
    """The image after so many evaluations, or after the last, if the program stops before."""
    ((_, image),) = deque(itertools.islice(evaluations, count), maxlen=1)
    evaluations.close()  # type: ignore[attr-defined]  # it is a generator
    return image


def losses_of(image: Tensor, judge: PlainObjective) -> Losses:
    with torch.no_grad():
        content, style = judge.parts(image.clamp(0, 1))
    return content.item(), style.item()


def measure(pair: str, size: int) -> dict[str, list[Losses]]:
    """The losses of this course at each strength, and of each program."""
    backbone = nst.load_backbone()
    content, style = (nst.load_image(name, size).to(backbone.device) for name in pair.split(":"))
    judge = PlainObjective(content, style, backbone)
    found: dict[str, list[Losses]] = {}

    def note(name: str, make: Callable[[], Tensor]) -> None:
        begin = time.perf_counter()
        losses = losses_of(make(), judge)
        found.setdefault(name.split(",")[0], []).append(losses)
        seconds = time.perf_counter() - begin
        print(f"  {name}: content {losses[0]:.4g}, style {losses[1]:.4g}, {seconds:.0f} s")

    print(pair, flush=True)
    for mark in STRENGTHS:
        ours = functools.partial(nst.stylize, content, style, size, mark, progress=False)
        note(f"this course, strength {mark:g}", lambda run=ours: run().image)
    for name, program in PROGRAMS.items():
        note(name, lambda program=program: program(content, style, backbone))
    return found


def draw(curves: dict[str, dict[str, list[Losses]]], title: str) -> None:
    """Content loss against style loss, a panel for each pair."""
    figure, axes = plt.subplots(
        1, len(curves), figsize=(4.9 * len(curves), 4.6), dpi=110, layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for axis, (pair, found) in zip(axes[0], curves.items(), strict=True):
        for name, losses in found.items():
            content, style = zip(*losses, strict=True)
            marks = {"marker": "o", "color": "#222222"} if len(losses) > 1 else {"marker": "D"}
            axis.plot(content, style, linewidth=2, label=name, linestyle="-", **marks)
            if len(losses) > 1:
                for mark, x, y in zip(STRENGTHS, content, style, strict=True):
                    if mark == int(mark):
                        axis.annotate(f" {mark:g}", (x, y), fontsize=9)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("content loss of the displayed picture")
        axis.set_ylabel("style loss of the displayed picture")
        axis.set_title(pair.replace("_", " ").replace(":", " × "), fontsize=10)
        axis.grid(alpha=0.25)
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=10)
    figure.savefig(PICTURE)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="longer side (%(default)s)")
    parser.add_argument("--pairs", nargs="+", default=PAIRS, metavar="CONTENT:STYLE")
    parser.add_argument("--picture", action="store_true", help=f"draw the curve to {PICTURE.name}")
    options = parser.parse_args()
    title = f"{describe(nst.best_device())}; {options.size} px, torch {torch.__version__}"
    print(title)
    curves = {pair: measure(pair, options.size) for pair in options.pairs}
    if options.picture:
        draw(curves, title)


if __name__ == "__main__":
    main()
