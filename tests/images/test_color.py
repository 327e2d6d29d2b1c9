"""The colors of one picture on another."""

import pytest
import torch

import nst_course as nst
from nst_course.images import color
from nst_course.images.color import match_colors


def statistics(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = image[0].flatten(1).double()
    return pixels.mean(1), torch.cov(pixels, correction=0)


@pytest.mark.parametrize("name", ["great_wave", "village_street_in_auvers"])
def test_mean_and_covariance_become_those_of_the_other(name):
    cat, painting = nst.load_image("cat", 96), nst.load_image(name, 80)
    for found, goal in zip(
        statistics(match_colors(cat, painting)), statistics(painting), strict=True
    ):
        torch.testing.assert_close(found, goal, atol=1e-5, rtol=1e-3)


def test_a_picture_with_its_own_colors_stays_as_it_is():
    cat = nst.load_image("cat", 64)
    torch.testing.assert_close(match_colors(cat, cat), cat, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "dull", [torch.full((1, 3, 8, 8), 0.4), torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8)]
)
def test_gray_and_plain_pictures_stay_finite_and_get_the_mean(dull):
    painting = nst.load_image("great_wave", 64)
    found = match_colors(dull, painting)
    torch.testing.assert_close(found.mean((2, 3)), painting.mean((2, 3)), atol=1e-4, rtol=0)
    assert found.min() > -2 and found.max() < 3


def test_transfer_may_start_from_the_recolored_photograph():
    cat, painting = nst.load_image("cat", 64), nst.load_image("great_wave", 64)
    transfer = nst.StyleTransfer(cat, painting, init="recolored")
    first = next(iter(transfer.steps(1)))
    torch.testing.assert_close(first.image, match_colors(cat, painting).clamp(0, 1))
    plain = next(iter(nst.StyleTransfer(cat, painting).steps(1)))
    assert first.losses["style"] < plain.losses["style"]


def test_the_old_spelling_still_works_and_warns():
    with pytest.warns(DeprecationWarning, match="match_colours is now .*match_colors"):
        assert color.match_colours is match_colors
