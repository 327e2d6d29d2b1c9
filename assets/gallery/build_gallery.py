"""Paint the pictures of the README and of the notebooks' first cells.

    python assets/gallery/build_gallery.py            every picture, about 3 minutes each
    python assets/gallery/build_gallery.py cat        those whose name contains "cat"
    python assets/gallery/build_gallery.py hero       only the hero, from a picture that is there

Each is painted at 256 px first, which makes large strokes, then enlarged and refined at 512 px.
"""

import sys
from pathlib import Path

import torch.nn.functional as F
from PIL import Image

import nst_course as nst

HERE = Path(__file__).parent
PAIRS = [
    ("summer_palace", "village_street_in_auvers"),
    ("cat", "composition_viii"),
    ("astronaut", "great_wave"),
    ("dahlia", "summertime"),
    ("summer_palace", "great_wave"),
    ("coffee", "village_street_in_auvers"),
]
HERO = PAIRS[1]
COARSE, FINE = 256, 512  # pixels on the longer side
STEPS = {COARSE: 150, FINE: 80}


def paint(content: str, style: str) -> Path:
    """One picture, coarse to fine, as a JPEG in this folder."""
    backbone = nst.load_backbone()
    start = "content"
    for size, steps in STEPS.items():
        transfer = nst.StyleTransfer(
            nst.load_image(content, size), nst.load_image(style, size), backbone, init=start
        )
        image = transfer.run(steps).image
        if size == COARSE:
            shape = nst.load_image(content, FINE).shape[2:]
            start = F.interpolate(image, shape, mode="bicubic", antialias=True).clamp(0, 1)
    path = HERE / f"{content}_{style}.jpg"
    nst.to_pil(image).save(path, quality=88, subsampling=0)
    return path


def build_hero(content: str, style: str) -> Path:
    """Content and style on the left, the result on the right."""
    result = Image.open(HERE / f"{content}_{style}.jpg")
    gap, height = 8, 600
    large = result.resize((round(height * result.width / result.height), height), Image.LANCZOS)
    small_height = (height - gap) // 2
    inputs = [nst.to_pil(nst.load_image(name)) for name in (content, style)]
    small_width = round(small_height * inputs[0].width / inputs[0].height)
    hero = Image.new("RGB", (small_width + gap + large.width, height), "white")
    for row, picture in enumerate(inputs):
        hero.paste(fill(picture, small_width, small_height), (0, row * (small_height + gap)))
    hero.paste(large, (small_width + gap, 0))
    path = HERE / "hero.jpg"
    hero.save(path, quality=88)
    return path


def fill(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The picture scaled and cropped in the middle so that it fills width × height."""
    scale = max(width / picture.width, height / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for content, style in PAIRS:
        if wanted in f"{content}_{style}":
            print(paint(content, style))
    print(build_hero(*HERO))


if __name__ == "__main__":
    main()
