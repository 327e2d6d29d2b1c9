"""Texture by histograms: noise whose bands get the histograms of a texture."""

import torch
from torch import Tensor

from ..checks import as_image, check_count, check_floats
from ..distributions import resampled
from ..errors import CourseError
from ..images.color import color_moments
from .pyramids import bands_of, from_bands, steerable_filters


def match_histogram(values: Tensor, target: Tensor) -> Tensor:
    """Values with the histogram of others: the smallest becomes their smallest, and so on.

    The order of the values stays as it is.

    Args:
        values: any shape.
        target: any shape; where it has another number of entries, its quantiles are used.

    Returns:
        The shape of ``values``.

    Raises:
        CourseError: one of the two is no tensor of floats, or is empty.
    """
    for name, tensor in {"values": values, "target": target}.items():
        check_floats(name, tensor)
        if tensor.numel() == 0:
            raise CourseError(f"{name} has no entries; a histogram needs at least one.")
    order = values.flatten().argsort()
    ranked = target.flatten().sort().values
    ranked = resampled(ranked[None, None], len(order))[0, 0]
    matched = torch.empty_like(ranked)
    matched[order] = ranked
    return matched.view(values.shape)


def heeger_bergen(
    texture: Tensor,
    size: int | None = None,
    iterations: int = 8,
    scales: int = 4,
    orientations: int = 4,
    seed: int = 0,
) -> Tensor:
    """A new texture with the histograms of a given one (Heeger and Bergen 1995).

    Noise takes in turn the histograms of the texture's bands in a steerable pyramid and those of
    its pixels. Colors are rotated first to axes along which they are uncorrelated, and each axis is
    a texture of its own. The result can be laid out like tiles.

    Args:
        texture: (1, 3, H, W), 0…1.
        size: side of the square result in pixels; by default the shape of the texture.
        iterations: how often all histograms are matched.
        scales, orientations: of the pyramid.
        seed: of the noise.

    Raises:
        CourseError: no image, or a number that cannot work.
    """
    texture = as_image("texture", texture).cpu()
    check_count("iterations", iterations, least=1)
    check_count("seed", seed)
    if size is not None:
        check_count("size", size, least=1)
    height, width = texture.shape[2:] if size is None else (size, size)
    mean, covariance = (moment.float() for moment in color_moments(texture))
    axes = torch.linalg.eigh(covariance).eigenvectors
    source = (axes.T @ (texture[0].flatten(1) - mean)).view_as(texture[0])
    targets = mirrored_bands(source, scales, orientations)

    filters = steerable_filters(height, width, scales, orientations)
    generator = torch.Generator().manual_seed(seed)
    image = by_channel(torch.randn((3, height, width), generator=generator), source)
    for _ in range(iterations):
        bands = bands_of(image, filters)
        bands = torch.stack(list(map(by_channel, bands, targets)))
        image = by_channel(from_bands(bands, filters), source)
    pixels = axes @ image.flatten(1) + mean
    return pixels.view(1, 3, height, width).clamp(0, 1)


def by_channel(image: Tensor, target: Tensor) -> Tensor:
    """An image (3, H, W) whose channels have the histograms of the channels of another."""
    return torch.stack(list(map(match_histogram, image, target)))


def mirrored_bands(image: Tensor, scales: int, orientations: int) -> Tensor:
    """The bands of an image (3, H, W) that is mirrored at its borders: (bands, 3, H, W).

    Periodic continuation would put a sharp edge there, which belongs to no texture.
    """
    height, width = image.shape[1:]
    whole = torch.cat([image, image.flip(1)], dim=1)
    whole = torch.cat([whole, whole.flip(2)], dim=2)
    filters = steerable_filters(2 * height, 2 * width, scales, orientations)
    return bands_of(whole, filters)[:, :, :height, :width]
