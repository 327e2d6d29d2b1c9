"""Draw the two maps of notebook 08: the regions of a painting, and a doodle in the same colors.

    python assets/images/maps/build_maps.py

Coordinates are pixels of `village_street_in_auvers.jpg`, 592×460, and of the doodle, 600×420.
"""

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
SKY, ROOF, TREE = (90, 150, 220), (220, 90, 30), (50, 90, 40)
WALL, MEADOW = (240, 230, 200), (210, 180, 60)
PAINTING = [  # later ones cover earlier ones
    (WALL, "0,200 120,220 150,190 300,190 370,230 400,310 500,205 592,172 592,400 0,400"),
    (MEADOW, "0,395 60,391 160,385 230,343 272,322 290,309 335,329 365,352 400,372 450,360 500,325 "
             "545,325 592,350 592,460 0,460"),
    (ROOF, "0,188 40,188 120,208 148,152 150,135 203,126 212,110 280,110 303,172 330,182 360,190 "
           "385,247 350,232 320,240 318,206 268,205 240,250 180,250 152,232 130,235 96,287 40,272 "
           "0,268"),
    (TREE, "0,82 18,76 38,80 46,98 70,112 82,135 80,160 62,182 20,190 0,190"),
    (TREE, "74,94 80,78 110,74 118,88 108,104 112,150 110,202 82,200 84,140 88,105"),
    (TREE, "122,155 138,144 150,158 146,180 130,182"),
    (TREE, "340,155 358,145 380,155 380,180 398,188 396,150 410,130 440,120 478,128 484,160 "
           "516,170 505,184 592,115 592,180 520,208 496,240 420,318 345,328 332,327 380,300 "
           "385,262 366,190 345,182"),
]  # fmt: skip
DOODLE = [
    (MEADOW, "0,300 120,290 260,305 420,285 600,305 600,420 0,420"),
    (WALL, "90,210 270,210 275,330 85,330"),
    (ROOF, "60,215 120,110 240,105 305,215"),
    (ROOF, "150,70 185,70 185,115 150,115"),
    (TREE, "430,330 440,240 395,235 360,190 375,130 420,85 480,75 540,105 565,165 545,220 490,240 "
           "465,240 475,330"),
    (TREE, "0,305 0,230 30,215 55,240 60,305"),
]  # fmt: skip


def draw(name: str, size: tuple[int, int], shapes: list[tuple[tuple[int, int, int], str]]) -> None:
    """Polygons on a sky, without anti-aliasing: each pixel has the color of one region."""
    picture = Image.new("RGB", size, SKY)
    pen = ImageDraw.Draw(picture)
    for color, points in shapes:
        pen.polygon([tuple(map(int, point.split(","))) for point in points.split()], fill=color)
    picture.save(FOLDER / f"{name}.png", optimize=True)


draw("village_street_in_auvers", (592, 460), PAINTING)
draw("doodle", (600, 420), DOODLE)
