"""The Gram matrix that the loop uses: the values of `losses.gram_matrix`, computed faster."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

POSITIONS_AT_ONCE = 4096  # that are converted from 16 bits to float32 together


def fast_gram_matrix(features: Tensor) -> Tensor:
    """G = F Fᵀ / (H·W) with a cheaper gradient, and in float32 for features in 16 bits.

    Both factors of F Fᵀ are the same, which PyTorch cannot know: the gradient here takes one matrix
    product instead of two. The style loss is the small difference of two Gram matrices. Near the
    end of a run, an error of 0.2 % in them, that of bfloat16, would hide it.

    Args:
        features: F, (1, C, H, W).

    Returns:
        (1, C, C), float32 if the features are float16 or bfloat16, else of their type.
    """
    return _Gram.apply(features)


class _Gram(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        if is_channels_last(features):
            matrix = features[0].movedim(0, -1).flatten(0, 1).T
        else:
            matrix = features[0].flatten(1)
        channels, positions = matrix.shape  # F
        if features.dtype not in (torch.bfloat16, torch.float16):
            return (matrix @ matrix.T / positions)[None]
        total = matrix.new_zeros((channels, channels), dtype=torch.float32)
        for part in matrix.split(POSITIONS_AT_ONCE, dim=1):
            part = part.float()
            total.addmm_(part, part.T)
        return (total / positions)[None]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        return gram_gradient(features, gradient, features[0, 0].numel())


def gram_gradient(features: Tensor, gradient: Tensor, positions: int) -> Tensor:
    """dL/dF = (D + Dᵀ) F / M, where dL/dG = D; the rounding error of 16 bits does no harm here.

    Args:
        features: F, (1, C, h, w), at all M positions or at some of them.
        gradient: D, (1, C, C).
        positions: M, of the whole image.

    Returns:
        (1, C, h, w), of the type of the features.
    """
    both = ((gradient + gradient.mT) / positions).to(features.dtype)
    if is_channels_last(features):
        return (features.movedim(1, -1) @ both).movedim(-1, 1)
    return (both @ features.flatten(2)).view(features.shape)


def is_channels_last(features: Tensor) -> bool:
    """Whether the channels of a position lie next to each other in memory; products keep that."""
    return features.stride(1) == 1
