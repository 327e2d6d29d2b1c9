"""Receptive fields: the pixels that a unit depends on, and how strongly it depends on them.

Three ways: the recurrence over kernels and strides, a measurement with the gradient, and the
effective receptive field of the trained network (Luo et al. 2016).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..checks import check_choice, explained, renamed_attribute
from ..errors import CourseError
from .vgg import Backbone, layer_names
from .weights import BLOCKS, conv_names

# Kernel, stride and padding of every kind of layer in a VGG (Simonyan and Zisserman 2014).
GEOMETRY = {"conv": (3, 1, 1), "relu": (1, 1, 0), "pool": (2, 2, 0)}


@dataclass(frozen=True)
class ReceptiveField:
    """The square of pixels that a unit of a layer depends on.

    Attributes:
        layer: its name.
        size: side of the square, in pixels.
        jump: distance between the squares of neighboring units, in pixels: the product of all
            strides up to the layer.
        first_center: center of the square of unit (0, 0); the center of the first pixel is 0.
    """

    layer: str
    size: int
    jump: int
    first_center: float

    first_centre = renamed_attribute("first_centre", "first_center")

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """The square of unit (row, column), so that ``image[..., top:bottom, left:right]`` is it.

        Returns:
            (top, left, bottom, right) in pixels. Near a border some lie outside the image, where
            the input of the unit is padding.
        """
        half = (self.size - 1) / 2
        top = int(self.first_center + row * self.jump - half)
        left = int(self.first_center + column * self.jump - half)
        return top, left, top + self.size, left + self.size


def receptive_field(layer: str, network: str = "vgg16") -> ReceptiveField:
    """The receptive field of a layer, by the recurrence from the image to the layer:

        size ← size + (kernel − 1) · jump
        first center ← first center + ((kernel − 1)/2 − padding) · jump
        jump ← jump · stride

    Raises:
        CourseError: there is no such layer or network.
    """
    check_layer(layer, network)
    size, jump, first_center = 1, 1, 0.0
    for name in layer_names(network):
        kernel, stride, padding = GEOMETRY[name[:4]]
        size += (kernel - 1) * jump
        first_center += ((kernel - 1) / 2 - padding) * jump
        jump *= stride
        if name == layer:
            break
    return ReceptiveField(layer, size, jump, first_center)


def plain_network(network: str = "vgg16") -> Backbone:
    """A network of the geometry of a VGG that blocks no gradient, for measuring receptive fields.

    Each layer has one channel and equal positive weights; pooling is average pooling. All
    activations of a white image are positive, so no ReLU blocks a gradient.

    Raises:
        CourseError: there is no such network.
    """
    check_choice("network", network, BLOCKS)
    parameters = {}
    for name in conv_names(network):
        inputs = 3 if name == "conv1_1" else 1
        parameters[f"{name}.weight"] = torch.full((1, inputs, 3, 3), 1 / (9 * inputs))
        parameters[f"{name}.bias"] = torch.zeros(1)
    return Backbone(network, parameters, pooling="avg")


def check_layer(layer: str, network: str) -> None:
    """Raise a CourseError that names the possible ones if a layer or network does not exist."""
    plain_network(network).check([layer])


def measured_receptive_field(layer: str, network: str = "vgg16") -> ReceptiveField:
    """The receptive field of a layer, measured: the pixels where the gradient of a unit is not 0.

    A one-hot gradient at a unit is propagated back through `plain_network`; the same for its
    neighbor gives the jump.

    Raises:
        CourseError: there is no such layer or network.
    """
    check_layer(layer, network)
    measuring = plain_network(network)
    # The fields of the two units in the middle must not reach the border. Only the size of the
    # image comes from the recurrence; if it were too small, a field would end at a border pixel.
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


@explained
def effective_receptive_field(
    backbone: Backbone,
    layer: str,
    image: Tensor,
    position: tuple[int, int] | None = None,
    draws: int = 8,
    seed: int = 0,
) -> Tensor:
    """The effective receptive field: how strongly the units at one position depend on each pixel.

    The root mean square of ∂(unit)/∂(pixel) over the channels of the layer and the colors of the
    pixel. Luo et al. 2016 show that it falls off like a Gaussian: a unit depends on the center of
    its receptive field, and hardly on the corners.

    Args:
        backbone: the network.
        layer: name of the layer.
        image: (1, 3, H, W), 0…1. It may be smaller than the receptive field, the rest of which is
            padding.
        position: (row, column) of the units; by default in the middle.
        draws: how many backward passes, each through all channels at once with random signs. More
            of them estimate the mean over the channels more precisely.
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


@explained
def spread(field: Tensor) -> float:
    """The standard deviation of a field as a distribution over the image, in pixels.

    Args:
        field: (H, W), not negative, as returned by `effective_receptive_field`.

    Returns:
        The mean of the standard deviations along the two axes. 95 % of a Gaussian along an axis
        lie within two standard deviations of its center.
    """
    deviations = []
    for marginal in (field.sum(1), field.sum(0)):
        positions = torch.arange(len(marginal), dtype=torch.float64)
        weights = marginal.double() / marginal.double().sum()
        mean = (weights * positions).sum()
        deviations.append((weights * (positions - mean).square()).sum().sqrt())
    return float(sum(deviations) / 2)
