"""Activation maximisation: the image that excites a unit most, by gradient ascent on its pixels.

Erhan et al. 2009; Mahendran and Vedaldi 2015; Olah, Mordvintsev and Schubert 2017.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import check_choice, check_count
from ..device import PRECISIONS, dtype_of
from ..network.vgg import Backbone
from ..transfer.estimate import fastest
from .parameterization import COLOURS, DESCRIPTIONS, paint, start
from .patches import check_channels


def activation_loss(features: Tensor, channel: int) -> Tensor:
    """The loss whose descent excites a channel: minus its mean over all positions.

    Args:
        features: (1, C, H, W) of a layer.
        channel: counted from 0.

    Returns:
        A scalar.
    """
    return -features[:, channel].mean()


@dataclass(frozen=True)
class Optimum:
    """The image that excites a channel most, and how the search for it went.

    Attributes:
        layer, channel: the unit, by the name of its layer before the ReLU.
        image: (1, 3, size, size), 0…1.
        objective: at every step, what was raised: the mean over positions of the leaky activation.
        strongest: the highest activation anywhere in `image`; the lowest if it was lowered.
        moved: whether any gradient ever reached the image. Where it is False the image is still
            the faint noise of the start, and nothing was learnt about the unit.
    """

    layer: str
    channel: int
    image: Tensor = field(repr=False)
    objective: list[float] = field(repr=False)
    strongest: float
    moved: bool

    @property
    def title(self) -> str:
        """A caption: the unit and its strongest answer, or a word on why there is none."""
        name = f"{self.layer}, channel {self.channel}"
        if not self.moved:
            return f"{name}\nno gradient arrived"
        return f"{name}\n" + (f"up to {self.strongest:.0f}" if self.strongest > 0 else "silent")


def maximise(
    backbone: Backbone,
    layer: str,
    channels: int | Iterable[int],
    size: int = 128,
    steps: int = 96,
    seed: int = 0,
    image: str = "fourier",
    colours: str = "decorrelated",
    jitter: int = 8,
    leak: float = 0.01,
    sign: int = 1,
    learning_rate: float = 0.05,
    precision: str = "auto",
) -> list[Optimum]:
    """The images that excite some channels of a layer most, by gradient ascent on the image.

    Every channel gets an image of its own; all of them run through the network together and start
    from the same noise, so an image does not depend on its neighbours.

    Args:
        backbone: the network.
        layer: name of the layer; ``"relu4_2"`` and ``"conv4_2"`` mean the same units.
        channels: one channel or several, counted from 0.
        size: side of the images, in pixels.
        steps: of Adam.
        seed: of the noise and of the jitter.
        image: ``"fourier"``, a sum of waves weighted by 1/f, or ``"pixels"``.
        colours: ``"decorrelated"``, along the axes on which colours vary in photographs, or
            ``"plain"`` red, green and blue.
        jitter: before each step the image is shifted round by up to so many pixels.
        leak: how much a position counts where the activation is negative. 1 takes the activation
            before the ReLU; there the negative positions of an edge outweigh its positive ones.
            0 takes it after the ReLU; there a unit that is silent everywhere sends back no
            gradient. In between neither happens.
        sign: 1 for the image that excites most, −1 for the one that inhibits most.
        learning_rate: of Adam.
        precision: ``"float32"``, ``"bfloat16"``, ``"float16"``, or ``"auto"``: the fastest of them
            by what is known of the device.

    Returns:
        One `Optimum` for every channel, in the order asked for; those without a picture too.

    Raises:
        CourseError: a layer, a channel or a choice that does not exist, or an image too small.
    """
    check_choice("image", image, DESCRIPTIONS)
    check_choice("colours", colours, COLOURS)
    check_choice("precision", precision, ("auto", *PRECISIONS))
    check_choice("sign", sign, (1, -1))
    check_count("size", size, least=1)
    for name, count in (("steps", steps), ("jitter", jitter), ("seed", seed)):
        check_count(name, count)
    channels = list(channels) if isinstance(channels, Iterable) else [channels]
    check_channels(backbone, layer, channels)
    if not channels:
        return []
    layer = layer.replace("relu", "conv")
    network = in_precision(backbone, precision)
    generator = torch.Generator().manual_seed(seed)
    parameters = torch.cat([start(image, size, seed)] * len(channels))
    parameters = parameters.to(backbone.device).requires_grad_()
    optimizer = torch.optim.Adam([parameters], lr=learning_rate)
    moved = torch.zeros(len(channels), dtype=torch.bool)
    history = []

    def answers(images: Tensor) -> Tensor:
        """What each channel answers to its own image, with the sign that is raised: (B, H, W)."""
        return sign * network(images, [layer])[layer][range(len(channels)), channels].float()

    for _ in range(steps):
        shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        images = paint(parameters, image, colours, size).roll(shift, (2, 3))
        objective = F.leaky_relu(answers(images), leak).mean((1, 2))
        optimizer.zero_grad()
        (-objective).sum().backward()
        moved |= parameters.grad.flatten(1).any(1).cpu()
        optimizer.step()
        history.append(objective.detach().cpu())
    with torch.no_grad():
        images = paint(parameters, image, colours, size)
        strongest = sign * answers(images).amax((1, 2))
    return [
        Optimum(
            layer,
            channel,
            image=images[i : i + 1].cpu(),
            objective=[values[i].item() for values in history],
            strongest=strongest[i].item(),
            moved=moved[i].item(),
        )
        for i, channel in enumerate(channels)
    ]


def seconds_for(
    backbone: Backbone, layer: str, size: int = 128, steps: int = 96, precision: str = "auto"
) -> float:
    """How long `maximise` will take for one channel on this machine: a few steps are timed."""

    def seconds(count: int) -> float:
        settings = {"size": size, "steps": count, "precision": precision}
        return fastest(lambda: maximise(backbone, layer, 0, **settings), repeats=2)

    start = seconds(0)  # copying the network, and the last look at the image
    return start + max(0.0, seconds(2) - start) / 2 * steps


def in_precision(backbone: Backbone, precision: str) -> Backbone:
    """The network itself, or a copy that multiplies in another number format."""
    dtype = dtype_of(precision, backbone.device)
    return backbone if dtype == torch.float32 else backbone.in_precision(dtype)
