"""The figures of notebooks 02 and 03, and the untrained network that 03 compares with."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import nst_course as nst
from nst_course import plots
from nst_course.plots.gram import highlight


def picture(seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(seed))


def drawn_numbers(figure) -> list[float]:
    return [float(text.get_text().replace("−", "-")) for axis in figure.axes for text in axis.texts]


def test_number_grids_write_every_entry():
    first, second = torch.tensor([[1.0, 2.5]]), torch.tensor([[3.0], [-4.0]])
    figure = plots.number_grids([first, second], ["first", "second"])
    assert drawn_numbers(figure) == [1.0, 2.5, 3.0, -4.0]


def test_gram_heatmaps_share_scale_and_order():
    features = [torch.rand(1, 5, 6, 6, generator=torch.Generator().manual_seed(s)) for s in (1, 2)]
    features[0][:, 3] *= 10  # the strongest channel of the first picture comes first
    grams = [nst.gram_matrix(f) for f in features]
    figure = plots.gram_heatmaps([picture(), picture()], grams, ["one", "two"], channels=4)
    maps = [axis.images[0] for axis in figure.axes[2:4]]
    assert maps[0].norm is maps[1].norm
    assert maps[0].get_array().shape == (4, 4)
    assert maps[0].get_array()[0, 0] == pytest.approx(grams[0][0, 3, 3].item())
    assert maps[1].get_array()[0, 0] == pytest.approx(grams[1][0, 3, 3].item(), rel=1e-3)


def test_channel_pairs_show_the_product():
    features = torch.rand(1, 4, 6, 8, generator=torch.Generator().manual_seed(3))
    figure = plots.channel_pairs(picture(), features, [(0, 2), (1, 3)])
    product = np.asarray(figure.axes[2].images[0].get_array())
    assert np.allclose(product, features[0, 0] * features[0, 2])
    mean = (features[0, 0] * features[0, 2]).mean().item()
    assert float(figure.axes[2].get_title().split()[-1]) == pytest.approx(mean, rel=1e-2)


def test_highlight_keeps_the_colors_only_there():
    image = picture()
    values = torch.zeros(6, 8)
    values[:3] = 1
    lit = highlight(image, values, 0.5)
    assert torch.equal(lit[:, :, :8], image[:, :, :8])
    assert (lit[:, :, 16:] >= 0.75).all()


def test_clouds_draw_every_point_on_the_same_axes():
    points = [torch.randn(2, 50, generator=torch.Generator().manual_seed(s)) for s in (1, 2)]
    figure = plots.clouds([points[0], 3 * points[1]], ["one", "two"], ("x", "y"))
    one, two = figure.axes
    assert one.get_xlim() == two.get_xlim() == one.get_ylim()
    assert np.allclose(one.collections[0].get_offsets(), points[0].T)


def test_distances_have_a_bar_for_every_measure():
    values = {"pixels": [0.2, 1.0], "relu2_2": [0.7, 1.0], "relu4_2": [0.1, 1.0]}
    titles = ["the photo", "blurred", "another"]
    figure = plots.distances([picture(s) for s in range(3)], titles, values)
    assert [axis.get_title() for axis in figure.axes[:3]] == titles
    assert [bar.get_height() for bar in figure.axes[4].patches] == [0.2, 0.7, 0.1]


def test_two_curves_have_an_axis_each():
    figure = plots.two_curves({"falls": [3.0, 2.0, 1.0], "rises": [0.1, 0.2, 0.4]})
    assert [axis.get_ylabel() for axis in figure.axes] == ["falls", "rises"]
    assert list(figure.axes[1].lines[0].get_ydata()) == [0.1, 0.2, 0.4]


def test_figures_are_closed_so_that_a_notebook_shows_them_once():
    before = plt.get_fignums()
    plots.feature_maps([torch.rand(4, 5), torch.rand(4, 5)], ["one", "two"], columns=2)
    plots.two_curves({"falls": [2.0, 1.0], "rises": [1.0, 2.0]})
    assert plt.get_fignums() == before


# ---------------------------------------------------------------- the untrained network


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_random_parameters_have_the_networks_shapes(network):
    expected = nst.weights.parameter_shapes(network)
    found = nst.weights.random_parameters(network)
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == expected


def test_random_parameters_follow_he_and_the_seed():
    one, again, other = (nst.weights.random_parameters("vgg16", seed) for seed in (0, 0, 1))
    weight = one["conv3_2.weight"]
    assert weight.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.01)
    assert abs(weight.mean().item()) < 1e-3
    assert not one["conv3_2.bias"].any()
    assert torch.equal(weight, again["conv3_2.weight"])
    assert not torch.equal(weight, other["conv3_2.weight"])
    with pytest.raises(nst.CourseError, match="vgg17"):
        nst.weights.random_parameters("vgg17")


def test_an_untrained_backbone_keeps_the_size_of_its_activations():
    backbone = nst.Backbone("vgg16", nst.weights.random_parameters("vgg16"))
    features = backbone(picture(), ["relu1_1", "relu4_1"])
    spreads = [maps.square().mean().sqrt().item() for maps in features.values()]
    assert 0.2 < spreads[1] / spreads[0] < 5
