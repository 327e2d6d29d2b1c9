"""Sounds on a page: a button to play, with the sound itself inside."""

import base64
import html
import io
from typing import Any

from torch import Tensor

from .files import as_sound, encode

COMPRESSION = 0.6  # 0…1


def mp3(sound: Tensor) -> bytes:
    """The sound as the bytes of an MP3 file, about 5 kB a second; every browser plays it."""
    stream = io.BytesIO()
    options = {"bitrate_mode": "VARIABLE", "compression_level": COMPRESSION}
    encode(as_sound("sound", sound), stream, "MP3", **options)
    return stream.getvalue()


def player(sound: Tensor, title: str = "", autoplay: bool = False) -> str:
    """An ``<audio>`` element for a page, as HTML; with ``autoplay`` it begins by itself."""
    data = base64.b64encode(mp3(sound)).decode()
    label = html.escape(title, quote=True)
    start = " autoplay" if autoplay else ""
    return (
        f'<figure style="margin:4px 0"><figcaption>{label}</figcaption>'
        f'<audio controls{start} preload="metadata" aria-label="{label or "sound"}" '
        f'src="data:audio/mpeg;base64,{data}"></audio></figure>'
    )


def play(*sounds: Tensor, titles: list[str] | tuple[str, ...] = ()) -> Any:
    """Buttons that play sounds, one below the other, for the end of a notebook cell.

    Args:
        sounds: (samples,) each, at 16 kHz.
        titles: what is written above each; none by default.

    Returns:
        An object that a notebook shows. The sounds are stored in the notebook.
    """
    from IPython.display import HTML  # here: a program that only saves needs no notebook

    names = [*titles, *[""] * (len(sounds) - len(titles))]
    players = (player(sound, name) for sound, name in zip(sounds, names, strict=True))
    return HTML('<div style="display:flex;flex-wrap:wrap;gap:12px">' + "".join(players) + "</div>")
