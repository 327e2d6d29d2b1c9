"""The figures of notebook 04 draw the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nst_course.plots import layer_bars, layer_curves, share_bars, share_drift
from nst_course.plots.layers import layer_color

LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]


def history(steps: int) -> dict[str, list[float]]:
    """Losses that start from the content image: its loss is 0 at the first step."""
    falling = {f"style/{layer}": [10.0**-step for step in range(steps)] for layer in LAYERS}
    return {
        **falling,
        "content": [float(step) for step in range(steps)],
        "total": [float(steps - step) for step in range(steps)],
    }


def test_a_block_has_one_color_and_no_two_terms_share_it():
    assert layer_color("relu4_1") == layer_color("conv4_2")
    colors = {layer_color(name) for name in [*LAYERS, "content"]}
    assert len(colors) == 6


def test_bars_are_as_high_as_their_values():
    values = {"relu1_1": 2e6, "relu5_1": 3e-4}
    figure = layer_bars({"before": values, "after": values}, "loss")
    for axis in figure.axes:
        assert [bar.get_height() for bar in axis.patches] == list(values.values())
        assert axis.get_yscale() == "log"
        assert [text.get_text() for text in axis.texts] == ["2,000,000", "0.0003"]
        assert axis.get_ylim()[1] > max(values.values())


def test_pieces_of_a_bar_are_as_long_as_their_shares_and_fill_it():
    rows = {
        "with content": {"content": 0.5, "relu1_1": 0.3, "relu5_1": 0.2},
        "style only": {"relu1_1": 0.99, "relu5_1": 0.01},
    }
    (axis,) = share_bars(rows, "share").axes
    pieces = [(piece.get_x(), piece.get_width()) for piece in axis.patches]
    expected = [(0.0, 0.5), (0.5, 0.3), (0.8, 0.2), (0.0, 0.99), (0.99, 0.01)]
    np.testing.assert_allclose(pieces, expected)
    assert [text.get_text() for text in axis.texts] == ["50%", "30%", "20%", "99%"]
    named = [text.get_text() for text in axis.get_legend().get_texts()]
    assert named == ["content", "relu1_1", "relu5_1"]


@pytest.mark.parametrize("steps", [[0], [0, 5, 10]])
def test_drift_is_stacked_from_the_first_term_to_all_of_them(steps):
    shares = {step: {"content": 0.25, "relu1_1": 0.5, "relu5_1": 0.25} for step in steps}
    (axis,) = share_drift(shares).axes
    tops = [area.get_datalim(axis.transData).y1 for area in axis.collections]
    np.testing.assert_allclose(tops, [0.25, 0.75, 1.0])
    assert axis.get_xlim()[0] == 0 and axis.get_ylim() == (0, 1)


def test_curves_are_drawn_as_measured_and_as_they_count():
    weights = {layer: 10.0**depth for depth, layer in enumerate(LAYERS)}
    losses = history(4)
    left, right = layer_curves(losses, weights, content_weight=3, style_weight=2).axes
    for line, counted in zip(left.lines[:5], right.lines[:5], strict=True):
        layer = line.get_label()
        np.testing.assert_allclose(line.get_ydata(), losses[f"style/{layer}"])
        np.testing.assert_allclose(counted.get_ydata(), 2 * weights[layer] * line.get_ydata())
    np.testing.assert_allclose(right.lines[5].get_ydata(), [np.nan, 3, 6, 9])
    np.testing.assert_allclose(right.lines[6].get_ydata(), losses["total"])


def test_no_figure_stays_open():
    values = {"relu1_1": 1.0}
    layer_bars({"": values}, "loss")
    share_bars({"": values}, "share")
    share_drift({0: values})
    layer_curves(history(2), dict.fromkeys(LAYERS, 1.0))
    assert plt.get_fignums() == []
