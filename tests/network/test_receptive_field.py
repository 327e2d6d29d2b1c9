"""Receptive fields: the published values, the gradient, and the box of a unit."""

import pytest
import torch
from torch import Tensor

import nst_course as nst

visualize = nst.visualize


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    "network, layer, size, jump",
    [
        ("vgg16", "conv1_1", 3, 1),
        ("vgg16", "conv2_1", 10, 2),
        ("vgg16", "conv3_1", 24, 4),
        ("vgg16", "conv4_1", 60, 8),
        ("vgg16", "conv4_2", 76, 8),
        ("vgg16", "conv5_1", 132, 16),
        ("vgg16", "pool5", 212, 32),
        ("vgg19", "conv4_2", 84, 8),
        ("vgg19", "conv5_1", 156, 16),
        ("vgg19", "conv5_4", 252, 16),
    ],
)
def test_receptive_fields_have_the_published_values(network, layer, size, jump):
    field = visualize.receptive_field(layer, network)
    assert (field.layer, field.size, field.jump) == (layer, size, jump)


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_recurrence_agrees_with_the_gradient_for_every_layer(network):
    for layer in nst.layer_names(network):
        assert visualize.receptive_field(layer, network) == visualize.measured_receptive_field(
            layer, network
        )


@pytest.mark.parametrize(
    "layer, row, column", [("conv2_2", 9, 4), ("relu3_1", 6, 8), ("pool3", 3, 4)]
)
def test_a_unit_depends_on_every_part_of_its_box_and_on_nothing_else(backbone, layer, row, column):
    image = noise(72, 88)
    top, left, bottom, right = visualize.receptive_field(layer).box(row, column)
    assert min(top, left) >= 0 and bottom <= 72 and right <= 88
    before = backbone(image, [layer])[layer][0, :, row, column]
    outside = noise(72, 88, seed=1)
    outside[..., top:bottom, left:right] = image[..., top:bottom, left:right]
    after = backbone(outside, [layer])[layer][0, :, row, column]
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-3)
    for edge in ((top, slice(left, right)), (bottom - 1, slice(left, right))):
        changed = image.clone()
        changed[(..., *edge)] = 1 - changed[(..., *edge)]
        assert not torch.equal(backbone(changed, [layer])[layer][0, :, row, column], before)


def test_the_box_is_what_the_exercise_asks_for():
    def answer(row, column, size, jump, first_center):
        return visualize.ReceptiveField("", size, jump, first_center).box(row, column)

    assert nst.exercises.unit_patch.examine(answer).solved


def test_effective_field_lies_in_the_box_and_is_narrower(backbone, photo):
    field = visualize.receptive_field("conv3_1")
    row, column = 8, 11
    strength = visualize.effective_receptive_field(backbone, "conv3_1", photo, (row, column))
    top, left, bottom, right = field.box(row, column)
    assert strength.shape == photo.shape[2:]
    assert strength.max() == 1 and strength.min() == 0
    inside = torch.zeros_like(strength)
    inside[top:bottom, left:right] = 1
    assert torch.equal(strength * inside, strength)
    assert 0 < 4 * visualize.spread(strength) < field.size


def test_spread_is_the_standard_deviation_of_a_gaussian():
    positions = torch.arange(61.0) - 30
    gaussian = torch.exp(-positions.square() / (2 * 5**2))
    assert visualize.spread(gaussian[:, None] * gaussian) == pytest.approx(5, rel=1e-3)


def test_an_image_smaller_than_the_receptive_field_is_fine(backbone):
    strength = visualize.effective_receptive_field(backbone, "conv5_1", noise(40, 40))
    assert strength.shape == (40, 40) and strength.max() == 1


def test_impossible_layers_and_positions_are_named(backbone, photo):
    with pytest.raises(nst.CourseError, match="conv4_3"):
        visualize.receptive_field("conv4_4")
    with pytest.raises(nst.CourseError, match="'vgg16', 'vgg19', not 'vgg11'"):
        visualize.receptive_field("conv4_1", "vgg11")
    with pytest.raises(nst.CourseError, match="8 rows and 12 columns"):
        visualize.effective_receptive_field(backbone, "conv4_1", photo, (8, 0))


def test_old_names_still_work_and_warn():
    field = visualize.receptive_field("conv2_1")
    with pytest.warns(DeprecationWarning, match="first_center"):
        assert field.first_centre == field.first_center == 0.5
    for old, new in (
        ("effective_field", "effective_receptive_field"),
        ("measured_field", "measured_receptive_field"),
    ):
        with pytest.warns(DeprecationWarning, match=new):
            assert getattr(visualize, old) is getattr(visualize, new)
