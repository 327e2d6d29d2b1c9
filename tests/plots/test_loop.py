"""The figures of notebooks 05 and 06 draw the numbers and pictures that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import nst_course as nst
from nst_course.plots import milestones, prices, race, runs, valley


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    assert plt.get_fignums() == []


def drawn(axis) -> dict[str, np.ndarray]:
    """Name of a line → its points, (n, 2)."""
    return {line.get_label(): np.asarray(line.get_xydata(), float) for line in axis.lines}


def test_runs_are_lines_over_their_own_steps_on_a_log_axis():
    figure = runs(
        {"short": [9.0, 3.0], "long": [8.0, 4.0, 2.0]}, ylabel="style", xlabel="evaluation"
    )
    (axis,) = figure.axes
    lines = drawn(axis)
    np.testing.assert_allclose(lines["short"], [[0, 9], [1, 3]])
    np.testing.assert_allclose(lines["long"], [[0, 8], [1, 4], [2, 2]])
    assert (axis.get_yscale(), axis.get_xlabel(), axis.get_ylabel()) == (
        "log",
        "evaluation",
        "style",
    )
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["short", "long"]


def test_zero_which_a_log_axis_cannot_show_is_left_out():
    (axis,) = runs({"content": [0.0, 2.0, 3.0]}).axes
    np.testing.assert_allclose(drawn(axis)["content"][:, 1], [np.nan, 2, 3])


def test_no_two_of_six_runs_share_a_color():
    (axis,) = runs({str(i): [2.0, 1.0] for i in range(6)}).axes
    assert len({line.get_color() for line in axis.lines}) == 6


def test_race_shows_the_losses_over_evaluations_and_over_seconds_and_as_displayed():
    counted = {"fast": ([0.1, 0.2, 0.3], [9.0, 5.0, 1.0]), "slow": ([2.0, 4.0], [9.0, 8.0])}
    displayed = {"fast": ([1, 3], [9.5, 2.0]), "slow": ([2], [8.5])}
    figure = race(counted, displayed)
    first, second, third = figure.axes
    np.testing.assert_allclose(drawn(first)["fast"], [[1, 9], [2, 5], [3, 1]])
    np.testing.assert_allclose(drawn(second)["fast"], [[1, 9.5], [3, 2]])
    np.testing.assert_allclose(drawn(third)["slow"], [[2, 9], [4, 8]])
    labels = [axis.get_xlabel() for axis in figure.axes]
    assert labels == ["function evaluations", "function evaluations", "seconds"]
    assert first.get_ylabel() == "total loss"
    assert {axis.get_yscale() for axis in figure.axes} == {"log"}
    assert first.get_ylim() == second.get_ylim() == third.get_ylim()
    for lines in zip(first.lines, second.lines, third.lines, strict=True):
        assert len({line.get_color() for line in lines}) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["fast", "slow"]


def test_valley_draws_every_path_over_the_contours_of_the_function():
    points = [torch.tensor(point) for point in ([-2.0, 1.0], [0.5, -0.5], [0.1, 0.0])]
    figure = valley(lambda p: p[0] ** 2 + 9 * p[1] ** 2, {"straight": points, "short": points[:2]})
    first, second = figure.axes
    path, minimum = first.lines
    np.testing.assert_allclose(path.get_xydata(), torch.stack(points))
    np.testing.assert_allclose(minimum.get_xydata(), [[0, 0]])
    assert len(second.lines[0].get_xydata()) == 2
    assert first.get_title() == "straight: 0.01 at the end"
    assert first.collections and first.get_aspect() == 1
    for axis in figure.axes:
        for low, high, values in ((*axis.get_xlim(), -2.0), (*axis.get_ylim(), 1.0)):
            assert low < values < high
    assert "straight, short" in figure.get_label()


def test_figures_have_a_text_for_those_who_cannot_see_them():
    assert runs({"short": [9.0, 3.0]}, ylabel="style").get_label() == "style over step: short"
    assert "steps 0, 1" in milestones([2.0, 1.0], {0: gray(0.1), 1: gray(0.2)}).get_label()


def gray(value: float) -> torch.Tensor:
    return torch.full((1, 3, 20, 30), value)


def test_milestones_are_marked_on_the_curve_and_shown_below_it():
    losses = [100.0, 50.0, 20.0, 10.0]
    figure = milestones(losses, {0: gray(0.2), 2: gray(0.6)})
    curve, *below = figure.axes
    line, marks = curve.lines
    np.testing.assert_allclose(line.get_ydata(), losses)
    np.testing.assert_allclose(marks.get_xydata(), [[0, 100], [2, 20]])
    assert curve.get_yscale() == "log" and curve.get_ylabel() == "total loss"
    assert [axis.get_title() for axis in below] == ["step 0: 100", "step 2: 20"]
    shown = [np.asarray(axis.images[0].get_array()) for axis in below]
    assert [(array.shape, array.max()) for array in shown] == [
        ((20, 30, 3), 51),
        ((20, 30, 3), 153),
    ]


@pytest.mark.parametrize("images", [{}, {4: gray(0.5)}, {-1: gray(0.5)}])
def test_milestone_of_no_step_of_the_run_is_refused(images):
    with pytest.raises(nst.CourseError, match="the steps 0 to 3"):
        milestones([4.0, 3.0, 2.0, 1.0], images)


def test_prices_draw_a_run_as_a_line_and_a_single_picture_as_a_point():
    figure = prices({"loop": ([0.2, 0.4, 0.6], [9, 3, 1]), "network": ([0.05], [2])})
    (axis,) = figure.axes
    loop, network = axis.lines
    assert list(loop.get_xdata()) == [0.2, 0.4, 0.6] and loop.get_marker() in ("", "None")
    assert list(network.get_ydata()) == [2] and network.get_marker() == "o"
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert axis.get_xlabel() == "seconds" and axis.get_ylabel() == "style loss"
