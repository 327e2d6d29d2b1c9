"""The colors of one picture on another."""

import pytest
import torch

import nst_course as nst
from nst_course.images import color
from nst_course.images.color import gray, luminance, match_colors, with_luminance_of


def statistics(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = image[0].flatten(1).double()
    return pixels.mean(1), torch.cov(pixels, correction=0)


@pytest.mark.parametrize("root", ["symmetric", "cholesky"])
@pytest.mark.parametrize("name", ["great_wave", "village_street_in_auvers", "brick"])
def test_mean_and_covariance_become_those_of_the_other(name, root):
    cat, painting = nst.load_image("cat", 96), nst.load_image(name, 80)
    for found, goal in zip(
        statistics(match_colors(cat, painting, root)), statistics(painting), strict=True
    ):
        torch.testing.assert_close(found, goal, atol=1e-5, rtol=1e-3)


def test_only_the_symmetric_root_treats_the_channels_alike():
    cat, wave = nst.load_image("cat", 64), nst.load_image("great_wave", 64)
    for root, alike in (("symmetric", True), ("cholesky", False)):
        backwards = match_colors(cat.flip(1), wave.flip(1), root).flip(1)
        assert torch.allclose(backwards, match_colors(cat, wave, root), atol=1e-4) is alike


def test_gray_artwork_makes_a_gray_picture_to_the_last_level():
    found = match_colors(nst.load_image("coffee", 64), nst.load_image("brick", 64))
    assert (found - gray(found)).abs().max() < 1 / 255


def test_colors_of_regions_are_matched_to_those_of_regions():
    """Each as if the pixels outside were not there."""
    cat, wave = nst.load_image("cat", 64), nst.load_image("great_wave", 64)
    left, top = torch.zeros(cat.shape[2:]), torch.zeros(wave.shape[2:])
    left[:, :20], top[:9] = 1, 1
    found = match_colors(cat, wave, region=left, like_region=top)
    alone = match_colors(cat[..., :20], wave[:, :, :9])
    torch.testing.assert_close(found[..., :20], alone, atol=1e-5, rtol=0)


def test_mistakes_are_a_sentence():
    cat = nst.load_image("cat", 32)
    with pytest.raises(nst.CourseError, match="root is one of"):
        match_colors(cat, cat, "square")
    with pytest.raises(nst.CourseError, match="height and width"):
        match_colors(cat, cat, region=torch.ones(3, 3))
    with pytest.raises(nst.CourseError, match="region is empty"):
        match_colors(cat, cat, like_region=torch.zeros(cat.shape[2:]))


# ---------------------------------------------------------------- luminance

YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def yiq(image: torch.Tensor) -> torch.Tensor:
    return torch.einsum("ij,bjhw->bihw", YIQ, image)


def test_luminance_comes_from_one_image_and_color_from_the_other():
    cat = nst.load_image("cat", 48)
    other = nst.load_image("great_wave", 48)[:, :, : cat.shape[2], : cat.shape[3]]
    cat = cat[:, :, : other.shape[2]]
    found = yiq(with_luminance_of(cat, other))
    torch.testing.assert_close(found[:, :1], yiq(other)[:, :1], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[:, 1:], yiq(cat)[:, 1:], atol=1e-3, rtol=0)


def test_gray_picture_has_its_luminance_in_every_channel():
    cat = nst.load_image("cat", 48)
    assert gray(cat).shape == cat.shape
    torch.testing.assert_close(luminance(gray(cat)), luminance(cat))
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    assert luminance(red).item() == pytest.approx(0.299)


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
