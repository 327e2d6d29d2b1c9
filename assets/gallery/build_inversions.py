"""Render the first picture of notebook 02: a photograph, reconstructed from four layers.

    python assets/gallery/build_inversions.py        about a minute on two cores

As in the notebook: from faint noise, by minimizing the content loss of one layer.
"""

import torch
from strip import save_strip
from torch import Tensor

import nst_course as nst

LAYERS = ["relu2_2", "relu3_2", "relu4_2", "relu5_1"]
SIZE, STEPS = 192, 100  # as in the notebook


def invert(layer: str, content: Tensor, backbone: nst.Backbone) -> Tensor:
    """An image with the features of the photograph at this layer."""
    noise = 0.45 + 0.1 * torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    transfer = nst.StyleTransfer(
        content, content, backbone, content_layers=[layer], style_layers={}, init=noise
    )
    return transfer.run(STEPS, progress=False).image


def main() -> None:
    content, backbone = nst.load_image("cat", SIZE), nst.load_backbone()
    inverted = [invert(layer, content, backbone) for layer in LAYERS]
    save_strip([content, *inverted], 224, "02_inversions.jpg")


if __name__ == "__main__":
    main()
