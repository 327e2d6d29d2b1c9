"""The figures of notebook 08."""

import numpy as np
import torch

from nst_course.plots import color_clouds, masks
from nst_course.plots.control import ellipse


def test_masks_stand_in_their_row_and_keep_every_entry():
    small, large = torch.eye(3), torch.ones(1, 1, 6, 6)
    figure = masks({"by area": [large, small], "inside": [large / 2, small]}, ["first", "second"])
    shown = [axis.images[0] for axis in figure.axes]
    assert [image.get_array().shape for image in shown] == [(6, 6), (3, 3)] * 2
    np.testing.assert_array_equal(shown[1].get_array(), small)
    assert all(image.get_clim() == (0, 1) for image in shown)
    assert all(image.get_interpolation() == "nearest" for image in shown)
    assert [axis.get_title() for axis in figure.axes] == [
        "first\nby area",
        "second",
        "\ninside",
        "",
    ]
    assert "by area" in figure.get_label()


def test_cloud_has_the_pixels_at_their_place_in_their_color():
    picture = torch.tensor([[0.1, 0.2, 0.3], [0.9, 0.5, 0.1]]).T.view(1, 3, 1, 2)
    figure = color_clouds({"two": picture, "same": picture}, axes=(0, 2))
    points = figure.axes[0].collections[0]
    np.testing.assert_allclose(points.get_offsets(), [[0.1, 0.3], [0.9, 0.1]], atol=1e-6)
    np.testing.assert_allclose(points.get_facecolors()[:, :3], picture[0, :, 0].T, atol=1e-6)
    assert figure.axes[0].get_xlabel() == "red" and figure.axes[0].get_ylabel() == "blue"


def test_ellipse_is_two_standard_deviations_around_the_mean():
    points = torch.stack([torch.tensor([1.0, 3.0]).repeat(500), torch.arange(1000.0) / 100])
    outline = ellipse(points)
    torch.testing.assert_close(outline.mean(1), points.mean(1), atol=0.2, rtol=0)
    assert abs(outline[0].max() - (2 + 2 * points[0].std())) < 0.02
    assert abs(outline[1].max() - (points[1].mean() + 2 * points[1].std())) < 0.02
