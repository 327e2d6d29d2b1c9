"""How strongly each term of the objective pulls on the image, and weights that balance them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..device import with_gradients
from ..errors import CourseError
from .style_transfer import StyleTransfer


@with_gradients
def gradient_norms(transfer: StyleTransfer, image: Tensor) -> dict[str, float]:
    """Euclidean norm of the gradient of each term with respect to the image.

    Args:
        transfer: its layers are measured, its weights are left out.
        image: (1, 3, H, W), 0…1, of the content's size. Not the content itself: there the content
            loss is 0, and so is its gradient.

    Returns:
        ``"content"`` and every style layer → ‖∂L/∂image‖, of the loss without α, β or w_l.
    """
    image = image.detach().clone().requires_grad_()
    names = {"content": "content", **{layer: f"style/{layer}" for layer in transfer.style_layers}}
    losses = transfer.losses(image)
    norms: dict[str, float] = {}
    for term, name in names.items():
        if transfer.objective.tile is not None and norms:  # tiles allow one backward pass
            losses = transfer.losses(image)
        (gradient,) = torch.autograd.grad(losses[name], image, retain_graph=True)
        norms[term] = gradient.norm().item()
    return norms


def balanced_weights(shares: Mapping[str, float], norms: Mapping[str, float]) -> dict[str, float]:
    """Weights w_l that give the gradient of every layer its share of the sum, for α = β = 1.

    Args:
        shares: ``"content"`` (above 0) and style layers → share; only their ratios count.
        norms: as `gradient_norms` returns them.

    Returns:
        Style layer → w_l = share_l / share_content · ‖∂L_content‖ / ‖∂E_l‖; layers whose share is
        0 are left out.

    Raises:
        CourseError: the content has no share, or a norm is 0.
    """
    if shares["content"] <= 0:
        raise CourseError("The content needs a share above 0; the others are measured by it.")
    zero = [name for name, share in shares.items() if share > 0 and norms[name] == 0]
    if zero:
        raise CourseError(f"The gradient of {zero[0]} is 0 on this image; take another image.")
    unit = norms["content"] / shares["content"]
    return {
        layer: share * unit / norms[layer]
        for layer, share in shares.items()
        if layer != "content" and share > 0
    }
