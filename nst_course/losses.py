"""The losses of neural style transfer, as pure functions of tensors.

Every loss is a mean over entries, never a sum, so its value does not depend on the image size and
one weight serves every size. The papers' own constants differ; the notebooks convert between them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .errors import CourseError


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """How far features are from those of the content image: the mean of (F − P)².

    Args:
        features: F, (1, C, H, W), of the image that is optimised.
        target: P, the same shape, of the content image; a constant.

    Returns:
        A scalar. Gatys et al. 2016, eq. 1, has ½ Σ (F − P)²: the same up to the factor C·H·W / 2.

    Raises:
        CourseError: two shapes, which PyTorch would otherwise stretch over each other.
    """
    _check_same_shape(features, target)
    return (features - target).square().mean()


def gram_matrix(features: Tensor) -> Tensor:
    """Which channels fire together: G = F Fᵀ / (H·W), with F as a (C, H·W) matrix.

    Args:
        features: (B, C, H, W); each image of a batch gets a matrix of its own.

    Returns:
        (B, C, C), symmetric and positive semi-definite. Entry (i, j) is the average over all
        positions of channel i times channel j. Gatys et al. 2016, eq. 3, leaves out the division
        by H·W, so that their G grows with the image.

    Raises:
        CourseError: the features have another number of axes.
    """
    if features.dim() != 4:
        raise CourseError(f"Features have shape (B, C, H, W), not {tuple(features.shape)}.")
    rows = features.movedim(1, -1).flatten(1, 2)  # (B, H·W, C): Fᵀ, one row for each position
    return torch.stack([row.T @ row for row in rows]) / rows.shape[1]


def gram_in_float32(features: Tensor) -> Tensor:
    """`gram_matrix` for the loop: the same values, with two advantages.

    Its gradient takes one product of matrices instead of two, which PyTorch cannot know: both
    factors of F Fᵀ are the same. And the sums and the result are in float32 where the features are
    shorter: the style loss looks at the small difference of two Gram matrices, and their own error
    of 0.2 % in bfloat16 would hide it near the end of a run.
    """
    return _Gram.apply(features)


class _Gram(torch.autograd.Function):
    PART = 4096  # positions that are converted to float32 at once

    @staticmethod
    def forward(ctx, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        if channels_lie_together(features):
            matrix = features[0].movedim(0, -1).flatten(0, 1).T
        else:
            matrix = features[0].flatten(1)
        channels, positions = matrix.shape  # F
        if features.dtype not in (torch.bfloat16, torch.float16):
            return (matrix @ matrix.T / positions)[None]
        total = matrix.new_zeros((channels, channels), dtype=torch.float32)
        for part in matrix.split(_Gram.PART, dim=1):
            part = part.float()
            total.addmm_(part, part.T)
        return (total / positions)[None]

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        return gram_gradient(features, gradient, features[0, 0].numel())


def gram_gradient(features: Tensor, gradient: Tensor, positions: int) -> Tensor:
    """dL/dF = (D + Dᵀ) F / M, where dL/dG = D; a relative error of bfloat16 does no harm here.

    Args:
        features: F, (1, C, h, w), of all M positions or some of them.
        gradient: D, (1, C, C).
        positions: M, of the whole picture.
    """
    both = ((gradient + gradient.mT) / positions).to(features.dtype)
    if channels_lie_together(features):
        return (features.movedim(1, -1) @ both).movedim(-1, 1)
    return (both @ features.flatten(2)).view(features.shape)


def channels_lie_together(features: Tensor) -> bool:
    """Whether the order in memory is channels_last; the result of a product should keep it."""
    return features.stride(1) == 1


def style_loss(gram: Tensor, target_gram: Tensor) -> Tensor:
    """How far one layer is from the style of the artwork: the mean of (G − A)² over C² entries.

    Args:
        gram: G, (1, C, C), of the image that is optimised.
        target_gram: A, the same shape, of the artwork; a constant.

    Returns:
        A scalar, four times E_l of Gatys et al. 2016, eq. 4.

    Raises:
        CourseError: two shapes, which PyTorch would otherwise stretch over each other.
    """
    _check_same_shape(gram, target_gram)
    return (gram - target_gram).square().mean()


def total_variation(image: Tensor) -> Tensor:
    """How much neighbouring pixels differ: the mean of their squared differences.

    Args:
        image: (1, 3, H, W) with H and W at least 2.

    Returns:
        A scalar: the mean over vertical neighbours plus the mean over horizontal ones. The
        squared form (Mahendran and Vedaldi 2015, eq. 6, with β = 2) has a gradient everywhere,
        the one with absolute differences has not.

    Raises:
        CourseError: a picture that is only one pixel high or wide.
    """
    if image.dim() != 4 or min(image.shape[2:]) < 2:
        raise CourseError(
            "Total variation needs a picture (1, 3, H, W) of at least 2×2 pixels, "
            f"not {tuple(image.shape)}."
        )
    vertical = image[:, :, 1:, :] - image[:, :, :-1, :]
    horizontal = image[:, :, :, 1:] - image[:, :, :, :-1]
    return vertical.square().mean() + horizontal.square().mean()


# ---------------------------------------------------------------- the conventions of the literature
#
# Everybody measures the same difference and divides it by something else. Each function below
# follows one source to the letter, from features to loss; `factor` of its table entry says how many
# times the course's own loss it is. Those of raw Gram matrices take features of one shape only:
# such a matrix grows with the picture, so the constants presuppose pictures of the same size.


def raw_gram_matrix(features: Tensor) -> Tensor:
    """G = F Fᵀ, divided by nothing (Gatys et al. 2016, eq. 3): (1, C, H, W) → (1, C, C)."""
    rows = features.flatten(2)
    return rows @ rows.mT


def style_loss_gram_over_hw(features: Tensor, style_features: Tensor) -> Tensor:
    """F Fᵀ / (H·W), then the mean over C² entries: this course.

    The same: Gatys' own PyTorch code (2017), TensorFlow's tutorial (2018).
    """
    return style_loss(gram_matrix(features), gram_matrix(style_features))


def style_loss_gatys_2016(features: Tensor, style_features: Tensor) -> Tensor:
    """E_l = 1 / (4 N² M²) · Σ (G − A)² of raw Gram matrices: Gatys et al. 2015, and 2016, eq. 4."""
    channels, positions = _sizes(features, style_features)
    difference = raw_gram_matrix(features) - raw_gram_matrix(style_features)
    return difference.square().sum() / (4 * channels**2 * positions**2)


def style_loss_coursera_2017(features: Tensor, style_features: Tensor) -> Tensor:
    """‖G − A‖² / (2·H·W·C)² of raw Gram matrices: Ng's Coursera course 2017."""
    channels, positions = _sizes(features, style_features)
    difference = raw_gram_matrix(features) - raw_gram_matrix(style_features)
    return difference.square().sum() / (2 * positions * channels) ** 2


def style_loss_johnson_2016(features: Tensor, style_features: Tensor) -> Tensor:
    """Σ (G − A)² with F Fᵀ / (C·H·W): Johnson et al. 2016, eq. 3 and 4; Stanford's CS231n."""
    channels, positions = _sizes(features, style_features)
    difference = raw_gram_matrix(features) - raw_gram_matrix(style_features)
    return (difference / (channels * positions)).square().sum()


def style_loss_neural_style_2015(features: Tensor, style_features: Tensor) -> Tensor:
    """F Fᵀ / (C·H·W), then the mean over C² entries: jcjohnson/neural-style 2015.

    The same: PyTorch's tutorial (2017), Dive into Deep Learning.
    """
    channels, positions = _sizes(features, style_features)
    difference = raw_gram_matrix(features) - raw_gram_matrix(style_features)
    return (difference / (channels * positions)).square().mean()


def style_loss_notes_2022(features: Tensor, style_features: Tensor) -> Tensor:
    """¼ × C² × (H·W)² × Σ (G − A)² of raw Gram matrices: printed so in a note of 2022.

    It multiplies where Gatys et al. 2016, eq. 4, divide. Kept as printed: notebook 03 lets the
    student find out what is wrong with it.
    """
    channels, positions = _sizes(features, style_features)
    difference = raw_gram_matrix(features) - raw_gram_matrix(style_features)
    return 1 / 4 * channels**2 * positions**2 * difference.square().sum()


def content_loss_gatys_2016(features: Tensor, target: Tensor) -> Tensor:
    """½ Σ (F − P)²: Gatys et al. 2015, and 2016, eq. 1."""
    return (features - target).square().sum() / 2


def content_loss_cs231n(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)²: Stanford's CS231n."""
    return (features - target).square().sum()


def content_loss_coursera_2017(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)² / (4·H·W·C): Ng's Coursera course 2017."""
    return (features - target).square().sum() / (4 * features[0].numel())


@dataclass(frozen=True)
class Convention:
    """One way to write a loss.

    Attributes:
        loss: features and target features, both (1, C, H, W) → a scalar.
        formula: as the source writes it, in the paper's letters: N = C, M = H·W.
        sources: who writes it so, with years.
        factor: (C, H·W) → how many times the course's own loss this one is.
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    formula: str
    sources: str
    factor: Callable[[int, int], float]


CONVENTIONS = {
    "course": Convention(
        style_loss_gram_over_hw,
        "1/N² Σ (G − A)²,  G = F Fᵀ / M",
        "Notes on Neural Style Transfer; Gatys' PyTorch code 2017; TensorFlow tutorial 2018",
        lambda channels, positions: 1,
    ),
    "gatys_2016": Convention(
        style_loss_gatys_2016,
        "1/(4 N² M²) Σ (G − A)²,  G = F Fᵀ",
        "Gatys, Ecker and Bethge 2015, 2016; the chapter Style transfer",
        lambda channels, positions: 1 / 4,
    ),
    "coursera_2017": Convention(
        style_loss_coursera_2017,
        "1/(2 M N)² ‖G − A‖²,  G = F Fᵀ",
        "Ng's Coursera course 2017; the notes on that course",
        lambda channels, positions: 1 / 4,
    ),
    "johnson_2016": Convention(
        style_loss_johnson_2016,
        "‖G − A‖²,  G = F Fᵀ / (N M)",
        "Johnson, Alahi and Fei-Fei 2016; CS231n",
        lambda channels, positions: 1,
    ),
    "neural_style_2015": Convention(
        style_loss_neural_style_2015,
        "1/N² Σ (G − A)²,  G = F Fᵀ / (N M)",
        "jcjohnson/neural-style 2015; PyTorch tutorial 2017; Dive into Deep Learning",
        lambda channels, positions: 1 / channels**2,
    ),
    "notes_2022": Convention(
        style_loss_notes_2022,
        "1/4 × N² × M² Σ (G − A)²,  G = F Fᵀ",
        "Neural Style Transfer, notes of June 2022",
        lambda channels, positions: channels**4 * positions**4 / 4,
    ),
}

CONTENT_CONVENTIONS = {
    "course": Convention(
        content_loss,
        "1/(N M) Σ (F − P)²",
        "Gatys' PyTorch code 2017; neural-style 2015; PyTorch tutorial 2017",
        lambda channels, positions: 1,
    ),
    "gatys_2016": Convention(
        content_loss_gatys_2016,
        "½ Σ (F − P)²",
        "Gatys, Ecker and Bethge 2015, 2016",
        lambda channels, positions: channels * positions / 2,
    ),
    "cs231n": Convention(
        content_loss_cs231n,
        "Σ (F − P)²",
        "Stanford's CS231n",
        lambda channels, positions: channels * positions,
    ),
    "coursera_2017": Convention(
        content_loss_coursera_2017,
        "1/(4 N M) Σ (F − P)²",
        "Ng's Coursera course 2017",
        lambda channels, positions: 1 / 4,
    ),
}


def convert_weight(weight: float, source: str, target: str, channels: int, positions: int) -> float:
    """The style weight in ``target`` that pulls as hard as ``weight`` does in ``source``.

    Args:
        weight: of one layer's style loss.
        source, target: names in `CONVENTIONS`.
        channels: C of the layer.
        positions: H·W of the layer.
    """
    for name in (source, target):
        if name not in CONVENTIONS:
            raise CourseError(
                f"There is no convention {name!r}; choose one of {', '.join(CONVENTIONS)}."
            )
    factors = [CONVENTIONS[name].factor(channels, positions) for name in (source, target)]
    return weight * factors[0] / factors[1]


def _check_same_shape(values: Tensor, target: Tensor) -> None:
    if values.shape != target.shape:
        raise CourseError(
            f"The two have the shapes {tuple(values.shape)} and {tuple(target.shape)}; "
            "a loss compares tensors of one shape."
        )


def _sizes(features: Tensor, style_features: Tensor) -> tuple[int, int]:
    """N = C and M = H·W, the same for both."""
    if features.shape != style_features.shape or len(features) != 1:
        raise CourseError(
            "This convention compares features (1, C, H, W) of two pictures of the same size, and "
            f"these have the shapes {tuple(features.shape)} and {tuple(style_features.shape)}; "
            "load both pictures at the same size."
        )
    return features.shape[1], features.shape[2] * features.shape[3]
