"""Textures of 1995 and 1999: pyramids, histograms, copied pixels."""

import pytest
import torch

import nst_course as nst
from nst_course.history import (
    bands_of,
    efros_leung,
    from_bands,
    heeger_bergen,
    match_histogram,
    steerable_filters,
)


@pytest.mark.parametrize(
    ("height", "width", "scales", "orientations"),
    [(32, 32, 4, 4), (33, 40, 3, 5), (16, 57, 2, 1), (64, 20, 4, 2)],
)
def test_bands_add_up_to_the_image(height, width, scales, orientations):
    filters = steerable_filters(height, width, scales, orientations)
    assert filters.shape == (scales * orientations + 2, height, width)
    assert torch.allclose(filters.abs().square().sum(0), torch.ones(height, width), atol=1e-5)
    image = torch.randn(3, height, width, generator=torch.Generator().manual_seed(0))
    bands = bands_of(image, filters)
    assert torch.allclose(from_bands(bands, filters), image, atol=1e-5)
    if height % 2 and width % 2:  # the highest frequency of an even row has no partner
        spectra = torch.fft.fft2(image) * filters[:, None]
        assert torch.fft.ifft2(spectra).imag.abs().max() < 1e-5


def test_a_band_answers_to_its_direction_and_wavelength():
    filters = steerable_filters(64, 64, scales=3, orientations=4)
    x = torch.arange(64)
    flat = torch.cos(2 * torch.pi * x / 64 * 8).expand(1, 64, 64)  # changes to the right
    energy = bands_of(flat, filters).square().mean((1, 2, 3))
    steep = bands_of(flat.mT, filters).square().mean((1, 2, 3))
    assert energy.argmax() == 1 + 4 * 1 + 0  # the second octave, the first direction
    assert steep.argmax() == 1 + 4 * 1 + 2  # a quarter turn away
    coarse = bands_of(torch.cos(2 * torch.pi * x / 64 * 4).expand(1, 64, 64), filters)
    assert coarse.square().mean((1, 2, 3)).argmax() == 1 + 4 * 2 + 0


@pytest.mark.parametrize("count", [50, 30, 77])
def test_matched_values_keep_their_order_and_have_the_histogram(count):
    generator = torch.Generator().manual_seed(count)
    values = torch.randn(5, 10, generator=generator)
    target = torch.rand(count, generator=generator) * 3 - 7
    matched = match_histogram(values, target)
    assert matched.shape == values.shape
    order = values.flatten().argsort()
    assert (matched.flatten()[order].diff() >= 0).all()
    if count == 50:
        assert torch.equal(matched.flatten().sort().values, target.sort().values)
    assert matched.min() >= target.min() and matched.max() <= target.max()
    assert abs(matched.mean() - target.mean()) < 0.05
    assert torch.allclose(match_histogram(matched, target), matched)


@pytest.mark.parametrize("size", [None, 40])
def test_heeger_and_bergen_matches_pixels_and_bands(size):
    texture = nst.load_image("gravel", 48)
    made = heeger_bergen(texture, size, scales=3)
    assert made.shape == (texture.shape if size is None else (1, 3, size, size))
    assert torch.equal(made, heeger_bergen(texture, size, scales=3))
    assert not torch.equal(made, heeger_bergen(texture, size, scales=3, seed=1))
    for channel in range(3):  # colors are matched along other axes than red, green and blue
        one, other = (image[0, channel].flatten() for image in (made, texture))
        levels = torch.linspace(0.05, 0.95, 10)
        assert (one.quantile(levels) - other.quantile(levels)).abs().max() < 0.06
    filters = {side: steerable_filters(side, side, 3, 4) for side in (48, made.shape[2])}
    noise = torch.rand(made.shape, generator=torch.Generator().manual_seed(0))

    def energies(image):
        gray = image.mean(1)
        return bands_of(gray - gray.mean(), filters[gray.shape[-1]]).square().mean((1, 2, 3))

    wanted = energies(texture[:, :, : texture.shape[2], : texture.shape[2]])
    assert (energies(made) / wanted).log().abs().mean() < 0.25
    assert (energies(noise) / wanted).log().abs().mean() > 1


def test_a_pixel_is_copied_from_where_its_origin_says():
    texture = nst.load_image("brick", 24)
    grown = efros_leung(texture, 20, window=7)
    rows, columns = grown.origin
    assert torch.equal(grown.image, texture[:, :, rows, columns])
    assert rows.min() >= 0 and rows.max() < 24 and columns.min() >= 0
    again = efros_leung(texture, 20, window=7)
    assert torch.equal(again.origin, grown.origin)
    assert not torch.equal(efros_leung(texture, 20, window=7, seed=1).origin, grown.origin)


def test_a_chessboard_grows_on_without_a_fault():
    board = (torch.arange(12)[:, None] // 2 + torch.arange(12) // 2) % 2
    image = efros_leung(board.float().expand(1, 3, -1, -1).contiguous(), 17, window=5).image
    fields = image[0, 0]
    assert torch.equal(fields[:, 4:], fields[:, :-4])
    assert torch.equal(fields[4:], fields[:-4])
    assert torch.equal(fields[:, 2:], 1 - fields[:, :-2])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t: efros_leung(t, 20, window=4), "odd number"),
        (lambda t: efros_leung(t, 20, window=31), "up to the texture's 24"),
        (lambda t: efros_leung(t, 2), "from 3 up"),
        (lambda t: heeger_bergen(t, 8), "16 pixels on each side"),
        (lambda t: heeger_bergen(t[0]), "shape"),
        (lambda t: match_histogram(t, t[:0]), "no entries"),
        (lambda t: steerable_filters(32, 32, 0), "from 1 up"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(call, words):
    with pytest.raises(nst.CourseError, match=words):
        call(nst.load_image("brick", 24))
