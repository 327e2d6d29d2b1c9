"""The patches that excite a unit most, against a brute-force search."""

import itertools

import pytest
import torch
from torch import Tensor

import nst_course as nst
from nst_course.images.io import scaled

visualize = nst.visualize


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_patches_equal_a_brute_force_search(backbone):
    images = {"a": noise(50, 70, 1), "b": noise(64, 41, 2), "c": noise(33, 33, 3)}
    sizes, layers = (32, 64), ("conv1_2", "relu3_1")
    search = visualize.PatchSearch(backbone, layers, images, sizes)
    for layer, channel in itertools.product(layers, (0, 5, 30)):
        expected = []
        for name, image in images.items():
            places = []
            for side in {min(size, max(image.shape[2:])) for size in sizes}:
                values = backbone(scaled(image, side), [layer])[layer][0, channel].tolist()
                for row, line in enumerate(values):
                    places += [(value, side, row, column) for column, value in enumerate(line)]
            expected.append((name, *max(places)))
        expected.sort(key=lambda found: -found[1])
        found = search.top(layer, channel)
        for patch, (name, value, side, row, column) in zip(found, expected, strict=True):
            assert patch.activation == pytest.approx(value, rel=1e-4, abs=1e-3)
            if value > 0:  # a unit that is inactive after its ReLU is 0 everywhere, at every scale
                assert (patch.picture, max(patch.whole.shape[2:])) == (name, side)
                assert patch.box == visualize.receptive_field(layer).box(row, column)


def test_a_patch_shows_what_is_outside_the_picture():
    whole = noise(20, 30)
    patch = visualize.Patch("noise", 1.0, whole, (-4, 22, 12, 38))
    assert patch.image.shape == (1, 3, 16, 16)
    assert patch.inside == (4, 0, 16, 8)
    top, left, bottom, right = patch.inside
    assert torch.equal(patch.image[..., top:bottom, left:right], whole[..., 0:12, 22:30])
    assert (patch.image[..., :4, :] == 0.5).all() and (patch.image[..., 8:] == 0.5).all()


def test_of_equal_activations_the_first_place_on_the_smallest_copy_counts(backbone):
    search = visualize.PatchSearch(
        backbone, ["relu3_1"], {"noise": noise(50, 70, 1)}, sizes=(32, 64)
    )
    [patch] = search.top("relu3_1", 30)  # inactive on noise
    assert patch.activation == 0 and max(patch.whole.shape[2:]) == 32
    assert patch.box == visualize.receptive_field("relu3_1").box(0, 0)


def test_nine_patches_come_from_nine_pictures(backbone):
    search = visualize.PatchSearch(backbone, ["relu3_2"], sizes=(48,))
    found = search.top("relu3_2", 84)
    assert len(found) == len({patch.picture for patch in found}) == 9
    activations = [patch.activation for patch in found]
    assert activations == sorted(activations, reverse=True)
    assert {patch.picture for patch in found} <= set(nst.bundled_images())


def test_a_picture_smaller_than_the_receptive_field_gives_a_whole_patch(backbone):
    search = visualize.PatchSearch(backbone, ["conv5_1"], {"tiny": noise(40, 56)}, sizes=(56, 500))
    [patch] = search.top("conv5_1", 0)
    assert patch.image.shape == (1, 3, 132, 132)
    top, left, bottom, right = patch.inside
    assert (bottom - top, right - left) == (40, 56)


def test_a_search_names_what_it_can_be_asked(backbone):
    search = visualize.PatchSearch(backbone, ["relu1_2"], {"noise": noise(32, 32)})
    with pytest.raises(nst.CourseError, match="only relu1_2"):
        search.top("relu2_2", 0)
    with pytest.raises(nst.CourseError, match="did you mean"):
        search.top("relu2_9", 0)
    with pytest.raises(nst.CourseError, match="channels 0 to 63, not 64"):
        search.top("relu1_2", 64)
