"""DeepDream: what a layer sees in a photograph, made stronger."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_choice, check_count
from ..device import PRECISIONS
from ..network.vgg import Backbone
from .maximize import in_precision
from .patches import check_channels, scaled


def deep_dream(
    backbone: Backbone,
    image: Tensor,
    layer: str = "relu4_3",
    channels: Iterable[int] | None = None,
    octaves: int = 3,
    ratio: float = 1.4,
    steps: int = 10,
    rate: float = 0.02,
    jitter: int = 16,
    seed: int = 0,
    precision: str = "auto",
) -> Tensor:
    """Excite a whole layer on a photograph, from coarse to fine: what it sees grows stronger.

    Gradient ascent on the mean square of the activations (Mordvintsev, Olah and Tyka 2015). The
    photograph is dreamt on at several sizes, the smallest first, and the changes made at one size
    are enlarged and added at the next.

    Args:
        backbone: the network.
        image: (1, 3, H, W), 0…1.
        layer: name of the layer.
        channels: excite only these; by default all.
        octaves: how many sizes.
        ratio: between one size and the next.
        steps: of gradient ascent at each size.
        rate: mean change of a pixel in one step, on the scale 0…1.
        jitter: before each step the image is shifted round by up to so many pixels.
        seed: of the jitter.
        precision: as in `maximise`.

    Returns:
        (1, 3, H, W), 0…1.

    Raises:
        CourseError: a layer or a channel that does not exist, or an image too small.
    """
    check_choice("precision", precision, ("auto", *PRECISIONS))
    image = as_image("image", image).cpu()  # where it is put together
    check_count("octaves", octaves, least=1)
    check_count("steps", steps)
    check_count("jitter", jitter)
    channels = list(channels) if channels is not None else slice(None)
    check_channels(backbone, layer, [] if isinstance(channels, slice) else channels)
    network = in_precision(backbone, precision)
    generator = torch.Generator().manual_seed(seed)
    dream = torch.zeros_like(image)  # what has been added to the photograph
    longer = max(image.shape[2:])
    for octave in reversed(range(octaves)):
        photograph = scaled(image, max(1, round(longer / ratio**octave)))
        dream = F.interpolate(dream, photograph.shape[2:], mode="bilinear")
        for _ in range(steps):
            shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
            pixels = (photograph + dream).roll(shift, (2, 3)).to(backbone.device).requires_grad_()
            network(pixels, [layer])[layer][:, channels].float().square().mean().backward()
            step = pixels.grad / pixels.grad.abs().mean().clamp(min=1e-12)
            step = step.cpu().roll([-shift[0], -shift[1]], (2, 3))
            dream = (photograph + dream + rate * step).clamp(0, 1) - photograph
    return image + dream
