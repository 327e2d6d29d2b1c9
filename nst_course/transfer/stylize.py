"""The whole method in one call: coarse to fine, with one dial for strength and one for strokes."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..checks import (
    as_image,
    check_callable,
    check_choice,
    check_count,
    check_weight,
    layer_weights,
    shown,
)
from ..device import describe as describe_device
from ..device import readable_bytes, readable_time
from ..errors import CourseError
from ..images.color import gray
from ..images.io import as_path, find_image, load_image, resized, scaled
from ..images.read import picture_size
from ..network.vgg import Backbone, load_backbone
from ..statistics import as_statistic, covariance
from .fit import check_fit
from .initial import enlarged, starting_image
from .kept import COLORS, finisher, prepared
from .multiscale import Forecast, MultiScale
from .progress import Result, Step
from .schedule import schedule
from .style_transfer import CONTENT_LAYERS, STYLE_LAYERS, StyleTransfer
from .styles import Style, as_styles, uncovered
from .terms import PIXELS, as_terms

# Strength → β (with α = 1) and the first size in pixels: chosen by eye with Gram matrices, and
# looked at again with covariances on five pairs (benchmarks/looks.md); in between, geometric.
STRENGTHS = {1: (0.3, 181), 2: (10.0, 181), 3: (1e3, 181), 4: (1e4, 128), 5: (1e5, 96)}
LEAST_RECOLORED = 10.0  # β; below it, the photograph keeps its colors at the start
LEAST_STYLE_SIZE = 64  # pixels; the network has to see the artwork

# Gram matrices let gray areas stand for the colors of the artwork: features of other means can have
# the same second moments. Compared blindly on twelve pairs (`benchmarks/looks.md`).
STATISTIC = covariance

Picture = Tensor | str | Path
StylePictures = Picture | Style | Sequence[Picture | Style]


def stylize(
    content: Picture,
    style: StylePictures,
    size: int = 512,
    strength: float = 3.0,
    brush: int | None = None,
    steps: int = 120,
    style_size: int | None = None,
    backbone: Backbone | None = None,
    checkpoint: str | Path | None = None,
    color: str = "artwork",
    progress: bool = True,
    on_step: Callable[[Step], None] | None = None,
    **settings: Any,
) -> Result:
    """Generate an image with the content of a photograph and the style of an artwork.

    Args:
        content: photograph: a bundled name, the path of a file, or an image (1, 3, H, W), 0…1.
        style: artwork, given in the same ways; or several, as a list, also of `Style`. Where no
            style rules, because each has a region, the photograph stays as it is.
        size: longer side of the result, in pixels.
        strength: from 1, a breath of style, to 5, hardly recognizable (`STRENGTHS`).
        brush: longer side, in pixels, of the first and smallest image; by the strength unless
            given. The smaller, the larger the strokes and the shapes, and the less is left of small
            things: a face of a quarter of the picture's height stays recognizable from 181 on.
        steps: at the first size; half as many at the next, and fewer at each further one.
        style_size: longer side of the artwork at the final size; as ``size`` by default.
        backbone: the network; the embedded VGG-16 by default.
        checkpoint: a file to resume from if it exists, and to write while the run goes on; it is
            deleted at the end.
        color: ``"artwork"``, the artwork's colors; ``"palette"``, its strokes in the photograph's
            colors; ``"photograph"``, every place keeps its color, and only light and dark change.
        progress: print the forecast and show a bar.
        on_step: called with every `Step`, for live pictures.
        settings: further arguments of `StyleTransfer`, such as ``style_weight`` in place of the
            strength, ``tv_weight``, ``init``, ``seed``, ``statistic`` or ``precision``; ``init``
            may be a `Path`, too.

    Returns:
        The image, with the history of the final size. Ctrl-C ends the run early with the best
        image so far, which may be smaller.

    Raises:
        CourseError: an input that cannot work, in a sentence that says what to change.
    """
    run = multi_scale(
        content,
        style,
        size,
        strength,
        brush,
        steps,
        style_size,
        backbone,
        checkpoint,
        color,
        **settings,
    )
    if on_step is not None:
        check_callable("on_step", on_step)
    run.resume()
    if progress:
        print(report(run, run.estimate()))
    result = run.run(progress, on_step)
    if not result.interrupted:
        run.forget()
    return result


def multi_scale(
    content: Picture,
    style: StylePictures,
    size: int = 512,
    strength: float = 3.0,
    brush: int | None = None,
    steps: int = 120,
    style_size: int | None = None,
    backbone: Backbone | None = None,
    checkpoint: str | Path | None = None,
    color: str = "artwork",
    scales: int | None = None,
    **settings: Any,
) -> MultiScale:
    """The run of `stylize`, before it starts; ``scales`` sizes, if given, in place of ``brush``."""
    check_count("size", size, least=1)
    if brush is not None:
        check_count("brush", brush, least=1)
    style_size = size if style_size is None else style_size
    check_count("style_size", style_size, least=1)
    check_choice("color", color, COLORS)
    style_weight, first_size = dial(strength)
    settings = {"style_weight": style_weight, **settings}
    check_weight("style_weight", settings["style_weight"])
    settings.setdefault("init", usual_start(settings["style_weight"]))
    settings.setdefault("statistic", STATISTIC)
    network = load_backbone() if backbone is None else backbone
    if not isinstance(network, Backbone):
        raise CourseError(f"backbone is a network of nst.load_backbone, not {shown(network)}.")
    settings["terms"] = as_terms(settings.get("terms", ()))
    layers = compared_layers(network, settings)
    compared = [*layers.values(), *(term.layers for term in settings["terms"])]
    smallest = network.smallest_side({name for weights in compared for name in weights} - {PIXELS})
    given = style if isinstance(style, Sequence) and not isinstance(style, str) else [style]
    sides = sides_of("content", content)
    plan = schedule(
        size,
        steps,
        min(first_size if brush is None else brush, size),
        scales,
        min(size, side_for(sides, smallest)),
    )
    of_artworks = [sides_of("style", s.image if isinstance(s, Style) else s) for s in given]
    checked = {**settings, **layers}
    check_fit(sides, of_artworks, size, style_size, plan[-1].steps, network, checked)
    photograph = load("content", content, size)
    artworks = as_styles(
        [
            replace(s, image=load("style", s.image, style_size, smallest))
            if isinstance(s, Style)
            else Style(load("style", s, style_size, smallest))
            for s in given
        ],
        photograph.device,
    )
    finish = finisher(color, photograph, artworks)
    photograph, artworks = prepared(color, photograph, artworks)
    if isinstance(settings["init"], Path):
        settings["init"] = load("init", settings["init"], size)
    if isinstance(settings["init"], Tensor) and color == "photograph":
        settings["init"] = gray(as_image("init", settings["init"]))

    def make(at: int, start: Tensor | None) -> StyleTransfer:
        small = scaled(photograph, at)
        # The artworks shrink with the image, but not to where the network cannot see them.
        side = max(min(style_size, LEAST_STYLE_SIZE), round(style_size * at / size))
        styles = [
            replace(s, image=scaled(s.image, max(side, side_for(s.image.shape[2:], smallest))))
            for s in artworks
        ]
        init = settings["init"] if start is None else enlarged(start, small.shape[2:])
        if start is None and isinstance(init, Tensor):
            init = resized(as_image("init", init), small.shape[2:])
        rest = uncovered(styles, (small.shape[2], small.shape[3]))
        if rest is not None:
            begin = starting_image(init, small, styles, settings.get("seed", 0))
            init = torch.lerp(begin, small, rest)
        return StyleTransfer(small, styles, network, **{**settings, "init": init})

    pictures = [photograph, settings["init"]]
    pictures += [part for s in artworks for part in (s.image, s.region, s.source_region)]
    identity: dict[str, Any] = {
        "color": color,
        "network": network.network,
        "pooling": network.pooling,
        "statistic": as_statistic(settings["statistic"]).name,
        "terms": [f"{term.name} {term.settings()}" for term in settings["terms"]],
        "pictures": [fingerprint(picture) for picture in pictures if isinstance(picture, Tensor)],
        "weights": [artwork.weight for artwork in artworks],
        "layers": [artwork.layers for artwork in artworks],
        **{name: value for name, value in settings.items() if isinstance(value, (int, float, str))},
        **{name: settings[name] for name in ("content_layers", "style_layers") if name in settings},
    }
    path = None if checkpoint is None else as_path(checkpoint)
    return MultiScale(make, plan, path, identity, finish)


def dial(strength: float) -> tuple[float, int]:
    """β and the first size in pixels for a strength from 1 to 5."""
    marks = list(STRENGTHS)
    for low, high in pairwise(marks):
        if isinstance(strength, Real) and low <= strength <= high:
            share = (strength - low) / (high - low)
            weight, side = (
                a ** (1 - share) * b**share
                for a, b in zip(STRENGTHS[low], STRENGTHS[high], strict=True)
            )
            return weight, round(side)
    given = shown(strength)
    raise CourseError(f"strength is a number from {marks[0]} to {marks[-1]}, not {given}.")


def usual_start(style_weight: float) -> str:
    """The initial image for a β with α = 1, by name."""
    return "recolored" if style_weight >= LEAST_RECOLORED else "content"


def compared_layers(network: Backbone, settings: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The layers that the content and the style are compared at, with their weights."""
    defaults = {"content_layers": CONTENT_LAYERS, "style_layers": STYLE_LAYERS}
    layers = {n: layer_weights(n, settings.get(n, default)) for n, default in defaults.items()}
    network.check([layer for weights in layers.values() for layer in weights])
    return layers


def sides_of(name: str, picture: Picture) -> tuple[int, int]:
    """The sides of a picture, in pixels, before it is scaled; of a file, the header is read."""
    if isinstance(picture, Tensor):
        height, width = as_image(name, picture).shape[2:]
        return height, width
    width, height = picture_size(find_image(picture))
    return height, width


def side_for(sides: Sequence[int], smallest: int) -> int:
    """The longer side at which the shorter side has this many pixels."""
    return math.ceil(smallest * max(sides) / min(sides))


def load(name: str, picture: Picture, size: int, smallest: int = 1) -> Tensor:
    """A picture given by name, path or tensor, with its longer side as long as ``size``.

    It is larger if its shorter side would have less than ``smallest`` pixels.
    """
    image = picture if isinstance(picture, Tensor) else load_image(picture, size)
    image = as_image(name, image)
    if min(scaled(image, size).shape[2:]) < smallest:
        whole = image if isinstance(picture, Tensor) else load_image(picture)
        size = side_for(whole.shape[2:], smallest)
        image = whole
    return scaled(image, size)


def fingerprint(image: Tensor) -> str:
    """The beginning of the SHA-256 of an image."""
    return hashlib.sha256(image.cpu().contiguous().numpy().tobytes()).hexdigest()[:12]


def report(run: MultiScale, forecast: Forecast) -> str:
    """One line: sizes, steps, device, time and memory of what is left."""
    sizes = ", ".join(str(scale.size) for scale in run.scales[:-1])
    steps = " + ".join(str(scale.steps) for scale in run.scales)
    return (
        f"{forecast.width}×{forecast.height} px{f' after {sizes}' if sizes else ''}, {steps} steps "
        f"on {describe_device(forecast.device)}{', in tiles' if forecast.tile else ''}: about "
        f"{readable_time(forecast.seconds)}{' more' if run.transfer else ''} and "
        f"{readable_bytes(forecast.bytes)} of memory."
    )
