"""How the settings of the style transfer lab become a run, coarse to fine."""

from torch import Tensor

from ..images.io import load_image
from ..transfer.initial import starting_image
from ..transfer.multiscale import MultiScale
from ..transfer.schedule import schedule
from ..transfer.styles import Style
from ..transfer.stylize import multi_scale
from .network import shared_backbone, steady_precision

SIZES = (128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3000)
LIVE = ("content_weight", "style_weight", "tv_weight", "style_layers")


def live(settings: dict) -> dict:
    """The settings that take effect at the next step; the others need a new run."""
    return {name: settings[name] for name in LIVE}


def first_image(settings: dict) -> Tensor:
    """The initial image, (1, 3, H, W); the photograph if the run starts from noise."""
    content, style = (load_image(settings[name], settings["size"]) for name in ("content", "style"))
    start = settings["init"] if settings["init"] != "noise" else "content"
    return starting_image(start, content, [Style(style)], settings["seed"])


def arguments(settings: dict) -> dict:
    """The arguments of `multi_scale` for these settings, except the network."""
    others = {name: value for name, value in settings.items() if name != "pooling"}
    return {**others, "precision": steady_precision()}


def make_run(settings: dict, start: Tensor | None) -> MultiScale:
    """The run for these settings; from an image of one of its scales on, if given.

    Raises:
        CourseError: it does not fit into memory, or a picture is too small.
    """
    run = multi_scale(**arguments(settings), backbone=shared_backbone(settings["pooling"]))
    if start is not None:
        run.start_from(start)
    return run


def planned_steps(settings: dict) -> int:
    """How many steps the run takes, over all its scales."""
    size, first_size = settings["size"], min(settings["size"], settings["brush"])
    return sum(scale.steps for scale in schedule(size, settings["steps"], first_size))
