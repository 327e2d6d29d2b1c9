"""The figures of notebook 02 draw the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from nst_course import CourseError, plots
from nst_course.plots import distances, frequency_response, two_curves

MEASURES = {"pixels": [0.1, 0.1, 1.0], "relu1_2": [0.2, 0.01, 1.0], "relu5_1": [0.02, 0.3, 1.0]}
TITLES = ["photograph", "shift", "noise", "other"]


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    assert plt.get_fignums() == []


def compared():
    """The axes of pictures and those of bars, each from left to right."""
    images = [torch.full((1, 3, 20, 30), shade / 4) for shade in range(4)]
    axes = distances(images, TITLES, MEASURES).axes
    return axes[:4], axes[4:]


def test_every_picture_stands_under_its_title():
    pictures, _ = compared()
    assert [axis.get_title() for axis in pictures] == TITLES
    shades = [np.asarray(axis.images[0].get_array()).mean() for axis in pictures]
    np.testing.assert_allclose(shades, [0, 64, 128, 191], atol=1)


def test_bars_below_a_picture_are_its_own_distances():
    _, (first, *panels) = compared()
    assert not first.patches  # the photograph is at no distance from itself
    for index, axis in enumerate(panels):
        heights = [bar.get_height() for bar in axis.patches]
        assert heights == [numbers[index] for numbers in MEASURES.values()]


def test_all_bars_can_be_read_on_one_axis_with_the_first_measure_as_the_mark():
    _, (first, *panels) = compared()
    limits = {axis.get_ylim() for axis in panels}
    assert len(limits) == 1
    ((low, high),) = limits
    assert low < 0.01 and high > 1
    assert {axis.get_yscale() for axis in panels} == {"log"}
    marks = [axis.lines[0].get_ydata()[0] for axis in panels]
    assert marks == MEASURES["pixels"]
    assert [text.get_text() for text in first.get_legend().get_texts()] == list(MEASURES)


def test_pictures_without_a_title_or_a_number_are_refused():
    images = [torch.zeros(1, 3, 8, 8)] * 4
    with pytest.raises(CourseError, match="4 pictures need a title each"):
        distances(images, TITLES[:2], MEASURES)
    with pytest.raises(CourseError, match="every measure 3 numbers"):
        distances(images, TITLES, {"pixels": [0.1, 0.1, 1.0], "relu1_2": [0.2]})


def test_each_of_two_curves_has_a_logarithmic_axis_of_its_own():
    curves = {"loss": [100.0, 10.0, 1.0], "distance": [0.5, 0.4, 0.3]}
    left, right = two_curves(curves, "a run").axes
    for axis, (name, values) in zip((left, right), curves.items(), strict=True):
        np.testing.assert_allclose(axis.lines[0].get_ydata(), values)
        assert (axis.get_ylabel(), axis.get_yscale()) == (name, "log")
        assert axis.yaxis.label.get_color() == axis.lines[0].get_color()
    assert left.lines[0].get_color() != right.lines[0].get_color()
    spans = [axis.get_ylim()[1] / axis.get_ylim()[0] for axis in (left, right)]
    assert spans[0] == pytest.approx(spans[1]) and spans[0] > 100  # equal slopes, equal factors
    assert (left.get_title(), left.get_xlabel()) == ("a run", "step")


def test_gratings_have_a_panel_for_each_kind_and_a_line_for_each_layer():
    wavelengths = [2, 4, 32]
    panels = {
        "brightness": {"relu1_2": [0.01, 0.4, 0.03], "relu5_1": [0.02, 0.5, 0.07]},
        "color": {"relu1_2": [1e-5, 4e-3, 0.1], "relu5_1": [2e-5, 3e-3, 0.4]},
    }
    axes = frequency_response(wavelengths, panels, "response").axes
    assert [axis.get_title() for axis in axes] == list(panels)
    for axis, layers in zip(axes, panels.values(), strict=True):
        assert {line.get_label(): list(line.get_ydata()) for line in axis.lines} == layers
        assert [label.get_text() for label in axis.get_xticklabels()] == ["2", "4", "32"]
        assert axis.get_yscale() == "log"
    assert axes[0].get_ylabel() == "response"


def test_old_names_of_figures_still_work_and_warn():
    responses = {"brightness": {"relu1_2": [0.01, 0.4]}}
    with pytest.warns(DeprecationWarning, match="wave_responses is now .*frequency_response"):
        wave_responses = plots.wave_responses
    with pytest.warns(DeprecationWarning, match="periods is now wavelengths"):
        (axis,) = wave_responses(periods=[2, 4], panels=responses, ylabel="").axes
    assert list(axis.lines[0].get_xdata()) == [2, 4]
