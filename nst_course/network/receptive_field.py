"""What part of the image one unit sees: by a recurrence, by a gradient, and how strongly."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import CourseError
from .vgg import Backbone, layer_names
from .weights import BLOCKS, conv_names

# Kernel, stride and padding of every kind of layer in a VGG (Simonyan and Zisserman 2014).
GEOMETRY = {"conv": (3, 1, 1), "relu": (1, 1, 0), "pool": (2, 2, 0)}


@dataclass(frozen=True)
class ReceptiveField:
    """The square of pixels that a unit of a layer can see.

    Attributes:
        layer: its name.
        size: side of the square, in pixels.
        jump: pixels between the squares of two neighbouring units; the stride of the layer.
        first_centre: centre of the square of unit (0, 0); the centre of the first pixel is 0.
    """

    layer: str
    size: int
    jump: int
    first_centre: float

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """The square of unit (row, column), so that ``image[..., top:bottom, left:right]`` is it.

        Returns:
            (top, left, bottom, right) in pixels; near a border they lie outside the image, where
            the unit sees padding.
        """
        half = (self.size - 1) / 2
        top = int(self.first_centre + row * self.jump - half)
        left = int(self.first_centre + column * self.jump - half)
        return top, left, top + self.size, left + self.size


def receptive_field(layer: str, network: str = "vgg16") -> ReceptiveField:
    """The receptive field of a layer, computed layer by layer from the image upwards.

        size ← size + (kernel − 1) · jump
        first centre ← first centre + ((kernel − 1)/2 − padding) · jump
        jump ← jump · stride

    Raises:
        CourseError: there is no such layer or network.
    """
    check_layer(layer, network)
    size, jump, first_centre = 1, 1, 0.0
    for name in layer_names(network):
        kernel, stride, padding = GEOMETRY[name[:4]]
        size += (kernel - 1) * jump
        first_centre += ((kernel - 1) / 2 - padding) * jump
        jump *= stride
        if name == layer:
            break
    return ReceptiveField(layer, size, jump, first_centre)


def plain_network(network: str = "vgg16") -> Backbone:
    """A VGG of the same geometry in which no gradient is lost: for measuring, not for seeing.

    One channel in every layer, equal positive weights, average pooling. A white image makes every
    activation positive, so each ReLU lets everything through.
    """
    if network not in BLOCKS:
        raise CourseError(f'There is no network "{network}"; choose "vgg16" or "vgg19".')
    parameters = {}
    for name in conv_names(network):
        inputs = 3 if name == "conv1_1" else 1
        parameters[f"{name}.weight"] = torch.full((1, inputs, 3, 3), 1 / (9 * inputs))
        parameters[f"{name}.bias"] = torch.zeros(1)
    return Backbone(network, parameters, pooling="avg")


def check_layer(layer: str, network: str) -> None:
    """Raise a CourseError that names what is possible if a layer or network does not exist."""
    plain_network(network).check([layer])


def measured_field(layer: str, network: str = "vgg16") -> ReceptiveField:
    """The receptive field of a layer, measured: which pixels does the gradient of one unit reach?

    A one-hot gradient at a unit is sent back through `plain_network`; the pixels where it arrives
    are the receptive field. Its neighbour's pixels give the jump.

    Raises:
        CourseError: there is no such layer or network.
    """
    check_layer(layer, network)
    measuring = plain_network(network)
    # The two units in the middle must see no border. Only the size of the image is taken from the
    # recurrence; were it too small, a field would end at the first or the last pixel.
    expected = receptive_field(layer, network)
    side = expected.size + 4 * expected.jump
    image = torch.ones(1, 3, side, side, requires_grad=True)
    units = measuring(image, [layer])[layer]
    row = units.shape[2] // 2

    def pixels_of(unit_row: int) -> tuple[int, int]:
        one_hot = torch.zeros_like(units)
        one_hot[0, 0, unit_row, row] = 1
        (gradient,) = torch.autograd.grad(units, image, one_hot, retain_graph=True)
        reached = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
        return int(reached[0]), int(reached[-1])

    first, last = pixels_of(row)
    jump = pixels_of(row + 1)[0] - first
    return ReceptiveField(layer, last - first + 1, jump, (first + last) / 2 - row * jump)


def effective_field(
    backbone: Backbone,
    layer: str,
    image: Tensor,
    position: tuple[int, int] | None = None,
    draws: int = 8,
    seed: int = 0,
) -> Tensor:
    """How strongly each pixel moves the units at one position: the effective receptive field.

    The size of ∂(unit)/∂(pixel), averaged (root mean square) over the channels of the layer and the
    colours of the pixel. Luo et al. 2016 show that it falls off like a Gaussian, so that a unit
    listens to the middle of its square and hardly to the corners.

    Args:
        backbone: the network.
        layer: name of the layer.
        image: (1, 3, H, W), 0…1. A unit whose square is larger than the image is fine: what hangs
            over the border is padding.
        position: (row, column) of the units; by default in the middle.
        draws: all channels are sent back at once with random signs, this many times; each draw
            makes the average over the channels more exact.
        seed: of the signs.

    Returns:
        (H, W), scaled so that the largest entry is 1.

    Raises:
        CourseError: there is no such layer or position.
    """
    pixels = image.detach().to(backbone.device).float().requires_grad_()
    units = backbone(pixels, [layer])[layer]
    rows, columns = units.shape[2:]
    row, column = position or (rows // 2, columns // 2)
    if not (0 <= row < rows and 0 <= column < columns):
        raise CourseError(
            f"{layer} has {rows} rows and {columns} columns of units for this image, "
            f"counted from 0, so there is no unit at {(row, column)}."
        )
    generator = torch.Generator().manual_seed(seed)
    energy = torch.zeros_like(pixels)
    for _ in range(draws):
        signs = torch.randint(0, 2, (units.shape[1],), generator=generator).to(units) * 2 - 1
        start = torch.zeros_like(units)
        start[0, :, row, column] = signs
        (gradient,) = torch.autograd.grad(units, pixels, start, retain_graph=True)
        energy += gradient.square()
    strength = energy.sum((0, 1)).sqrt().cpu()
    return strength / strength.max().clamp(min=torch.finfo(strength.dtype).tiny)


def spread(field: Tensor) -> float:
    """Standard deviation, in pixels, of a field seen as a distribution over the image.

    Args:
        field: (H, W), not negative, as `effective_field` returns it.

    The mean of the standard deviations along the two axes. For a Gaussian, 95 % of it along an
    axis lie within two of them on either side of the middle.
    """
    deviations = []
    for along in (field.sum(1), field.sum(0)):
        places = torch.arange(len(along), dtype=torch.float64)
        weights = along.double() / along.double().sum()
        mean = (weights * places).sum()
        deviations.append((weights * (places - mean).square()).sum().sqrt())
    return float(sum(deviations) / 2)
