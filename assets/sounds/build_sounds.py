"""Cut the sounds of the course from packages with free recordings: SOURCES.md names them.

    apt-get download minetest-data sonic-pi-samples pocketsphinx-testdata
    for package in *.deb; do dpkg-deb -x $package packages; done
    python assets/sounds/build_sounds.py packages

Every sound becomes one channel at 16 kHz without what is below 60 Hz, with a mean power of −24 dB,
and lies beside this script as a FLAC file.
"""

import sys
from pathlib import Path

import soundfile
import torch
from torch import Tensor

from nst_course.sound.files import RATE, resampled, save

HERE = Path(__file__).parent
GAME = "usr/share/games/minetest/games/minetest_game/mods"
SAMPLES = "usr/share/sonic-pi/samples"
SPEECH = "usr/share/pocketsphinx/test/data/librivox"
LOUDNESS = 0.06  # root of the mean square
LOWEST = 60  # Hz; below is the rumble of microphones
FADE = 0.02  # seconds at both ends, and where two pieces meet
# Tones of a bell from a pentatonic scale, as ratios to the one that was recorded.
TONES = (0.375, 0.421875, 0.5, 0.5625, 0.625, 0.75)


def read(path: Path, seconds: float = 8.0, start: float = 0.0) -> Tensor:
    """A piece of a recording: one channel at 16 kHz."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    whole = resampled(torch.from_numpy(samples).mean(1), rate)
    return whole[round(start * RATE) : round((start + seconds) * RATE)]


def faded(sound: Tensor) -> Tensor:
    ramp = torch.linspace(0, 1, round(FADE * RATE))
    sound = sound.clone()
    sound[: len(ramp)] *= ramp.sqrt()
    sound[-len(ramp) :] *= ramp.flip(0).sqrt()
    return sound


def joined(pieces: list[Tensor]) -> Tensor:
    """Pieces one after another; each fades out while the next one fades in."""
    overlap = round(FADE * RATE)
    whole = faded(pieces[0])
    for piece in map(faded, pieces[1:]):
        whole = torch.cat([whole, piece.new_zeros(len(piece) - overlap)])
        whole[-len(piece) :] += piece
    return whole


def peal(strike: Path, seconds: float = 8.0) -> Tensor:
    """One recorded strike of a bell, rung at random times and at the tones of a scale."""
    samples, rate = soundfile.read(strike, dtype="float32", always_2d=True)
    bell = torch.from_numpy(samples).mean(1)
    tones = [resampled(bell, round(rate * ratio)) for ratio in TONES]
    generator = torch.Generator().manual_seed(0)
    whole, at = torch.zeros(round((seconds + 8) * RATE)), 0.0
    while at < seconds + 2:
        tone = tones[torch.randint(len(tones), (), generator=generator)][: 6 * RATE]
        begin = round(at * RATE)
        loudness = 0.5 + 0.5 * torch.rand((), generator=generator)
        whole[begin : begin + len(tone)] += loudness * tone[: len(whole) - begin]
        at += 0.1 + 0.4 * torch.rand((), generator=generator).item()
    return whole[2 * RATE : round((seconds + 2) * RATE)]  # the first two seconds fill up


def finished(sound: Tensor) -> Tensor:
    spectrum = torch.fft.rfft(sound)
    spectrum[: round(LOWEST * len(sound) / RATE)] = 0
    sound = faded(torch.fft.irfft(spectrum, len(sound)))
    return sound * (LOUDNESS / sound.square().mean().sqrt())


def sounds(packages: Path) -> dict[str, Tensor]:
    game, samples, speech = packages / GAME, packages / SAMPLES, packages / SPEECH
    water = [game / f"env_sounds/sounds/env_sounds_water.{number}.ogg" for number in (1, 2)]
    return {
        "stream": joined([read(path, 4.0, start=1.0) for path in water]),
        "fire": read(game / "fire/sounds/fire_small.ogg"),
        "bells": peal(samples / "perc_bell.flac"),
        "tabla": read(samples / "loop_tabla.flac"),
        "guitar": read(samples / "guit_em9.flac"),
        "speech": read(speech / "sense_and_sensibility_01_austen_64kb-0870.wav"),
    }


if __name__ == "__main__":
    for name, sound in sounds(Path(sys.argv[1])).items():
        save(finished(sound), HERE / f"{name}.flac")
