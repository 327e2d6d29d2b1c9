"""Sound files and tensors: one channel, (samples,), float32, −1…1, at 16 kHz."""

import difflib
import math
import os
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..assets import SOUNDS
from ..checks import check_floats, printable, shown
from ..errors import CourseError
from ..files import expanded, write_atomically

RATE = 16_000  # samples a second of every sound in the course: frequencies up to 8 kHz
LONGEST = 60  # seconds that are loaded unless `seconds` says how many
FORMATS = {".wav": "WAV", ".flac": "FLAC"}  # that `save` writes
FRAMES = 1 << 20  # that are read at once
MARGIN = 0.1  # seconds of silence at the end of what is resampled


def bundled() -> list[str]:
    """The names that `load` knows, for example ``"stream"``."""
    return sorted(path.stem for path in SOUNDS.glob("*.flac"))


def load(
    name_or_path: str | os.PathLike, seconds: float | None = None, start: float = 0.0
) -> Tensor:
    """Load a sound as a tensor (samples,), −1…1, with `RATE` samples a second.

    WAV, FLAC, OGG, MP3, AIFF and what else libsndfile opens. The channels of a stereo file are
    averaged, and another sampling rate is converted.

    Args:
        name_or_path: a bundled name such as ``"stream"``, or a path to a file.
        seconds: how much to load, at most; by default everything, if that is no more than 60 s.
        start: where to begin, in seconds.

    Raises:
        CourseError: there is no such name or file, it is no sound, or it is too long.
    """
    check_seconds("seconds", seconds, least=0.01)
    check_seconds("start", start, least=0)
    path = find_sound(name_or_path)
    import soundfile  # here, because only notebook 09 needs the library

    try:
        with soundfile.SoundFile(path) as file:
            rate, length = file.samplerate, file.frames / file.samplerate
            if seconds is None and length - start > LONGEST:
                raise CourseError(
                    f"{path} has {length / 60:.0f} minutes; say which part to load, such as "
                    "seconds=10, start=60."
                )
            if start >= length:
                raise CourseError(f"{path} has {length:.1f} s; start={start:g} is behind its end.")
            file.seek(int(start * rate))
            wanted = -1 if seconds is None else round(seconds * rate)
            channels = torch.from_numpy(file.read(wanted, dtype="float32", always_2d=True))
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise CourseError(f"{path} cannot be read as a sound; export it as WAV or FLAC.") from error
    if not channels.isfinite().all():
        raise CourseError(f"{path} holds numbers that are not finite; export it again.")
    if not len(channels):
        raise CourseError(f"{path} holds no samples; choose another file.")
    return limited(resampled(channels.mean(1), rate))


def save(sound: Tensor, path: str | os.PathLike) -> None:
    """Write a sound as a file of 16 bits; the ending of the name chooses WAV or FLAC.

    A sound with samples outside −1…1 is made quieter. An earlier file is replaced only when the
    new one is complete.

    Args:
        sound: (samples,), at `RATE`.
        path: ends with ``.wav`` or ``.flac``.

    Raises:
        CourseError: no sound, another ending, or a place that cannot be written.
    """
    sound = as_sound("sound", sound)
    try:
        place = expanded(path)
    except (OSError, TypeError) as error:
        raise CourseError(
            f'A sound is saved to a path such as "rain.wav", not {shown(path)}.'
        ) from error
    if place.suffix.lower() not in FORMATS:
        raise CourseError(
            f"{place} ends with neither .wav nor .flac; give it one of these endings."
        )
    try:
        write_atomically(
            place, lambda partial: encode(sound, partial, FORMATS[place.suffix.lower()])
        )
    except OSError as error:
        raise CourseError(
            f"{place} cannot be written ({error.strerror or error}); choose another place."
        ) from error


def encode(sound: Tensor, file: object, kind: str, **options: object) -> None:
    """Write a sound in one of libsndfile's formats to a path or to a stream of bytes."""
    import soundfile

    soundfile.write(file, limited(sound).cpu().numpy(), RATE, format=kind, **options)


def find_sound(name_or_path: str | os.PathLike) -> Path:
    """The path of the file that a bundled name or a path refers to."""
    text = os.fspath(name_or_path) if isinstance(name_or_path, (str, os.PathLike)) else ""
    names = bundled()
    if not isinstance(text, str) or not text:
        raise CourseError(
            f'A sound is a bundled name or a path, not {shown(name_or_path)}; try "stream".'
        )
    try:
        path = expanded(text)
        if path.is_file():
            return path
        if path.is_dir() and text not in names:
            raise CourseError(f"{path} is a folder; give the path of one sound in it.")
    except CourseError:
        raise
    except (OSError, ValueError):  # too long; ~ of an unknown user; a NUL
        pass
    if text in names:
        return SOUNDS / f"{text}.flac"
    near = difflib.get_close_matches(Path(text).stem.lower(), names, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"the bundled sounds are {', '.join(names)}."
    raise CourseError(f'There is no file and no bundled sound "{printable(text)}"; {hint}')


def resampled(sound: Tensor, rate: int) -> Tensor:
    """A sound with ``rate`` samples a second as one with `RATE`: its Fourier series, cut or padded.

    Silence is added at the end first, so that the end does not leak into the beginning: to a
    Fourier series they are neighbors.
    """
    if rate == RATE:
        return sound
    count = max(1, round(len(sound) * RATE / rate))
    padded = F.pad(sound.double(), (0, max(1, int(MARGIN * rate))))
    # A multiple of the rate's step, so that the padded lengths have the ratio of the rates exactly.
    step = rate // math.gcd(rate, RATE)
    padded = F.pad(padded, (0, -len(padded) % step))
    new = len(padded) * RATE // rate
    spectrum = torch.fft.rfft(padded)[: new // 2 + 1]
    return (torch.fft.irfft(spectrum, new) * (new / len(padded)))[:count].float()


def limited(sound: Tensor) -> Tensor:
    """The sound, quieter if a sample lies outside −1…1, which no file can hold."""
    return sound / sound.abs().max().clamp(min=1)


def as_sound(name: str, sound: Tensor) -> Tensor:
    """The sound as float32, if it is one: (samples,) and finite.

    Raises:
        CourseError: it is none, and why.
    """
    check_floats(name, sound)
    if sound.dim() != 1 or not len(sound):
        raise CourseError(f"{name} has shape (samples,), one channel, not {tuple(sound.shape)}.")
    if not sound.isfinite().all():
        raise CourseError(f"{name} holds numbers that are not finite; load the sound again.")
    return sound.detach().float()


def check_seconds(name: str, value: float | None, least: float) -> None:
    """Refuse what is no duration in seconds; None stands for everything."""
    if value is None:
        return
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not least <= value < 1e6:
        raise CourseError(f"{name} is a number of seconds from {least:g} up, not {shown(value)}.")
