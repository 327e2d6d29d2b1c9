"""Paint the first picture of notebook 04: the style measured by one, by three and by five layers.

    python assets/gallery/build_layers.py        about a minute on two cores

The recipe is the notebook's own: every layer's loss begins at 1.
"""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

import nst_course as nst

LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
COUNTS = (1, 3, 5)  # how many of them, from the shallow end
SIZE, STEPS = 192, 70  # as in the notebook
WIDTH, GAP = 480, 8  # pixels of one picture in the strip, and between two


def paint(layers: list[str], content: Tensor, style: Tensor, backbone: nst.Backbone) -> Image.Image:
    """The content image in the style of the artwork, as these layers measure it."""
    transfer = nst.StyleTransfer(content, style, backbone, style_layers=layers, style_weight=1e3)
    with torch.no_grad():
        losses = transfer.losses(content)
    transfer.style_layers = {layer: 1 / losses[f"style/{layer}"].item() for layer in layers}
    return nst.to_pil(transfer.run(STEPS, progress=False).image)


def main() -> None:
    content, style = nst.load_image("cat", SIZE), nst.load_image("composition_viii", SIZE)
    backbone = nst.load_backbone()
    height = round(WIDTH * content.shape[2] / content.shape[3])
    strip = Image.new("RGB", (len(COUNTS) * (WIDTH + GAP) - GAP, height), "white")
    for column, count in enumerate(COUNTS):
        picture = paint(LAYERS[:count], content, style, backbone)
        strip.paste(picture.resize((WIDTH, height), Image.LANCZOS), (column * (WIDTH + GAP), 0))
    path = Path(__file__).parent / "04_layers.jpg"
    strip.save(path, quality=86, subsampling=0)
    print(path.name)


if __name__ == "__main__":
    main()
