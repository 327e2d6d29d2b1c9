"""Sound files: what is read, what is written, and what is said where neither works."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from nst_course.errors import CourseError
from nst_course.sound import RATE, bundled, load, save
from nst_course.sound.files import SOUNDS, resampled


def tone(hertz, seconds=1.0, rate=RATE):
    return torch.sin(2 * math.pi * hertz * torch.arange(round(seconds * rate)) / rate)


def test_every_bundled_sound_loads_is_audible_and_has_its_source():
    table = (SOUNDS / "SOURCES.md").read_text("utf-8")
    assert len(bundled()) == 6
    for name in bundled():
        sound = load(name)
        assert sound.dtype == torch.float32 and 5 * RATE < len(sound) <= 8 * RATE
        assert 0.05 < sound.square().mean().sqrt() < 0.07 and sound.abs().max() <= 1
        assert sound.mean().abs() < 1e-3
        assert f"| {name}.flac |" in table
    assert sum(path.stat().st_size for path in SOUNDS.iterdir()) < 2_000_000


@pytest.mark.parametrize("ending", ["wav", "flac", "WAV"])
def test_a_saved_sound_comes_back_to_16_bits(tmp_path, ending):
    sound = 0.5 * tone(440)
    save(sound, tmp_path / f"a.{ending}")
    assert torch.allclose(load(tmp_path / f"a.{ending}"), sound, atol=2**-15)


def test_a_sound_that_is_too_loud_for_a_file_is_made_quieter_and_not_clipped(tmp_path):
    save(3 * tone(440), tmp_path / "a.wav")
    assert torch.allclose(load(tmp_path / "a.wav"), tone(440), atol=1e-3)


def test_stereo_becomes_the_mean_of_both_channels(tmp_path):
    both = torch.stack([0.5 * tone(440), 0.5 * tone(880)], 1)
    soundfile.write(tmp_path / "a.wav", both.numpy(), RATE, subtype="FLOAT")
    assert torch.allclose(load(tmp_path / "a.wav"), both.mean(1), atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_another_sampling_rate_is_converted_to_the_same_tone(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", (0.5 * tone(440, rate=rate)).numpy(), rate, subtype="FLOAT")
    sound = load(tmp_path / "a.wav")
    assert len(sound) == RATE
    middle = slice(1000, -1000)  # the tone begins and ends abruptly
    assert torch.allclose(sound[middle], 0.5 * tone(440)[middle], atol=2e-3)


def test_frequencies_that_16_khz_cannot_hold_vanish_and_do_not_fold_back():
    assert resampled(tone(12_000, rate=44_100), 44_100)[500:-500].abs().max() < 1e-2


def test_the_end_of_a_sound_does_not_leak_into_its_beginning():
    loud_end = torch.cat([torch.zeros(4000), 0.9 * tone(3000, 0.2, 44_100) + 0.1])
    assert resampled(loud_end, 44_100)[:500].abs().max() < 2e-3


def test_a_part_of_a_long_file_is_loaded(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440, 3.0).numpy(), RATE, subtype="FLOAT")
    part = load(tmp_path / "a.wav", seconds=0.5, start=1.25)
    assert torch.equal(part, tone(440, 3.0)[20_000:28_000])


def test_mp3_and_ogg_are_read(tmp_path):
    for kind in ("MP3", "OGG"):
        soundfile.write(tmp_path / "a", (0.5 * tone(440)).numpy(), RATE, format=kind)
        sound = load(tmp_path / "a")
        spectrum = torch.fft.rfft(sound[2000:10_000]).abs()
        assert spectrum.argmax() * RATE / 8000 == 440


def test_ten_hours_are_refused_at_once(tmp_path):
    path = tmp_path / "night.wav"
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_U8") as file:
        file.write(np.zeros(8000 * 90))
    with pytest.raises(CourseError, match=r"2 minutes.*seconds=10, start=60"):
        load(path)
    assert len(load(path, seconds=1, start=60)) == RATE


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a sound"),
        (b"not a sound at all, only words", "cannot be read as a sound"),
        (b"RIFF\0\0\0\0WAVE", "cannot be read as a sound"),
    ],
)
def test_a_file_that_is_no_sound_is_refused_in_a_sentence(tmp_path, content, sentence):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(CourseError, match=sentence):
        load(tmp_path / "a.wav")


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.0, np.nan, 0.5]), RATE, subtype="FLOAT")
    with pytest.raises(CourseError, match="not finite"):
        load(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("steam",), 'did you mean "stream"'),
        (("xyz",), "the bundled sounds are bells, fire"),
        ((None,), "a bundled name or a path"),
        ((Path("/"),), "is a folder"),
        (("stream", -1), "seconds is a number"),
        (("stream", True), "seconds is a number"),
        (("stream", 1, 100), "behind its end"),
        (("stream", 1, "x"), "start is a number"),
    ],
)
def test_what_cannot_be_loaded_is_said(arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        load(*arguments)


@pytest.mark.parametrize(
    ("sound", "name", "sentence"),
    [
        (torch.zeros(2, 100), "a.wav", r"\(samples,\)"),
        (torch.zeros(0), "a.wav", r"\(samples,\)"),
        (torch.tensor([math.inf]), "a.wav", "not finite"),
        ([0.0], "a.wav", "tensor of floats"),
        (torch.zeros(9), "a.mp3", "neither .wav nor .flac"),
        (torch.zeros(9), ".", "neither .wav nor .flac"),
        (torch.zeros(9), 3, "a path such as"),
    ],
)
def test_what_cannot_be_saved_is_said(sound, name, sentence, tmp_path):
    with pytest.raises(CourseError, match=sentence):
        save(sound, tmp_path / name if isinstance(name, str) else name)
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_earlier_file(tmp_path, monkeypatch):
    save(tone(440), tmp_path / "a.wav")
    before = (tmp_path / "a.wav").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(soundfile, "write", full)
    with pytest.raises(CourseError, match="No space left"):
        save(tone(880), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == before
