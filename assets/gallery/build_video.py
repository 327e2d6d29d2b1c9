"""Make 09_video.jpg: frames of the bundled clip, and the same ones of its stylized version.

nst-course video big_buck_bunny bunny_wave.mp4 --style great_wave
python assets/gallery/build_video.py bunny_wave.mp4
"""

import sys
from pathlib import Path

from PIL import Image

import nst_course as nst

HERE = Path(__file__).parent
NUMBERS = (0, 6, 14, 28)


def main(path: str) -> None:
    stylized = nst.video.read_clip(path).frames
    frames = nst.video.read_clip("big_buck_bunny", max(stylized[0].shape)).frames
    rows = [[nst.to_pil(clip[number]) for number in NUMBERS] for clip in (frames, stylized)]
    width, height = rows[0][0].size
    sheet = Image.new("RGB", (len(NUMBERS) * width, len(rows) * height))
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet.paste(picture, (x * width, y * height))
    sheet.save(HERE / "09_video.jpg", quality=85)


if __name__ == "__main__":
    main(sys.argv[1])
