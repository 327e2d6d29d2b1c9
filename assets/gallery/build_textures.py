"""Render the first picture of notebook 03: a painting and a wall, and textures made from them.

    python assets/gallery/build_textures.py        about three minutes on two cores

As in the notebook: the loss of every layer is divided by the mean of (A^l)², and the initial image
is faint noise.
"""

import torch
from strip import save_strip
from torch import Tensor

import nst_course as nst

SHARES = {"relu1_1": 1, "relu2_1": 1, "relu3_1": 1, "relu4_1": 1 / 4, "relu5_1": 1 / 16}
SIZES = {"village_street_in_auvers": 256, "brick": 208}
STEPS = 150


def texture(artwork: Tensor, backbone: nst.Backbone) -> Tensor:
    """An image with the Gram matrices of the artwork, optimized from noise."""
    with torch.no_grad():
        features = backbone(artwork, SHARES)
    weights = {
        layer: share / nst.gram_matrix(features[layer]).square().mean().item()
        for layer, share in SHARES.items()
    }
    noise = 0.45 + 0.1 * torch.rand(artwork.shape, generator=torch.Generator().manual_seed(0))
    transfer = nst.StyleTransfer(
        artwork,
        artwork,
        backbone,
        content_layers={},
        style_layers=weights,
        style_weight=1,
        init=noise,
    )
    return transfer.run(STEPS, progress=False).image


def main() -> None:
    backbone, pictures = nst.load_backbone(), []
    for name, size in SIZES.items():
        artwork = nst.load_image(name, size)
        pictures += [artwork, texture(artwork, backbone)]
    save_strip(pictures, 300, "textures.jpg")


if __name__ == "__main__":
    main()
