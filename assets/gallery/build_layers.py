"""Render the first picture of notebook 04: the style of one layer at a time.

    python assets/gallery/build_layers.py        about a minute on two cores

As in the notebook: the weights make the initial loss of every layer 1.
"""

import torch
from strip import save_strip
from torch import Tensor

import nst_course as nst

LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
SIZE, STEPS = 192, 70  # as in the notebook


def render(layer: str, content: Tensor, style: Tensor, backbone: nst.Backbone) -> Tensor:
    """The content image in the style of the artwork at one layer."""
    transfer = nst.StyleTransfer(content, style, backbone, style_layers=[layer], style_weight=1e3)
    with torch.no_grad():
        losses = transfer.losses(content)
    transfer.style_layers = {layer: 1 / losses["style"].item()}
    return transfer.run(STEPS, progress=False).image


def main() -> None:
    content, style = nst.load_image("cat", SIZE), nst.load_image("composition_viii", SIZE)
    backbone = nst.load_backbone()
    pictures = [render(layer, content, style, backbone) for layer in LAYERS]
    save_strip(pictures, 224, "04_layers.jpg")


if __name__ == "__main__":
    main()
