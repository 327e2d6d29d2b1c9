"""The spectrogram against its formula, and Griffin and Lim's method against its promise."""

import math

import numpy as np
import pytest
import torch

from nst_course.errors import CourseError
from nst_course.sound import RATE, griffin_lim, load, magnitude, spectrogram
from nst_course.sound.stft import HOP, WINDOW, istft, stft


def tone(hertz, samples=RATE, amplitude=1.0):
    return amplitude * torch.sin(2 * math.pi * hertz * torch.arange(samples) / RATE)


def test_a_column_is_the_formula_in_float64():
    sound = torch.randn(4 * WINDOW, generator=torch.Generator().manual_seed(0)) / 4
    samples = sound.double().numpy()
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    for column in (4, 7):  # those whose windows lie inside
        start = column * HOP - WINDOW // 2
        transform = np.fft.rfft(window / window.sum() * samples[start : start + WINDOW])
        expected = np.log1p(1000 * np.abs(transform)) / np.log(1001)
        found = spectrogram(sound)[0, 0, :, column].double().numpy()
        assert np.allclose(found, expected, atol=1e-5)


def test_one_row_is_one_frequency_and_one_column_is_16_ms():
    picture = spectrogram(torch.cat([torch.zeros(RATE), tone(2000)]))
    assert picture.shape == (1, 1, 513, 126)
    assert picture[0, 0, :, 100].argmax() == 2000 / (RATE / WINDOW)
    assert picture[..., :58].max() == 0 and picture[..., 66:120].amax(2).min() > 0.8


def test_a_tone_of_amplitude_1_has_magnitude_one_half():
    assert magnitude(spectrogram(tone(1000)))[..., 10:50].amax(2) == pytest.approx(0.5, abs=1e-3)


def test_values_lie_in_0_to_1_even_for_the_loudest_sound():
    for sound in (torch.ones(RATE), torch.sign(tone(440)), torch.zeros(RATE)):
        picture = spectrogram(sound)
        assert picture.min() >= 0 and picture.max() <= 1 + 1e-6


def test_magnitudes_come_back_from_a_spectrogram():
    sound = load("bells", seconds=1)
    assert torch.allclose(magnitude(spectrogram(sound))[0, 0], stft(sound).abs(), atol=1e-6)


def test_the_transform_is_inverted():
    sound = load("speech", seconds=1)[: 62 * HOP]
    assert torch.allclose(istft(stft(sound)), sound, atol=1e-5)


@pytest.mark.parametrize("name", ["speech", "stream", "bells"])
def test_griffin_lim_comes_closer_with_every_tenfold_of_iterations(name):
    wanted = spectrogram(load(name, seconds=1))

    def error(iterations):
        found = spectrogram(griffin_lim(wanted, iterations))
        return (magnitude(found) - magnitude(wanted)[..., : found.shape[3]]).norm().item()

    none, few, many = error(0), error(5), error(50)
    assert many < 0.5 * few < 0.5 * none
    assert many < 0.15 * magnitude(wanted).norm()


def test_griffin_lim_is_the_same_for_the_same_seed_and_has_the_length_of_the_picture():
    picture = spectrogram(load("fire", seconds=1))
    first, second = griffin_lim(picture, 3), griffin_lim(picture, 3)
    assert torch.equal(first, second) and len(first) == (picture.shape[3] - 1) * HOP
    assert not torch.allclose(first, griffin_lim(picture, 3, seed=1))


def test_silence_stays_silent():
    assert griffin_lim(torch.zeros(1, 1, 513, 20), 5).abs().max() == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: spectrogram(torch.zeros(100)), "at least 1024"),
        (lambda: spectrogram(torch.zeros(1, 9999)), r"\(samples,\)"),
        (lambda: griffin_lim(torch.zeros(513, 9)), r"\(1, 1, 513, T\)"),
        (lambda: griffin_lim(torch.zeros(1, 1, 513, 9), -1), "iterations"),
    ],
)
def test_wrong_arguments_are_answered_in_a_sentence(call, sentence):
    with pytest.raises(CourseError, match=sentence):
        call()
