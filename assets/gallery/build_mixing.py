"""Render the first picture of notebook 07: from one artwork to another in five mixtures.

python assets/gallery/build_mixing.py        less than a minute on two cores
"""

from strip import save_strip

import nst_course as nst

ARTWORKS = ("great_wave", "village_street_in_auvers")
SIZE, STEPS = 176, 30  # as in the notebook


def main() -> None:
    photo = nst.load_image("summer_palace", SIZE)
    artworks = [nst.load_image(name, SIZE) for name in ARTWORKS]
    pictures = []
    for step in range(5):
        weights = (1 - step / 4, step / 4)
        styles = [nst.Style(*pair) for pair in zip(artworks, weights, strict=True)]
        run = nst.StyleTransfer(photo, styles, init="recolored")
        pictures.append(run.run(STEPS, progress=False).image)
    save_strip(pictures, 176, "07_mixing.jpg")


if __name__ == "__main__":
    main()
