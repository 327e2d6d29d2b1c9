"""Runs that are spoiled on purpose, for the clinic of notebook 06."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..network.vgg import Backbone
from ..transfer.style_transfer import StyleTransfer

# Photograph, artwork, network, number of steps → the image, and the total loss at every step.
Run = Callable[[Tensor, Tensor, Backbone, int], tuple[Tensor, list[float]]]


@dataclass(frozen=True)
class Failure:
    """One way to spoil a run."""

    name: str  # the diagnosis
    sign: str  # what one sees
    cause: str
    cure: str
    run: Run


def _transfer(**settings: object) -> Run:
    def run(
        content: Tensor, style: Tensor, backbone: Backbone, steps: int
    ) -> tuple[Tensor, list[float]]:
        transfer = StyleTransfer(content, style, backbone, **settings)  # type: ignore[arg-type]
        result = transfer.run(steps, progress=False)
        return result.image, result.history["total"]

    return run


def _clamped_in_the_closure(
    content: Tensor, style: Tensor, backbone: Backbone, steps: int
) -> tuple[Tensor, list[float]]:
    # Of three times the contrast: many values lie at 0 and 1, where the clamp bites.
    content, style = ((3 * (image - 0.5) + 0.5).clamp(0, 1) for image in (content, style))
    transfer = StyleTransfer(content, style, backbone)
    pixels, totals = transfer.content.clone().requires_grad_(), []
    optimizer = torch.optim.LBFGS([pixels], max_iter=20)

    def closure() -> Tensor:
        pixels.data.clamp_(0, 1)
        optimizer.zero_grad()
        total = transfer.losses(pixels)["total"]
        total.backward()
        totals.append(total.item())
        return total

    while len(totals) < 2 * steps:
        optimizer.step(closure)
    return pixels.detach().clamp(0, 1), totals


def _wrong_range(
    content: Tensor, style: Tensor, backbone: Backbone, steps: int
) -> tuple[Tensor, list[float]]:
    careless = copy.deepcopy(backbone)
    careless.prepare = lambda image: image  # type: ignore[method-assign]
    return _transfer()(content, style, careless, steps)


def _too_much_style(
    content: Tensor, style: Tensor, backbone: Backbone, steps: int
) -> tuple[Tensor, list[float]]:
    faint = 0.45 + 0.1 * _noise(content)
    return _transfer(style_weight=1e7, init=faint)(content, style, backbone, steps)


def _grain(
    content: Tensor, style: Tensor, backbone: Backbone, steps: int
) -> tuple[Tensor, list[float]]:
    start = 0.5 * content + 0.5 * _noise(content)
    return _transfer(style_weight=30, init=start)(content, style, backbone, steps)


def _noise(content: Tensor) -> Tensor:
    return torch.rand(content.shape, generator=torch.Generator().manual_seed(0))


def _not_finite(
    content: Tensor, style: Tensor, backbone: Backbone, steps: int
) -> tuple[Tensor, list[float]]:
    transfer = StyleTransfer(content, style, backbone)
    image, totals = transfer.content, []
    for _ in range(min(steps, 8)):
        image = image.detach().requires_grad_()
        total = transfer.losses(image)["total"]
        (gradient,) = torch.autograd.grad(total, image)
        totals.append(total.item())
        image = image - 0.01 * gradient
    return image.detach().nan_to_num(0, 0, 0).clamp(0, 1), totals


FAILURES = (
    Failure(
        "nothing is wrong",
        "contours of the photograph, colors and strokes of the artwork, and a curve that falls",
        "The settings fit each other.",
        "Nothing to do. Print it.",
        _transfer(),
    ),
    Failure(
        "pixels clamped in the closure",
        "a curve that falls, leaps up and falls again, and a picture that the last leap has left",
        "The pixels were moved between two evaluations of L-BFGS.",
        "Clamp a copy for display, or use an optimizer that knows the bounds.",
        _clamped_in_the_closure,
    ),
    Failure(
        "wrong input range",
        "a hazy photograph in its own colors, and a total that is far too small",
        "The network got 0…1 and expects 0…255 minus a mean.",
        "Put the preprocessing that belongs to the weights into the network.",
        _wrong_range,
    ),
    Failure(
        "content layer too shallow",
        "every fine hair in place, as under a filter",
        "The content loss compares a layer that holds on to every detail.",
        "Use relu4_2, by name.",
        _transfer(content_layers=["relu2_2"], style_weight=5),
    ),
    Failure(
        "too much style",
        "the pattern of the artwork all over, and no subject",
        "The style weight is so large that the content counts for nothing.",
        "Divide the style weight by powers of ten, or start from the photograph.",
        _too_much_style,
    ),
    Failure(
        "steps too long",
        "a black picture, and a curve that rises until it ends",
        "The learning rate is far too large: the loss grew until it was no longer finite.",
        "Use a smaller rate, and return to the best image at the first sign of divergence.",
        _not_finite,
    ),
    Failure(
        "grain of the start",
        "colored dots all over, with contours and colors below them",
        "There was strong noise in the start, and the losses hardly see its finest grain.",
        "Start from faint noise or from the photograph, or add total variation.",
        _grain,
    ),
)
