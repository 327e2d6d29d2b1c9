"""The losses of neural style transfer, as pure functions of tensors.

Every loss is a mean over entries, never a sum, so its value does not depend on the image size and
one weight serves every size. The papers' own constants differ; the notebooks convert between them.
"""

import torch
from torch import Tensor


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """How far features are from those of the content image: the mean of (F − P)².

    Args:
        features: F, (1, C, H, W), of the image that is optimised.
        target: P, the same shape, of the content image; a constant.

    Returns:
        A scalar. Gatys et al. 2016, eq. 1, has ½ Σ (F − P)²: the same up to the factor C·H·W / 2.
    """
    return (features - target).square().mean()


def gram_matrix(features: Tensor) -> Tensor:
    """Which channels fire together: G = F Fᵀ / (H·W), with F as a (C, H·W) matrix.

    Args:
        features: (B, C, H, W); each image of a batch gets a matrix of its own.

    Returns:
        (B, C, C), symmetric and positive semi-definite. Entry (i, j) is the average over all
        positions of channel i times channel j. Gatys et al. 2016, eq. 3, leaves out the division
        by H·W, so that their G grows with the image.
    """
    rows = features.movedim(1, -1).flatten(1, 2)  # (B, H·W, C): Fᵀ, one row for each position
    return torch.stack([row.T @ row for row in rows]) / rows.shape[1]


def style_loss(gram: Tensor, target_gram: Tensor) -> Tensor:
    """How far one layer is from the style of the artwork: the mean of (G − A)² over C² entries.

    Args:
        gram: G, (1, C, C), of the image that is optimised.
        target_gram: A, the same shape, of the artwork; a constant.

    Returns:
        A scalar, four times E_l of Gatys et al. 2016, eq. 4.
    """
    return (gram - target_gram).square().mean()


def total_variation(image: Tensor) -> Tensor:
    """How much neighbouring pixels differ: the mean of their squared differences.

    Args:
        image: (1, 3, H, W) with H and W at least 2.

    Returns:
        A scalar: the mean over vertical neighbours plus the mean over horizontal ones. The
        squared form (Mahendran and Vedaldi 2015, eq. 6, with β = 2) has a gradient everywhere,
        the one with absolute differences has not.
    """
    vertical = image[:, :, 1:, :] - image[:, :, :-1, :]
    horizontal = image[:, :, :, 1:] - image[:, :, :, :-1]
    return vertical.square().mean() + horizontal.square().mean()
