"""Where the bundled files are: images, clips, sounds and network weights."""

from pathlib import Path

_PACKAGE = Path(__file__).parent

# An installed wheel carries the files inside the package; a checkout has them beside it.
ASSETS = _PACKAGE / "assets" if (_PACKAGE / "assets").is_dir() else _PACKAGE.parent / "assets"
IMAGES = ASSETS / "images"
CLIPS = ASSETS / "clips"
WEIGHTS = ASSETS / "weights"
SOUNDS = ASSETS / "sounds"
