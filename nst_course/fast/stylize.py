"""Style transfer in one call and one pass through a network."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..checks import check_count, usable_in_graphs
from ..device import available_memory, readable_bytes
from ..errors import CourseError
from ..images.color import match_colors
from ..transfer.stylize import Picture, dial, load
from .network import TransformationNetwork
from .pretrained import load_fast_network, mixture

# Strength → share of the style in γ and β; the rest is the photograph. Chosen by eye.
SHARES = {1: 0.35, 2: 0.7, 3: 1.0, 4: 1.1, 5: 1.25}
SMALLEST = 32  # pixels of a side; there has to be something to normalize
BYTES_PER_PIXEL = 1000  # of memory, while the network runs


def stylize_fast(
    content: Picture,
    style: str | Mapping[str, float],
    size: int = 512,
    strength: float = 3.0,
    device: torch.device | str | None = None,
) -> Tensor:
    """Paint a photograph in the style of an artwork in a fraction of a second.

    One pass through `load_fast_network` takes the place of the loop of `nst.stylize`. It knows
    twelve artworks, and is further from them than the loop: notebook 10 compares the two.

    Args:
        content: photograph: a bundled name, the path of a file, or an image (1, 3, H, W), 0…1.
        style: the name of an artwork (`fast.FAST_STYLES`); or several with weights, such as
            ``{"great_wave": 0.5, "spring": 0.5}``, whose γ and β are mixed.
        size: longer side of the result, in pixels. Strokes keep their size in pixels.
        strength: from 1, a breath of style, to 5, as in `nst.stylize`; trained for 3.
        device: where the network runs; by default a GPU if there is one, else the CPU.

    Returns:
        The painting, (1, 3, H, W), 0…1, on the device.

    Raises:
        CourseError: an input that cannot work, in a sentence that says what to change.
    """
    check_count("size", size, least=SMALLEST)
    mix = mixture(style, share_of(strength))
    network = load_fast_network(device)
    return paint(network, load("content", content, size, SMALLEST), mix)


def share_of(strength: float) -> float:
    """The share of the style in γ and β for a strength from 1 to 5; linear between the marks."""
    dial(strength)  # refuses what is no strength
    return float(np.interp(strength, list(SHARES), list(SHARES.values())))


def paint(network: TransformationNetwork, photograph: Tensor, mix: Tensor) -> Tensor:
    """The painting of a photograph, (1, 3, H, W), 0…1.

    Args:
        network: in eval mode.
        photograph: (1, 3, H, W), 0…1.
        mix: (1, S), see `mixture`.

    Raises:
        CourseError: there is not enough memory.
    """
    height, width = photograph.shape[2:]
    needed = BYTES_PER_PIXEL * height * width
    device = next(network.parameters()).device
    if needed > (free := available_memory(device)):
        raise CourseError(
            f"The network needs {readable_bytes(needed)} of memory for {width}×{height} px, and "
            f"{readable_bytes(free)} are free; use a smaller size."
        )
    photograph = photograph.to(device)
    with torch.inference_mode():
        painting = network(photograph, mix.to(device))
    painting = usable_in_graphs(painting)
    # Instance normalization takes the photograph's contrast away; as far as the photograph is
    # mixed in, its colors are given back.
    share = float(mix[0, -1].clamp(0, 1))
    if share:
        painting = torch.lerp(painting, match_colors(painting, photograph), share).clamp(0, 1)
    return painting
