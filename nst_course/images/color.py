"""Give one picture the color distribution of another."""

import torch
from torch import Tensor

from ..checks import renamed_names

MIN_VARIANCE = 1e-4  # below it, a color direction is mostly noise, which whitening would amplify


def match_colors(image: Tensor, like: Tensor) -> Tensor:
    """Transform the colors linearly, so that their mean and covariance are those of another image.

        x ↦ Σ_like^½ Σ_image^-½ (x − μ_image) + μ_like

    Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving color in neural artistic style
    transfer", the variant with symmetric square roots.

    Args:
        image, like: (1, 3, H, W), 0…1; the sizes may differ.

    Returns:
        (1, 3, H, W), the size of `image`; some values may lie outside 0…1.
    """
    mean, std, axes = _statistics(image)
    target_mean, target_std, target_axes = _statistics(like)
    whiten = axes @ torch.diag(1 / std) @ axes.T
    color = target_axes @ torch.diag(target_std) @ target_axes.T
    pixels = image[0].flatten(1)
    return (color @ whiten @ (pixels - mean) + target_mean).view_as(image)


def _statistics(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (3, 1), standard deviations (3,) along the principal axes, and the axes (3, 3)."""
    pixels = image[0].flatten(1)
    mean = pixels.mean(1, keepdim=True)
    covariance = (pixels - mean) @ (pixels - mean).T / pixels.shape[1]
    variances, axes = torch.linalg.eigh(covariance.cpu())  # not in every version for Apple's GPUs
    variances, axes = variances.to(image.device), axes.to(image.device)
    return mean, variances.clamp(min=MIN_VARIANCE).sqrt(), axes


__getattr__ = renamed_names(__name__, match_colours="match_colors")
