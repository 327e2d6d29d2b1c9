"""Optimize the images of the atlas in notebook 01: twelve channels for each of five layers.

    python assets/atlas/build_atlas.py            every sheet, then the title picture
    python assets/atlas/build_atlas.py conv4_2    one sheet
    python assets/atlas/build_atlas.py title      only the title picture, from existing sheets

A channel is *active* if it is above zero anywhere in the bundled pictures. The twelve channels are
evenly spaced in the list of active ones, so they are typical of their layer. The heading of each
sheet says how many channels are inactive. Only the channels of the title picture are selected by
hand.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import nst_course as nst

HERE = Path(__file__).parent
TITLE_PICTURE = HERE.parent / "gallery" / "01_units.jpg"
LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2")
CHANNELS, COLUMNS, BATCH = 12, 4, 4
SIZE, STEPS = 256, 64
GAP, LINE = 6, 18  # pixels: between the images, and the height of a line of text
QUALITY = 80
# Positions on the sheets, counted from 0 row by row: two of each layer.
CHOSEN = {
    "conv1_2": (8, 2),
    "conv2_2": (2, 9),
    "conv3_2": (0, 3),
    "conv4_2": (10, 2),
    "conv5_2": (2, 11),
}


def choose(layer: str, backbone: nst.Backbone) -> tuple[list[int], str]:
    """Twelve active channels of a layer, and a heading that counts the inactive ones."""
    search = nst.visualize.PatchSearch(backbone, [layer], sizes=(96, 160, 256))
    active = (search.max_activations(layer) > 0).nonzero().flatten().tolist()
    chosen = [active[(2 * i + 1) * len(active) // (2 * CHANNELS)] for i in range(CHANNELS)]
    count, pictures = backbone.channels(layer), len(search.pictures)
    heading = f"{layer}: {CHANNELS} of its {count} channels. {len(active)} channels are active on"
    inactive = count - len(active)
    return chosen, f"{heading} at least one of the {pictures} bundled pictures, {inactive} on none."


def build_sheet(layer: str, backbone: nst.Backbone) -> Path:
    """The optimized images of twelve channels, each below its number and its largest activation."""
    fast = nst.device.has_fast_bfloat16(backbone.device)
    precision = "bfloat16" if fast else "float32"
    channels, heading = choose(layer, backbone)
    sheet = Image.new("RGB", corner(CHANNELS - 1, SIZE + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    draw.text((GAP, 4), heading, "black", font=font)
    for first in range(0, CHANNELS, BATCH):
        found = nst.visualize.maximize(
            backbone, layer, channels[first : first + BATCH], SIZE, STEPS, precision=precision
        )
        for number, optimum in enumerate(found, start=first):
            left, top = corner(number)
            sheet.paste(nst.to_pil(optimum.image), (left, top))
            peak = optimum.max_activation
            reached = f"up to {peak:.0f}" if peak > 0 else "inactive"
            draw.text((left, top - 16), f"{optimum.channel}: {reached}", "black", font=font)
    path = HERE / f"{layer}.jpg"
    sheet.save(path, quality=QUALITY)
    return path


def corner(number: int, offset: int = 0) -> tuple[int, int]:
    """Left and top of an image on a sheet, plus an offset."""
    row, column = divmod(number, COLUMNS)
    left = GAP + column * (SIZE + GAP)
    top = GAP + 2 * LINE + row * (SIZE + GAP + LINE)
    return left + offset, top + offset


def build_title() -> Path:
    """Two channels of each layer, from shallow layers on the left to deep ones on the right."""
    side = SIZE + GAP
    picture = Image.new("RGB", (side * len(LAYERS) + GAP, 2 * side + GAP + LINE), "white")
    draw = ImageDraw.Draw(picture)
    for column, layer in enumerate(LAYERS):
        left = GAP + column * side
        draw.text((left, 4), layer, "black", font=ImageFont.load_default(15))
        sheet = Image.open(HERE / f"{layer}.jpg")
        for row, number in enumerate(CHOSEN[layer]):
            tile = sheet.crop((*corner(number), *corner(number, SIZE)))
            picture.paste(tile, (left, GAP + LINE + row * side))
    picture.save(TITLE_PICTURE, quality=85)
    return TITLE_PICTURE


if __name__ == "__main__":
    wanted = sys.argv[1:] or [*LAYERS, "title"]
    network = nst.load_backbone()
    for name in wanted:
        print(build_title() if name == "title" else build_sheet(name, network), flush=True)
