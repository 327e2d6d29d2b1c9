"""The losses of neural style transfer, as functions of tensors.

Each loss is a mean over entries, not a sum. Its value therefore does not depend on the image size,
and one weight serves every size. The papers scale them differently: see `conventions`.
"""

import torch
from torch import Tensor

from .checks import check_features, check_floats, comparable, widened
from .errors import CourseError


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """The distance to the content image at one layer: the mean of (F − P)².

    Args:
        features: F, (1, C, H, W), of the generated image.
        target: P, the same shape, of the content image; a constant.

    Returns:
        A scalar. Gatys et al. 2016, eq. 1, is ½ Σ (F − P)², which is C·H·W / 2 times as large.

    Raises:
        CourseError: the shapes differ; PyTorch would otherwise broadcast.
    """
    features, target = comparable(features, target)
    return (features - target).square().mean()


def gram_matrix(features: Tensor) -> Tensor:
    """The uncentered correlation of the channels: G = F Fᵀ / (H·W), with F as a (C, H·W) matrix.

    Args:
        features: F, (B, C, H, W); each image of a batch has its own matrix.

    Returns:
        (B, C, C), symmetric and positive semidefinite. Entry (i, j) is the mean over all positions
        of channel i times channel j. Gatys et al. 2016, eq. 3, does not divide by H·W, so that G
        grows with the image there.

    Raises:
        CourseError: the features are no tensor of floats with four dimensions.
    """
    check_features("features", features)
    rows = widened(features).movedim(1, -1).flatten(1, 2)  # (B, H·W, C): Fᵀ, a row a position
    return torch.stack([row.T @ row for row in rows]) / rows.shape[1]


def style_loss(gram: Tensor, target_gram: Tensor) -> Tensor:
    """The distance to the style of the artwork at one layer: the mean of (G − A)² over C² entries.

    Args:
        gram: G, (1, C, C), of the generated image.
        target_gram: A, the same shape, of the artwork; a constant.

    Returns:
        A scalar, four times E_l of Gatys et al. 2016, eq. 4.

    Raises:
        CourseError: the shapes differ; PyTorch would otherwise broadcast.
    """
    gram, target_gram = comparable(gram, target_gram)
    return (gram - target_gram).square().mean()


def total_variation(image: Tensor) -> Tensor:
    """The roughness of an image: the mean squared difference of neighboring pixels.

    Args:
        image: (1, 3, H, W) with H and W at least 2.

    Returns:
        A scalar: the mean over vertical neighbors plus the mean over horizontal neighbors.
        Mahendran and Vedaldi 2015, eq. 6, with β = 2: unlike the form with absolute differences,
        it is differentiable everywhere.

    Raises:
        CourseError: the image has other dimensions, or is only one pixel high or wide.
    """
    check_floats("image", image)
    if image.dim() != 4 or min(image.shape[2:]) < 2:
        raise CourseError(
            "Total variation needs an image (1, 3, H, W) of at least 2×2 pixels, "
            f"not {tuple(image.shape)}."
        )
    image = widened(image)
    vertical = image[:, :, 1:, :] - image[:, :, :-1, :]
    horizontal = image[:, :, :, 1:] - image[:, :, :, :-1]
    return vertical.square().mean() + horizontal.square().mean()
