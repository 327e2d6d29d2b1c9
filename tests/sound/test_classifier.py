"""From the result alone one can tell which sound the style came from."""

import math

import pytest
import torch

from nst_course.errors import CourseError
from nst_course.sound import RATE, Classifier, load, stylize, synthesize
from nst_course.sound.classifier import band_levels

NAMES = ("stream", "fire", "bells")


@pytest.fixture(scope="module")
def classifier():
    """Knows the recordings from the fifth second on, which no style in these tests uses."""
    return Classifier({name: load(name, start=4) for name in NAMES})


@pytest.mark.parametrize("name", NAMES)
def test_recordings_are_told_apart(classifier, name):
    assert classifier.shares(load(name, seconds=4))[name] == 1
    assert classifier(load(name, seconds=2)) == name


def test_loudness_does_not_count(classifier):
    sound = load("fire", seconds=2)
    assert classifier.shares(0.3 * sound) == classifier.shares(sound)


def test_shares_are_shares_of_half_seconds(classifier):
    both = torch.cat([load("stream", seconds=1.5), load("bells", seconds=0.5)])
    assert classifier.shares(both) == {"stream": 0.75, "fire": 0, "bells": 0.25}


def test_bands_follow_a_tone():
    for hertz in (200, 1000, 5000):
        tone = torch.sin(2 * math.pi * hertz * torch.arange(RATE) / RATE)
        loudest = band_levels(tone).mean(1).argmax().item()
        low, high = (100 * 75 ** (edge / 24) for edge in (loudest, loudest + 1))
        assert low - RATE / 256 < hertz < high + RATE / 256


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_texture_from_noise_is_recognized(classifier, name):
    noise = torch.randn(2 * RATE, generator=torch.Generator().manual_seed(0))
    assert classifier(noise) == "stream"  # what bells and fire are not
    texture = synthesize(load(name, seconds=3), seconds=2, steps=80, progress=False)
    assert classifier(texture) == name


@pytest.mark.slow
@pytest.mark.parametrize("content", ["speech", "guitar"])
@pytest.mark.parametrize("name", NAMES)
def test_the_style_of_a_transfer_is_recognized_whatever_the_content(classifier, name, content):
    kept = load(content, seconds=3.2)  # length and steps of the notebook
    result = stylize(kept, load(name, seconds=3.2), steps=100, progress=False)
    assert classifier(result) == name


@pytest.mark.parametrize(
    ("sounds", "sentence"),
    [
        ({}, "at least two"),
        ([1, 2], "at least two"),
        ({"a": torch.ones(100), "b": torch.ones(RATE)}, "less than half a second"),
    ],
)
def test_wrong_arguments_are_answered_in_a_sentence(sounds, sentence):
    with pytest.raises(CourseError, match=sentence):
        Classifier(sounds)
