"""The patches of real pictures with the highest activation of a channel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_count, explained, renamed_attribute, shown
from ..errors import CourseError
from ..images.io import bundled_images, load_image, scaled
from ..network.receptive_field import receptive_field
from ..network.vgg import Backbone

SIZES = (96, 160, 256, 384)
OUTSIDE = 0.5  # the gray value of the part of a patch that is outside its picture


@dataclass(frozen=True)
class Patch:
    """The receptive field in one picture where the activation of a channel is highest.

    Attributes:
        picture: name of the picture.
        activation: of the channel there.
        whole: the picture at the scale with the highest activation, (1, 3, H, W).
        box: (top, left, bottom, right) of the receptive field, in pixels of `whole`; it may extend
            beyond the picture.
    """

    picture: str
    activation: float
    whole: Tensor = field(repr=False)
    box: tuple[int, int, int, int]

    @property
    def image(self) -> Tensor:
        """The receptive field, (1, 3, size, size); the part outside the picture is gray."""
        top, left, bottom, right = self.box
        height, width = self.whole.shape[2:]
        padding = (max(0, -left), max(0, right - width), max(0, -top), max(0, bottom - height))
        inside = self.whole[:, :, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        return F.pad(inside, padding, value=OUTSIDE)

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) of the part of `image` that is inside the picture."""
        top, left, bottom, right = self.box
        height, width = self.whole.shape[2:]
        return max(0, -top), max(0, -left), min(bottom, height) - top, min(right, width) - left


class PatchSearch:
    """The maximum of every channel on each of many pictures, from one pass over them.

    Each picture runs through the network once at each scale, for all layers together. A channel
    gets one patch from each picture, at the scale and position of its highest activation, so nine
    patches come from nine pictures (as in the toolbox of Yosinski et al. 2015). Among equal
    activations the first position on the smallest copy counts; the patch of a channel that is
    inactive on a whole picture, with activation 0, therefore means nothing.

    Args:
        backbone: the network.
        layers: names of the layers to search.
        images: name → (1, 3, H, W), 0…1; every bundled picture by default.
        sizes: longer sides, in pixels, to which each picture is scaled. A picture is never
            enlarged: a size above its own means its own.

    Attributes:
        pictures: the names of the pictures.

    Raises:
        CourseError: a layer does not exist, or a picture is too small for it.
    """

    @explained
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
        # For each picture and channel: the activation, and the copy, row and column of its maximum.
        self._peaks = {
            layer: torch.full((len(images), backbone.channels(layer), 4), -torch.inf)
            for layer in self.layers
        }
        with torch.no_grad():
            for picture, copies in enumerate(self._copies):
                for number, copy in enumerate(copies):
                    for layer, features in backbone(copy, self.layers).items():
                        self._update(self._peaks[layer][picture], number, features[0].float().cpu())

    @staticmethod
    def _update(peaks: Tensor, number: int, features: Tensor) -> None:
        """Write the maximum of each channel of (C, H, W) into (C, 4) where it is a new maximum."""
        values, positions = features.flatten(1).max(1)
        width = features.shape[2]
        copy = torch.full_like(values, number)
        found = torch.stack([values, copy, positions // width, positions % width], dim=1)
        higher = values > peaks[:, 0]
        peaks[higher] = found[higher]

    def top(self, layer: str, channel: int, count: int = 9) -> list[Patch]:
        """The patches with the highest activations of a channel, in descending order.

        Args:
            layer: one of the layers that were searched.
            channel: counted from 0.
            count: number of patches; fewer if there are fewer pictures.

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

    def max_activations(self, layer: str) -> Tensor:
        """The highest activation of every channel of a layer on any of the pictures, (C,)."""
        self._check_searched(layer)
        return self._peaks[layer][:, :, 0].amax(0)

    strongest = renamed_attribute("strongest", "max_activations")

    def _check_searched(self, layer: str) -> None:
        if layer not in self.layers:
            self.backbone.check([layer])
            raise CourseError(
                f"{layer} was not searched, only {', '.join(self.layers)}; "
                "add it to the layers of the PatchSearch."
            )


def at_sizes(image: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Copies of an image (1, 3, H, W) with these longer sides, ascending, none enlarged."""
    own = max(image.shape[2:])
    return [scaled(image, side) for side in sorted({min(size, own) for size in sizes})]


def check_channels(backbone: Backbone, layer: str, channels: Iterable[int]) -> None:
    """Raise a CourseError that lists what exists if the layer or a channel does not."""
    if not isinstance(backbone, Backbone):
        raise CourseError(f"backbone is a network of nst.load_backbone, not {shown(backbone)}.")
    count = backbone.channels(layer)
    for channel in channels:
        if (
            isinstance(channel, bool)
            or not isinstance(channel, Integral)
            or not 0 <= channel < count
        ):
            raise CourseError(f"{layer} has channels 0 to {count - 1}, not {channel!r}.")
