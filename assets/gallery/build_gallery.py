"""Render the pictures of the README and of the first cells of the notebooks.

    python assets/gallery/build_gallery.py            every picture, one to two minutes each
    python assets/gallery/build_gallery.py cat        those whose name contains "cat"
    python assets/gallery/build_gallery.py hero       only the hero, from an existing picture
    python assets/gallery/build_gallery.py grid       3 photographs × 4 artworks, and their sheet
    python assets/gallery/build_gallery.py grid 3     the same, but stop after 3 new pictures
    python assets/gallery/build_gallery.py scale      one size against several, for notebook 05
    python assets/gallery/build_gallery.py wanted     the picture of the project in notebook 05

Each is a picture of `nst.stylize` at 512 pixels, with its defaults. Four of the twelve pictures of
the grid are the ones above; the other eight go to `build/`, which git ignores, and existing ones
are not rendered again. Only the sheet, `05_gallery.jpg`, is part of the course.
"""

import sys
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import nst_course as nst
from nst_course.images.layout import hstack

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
SIZE = 512

GRID_CONTENTS = ["summer_palace", "astronaut", "coffee"]
GRID_STYLES = ["village_street_in_auvers", "great_wave", "composition_viii", "summertime"]

# Notebook 05: the same weights at one size and through several, in about equal time
SCALE_PAIR = ("summer_palace", "village_street_in_auvers")
SCALE_SIZE, SCALE_STEPS_ALONE = 448, 75

# Notebook 05: a picture whose settings are to be found
WANTED = {
    "content": "cat",
    "artwork": "composition_viii",
    "artwork_size": 2.0,
    "style_weight": 20.0,
    "tv_weight": 1e4,
    "init": "content",
}
WANTED_SIZE, WANTED_STEPS = 144, 50


def save_render(content: str, style: str, folder: Path) -> Path:
    """Render one picture, and save it as a JPEG in the folder."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{content}_{style}.jpg"
    image = nst.stylize(content, style, SIZE, progress=False).image
    nst.to_pil(image).save(path, quality=90, subsampling=0)
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


def build_grid(most: int) -> None:
    """Render up to ``most`` missing pictures of the grid, and build the sheet if none is missing.

    Pictures of `PAIRS` are taken from this folder, where they are larger.
    """
    missing = []
    for content in GRID_CONTENTS:
        missing += [(content, s) for s in GRID_STYLES if not grid_picture(content, s).exists()]
    for content, style in missing[:most]:
        start = time.perf_counter()
        path = save_render(content, style, HERE / "build")
        print(path, f"{time.perf_counter() - start:.0f} s", flush=True)
    if len(missing) <= most:
        print(build_sheet())


def grid_picture(content: str, style: str) -> Path:
    """The path of the picture of a pair."""
    folder = HERE if (content, style) in PAIRS else HERE / "build"
    return folder / f"{content}_{style}.jpg"


def build_sheet(width: int = 300, height: int = 225, gap: int = 6) -> Path:
    """A table: artworks as columns, photographs as rows, and the results in the cells."""
    columns, rows = len(GRID_STYLES) + 1, len(GRID_CONTENTS) + 1
    size = columns * (width + gap) - gap, rows * (height + gap) - gap
    sheet = Image.new("RGB", size, "white")

    def place(picture: Image.Image, row: int, column: int) -> None:
        # Of a portrait, keep more of the upper part, where the face is.
        cell = fill(picture, width, height, above=0.15)
        sheet.paste(cell, (column * (width + gap), row * (height + gap)))

    for column, style in enumerate(GRID_STYLES, start=1):
        place(nst.to_pil(nst.load_image(style)), 0, column)
    for row, content in enumerate(GRID_CONTENTS, start=1):
        place(nst.to_pil(nst.load_image(content)), row, 0)
        for column, style in enumerate(GRID_STYLES, start=1):
            place(Image.open(grid_picture(content, style)), row, column)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=26)
    draw.text((width - 14, height // 2), "artworks", fill="#444444", font=font, anchor="rm")
    draw.text((width // 2, height - 14), "photographs", fill="#444444", font=font, anchor="md")
    path = HERE / "05_gallery.jpg"
    sheet.save(path, quality=80, optimize=True)
    return path


def build_scale(gap: int = 8) -> Path:
    """The same pair twice: at one size throughout, and coarse to fine."""
    alone, scales = (
        nst.stylize(*SCALE_PAIR, SCALE_SIZE, progress=False, statistic=nst.gram_matrix, **plan)
        for plan in ({"brush": SCALE_SIZE, "steps": SCALE_STEPS_ALONE}, {})
    )
    print(f"{alone.seconds:.0f} s at one size, {scales.seconds:.0f} s coarse to fine")
    pictures = [nst.to_pil(alone.image), nst.to_pil(scales.image)]
    path = HERE / "05_scale.jpg"
    hstack(pictures, gap).save(path, quality=86)
    return path


def build_wanted() -> Path:
    """The picture whose settings are to be found in the project of notebook 05."""
    settings = dict(WANTED)
    photograph = nst.load_image(settings.pop("content"), WANTED_SIZE)
    artwork_size = int(settings.pop("artwork_size") * WANTED_SIZE)
    artwork = nst.load_image(settings.pop("artwork"), artwork_size)
    run = nst.StyleTransfer(photograph, artwork, **settings).run(WANTED_STEPS, progress=False)
    return nst.save_image(run.image, HERE / "05_wanted.png")


def fill(picture: Image.Image, width: int, height: int, above: float = 0.5) -> Image.Image:
    """The picture scaled and cropped so that it fills width × height.

    The fraction ``above`` of the excess height is cropped at the top, half of the excess width on
    either side.
    """
    scale = max(width / picture.width, height / picture.height)
    size = round(picture.width * scale), round(picture.height * scale)
    picture = picture.resize(size, Image.LANCZOS)
    left, top = (picture.width - width) // 2, round((picture.height - height) * above)
    return picture.crop((left, top, left + width, top + height))


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if wanted == "grid":
        build_grid(int(sys.argv[2]) if len(sys.argv) > 2 else len(GRID_CONTENTS) * len(GRID_STYLES))
        return
    if wanted in ("scale", "wanted"):
        print(build_scale() if wanted == "scale" else build_wanted())
        return
    for content, style in PAIRS:
        if wanted in f"{content}_{style}":
            print(save_render(content, style, HERE))
    print(build_hero(*HERO))


if __name__ == "__main__":
    main()
