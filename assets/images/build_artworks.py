"""Unpack the pictures of GCompris, and put the artworks of the course together from them.

Debian's package gcompris-qt-data 3.1-2 keeps its pictures in Qt's resource files. Its paintings
are whole pictures, or jigsaw puzzles: tiles, and where their centers belong.

    apt-get download gcompris-qt-data && dpkg-deb -x gcompris-qt-data_*.deb gcompris
    python assets/images/build_artworks.py gcompris

All pictures are then in gcompris/pictures, where `collect_photographs.py` finds them, and the
artworks of `WHOLE` and `PUZZLES` lie beside this script.
"""

import re
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
ACTIVITIES = "gcompris/gcompris/src/activities"
WHOLE = {  # name → file
    "cafe_terrace": "details/resource/image/Gogh4_background.webp",
    "night_cafe": "details/resource/image/Van_Gogh_The_Night_Cafe_background.webp",
    "road_to_tarascon": "details/resource/image/VincentVanGogh0013_background.webp",
}
PUZZLES = {  # name → the file that says where the tiles belong
    "poppies": "paintings/resource/board/board11_0.qml",
    "shrine_in_snow": "paintings/resource/board/board8_0.qml",
    "spring": "paintings/resource/board/board2_0.qml",
}
WANTED = (".jpg", ".jpeg", ".png", ".webp", ".qml")
BORDER = 4  # pixels of a puzzle that are frame
FOLDER, COMPRESSED = 2, 1  # flags of an entry


def entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every file in a Qt resource file."""
    magic, version, tree, contents, names = struct.unpack_from(">4sIIII", data)
    if magic != b"qres":
        raise ValueError("This is no Qt resource file.")
    length = 14 if version == 1 else 22

    def walk(number: int, folder: str) -> Iterator[tuple[str, bytes]]:
        name_at, flags = struct.unpack_from(">IH", data, tree + number * length)
        (characters,) = struct.unpack_from(">H", data, names + name_at)
        start = names + name_at + 6
        path = folder + "/" + data[start : start + 2 * characters].decode("utf-16-be")
        first, second = struct.unpack_from(">II", data, tree + number * length + 6)
        if flags & FOLDER:
            for child in range(second, second + first):
                yield from walk(child, path)
            return
        (size,) = struct.unpack_from(">I", data, contents + second)
        found = data[contents + second + 4 : contents + second + 4 + size]
        yield path.strip("/"), zlib.decompress(found[4:]) if flags & COMPRESSED else found

    yield from walk(0, "")


def unpack(package: Path) -> Path:
    """Write the pictures of every resource file of the package; returns their folder."""
    folder = package / "pictures"
    for file in sorted((package / "usr/share/gcompris-qt/rcc").glob("*.rcc")):
        for path, data in entries(file.read_bytes()):
            if path.endswith(WANTED):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
    return folder / ACTIVITIES


def solved(board: Path) -> Image.Image:
    """A puzzle put together: each tile's center is given as a share of the board's sides."""
    text = board.read_text("utf-8")
    width, height = (int(re.search(rf'"{side}": *(\d+)', text)[1]) for side in ("width", "height"))
    picture = Image.new("RGBA", (width, height))
    tiles = r'"pixmapfile" : "(\S+)",\s*"x" : "?([\d.]+)"?,\s*"y" : "?([\d.]+)'
    for file, x, y in re.findall(tiles, text):
        tile = Image.open(board.parents[1] / file).convert("RGBA")
        left = round(float(x) * width - tile.width / 2)
        top = round(float(y) * height - tile.height / 2)
        picture.alpha_composite(tile, (max(left, 0), max(top, 0)))
    left, top, right, bottom = picture.getbbox()
    return picture.crop((left + BORDER, top + BORDER, right - BORDER, bottom - BORDER))


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {Path(__file__).name} FOLDER_OF_THE_UNPACKED_PACKAGE")
    folder = unpack(Path(sys.argv[1]))
    pictures = {name: Image.open(folder / file) for name, file in WHOLE.items()}
    pictures |= {name: solved(folder / file) for name, file in PUZZLES.items()}
    for name, picture in pictures.items():
        picture.convert("RGB").save(HERE / f"{name}.jpg", quality=88, optimize=True)
        print(f"{name}.jpg: {picture.width}×{picture.height} px")


if __name__ == "__main__":
    main()
