"""DeepDream: amplify the features that a layer detects in a photograph."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_choice, check_count, renamed
from ..device import PRECISIONS, with_gradients
from ..images.io import scaled
from ..network.vgg import Backbone
from .maximize import in_precision
from .patches import check_channels


@renamed(rate="step_size")
@with_gradients
def deep_dream(
    backbone: Backbone,
    image: Tensor,
    layer: str = "relu4_3",
    channels: Iterable[int] | None = None,
    octaves: int = 3,
    ratio: float = 1.4,
    steps: int = 10,
    step_size: float = 0.02,
    jitter: int = 16,
    seed: int = 0,
    precision: str = "auto",
) -> Tensor:
    """Increase the activations of a layer by gradient ascent on a photograph, coarse to fine.

    The objective is the mean square of the activations (Mordvintsev, Olah and Tyka 2015,
    "Inceptionism"). The ascent starts at the smallest size; the change made at one size is
    enlarged and added to the photograph at the next.

    Args:
        backbone: the network.
        image: (1, 3, H, W), 0…1.
        layer: name of the layer.
        channels: maximize only these; all by default.
        octaves: number of sizes.
        ratio: between one size and the next smaller one.
        steps: of gradient ascent at each size.
        step_size: mean absolute change of a pixel in one step, in units of 0…1.
        jitter: before each step the image is rolled by up to this many pixels.
        seed: of the jitter.
        precision: as in `maximize`.

    Returns:
        (1, 3, H, W), 0…1.

    Raises:
        CourseError: the layer or a channel does not exist, or the image is too small.
    """
    check_choice("precision", precision, ("auto", *PRECISIONS))
    image = as_image("image", image).cpu()  # the octaves are combined on the CPU
    check_count("octaves", octaves, least=1)
    check_count("steps", steps)
    check_count("jitter", jitter)
    chosen = slice(None) if channels is None else list(channels)
    check_channels(backbone, layer, [] if isinstance(chosen, slice) else chosen)
    network = in_precision(backbone, precision)
    generator = torch.Generator().manual_seed(seed)
    change = torch.zeros_like(image)  # added to the photograph so far
    longer = max(image.shape[2:])
    for octave in reversed(range(octaves)):
        photograph = scaled(image, max(1, round(longer / ratio**octave)))
        change = F.interpolate(change, photograph.shape[2:], mode="bilinear")
        for _ in range(steps):
            shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
            pixels = (photograph + change).roll(shift, (2, 3)).to(backbone.device).requires_grad_()
            objective = network(pixels, [layer])[layer][:, chosen].float().square().mean()
            (gradient,) = torch.autograd.grad(objective, pixels)
            step = gradient / gradient.abs().mean().clamp(min=1e-12)
            step = step.cpu().roll([-shift[0], -shift[1]], (2, 3))
            change = (photograph + change + step_size * step).clamp(0, 1) - photograph
    return image + change
