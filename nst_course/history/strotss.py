"""STROTSS: style as a cloud of features to be covered, content as what resembles what.

Kolkin, Salavon and Shakhnarovich 2019.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_weight
from ..network.vgg import Backbone
from ..transfer.terms import Term
from ..transfer.tiles import Part, Whole
from .neighbors import COLUMN_LAYERS, hypercolumns, rows_of

POSITIONS = 24**2  # of each picture that are compared; the paper takes 1,024


def cosine_distances(rows: Tensor, others: Tensor) -> Tensor:
    """1 − cosine of each row (n, C) with each other one (m, C): (n, m), from 0 to 2."""
    return 1 - F.normalize(rows, dim=1, eps=1e-8) @ F.normalize(others, dim=1, eps=1e-8).T


def relaxed_emd(distances: Tensor) -> Tensor:
    """The relaxed earth mover's distance of two sets.

    Moving each point to its nearest neighbor in the other set costs no more than an optimal
    transport, which may use no point twice. The larger of the two directions is the bound.

    Args:
        distances: (n, m), of each point to each one of the other set.

    Returns:
        A scalar.
    """
    return torch.maximum(distances.amin(1).mean(), distances.amin(0).mean())


def self_similarity(rows: Tensor) -> Tensor:
    """Which places of a picture resemble which: (n, n), the distances, each column adding up to 1.

    Args:
        rows: features of the places, (n, C).
    """
    distances = cosine_distances(rows, rows)
    return distances / distances.sum(0, keepdim=True).clamp(min=1e-8)


def self_similarity_loss(rows: Tensor, target: Tensor) -> Tensor:
    """How differently the places of two pictures resemble each other.

    Args:
        rows: features of n places, (n, C).
        target: `self_similarity` of the same places of the content, (n, n).

    Returns:
        A scalar: the mean over columns of the sum of absolute differences, as in the authors'
        program; the paper divides by n once more.
    """
    return (self_similarity(rows) - target).abs().sum(0).mean()


def moment_loss(rows: Tensor, target: Tensor) -> Tensor:
    """How much the means and the covariances differ, in relation to those of the target.

    The paper takes the mean absolute differences as they are; the features of this network, whose
    input goes to 255, would make them outweigh all other losses.

    Args:
        rows, target: features, (n, C) and (m, C).
    """
    pairs = zip(moments(rows), moments(target), strict=True)
    parts = [(ours - theirs).abs().mean() / theirs.abs().mean() for ours, theirs in pairs]
    return torch.stack(parts).sum()


def moments(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The mean (C,) and the covariance (C, C) of rows (n, C)."""
    rest = rows - rows.mean(0)
    return rows.mean(0), rest.T @ rest / len(rows)


class Strotss(Term):
    """The loss of STROTSS: (α ℓ_C + ℓ_m + ℓ_r + ℓ_p/α) / (2 + α + 1/α).

    ℓ_C compares self-similarities with the content; ℓ_r is the relaxed earth mover's distance of
    hypercolumns to those of the artwork, ℓ_m compares their moments, and ℓ_p the colors.

    Args:
        content, style: (1, 3, H, W) and (1, 3, H', W'), 0…1.
        alpha: how much the content counts.
        weight: in the objective.
    """

    name = "strotss"
    mean_over_positions = False

    def __init__(self, content: Tensor, style: Tensor, alpha: float = 4.0, weight: float = 1.0):
        super().__init__(weight)
        check_weight("alpha", alpha)
        self.content, self.style = as_image("content", content), as_image("style", style)
        self.alpha = alpha
        self.keys: Tensor | None = None

    def settings(self) -> tuple:
        return (*super().settings(), self.alpha)

    def prepare(self, backbone: Backbone, tile: int | None) -> None:
        self.backbone = backbone
        if self.keys is None:
            with torch.no_grad():
                self.keys = self._places(self.style)
                self.similarity = self_similarity(self._places(self.content))

    def _places(self, image: Tensor) -> Tensor:
        """Hypercolumns of at most `POSITIONS` places, with the colors in front: (n, 3 + Σ C)."""
        columns = hypercolumns(self.backbone, image, COLUMN_LAYERS)
        colors = F.interpolate(image, columns.shape[2:], mode="bilinear", antialias=True)
        rows = rows_of(torch.cat([colors, columns], dim=1))
        stride = -(-len(rows) // POSITIONS)
        return rows[::stride]

    def measure(self, layer: str, features: Tensor, part: Part | Whole) -> Tensor:
        keys = self.keys
        assert keys is not None  # `prepare` has been called
        rows = self._places(features)
        content = self_similarity_loss(rows, self.similarity)
        style = relaxed_emd(cosine_distances(rows[:, 3:], keys[:, 3:]))
        style = style + moment_loss(rows[:, 3:], keys[:, 3:])
        colors = relaxed_emd(torch.cdist(rows[:, :3], keys[:, :3]))
        a = self.alpha
        return (a * content + style + colors / a) / (2 + a + 1 / a)
