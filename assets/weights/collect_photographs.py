"""Collect the photographs that the fast network is trained on. They are not part of the course.

Each Debian package of `PHOTOGRAPHS` lies unpacked in a folder of its name, and GCompris went
through `build_artworks.py`, which unpacks its pictures:

    apt-get download PACKAGES…; for file in *.deb; do dpkg-deb -x $file packages/${file%%_*}; done
    python assets/images/build_artworks.py packages/gcompris-qt-data
    python assets/weights/collect_photographs.py packages photographs

PHOTOGRAPHS.md says under which licenses they are. The bundled photographs of the course are not
among them: on these the network is tested.
"""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

SIDE = 512  # longer side, in pixels
GCOMPRIS = "pictures/gcompris/gcompris/src/activities"
WALLPAPERS = "usr/share/wallpapers"
BACKGROUNDS = "usr/share/backgrounds"
PHOTOGRAPHS = {  # package → patterns of files
    "gcompris-qt-data": [
        f"{GCOMPRIS}/erase/resource/*.webp",
        f"{GCOMPRIS}/explore_*_animals/resource/animals/*.webp",
        f"{GCOMPRIS}/explore_monuments/resource/*/*.webp",
        f"{GCOMPRIS}/explore_world_music/resource/music/*.webp",
        f"{GCOMPRIS}/categorization/resource/images/[fmort]*s/*.webp",
        f"{GCOMPRIS}/categorization/resource/images/renewable/*.webp",
        f"{GCOMPRIS}/clickgame/resource/sea*.webp",
        f"{GCOMPRIS}/louis-braille/resource/[rft]*.webp",
        f"{GCOMPRIS}/chronos/resource/images/*.webp",
        f"{GCOMPRIS}/babyshapes/resource/dog2/*.webp",
        f"{GCOMPRIS}/details/resource/image/[CELNOT]*_background.webp",
        f"{GCOMPRIS}/details/resource/image/FanoeWindmill_background.webp",
        f"{GCOMPRIS}/details/resource/image/GizahPyramids_background.webp",
    ],
    "kphotoalbum": ["usr/share/kphotoalbum/demo/[a-psw]*.jpg"],
    "palapeli-data": ["usr/share/palapeli/collection/*.jpg"],
    "lomiri-wallpapers-16.04": [f"{BACKGROUNDS}/*_by_[ABCJS]*.jpg", f"{BACKGROUNDS}/*_0B_*.jpg"],
    "lomiri-wallpapers-20.04": [f"{BACKGROUNDS}/*_by_[JL]*.jpg"],
    "mate-backgrounds": [f"{BACKGROUNDS}/mate/nature/*.jpg"],
    "plasma-workspace-wallpapers": [
        f"{WALLPAPERS}/{name}/contents/images/2560x1600.jpg"
        for name in ("Autumn", "BytheWater", "ColorfulCups", "EveningGlow", "FallenLeaf", "Path")
    ],
}
# Animals, plants and things cut out of photographs; each is pasted onto one of the photographs.
CUT_OUT = "tuxpaint-stamps-default"
STAMPS = ["animals", "plants", "food", "household", "people", "vehicles", "naturalforces"]
NO_PHOTOGRAPHS = ("Eglise", "Egeskov_d", "cartoon", "toys", "chart", "qt-logo", "analog", "splash")
LEAST_BYTES = 8000  # smaller files are icons


def files(folder: Path, patterns: list[str]) -> list[Path]:
    """The photographs that match, in the order of their names."""
    found = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    large = [file for file in found if file.stat().st_size >= LEAST_BYTES]
    return [file for file in large if not any(word in str(file) for word in NO_PHOTOGRAPHS)]


def photographs(packages: Path) -> Iterator[tuple[str, Image.Image]]:
    """Name and picture: first the photographs, then the things cut out, on photographs."""
    grounds = []
    for package, patterns in PHOTOGRAPHS.items():
        for file in files(packages / package, patterns):
            picture = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
            picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            grounds.append(picture)
            yield f"{package}_{file.stem}", picture
    folder = packages / CUT_OUT / "usr/share/tuxpaint/stamps"
    stamps = files(folder, [f"{name}/**/*.png" for name in STAMPS])
    for number, file in enumerate(stamps):
        stamp = Image.open(file).convert("RGBA")
        ground = grounds[number * 7 % len(grounds)].copy()
        stamp = ImageOps.contain(stamp, (round(0.9 * ground.width), round(0.9 * ground.height)))
        ground.paste(
            stamp, ((ground.width - stamp.width) // 2, ground.height - stamp.height), stamp
        )
        yield f"{CUT_OUT}_{file.stem}", ground


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {Path(__file__).name} FOLDER_OF_PACKAGES OUTPUT")
    warnings.filterwarnings("ignore", "Palette images with Transparency")
    output = Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, (name, picture) in enumerate(photographs(Path(sys.argv[1])), start=1):
        picture.save(output / f"{count:03d}_{name}.jpg", quality=80)
    print(f"{count} photographs in {output}")


if __name__ == "__main__":
    main()
