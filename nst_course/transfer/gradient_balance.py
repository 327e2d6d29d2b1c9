"""How hard each term of the objective pulls on the image, and weights for chosen shares."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import CourseError
from .style_transfer import StyleTransfer


def gradient_lengths(transfer: StyleTransfer, image: Tensor) -> dict[str, float]:
    """Euclidean length of the gradient of every term with respect to the image.

    Args:
        transfer: its layers are measured, its weights are left out.
        image: (1, 3, H, W), 0…1, of the content's size. Not the content itself: there the content
            loss is 0 and does not pull at all.

    Returns:
        ``"content"`` and every style layer → ‖∂L/∂image‖, of the loss without α, β or w_l.
    """
    image = image.detach().clone().requires_grad_()
    names = {"content": "content", **{layer: f"style/{layer}" for layer in transfer.style_layers}}
    losses = transfer.losses(image)
    lengths = {}
    for term, name in names.items():
        if transfer.tile is not None and lengths:  # in tiles, the way back can be gone only once
            losses = transfer.losses(image)
        (gradient,) = torch.autograd.grad(losses[name], image, retain_graph=True)
        lengths[term] = gradient.norm().item()
    return lengths


def weights_for_shares(
    shares: Mapping[str, float], lengths: Mapping[str, float]
) -> dict[str, float]:
    """Weights w_l that give every layer its share of the pull, for α = β = 1.

    Args:
        shares: ``"content"`` (above 0) and style layers → share; only their ratios count.
        lengths: as `gradient_lengths` returns them.

    Returns:
        Style layer → w_l = share_l / share_content · ‖∂L_content‖ / ‖∂E_l‖; layers whose share is
        0 are left out.

    Raises:
        CourseError: the content has no share, or a length is 0.
    """
    if shares["content"] <= 0:
        raise CourseError("The content needs a share above 0; the others are measured by it.")
    unmoved = [name for name, share in shares.items() if share > 0 and lengths[name] == 0]
    if unmoved:
        raise CourseError(f"{unmoved[0]} does not pull on this image at all; take another image.")
    unit = lengths["content"] / shares["content"]
    return {
        layer: share * unit / lengths[layer]
        for layer, share in shares.items()
        if layer != "content" and share > 0
    }
