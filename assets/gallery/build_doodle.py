"""Render the first picture of notebook 08: a map, the painting, a doodle and the new painting.

python assets/gallery/build_doodle.py        about a minute on two cores
"""

from strip import save_strip

import nst_course as nst

VILLAGE = "village_street_in_auvers"


def main() -> None:
    result = nst.doodle(VILLAGE, VILLAGE, "doodle", size=256, steps=60)
    pictures = [nst.load_image(VILLAGE), *map(nst.maps.load_map, (VILLAGE, "doodle"))]
    save_strip([*pictures, result.image], 300, "08_doodle.jpg")


if __name__ == "__main__":
    main()
