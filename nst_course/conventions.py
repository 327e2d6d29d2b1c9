"""The losses as the literature writes them, and how to convert a weight between them.

All measure the same difference and divide it by something else. Each function below follows one
source to the letter, from features to loss; the `factor` of its table entry is its ratio to the
course's own loss. Raw Gram matrices grow with the image, so the conventions that use them compare
images of the same size only. Notebook 03 uses this module.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .checks import explained, shown
from .errors import CourseError
from .losses import content_loss, gram_matrix, style_loss


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

    It multiplies where Gatys et al. 2016, eq. 4, divide. Kept as printed: finding the mistake is an
    exercise of notebook 03.
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
        formula: as in the source, in the notation of Gatys et al. 2016: N = C, M = H·W.
        sources: the papers and programs that use it, with years.
        factor: (C, H·W) → this loss divided by the course's own.
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


@explained
def convert_weight(weight: float, source: str, target: str, channels: int, positions: int) -> float:
    """The style weight in ``target`` that has the same effect as ``weight`` in ``source``.

    Args:
        weight: of the style loss of one layer.
        source, target: names in `CONVENTIONS`.
        channels: C of the layer.
        positions: H·W of the layer.

    Returns:
        The weight for which weight · loss, and so its gradient, is the same in both conventions.

    Raises:
        CourseError: there is no such convention.
    """
    for name in (source, target):
        if name not in CONVENTIONS:
            raise CourseError(
                f"There is no convention {shown(name)}; choose one of {', '.join(CONVENTIONS)}."
            )
    factors = [CONVENTIONS[name].factor(channels, positions) for name in (source, target)]
    return weight * factors[0] / factors[1]


def _sizes(features: Tensor, style_features: Tensor) -> tuple[int, int]:
    """N = C and M = H·W, which must be the same for both."""
    if features.shape != style_features.shape or len(features) != 1:
        raise CourseError(
            "This convention compares features (1, C, H, W) of two images of the same size, and "
            f"these have the shapes {tuple(features.shape)} and {tuple(style_features.shape)}; "
            "load both images at the same size."
        )
    return features.shape[1], features.shape[2] * features.shape[3]
