"""The network that comes with the course: twelve artworks, and the photograph itself."""

import functools
from collections.abc import Mapping

import torch
from torch import Tensor

from ..assets import WEIGHTS
from ..checks import check_choice, check_weight, shown
from ..device import as_device
from ..errors import CourseError
from ..network.weights import load_embedded
from .network import TransformationNetwork

FAST_NETWORK = WEIGHTS / "fast_network.safetensors"
FAST_SHA256 = "b4d965ee37006de10fa0afa42278a83cd2ed4b128ed64f950250493d89beb25c"
FAST_STYLES = (  # the rows of γ and β; one more gives the photograph back, in ordinary contrast
    "cafe_terrace",
    "composition_viii",
    "great_wave",
    "mona_lisa",
    "moulin_de_la_galette",
    "night_cafe",
    "poppies",
    "road_to_tarascon",
    "shrine_in_snow",
    "spring",
    "summertime",
    "village_street_in_auvers",
)


def load_fast_network(device: torch.device | str | None = None) -> TransformationNetwork:
    """The network that paints in the styles of `FAST_STYLES`, in eval mode.

    Its file has 3.4 MB (float16), and its checksum is compared. It was trained by
    ``assets/weights/train_fast_network.py``.

    Args:
        device: where it runs; by default a GPU if there is one, else the CPU.

    Raises:
        CourseError: there is no such device, or the file is missing or damaged.
    """
    return _loaded(as_device(device))


@functools.cache
def _loaded(device: torch.device) -> TransformationNetwork:
    network = TransformationNetwork(len(FAST_STYLES) + 1)
    network.load_state_dict(load_embedded(FAST_NETWORK, FAST_SHA256))
    network.eval().requires_grad_(False)
    return network.to(device).to(memory_format=torch.channels_last)


def mixture(style: str | Mapping[str, float], share: float = 1.0) -> Tensor:
    """How much of each row of γ and β: the input ``mix`` of the network, (1, S).

    Args:
        style: an artwork of `FAST_STYLES`; or artwork → weight, of which only ratios count.
        share: of the style; the rest is the photograph. More than 1 exaggerates the style.

    Raises:
        CourseError: the network does not know the artwork, or there is no positive weight.
    """
    weights = style if isinstance(style, Mapping) else dict([(style, 1.0)] * isinstance(style, str))
    if not weights:
        raise CourseError(
            f"style is the name of an artwork such as 'great_wave', not {shown(style)}; "
            "nst.stylize takes any picture."
        )
    for name, weight in weights.items():
        check_choice("style", name, FAST_STYLES)
        check_weight(f"the weight of {name}", weight)
    total = sum(weights.values())
    if not total:
        raise CourseError("All styles have the weight 0; give one a weight.")
    rows = [share * weights.get(name, 0.0) / total for name in FAST_STYLES]
    return torch.tensor([[*rows, 1 - share]])
