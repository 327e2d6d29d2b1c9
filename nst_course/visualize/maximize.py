"""Activation maximization: gradient ascent on an image, so that it activates a chosen channel.

Erhan et al. 2009; Mahendran and Vedaldi 2015; Olah, Mordvintsev and Schubert 2017.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import check_choice, check_count, explained, renamed, renamed_attribute
from ..device import PRECISIONS, dtype_of, with_gradients
from ..network.vgg import Backbone
from ..transfer.estimate import fastest
from .parameterization import COLORS, PARAMETERIZATIONS, decode, initial_parameters
from .patches import check_channels


def activation_loss(features: Tensor, channel: int) -> Tensor:
    """Minus the mean activation of a channel over all positions, a scalar.

    Args:
        features: (1, C, H, W) of a layer.
        channel: counted from 0.
    """
    return -features[:, channel].mean()


@dataclass(frozen=True)
class Optimum:
    """The image that maximizes a channel, and the record of its optimization.

    Attributes:
        layer: the convolution that computes the channel, before its ReLU.
        channel: counted from 0.
        image: (1, 3, size, size), 0…1.
        objective: the value of the objective at every step, the mean over positions of the leaky
            activation.
        max_activation: the largest activation at any position of `image`; the smallest one if the
            channel was minimized.
        has_gradient: whether the gradient was nonzero at any step. If it is False, `image` is
            still the initial noise and says nothing about the channel.
    """

    layer: str
    channel: int
    image: Tensor = field(repr=False)
    objective: list[float] = field(repr=False)
    max_activation: float
    has_gradient: bool

    strongest = renamed_attribute("strongest", "max_activation")
    moved = renamed_attribute("moved", "has_gradient")

    @property
    def title(self) -> str:
        """A caption of two lines: layer and channel, and the activation that was reached."""
        if not self.has_gradient:
            result = "no gradient"
        elif self.max_activation > 0:
            result = f"up to {self.max_activation:.0f}"
        else:
            result = "inactive"
        return f"{self.layer}, channel {self.channel}\n{result}"


@renamed(image="parameterization", colours="colors", leak="negative_slope")
@with_gradients
@explained
def maximize(
    backbone: Backbone,
    layer: str,
    channels: int | Iterable[int],
    size: int = 128,
    steps: int = 96,
    seed: int = 0,
    parameterization: str = "fourier",
    colors: str = "decorrelated",
    jitter: int = 8,
    negative_slope: float = 0.01,
    sign: int = 1,
    learning_rate: float = 0.05,
    precision: str = "auto",
) -> list[Optimum]:
    """Optimize one image for each channel so that its mean activation is as large as possible.

    The images are one batch and start from the same noise, so the image of a channel does not
    depend on the other channels.

    Args:
        backbone: the network.
        layer: name of the layer; ``"relu4_2"`` and ``"conv4_2"`` mean the same channels.
        channels: one channel or several, counted from 0.
        size: side of the images, in pixels.
        steps: of Adam.
        seed: of the initial noise and of the jitter.
        parameterization: ``"fourier"``, Fourier coefficients scaled by 1/f, or ``"pixels"``.
        colors: ``"decorrelated"``, along the principal axes of the colors in photographs, or
            ``"plain"`` red, green and blue.
        jitter: before each step the image is rolled by up to this many pixels.
        negative_slope: of the leaky ReLU that is applied to the activations. With 1 the objective
            is the activation before the ReLU, where the negative positions of an edge detector can
            outweigh the positive ones. With 0 it is the activation after the ReLU, where a channel
            that is inactive at every position has no gradient. Values in between avoid both.
        sign: 1 to maximize the activation, −1 to minimize it.
        learning_rate: of Adam.
        precision: ``"float32"``, ``"bfloat16"``, ``"float16"``, or ``"auto"``, the fastest one on
            this device.

    Returns:
        One `Optimum` for each channel, in the given order.

    Raises:
        CourseError: the layer, a channel or a choice does not exist, or the image is too small.
    """
    check_choice("parameterization", parameterization, PARAMETERIZATIONS)
    check_choice("colors", colors, COLORS)
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
    parameters = torch.cat([initial_parameters(parameterization, size, seed)] * len(channels))
    parameters = parameters.to(backbone.device).requires_grad_()
    optimizer = torch.optim.Adam([parameters], lr=learning_rate)
    has_gradient = torch.zeros(len(channels), dtype=torch.bool)
    history = []

    def activations(images: Tensor) -> Tensor:
        """The activation of each channel on its own image, times `sign`: (B, H, W)."""
        return sign * network(images, [layer])[layer][range(len(channels)), channels].float()

    for _ in range(steps):
        shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        images = decode(parameters, parameterization, colors, size).roll(shift, (2, 3))
        objective = F.leaky_relu(activations(images), negative_slope).mean((1, 2))
        (parameters.grad,) = torch.autograd.grad(-objective.sum(), parameters)
        has_gradient |= parameters.grad.flatten(1).any(1).cpu()
        optimizer.step()
        history.append(objective.detach().cpu())
    with torch.no_grad():
        images = decode(parameters, parameterization, colors, size)
        largest = sign * activations(images).amax((1, 2))
    return [
        Optimum(
            layer,
            channel,
            image=images[i : i + 1].cpu(),
            objective=[values[i].item() for values in history],
            max_activation=largest[i].item(),
            has_gradient=bool(has_gradient[i]),
        )
        for i, channel in enumerate(channels)
    ]


def estimate_seconds(
    backbone: Backbone, layer: str, size: int = 128, steps: int = 96, precision: str = "auto"
) -> float:
    """Seconds that `maximize` needs for one channel on this device, measured with two steps."""

    def seconds(count: int) -> float:
        run = functools.partial(maximize, backbone, layer, 0, size, precision=precision)
        return fastest(lambda: run(steps=count), repeats=2)

    overhead = seconds(0)  # copying the network, and the last forward pass
    return overhead + max(0.0, seconds(2) - overhead) / 2 * steps


def in_precision(backbone: Backbone, precision: str) -> Backbone:
    """The network itself, or a copy of it that computes in another number format."""
    dtype = dtype_of(precision, backbone.device)
    return backbone if dtype == torch.float32 else backbone.in_precision(dtype)
