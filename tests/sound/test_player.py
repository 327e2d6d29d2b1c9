"""A sound on a page: small, playable, and named for those who cannot see the button."""

import base64
import io
import re

import soundfile
import torch

from nst_course.sound import RATE, load, play


def test_a_page_gets_an_mp3_of_every_sound_with_its_title():
    first, second = load("fire", seconds=2), load("bells", seconds=1)
    page = play(first, second, titles=['fire & "flame"', "bells"]).data
    assert page.count("<audio controls") == 2
    assert 'aria-label="fire &amp; &quot;flame&quot;"' in page
    for data, sound in zip(re.findall(r"base64,([^\"]+)", page), (first, second), strict=True):
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")
        assert rate == RATE and abs(len(samples) - len(sound)) < 3000
        ratio = torch.from_numpy(samples).square().mean().sqrt() / sound.square().mean().sqrt()
        assert 0.8 < ratio < 1.2
        assert len(data) < 8500 * len(sound) / RATE


def test_titles_may_be_left_out():
    assert 'aria-label="sound"' in play(load("fire", seconds=1)).data
