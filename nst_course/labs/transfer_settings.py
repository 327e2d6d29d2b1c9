"""How the settings of the style transfer lab become a `StyleTransfer`."""

from torch import Tensor

from ..device import available_memory, readable_bytes
from ..errors import CourseError
from ..images.io import load_image
from ..transfer.initial import starting_image
from ..transfer.style_transfer import StyleTransfer
from ..transfer.styles import Style
from .network import shared_backbone, steady_precision

SIZES = (128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
CHECKED_FROM = 512  # pixels; smaller runs fit into memory, and the estimate takes some time
LIVE = ("content_weight", "style_weight", "tv_weight", "style_layers")


def live(settings: dict) -> dict:
    """The settings that take effect at the next step; the others need a new run."""
    return {name: settings[name] for name in LIVE}


def first_image(settings: dict) -> Tensor:
    """The initial image, (1, 3, H, W); the photograph if the run starts from noise."""
    content, style = (load_image(settings[name], settings["size"]) for name in ("content", "style"))
    start = settings["init"] if settings["init"] != "noise" else "content"
    return starting_image(start, content, [Style(style)], settings["seed"])


def make_transfer(settings: dict, start: Tensor | None) -> StyleTransfer:
    """The transfer for these settings.

    Raises:
        CourseError: it does not fit into memory.
    """
    size = settings["size"]
    transfer = StyleTransfer(
        load_image(settings["content"], size),
        load_image(settings["style"], size),
        shared_backbone(settings["pooling"]),
        init=settings["init"] if start is None else start,
        optimizer=settings["optimizer"],
        seed=settings["seed"],
        precision=steady_precision(),
        **live(settings),
    )
    if size >= CHECKED_FROM:
        check_memory(transfer)
    return transfer


def check_memory(transfer: StyleTransfer) -> None:
    """Raise a CourseError with the size that fits if this run does not fit into memory."""
    free = available_memory(transfer.content.device)
    estimate = transfer.estimate(steps=1000)
    if estimate.more_bytes > free:
        fitting = max((n for n in SIZES if n <= estimate.size_that_fits(free)), default=SIZES[0])
        raise CourseError(
            f"At {estimate.size} px the run takes {readable_bytes(estimate.more_bytes)} and "
            f"{readable_bytes(free)} are free; choose {fitting} px and press Reset."
        )
