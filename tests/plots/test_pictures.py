"""Pictures side by side, the loss curves, and the view that refreshes itself."""

import io
import os
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from PIL import Image

import nst_course as nst
from nst_course.transfer.style_transfer import Step

ROOT = Path(__file__).parents[2]


def image(height: int, width: int, value: float = 0.5) -> torch.Tensor:
    return torch.full((1, 3, height, width), value)


def step(iteration: int, total: float = 3.0) -> Step:
    losses = {"total": total, "content": 1.0 * iteration, "style": 2e-3}
    return Step(iteration, losses, image(24, 36, 0.25))


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(1, None, 1), (4, None, 1), (5, None, 2), (3, 2, 2)]
)
def test_pictures_stand_in_rows_under_their_titles(count, columns, rows):
    titles = [f"picture {i}" for i in range(count)]
    figure = nst.plots.pictures([image(20, 30 + i) for i in range(count)], titles, columns)
    assert figure.axes[0].get_gridspec().nrows == rows
    assert [axis.get_title() for axis in figure.axes if axis.images] == titles
    shown = [axis.images[0].get_array() for axis in figure.axes if axis.images]
    assert [array.shape for array in shown] == [(20, 30 + i, 3) for i in range(count)]
    assert all((np.asarray(array) == 128).all() for array in shown)


def test_figure_leaves_pictures_their_shape_and_fills_the_width():
    wide, high = (nst.plots.pictures([image(*shape)]) for shape in ((20, 60), (60, 20)))
    assert wide.get_figwidth() == high.get_figwidth() == 12
    assert wide.get_figheight() == pytest.approx(12 / 3, abs=0.5)
    assert high.get_figheight() == pytest.approx(12 * 3, abs=0.5)


@pytest.mark.parametrize(("count", "titles"), [(0, []), (2, ["one"]), (1, ["one", "two"])])
def test_pictures_without_a_title_each_are_refused(count, titles):
    with pytest.raises(nst.CourseError, match="a title for each"):
        nst.plots.pictures([image(8, 8)] * count, titles)


def test_loss_curves_are_the_weighted_terms_on_a_log_axis():
    history = {"total": [9.0, 5.0], "content": [0.0, 2.0], "style": [3.0, 1.0]}
    (axis,) = nst.plots.losses(history, content_weight=0.5, style_weight=10).axes
    curves = {line.get_label(): line.get_ydata() for line in axis.lines}
    np.testing.assert_allclose(curves["total"], [9, 5])
    np.testing.assert_allclose(curves["α · content"], [np.nan, 1])  # no place for 0 on a log axis
    np.testing.assert_allclose(curves["β · style"], [30, 10])
    assert (axis.get_yscale(), axis.get_xlabel(), axis.get_ylabel()) == ("log", "step", "loss")


def test_live_view_draws_a_picture_with_every_frame():
    view = nst.plots.LiveView(10, image(24, 36), image(30, 30))
    view.history = {"total": [3.0], "content": [0.0], "style": [2e-3]}
    with Image.open(io.BytesIO(view.frame(step(1)))) as frame:
        assert frame.format == "JPEG" and frame.width == 12 * 90
        dark = (np.abs(np.asarray(frame).astype(int) - 64) < 6).all(-1)
    assert dark.mean() > 0.1  # the image of the step, which is of this grey


def test_live_view_shows_first_and_last_step_and_skips_while_the_clock_is_young(monkeypatch):
    view = nst.plots.LiveView(20, image(24, 36), image(30, 30))
    shown = []
    monkeypatch.setattr(view, "_show", shown.append)
    monkeypatch.setattr(view, "frame", lambda step: step.iteration)
    for iteration in range(19):
        view(step(iteration))
        view.next_frame = float("inf")
    assert shown == [0]
    view(step(19))
    assert shown == [0, 19] and len(view.history["total"]) == 20


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["Agg", "agg", "TkAgg", "pdf"])
def test_figures_are_shown_whatever_backend_the_shell_names(backend):
    source = "import nst_course as nst\nnst.plots.pictures([nst.load_image('cat', 32)], ['a cat'])"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    environment = {**os.environ, "MPLBACKEND": backend, "PYTHONPATH": str(ROOT)}
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute(env=environment)
    assert "image/jpeg" in notebook.cells[0].outputs[-1]["data"]
