"""Paint the first picture of notebook 04: the style measured by one, by three and by five layers.

    python assets/gallery/build_layers.py        about a minute on two cores

The recipe is the notebook's own: every layer's loss begins at 1.
"""

import torch
from strip import save_strip
from torch import Tensor

import nst_course as nst

LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
COUNTS = (1, 3, 5)  # how many of them, from the shallow end
SIZE, STEPS = 192, 70  # as in the notebook


def paint(layers: list[str], content: Tensor, style: Tensor, backbone: nst.Backbone) -> Tensor:
    """The content image in the style of the artwork, as these layers measure it."""
    transfer = nst.StyleTransfer(content, style, backbone, style_layers=layers, style_weight=1e3)
    with torch.no_grad():
        losses = transfer.losses(content)
    transfer.style_layers = {layer: 1 / losses[f"style/{layer}"].item() for layer in layers}
    return transfer.run(STEPS, progress=False).image


def main() -> None:
    content, style = nst.load_image("cat", SIZE), nst.load_image("composition_viii", SIZE)
    backbone = nst.load_backbone()
    pictures = [paint(LAYERS[:count], content, style, backbone) for count in COUNTS]
    save_strip(pictures, 320, "04_layers.jpg")


if __name__ == "__main__":
    main()
