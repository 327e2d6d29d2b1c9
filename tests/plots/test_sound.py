"""The figures of notebook 09 for sounds."""

import numpy as np
import pytest
import torch

from nst_course.plots import shares_table, spectrograms
from nst_course.sound import load, spectrogram


def test_spectrograms_have_seconds_kilohertz_and_one_scale_of_colors():
    sound = load("bells", seconds=1)
    figure = spectrograms({"sound": sound, "picture": spectrogram(sound), "3": sound}, columns=2)
    first, second, third, empty = figure.axes
    for axis in (first, second, third):
        (image,) = axis.images
        assert image.get_extent() == pytest.approx([0, 63 / 62.5, 0, 8])
        assert image.get_clim() == third.images[0].get_clim()
        np.testing.assert_array_equal(image.get_array(), spectrogram(sound)[0, 0])
        assert image.origin == "lower"
    assert [axis.get_title() for axis in figure.axes] == ["sound", "picture", "3", ""]
    assert first.get_ylabel() == third.get_ylabel() == "kHz" and third.get_xlabel() == "seconds"
    assert not empty.axison and figure.get_label() == "spectrograms: sound, picture, 3"


def test_table_of_shares_says_every_number_and_names_the_largest_in_its_alt_text():
    shares = {"of fire": {"fire": 0.75, "bells": 0.25}, "of bells": {"fire": 0.0, "bells": 1.0}}
    figure = shares_table(shares)
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.texts] == ["75%", "25%", "0%", "100%"]
    np.testing.assert_allclose(axis.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert "of fire: fire 75%, bells 25%; of bells: bells 100%" in figure.get_label()


def test_wrong_arguments_are_answered_in_a_sentence():
    with pytest.raises(ValueError, match="spectrograms cannot use"):
        spectrograms({"a": torch.zeros(3, 3)})
