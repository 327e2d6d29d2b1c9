"""The colours of one picture on another."""

import torch
from torch import Tensor

LEAST_VARIANCE = 1e-4  # of a colour; the noise of a picture that has less is not blown up


def match_colours(image: Tensor, like: Tensor) -> Tensor:
    """The image, its colours mixed so that their mean and covariance are those of another.

        x ↦ Σ_like^½ Σ_image^-½ (x − μ_image) + μ_like

    Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving color in neural artistic style
    transfer", whose second variant takes these square roots.

    Args:
        image, like: (1, 3, H, W), 0…1; the sizes may differ.

    Returns:
        (1, 3, H, W) of the image's size; some values may lie outside 0…1.
    """
    (mean, spread, vectors), (goal_mean, goal_spread, goal_vectors) = map(
        _statistics, (image, like)
    )
    whiten = vectors @ torch.diag(1 / spread) @ vectors.T
    dye = goal_vectors @ torch.diag(goal_spread) @ goal_vectors.T
    pixels = image[0].flatten(1)
    return (dye @ whiten @ (pixels - mean) + goal_mean).view_as(image)


def _statistics(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (3, 1), standard deviations (3,) along the main colour axes, and these axes (3, 3)."""
    pixels = image[0].flatten(1)
    mean = pixels.mean(1, keepdim=True)
    covariance = (pixels - mean) @ (pixels - mean).T / pixels.shape[1]
    variances, vectors = torch.linalg.eigh(covariance.cpu())  # Apple's GPUs learnt it late
    variances, vectors = variances.to(image.device), vectors.to(image.device)
    return mean, variances.clamp(min=LEAST_VARIANCE).sqrt(), vectors
