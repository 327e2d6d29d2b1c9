"""The figures of notebook 09 about clips."""

import numpy as np
import pytest
import torch

import nst_course as nst
from nst_course.plots import flicker_bars, flow_arrows, visibility

FRAME = torch.full((1, 3, 36, 64), 0.5)


def test_arrows_point_to_where_the_pixels_were():
    flow = torch.zeros(1, 2, 36, 64)
    flow[:, 0], flow[:, 1] = -5, 3
    (axis,) = flow_arrows([FRAME], [flow], ["a frame"]).axes
    (arrows,) = axis.collections
    assert set(arrows.U) == {-5} and set(arrows.V) == {3} and len(arrows.U) > 50
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # rows are counted downward, as v is
    assert axis.get_title() == "a frame"


def test_hidden_pixels_are_magenta_and_the_others_as_they_are():
    seen = torch.ones(1, 1, 36, 64)
    seen[..., :20] = 0
    figure = visibility([FRAME, FRAME], [seen, 0 * seen + 1])
    shown = np.asarray(figure.axes[0].images[0].get_array()) / 255
    assert np.allclose(shown[:, 30:], 0.5, atol=0.01)
    red, green, blue = shown[0, 0]
    assert red > blue > green and figure.get_label()


def test_bars_have_the_height_of_their_numbers():
    values = {"camera": {"alone": 20.0, "held": 5.0}, "clip": {"alone": 30.0, "held": 4.0}}
    figure = flicker_bars(values)
    (axis,) = figure.axes
    heights = [[bar.get_height() for bar in group] for group in axis.containers]
    assert heights == [[20, 30], [5, 4]]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["camera", "clip"]
    assert "camera, alone: 20.0" in figure.get_label() and axis.get_ylabel()


def test_what_cannot_be_drawn_is_a_sentence():
    with pytest.raises(nst.CourseError):
        flow_arrows([FRAME], [])
