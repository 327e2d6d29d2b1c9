"""Give one picture the color distribution or the colors of another."""

import torch
from torch import Tensor

from ..checks import as_image, check_choice, renamed_names
from ..errors import CourseError

MIN_VARIANCE = 1e-4  # below it, a color direction is mostly noise, which whitening would amplify
LUMA = (0.299, 0.587, 0.114)  # shares of red, green and blue in Y of YIQ (ITU-R BT.601)
AT_ONCE = 2**20  # pixels that are converted to float64 together
ROOTS = ("symmetric", "cholesky")


def match_colors(
    image: Tensor,
    like: Tensor,
    root: str = "symmetric",
    region: Tensor | None = None,
    like_region: Tensor | None = None,
) -> Tensor:
    """Transform the colors linearly, so that their mean and covariance are those of another image.

        x ↦ A (x − μ_image) + μ_like        with    A Σ_image Aᵀ = Σ_like

    Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving color in neural artistic style
    transfer", section 4.1. Many A do this. The symmetric roots Σ_like^½ Σ_image^-½ mix the
    channels least; the Cholesky factors L_like L_image⁻¹ depend on the order of the channels.

    Args:
        image, like: (1, 3, H, W), 0…1; the sizes may differ.
        root: ``"symmetric"`` or ``"cholesky"``.
        region, like_region: the pixels whose colors count, (H, W) of the image, 0…1; all by
            default. Every pixel is transformed.

    Returns:
        (1, 3, H, W), the size of `image`; some values may lie outside 0…1.

    Raises:
        CourseError: no image, another root, or a region of another size or without pixels.
    """
    check_choice("root", root, ROOTS)
    image, like = as_image("image", image), as_image("like", like)
    mean, covariance = color_moments(image, region)
    target_mean, target_covariance = color_moments(like, like_region)
    # A gray picture has no variance in two directions: there nothing is to be amplified.
    covariance = with_least_variance(covariance, MIN_VARIANCE)
    if root == "symmetric":
        matrix = symmetric_power(target_covariance, 0.5) @ symmetric_power(covariance, -0.5)
    else:
        # Cholesky needs a matrix of full rank; 1e-10 is a thousandth of a level of 256.
        factors = torch.linalg.cholesky(with_least_variance(target_covariance, 1e-10))
        matrix = factors @ torch.linalg.inv(torch.linalg.cholesky(covariance))
    pixels = image[0].flatten(1)
    shift = (target_mean - matrix @ mean).to(pixels)
    return (matrix.to(pixels) @ pixels + shift).view_as(image)


def color_moments(image: Tensor, region: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean (3, 1) and covariance (3, 3) of the colors, in float64 on the CPU.

    Args:
        image: (1, 3, H, W).
        region: how much each pixel counts, (H, W) or (1, 1, H, W), 0…1.
    """
    pixels = image[0].flatten(1)
    weights = torch.ones_like(pixels[:1]) if region is None else region.reshape(1, -1)
    if weights.shape[1] != pixels.shape[1]:
        raise CourseError("The region of an image has its height and width.")
    first, second, total = torch.zeros(3, 1).double(), torch.zeros(3, 3).double(), 0.0
    for part, weight in zip(pixels.split(AT_ONCE, 1), weights.split(AT_ONCE, 1), strict=True):
        part, weight = part.cpu().double(), weight.cpu().double()
        first += (part * weight).sum(1, keepdim=True)
        second += (part * weight) @ part.T
        total += weight.sum().item()
    if not total:
        raise CourseError("The region is empty, so it has no colors; enlarge it.")
    mean = first / total
    return mean, second / total - mean @ mean.T


def symmetric_power(covariance: Tensor, exponent: float) -> Tensor:
    """A power of a symmetric matrix without negative eigenvalues: their powers, the same axes."""
    variances, axes = torch.linalg.eigh(covariance)
    return axes @ torch.diag(variances.clamp(min=0) ** exponent) @ axes.T


def with_least_variance(covariance: Tensor, least: float) -> Tensor:
    """The covariance with no variance below the least, along any axis."""
    variances, axes = torch.linalg.eigh(covariance)
    return axes @ torch.diag(variances.clamp(min=least)) @ axes.T


def luminance(image: Tensor) -> Tensor:
    """Y of YIQ, (1, 1, H, W): 0.299 R + 0.587 G + 0.114 B."""
    weights = torch.tensor(LUMA).to(image).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def gray(image: Tensor) -> Tensor:
    """The luminance of an image in all three channels, (1, 3, H, W)."""
    return luminance(image).expand(-1, 3, -1, -1).contiguous()


def with_luminance_of(image: Tensor, other: Tensor) -> Tensor:
    """The colors (I and Q of YIQ) of one image with the luminance Y of another.

    Y counts alike in red, green and blue. So the difference of the luminances is added to each of
    them (Gatys et al. 2016, section 4.2: luminance-only transfer).

    Args:
        image, other: (1, 3, H, W), of the same size.

    Returns:
        (1, 3, H, W); some values may lie outside 0…1.
    """
    return image + luminance(other) - luminance(image)


__getattr__ = renamed_names(__name__, match_colours="match_colors")
