"""The network that comes with the course, and the call that uses it."""

import hashlib

import pytest
import torch

import nst_course as nst
from nst_course import fast
from nst_course.fast import pretrained, stylize
from nst_course.images.color import color_moments, match_colors


def test_file_is_small_and_its_checksum_is_known():
    data = pretrained.FAST_NETWORK.read_bytes()
    assert len(data) < 4e6
    assert hashlib.sha256(data).hexdigest() == pretrained.FAST_SHA256


def test_damaged_file_is_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "fast.safetensors"
    damaged.write_bytes(pretrained.FAST_NETWORK.read_bytes()[:-1] + b"\0")
    monkeypatch.setattr(pretrained, "FAST_NETWORK", damaged)
    pretrained._loaded.cache_clear()
    with pytest.raises(nst.CourseError, match="damaged"):
        fast.load_fast_network("cpu")
    pretrained._loaded.cache_clear()


def test_every_style_is_a_bundled_artwork():
    assert set(fast.FAST_STYLES) <= set(nst.bundled_images())
    assert fast.load_fast_network().styles == len(fast.FAST_STYLES) + 1


@pytest.mark.parametrize("style", fast.FAST_STYLES)
def test_painting_is_nearer_to_its_artwork_than_the_photograph_is(style):
    photograph = nst.load_image("coffee", 256)
    artwork = nst.load_image(style, 256)
    transfer = nst.StyleTransfer(photograph, artwork, statistic=nst.covariance)
    painting = nst.stylize_fast("coffee", style, 256)
    assert painting.shape == photograph.shape
    assert transfer.losses(painting)["style"] < 0.1 * transfer.losses(photograph)["style"]


def test_last_row_gives_the_photograph_back():
    photograph = nst.load_image("cat", 256)
    same = fast.paint(fast.load_fast_network(), photograph, fast.mixture("spring", 0.0))
    painted = match_colors(nst.stylize_fast(photograph, "spring", 256), photograph)
    near, far = (image - photograph for image in (same, painted))
    assert near.abs().mean() < 0.04 < 0.08 < far.abs().mean()


@pytest.mark.parametrize("picture", ["dahlia", "coffee"])
def test_weak_style_keeps_colors_and_contrast_of_the_photograph(picture):
    photograph = nst.load_image(picture, 192)
    distances = []
    for strength in (1, 2, 3):
        painting = nst.stylize_fast(photograph, "poppies", 192, strength)
        moments = zip(color_moments(painting), color_moments(photograph), strict=True)
        distances.append(sum(float((ours - theirs).norm()) for ours, theirs in moments))
    assert distances == sorted(distances) and distances[0] < distances[2] / 2


def test_stronger_style_is_nearer_to_the_artwork():
    photograph, artwork = nst.load_image("cat", 256), nst.load_image("great_wave", 256)
    transfer = nst.StyleTransfer(photograph, artwork, statistic=nst.covariance)
    losses = [
        float(transfer.losses(nst.stylize_fast(photograph, "great_wave", 256, s))["style"])
        for s in (1, 2, 3)
    ]
    assert losses == sorted(losses, reverse=True)
    assert stylize.share_of(2.5) == pytest.approx((stylize.SHARES[2] + stylize.SHARES[3]) / 2)


def test_mixture_counts_only_ratios_and_sums_to_1():
    half = fast.mixture({"spring": 2, "poppies": 2}, 0.6)
    assert half.sum() == pytest.approx(1) and half[0, -1] == pytest.approx(0.4)
    torch.testing.assert_close(half, fast.mixture({"poppies": 0.5, "spring": 0.5}, 0.6))


@pytest.mark.parametrize("size", [(37, 61), (100, 33)])
def test_any_size_and_shape(size):
    assert nst.stylize_fast(torch.rand(1, 3, *size), "poppies", max(size)).shape[2:] == size


def test_result_can_be_optimized_further():
    painting = nst.stylize_fast("cat", "poppies", 64).requires_grad_()
    painting.square().sum().backward()
    assert painting.grad is not None


def test_too_little_memory_is_told_before_the_network_runs(monkeypatch):
    monkeypatch.setattr(stylize, "available_memory", lambda device: 10**6)
    with pytest.raises(nst.CourseError, match="use a smaller size"):
        nst.stylize_fast("cat", "poppies", 128)
