"""The figures of notebook 07, and the alt text that a notebook stores with a figure."""

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

import nst_course as nst
from nst_course.plots import mixtures, triangle


def test_mixtures_are_curves_over_the_weight():
    figure = mixtures([0, 0.25, 1], {"to the first": [1.0, 2, 4], "to the second": [4.0, 2, 1]})
    (axis,) = figure.axes
    lines = [line for line in axis.lines if not line.get_label().startswith("_")]
    np.testing.assert_allclose(lines[1].get_xydata(), [[0, 4], [0.25, 2], [1, 1]])
    assert axis.get_yscale() == "log" and "λ" in axis.get_xlabel() and axis.get_ylabel()


def test_each_picture_of_the_triangle_stands_where_its_weights_are():
    images = {}
    for a in range(5):
        for b in range(5 - a):
            weights = (a / 4, b / 4, (4 - a - b) / 4)
            images[weights] = torch.tensor(weights).view(1, 3, 1, 1).expand(1, 3, 8, 12)
    figure = triangle(images, ["red", "green", "blue"])
    assert len(figure.axes) == 15
    middles = {}
    for axis in figure.axes:
        color = np.asarray(axis.images[0].get_array())[0, 0] / 255
        box = axis.get_position()
        middles[tuple(np.round(color * 4).astype(int))] = np.array(
            [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]
        )
        assert box.width * figure.get_figwidth() >= 1.6  # inches, of 100 pixels
    corners = [middles[tuple(4 * np.eye(3, dtype=int)[k])] for k in range(3)]
    assert corners[0][1] > corners[1][1] and corners[1][0] < corners[2][0]
    for parts, middle in middles.items():
        expected = sum(part / 4 * corner for part, corner in zip(parts, corners, strict=True))
        np.testing.assert_allclose(middle, expected, atol=1e-6)
    boxes = [axis.get_position() for axis in figure.axes]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert {"red", "green", "blue", "50 : 50 : 0"} <= {a.get_title() for a in figure.axes}


def test_triangle_without_three_names_is_refused():
    with pytest.raises(nst.CourseError, match="3 names"):
        triangle({(1.0, 0.0, 0.0): torch.zeros(1, 3, 8, 8)}, ["one"])


def test_notebook_stores_the_alt_text_of_a_figure(tmp_path):
    source = """
import torch
import nst_course as nst
nst.plots.pictures([torch.zeros(1, 3, 8, 8)], ["black"], alt="a black square")
"""
    cell = nbformat.v4.new_code_cell(source)
    NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=120).execute(cwd=str(tmp_path))
    (output,) = cell.outputs
    assert output.metadata["image/jpeg"] == {"alt": "a black square"}
    assert output.data["image/jpeg"].startswith("/9j/")
