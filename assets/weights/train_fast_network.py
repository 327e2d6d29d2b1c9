"""Train fast_network.safetensors: photographs in, paintings in the styles of the artworks out.

    python assets/weights/train_fast_network.py photographs run

`collect_photographs.py` fills the folder of photographs. The folder of the run gets a checkpoint,
from which the same command goes on after an interruption; at the end, the network, a log of the
losses and their curves. 8600 steps take six and a half minutes on an H200. Two cores take about two
days; `--batch 4 --size 192` takes a night, for as many steps on a seventh of the pixels.

The losses are those of the loop (`nst_course.fast.objective`), of random crops at several scales.
They differ by orders of magnitude between artworks, and shrink by more while training. So each loss
is divided by its running mean for the style, which balances content and style for every artwork and
lets all of them learn at the same pace. One more style, "photograph", learns to give the photograph
back: mixed in, it makes any style weaker.
"""

import argparse
import csv
import math
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import nst_course as nst
from nst_course.fast.network import TransformationNetwork
from nst_course.fast.objective import BatchObjective
from nst_course.fast.pretrained import FAST_STYLES
from nst_course.files import write_atomically

SIZE = 256  # pixels; of crops, and of the longer side of artworks
SHORT_SIDES = (256, 304, 384)  # of the photographs that crops are taken from
MEMORY = 0.98  # of the running mean of the losses of a style
PHOTOGRAPH_WEIGHT = 200.0  # of the squared error of the style "photograph", relative to the others
COLUMNS = ("step", "seconds", "rate", "content", "style", "tv", "photograph")


def read_photographs(folder: Path, device: torch.device) -> list[list[Tensor]]:
    """Every photograph at every short side, as bytes (3, H, W) on the device."""
    found = []
    for file in sorted(folder.glob("*.jpg")):
        picture = Image.open(file).convert("RGB")
        sizes = []
        for short in SHORT_SIDES:
            scale = short / min(picture.size)
            sides = [max(short, round(side * scale)) for side in picture.size]
            scaled = np.asarray(picture.resize(sides, Image.Resampling.LANCZOS))
            sizes.append(torch.from_numpy(scaled.copy()).movedim(2, 0).to(device))
        found.append(sizes)
    return found


def crops(photographs: list[list[Tensor]], count: int, size: int, chance: np.random.Generator):
    """A batch of random crops, (B, 3, size, size), 0…1, half of them mirrored."""
    batch = []
    for _ in range(count):
        whole = photographs[chance.integers(len(photographs))][chance.integers(len(SHORT_SIDES))]
        top, left = (chance.integers(side - size + 1) for side in whole.shape[1:])
        crop = whole[:, top : top + size, left : left + size]
        batch.append(crop.flip(2) if chance.random() < 0.5 else crop)
    images = torch.stack(batch).float() / 255
    # Brighter, darker, paler: a photograph of a reader's own may be any of these.
    gamma = torch.tensor(np.exp(chance.normal(0, 0.2, (count, 1, 1, 1))), dtype=torch.float32)
    return images ** gamma.to(images.device)


def mean_over(values: Tensor, which: Tensor) -> float:
    """The mean of the values where ``which`` is 1."""
    return float((values * which).sum() / which.sum().clamp(min=1))


class Training:
    """The network, its optimizer, and what a checkpoint has to hold of them."""

    def __init__(self, options: argparse.Namespace, device: torch.device):
        torch.manual_seed(options.seed)
        self.options, self.device = options, device
        backbone = nst.load_backbone(device=device)
        artworks = [nst.load_image(name, options.style_size).to(device) for name in FAST_STYLES]
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.objective = BatchObjective(artworks, backbone, dtype)
        self.styles = len(FAST_STYLES) + 1  # the last one is the photograph itself
        self.network = TransformationNetwork(self.styles)
        self.network.to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99))
        # The running means of the content loss and the style loss of each style.
        self.running = torch.zeros(2, self.styles, device=device)
        self.step, self.seconds = 0, 0.0
        self.rows: list[list[float]] = []

    def rate(self) -> float:
        """The learning rate: a short rise, then a cosine down to a hundredth."""
        options = self.options
        rise = min(1.0, (self.step + 1) / 100)
        fall = 0.505 + 0.495 * math.cos(math.pi * min(1.0, self.step / options.steps))
        return options.rate * rise * fall

    def train(self, photographs: list[list[Tensor]]) -> None:
        """One step on a batch."""
        options, device = self.options, self.device
        chance = np.random.default_rng((options.seed, self.step))  # the same after a resumption
        images = crops(photographs, options.batch, options.size, chance)
        images = images.contiguous(memory_format=torch.channels_last)
        numbers = torch.from_numpy(chance.permutation(options.batch) + chance.integers(self.styles))
        numbers = (numbers % self.styles).to(device)
        mix = F.one_hot(numbers, self.styles).float()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            paintings = self.network(images, mix)
        losses = self.objective(paintings, images, mix[:, :-1])
        same = (paintings - images).square().flatten(1).mean(1)
        both = torch.stack([losses["content"], losses["style"]])  # (2, B)
        counts = mix.sum(0)
        means = both.detach() @ mix / counts.clamp(min=1)
        memory = torch.where(self.running == 0, 0.0, MEMORY**counts)
        self.running = torch.where(
            counts > 0, memory * self.running + (1 - memory) * means, self.running
        )
        relative = both / (self.running @ mix.T).clamp(min=1e-6)
        balanced = (
            relative[0] + options.style_share * relative[1] + options.tv_weight * losses["tv"]
        )
        is_photograph = mix[:, -1]
        value = torch.where(is_photograph == 1, PHOTOGRAPH_WEIGHT * same, balanced).mean()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        if self.step % options.log_every == 0:
            painted = 1 - is_photograph
            names = ("content", "style", "tv")
            found = [mean_over(losses[name].detach(), painted) for name in names]
            found.append(mean_over(same.detach(), is_photograph))
            self.rows.append([self.step, round(self.seconds, 1), self.rate(), *found])
        self.step += 1

    def save(self, path: Path) -> None:
        """Everything that a resumption needs, in one file that appears whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "running": self.running,
            "step": self.step,
            "seconds": self.seconds,
            "rows": self.rows,
        }
        write_atomically(path, lambda partial: torch.save(state, partial))

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.running, self.step = state["running"], state["step"]
        self.seconds, self.rows = state["seconds"], state["rows"]


def write_results(training: Training, folder: Path) -> None:
    """The network in float16, the log, and the learning curves."""
    state = {name: t.half().cpu().contiguous() for name, t in training.network.state_dict().items()}
    safetensors.torch.save_file(state, folder / "fast_network.safetensors")
    with open(folder / "training_log.csv", "w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *training.rows])
    draw_curves(folder)


def draw_curves(folder: Path) -> None:
    """Draw training_curve.png from training_log.csv."""
    columns = np.genfromtxt(folder / "training_log.csv", delimiter=",", names=True)
    figure, axes = plt.subplots(1, 3, figsize=(11, 3), layout="constrained")
    titles = {"content": "content, relu4_2", "style": "style, covariances", "photograph": "pixels"}
    for axis, (name, title) in zip(axes, titles.items(), strict=True):
        axis.semilogy(columns["step"], columns[name], color="0.8", label="one batch")
        smooth = np.convolve(columns[name], np.ones(15) / 15, "valid")
        axis.semilogy(columns["step"][7 : 7 + len(smooth)], smooth, label="mean of 15 batches")
        axis.set(title=title, xlabel="step", ylabel="loss")
    axes[0].legend()
    figure.savefig(folder / "training_curve.png", dpi=90)
    plt.close(figure)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder with JPEG files")
    parser.add_argument("run", type=Path, help="folder for the checkpoint and the log")
    parser.add_argument("--steps", type=int, default=8600)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=SIZE, help="of the crops, in pixels")
    parser.add_argument("--style-size", type=int, default=SIZE, help="of the artworks, in pixels")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--style-share", type=float, default=0.6, help="of style beside content")
    parser.add_argument("--tv-weight", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after so many")
    parser.add_argument("--save-every", type=float, default=120, help="seconds")
    parser.add_argument("--log-every", type=int, default=20, help="steps")
    return parser.parse_args()


def main() -> None:
    options = parse()
    device = nst.best_device()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    options.run.mkdir(parents=True, exist_ok=True)
    checkpoint = options.run / "checkpoint.pt"
    training = Training(options, device)
    if checkpoint.exists():
        training.restore(checkpoint)
    photographs = read_photographs(options.photographs, device)
    print(f"{len(photographs)} photographs, {nst.device.describe(device)}, step {training.step}")
    start = last = time.monotonic()
    before = training.seconds
    while training.step < options.steps and time.monotonic() - start < options.seconds:
        training.train(photographs)
        now = time.monotonic()
        training.seconds = before + now - start
        if now - last > options.save_every:
            training.save(checkpoint)
            last = now
            print(*training.rows[-1], flush=True)
    training.save(checkpoint)
    print(f"step {training.step} of {options.steps} after {training.seconds:.0f} s")
    if training.step == options.steps:
        write_results(training, options.run)


if __name__ == "__main__":
    main()
