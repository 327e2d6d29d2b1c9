"""The pieces of real pictures that excite a unit most."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_count
from ..errors import CourseError
from ..images.io import bundled_images, load_image, resized
from ..network.receptive_field import receptive_field
from ..network.vgg import Backbone

SIZES = (96, 160, 256, 384)
BEYOND = 0.5  # the grey that stands for what lies outside a picture


@dataclass(frozen=True)
class Patch:
    """The place in one picture that excites a unit most.

    Attributes:
        picture: name of the picture.
        activation: of the unit there.
        whole: the picture at the scale at which it was found, (1, 3, H, W).
        box: (top, left, bottom, right) of the receptive field in `whole`; it may hang over.
    """

    picture: str
    activation: float
    whole: Tensor = field(repr=False)
    box: tuple[int, int, int, int]

    @property
    def image(self) -> Tensor:
        """The receptive field, (1, 3, size, size); what hangs over the picture is grey."""
        top, left, bottom, right = self.box
        height, width = self.whole.shape[2:]
        beyond = (max(0, -left), max(0, right - width), max(0, -top), max(0, bottom - height))
        inside = self.whole[:, :, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        return F.pad(inside, beyond, value=BEYOND)

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) of the part of `image` that is picture and not overhang."""
        top, left, bottom, right = self.box
        height, width = self.whole.shape[2:]
        return (
            max(0, -top),
            max(0, -left),
            min(bottom, height) - top,
            min(right, width) - left,
        )


class PatchSearch:
    """Looks once at many pictures and remembers, for every channel, where each excited it most.

    One forward pass a picture and scale serves every layer. A picture gives at most one patch to a
    unit, from the scale and place with the highest activation, so that nine patches come from nine
    pictures (as in the toolbox of Yosinski et al. 2015). Of places with equal activation the first
    counts, on the smallest copy; so a unit that is silent on a whole picture has activation 0 there
    and a patch that means nothing.

    Args:
        backbone: the network.
        layers: names of the layers that will be asked about.
        images: name → (1, 3, H, W), 0…1; by default every bundled picture.
        sizes: longer sides, in pixels, at which each picture is looked at. A picture is never
            enlarged; a size beyond its own means its own.

    Raises:
        CourseError: a layer does not exist, or a picture is too small to reach it.
    """

    def __init__(
        self,
        backbone: Backbone,
        layers: Iterable[str],
        images: Mapping[str, Tensor] | None = None,
        sizes: Sequence[int] = SIZES,
    ):
        self.backbone = backbone
        self.layers = [layers] if isinstance(layers, str) else list(layers)
        backbone.check(self.layers)
        for size in sizes:
            check_count("size", size, least=1)
        images = images or {name: load_image(name) for name in bundled_images()}
        self.pictures = list(images)
        self._copies = [at_sizes(as_image(name, image), sizes) for name, image in images.items()]
        # For each picture and channel: the activation, and the copy, row and column it is from.
        self._peaks = {
            layer: torch.full((len(images), backbone.channels(layer), 4), -torch.inf)
            for layer in self.layers
        }
        with torch.no_grad():
            for picture, copies in enumerate(self._copies):
                for number, copy in enumerate(copies):
                    for layer, features in backbone(copy, self.layers).items():
                        self._note(self._peaks[layer][picture], number, features[0].float().cpu())

    @staticmethod
    def _note(peaks: Tensor, number: int, features: Tensor) -> None:
        """Write the arg max of each channel of (C, H, W) into (C, 4) where it is a new record."""
        values, places = features.flatten(1).max(1)
        width = features.shape[2]
        copy = torch.full_like(values, number)
        found = torch.stack([values, copy, places // width, places % width], dim=1)
        record = values > peaks[:, 0]
        peaks[record] = found[record]

    def top(self, layer: str, channel: int, count: int = 9) -> list[Patch]:
        """The patches that excite a channel most, the strongest first, each from another picture.

        Args:
            layer: one of the layers that were searched.
            channel: counted from 0.
            count: how many; fewer come back where there are fewer pictures.

        Raises:
            CourseError: the layer was not searched, or has no such channel.
        """
        self._check_searched(layer)
        check_channels(self.backbone, layer, [channel])
        geometry = receptive_field(layer, self.backbone.network)
        patches = []
        for picture, copies, peaks in zip(
            self.pictures, self._copies, self._peaks[layer], strict=True
        ):
            activation, number, row, column = peaks[channel].tolist()
            box = geometry.box(int(row), int(column))
            patches.append(Patch(picture, activation, copies[int(number)], box))
        return sorted(patches, key=lambda patch: -patch.activation)[:count]

    def strongest(self, layer: str) -> Tensor:
        """The highest activation of every channel of a layer on any of the pictures, (C,)."""
        self._check_searched(layer)
        return self._peaks[layer][:, :, 0].amax(0)

    def _check_searched(self, layer: str) -> None:
        if layer not in self.layers:
            self.backbone.check([layer])
            raise CourseError(
                f"{layer} was not part of this search, which covers {', '.join(self.layers)}; "
                "name it when you make the PatchSearch."
            )


def at_sizes(image: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Copies of an image (1, 3, H, W) with these longer sides, small to large, none enlarged."""
    own = max(image.shape[2:])
    return [scaled(image, side) for side in sorted({min(size, own) for size in sizes})]


def scaled(image: Tensor, longer_side: int) -> Tensor:
    """An image (1, 3, H, W) reduced so that its longer side has so many pixels."""
    factor = longer_side / max(image.shape[2:])
    if factor == 1:
        return image
    size = [max(1, round(side * factor)) for side in image.shape[2:]]
    return resized(image, size)


def check_channels(backbone: Backbone, layer: str, channels: Iterable[int]) -> None:
    """Raise a CourseError that names what is possible if a layer or channel does not exist."""
    count = backbone.channels(layer)
    for channel in channels:
        if (
            isinstance(channel, bool)
            or not isinstance(channel, Integral)
            or not 0 <= channel < count
        ):
            raise CourseError(f"{layer} has channels 0 to {count - 1}, not {channel!r}.")
