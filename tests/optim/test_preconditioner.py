"""The first guess of the curvature: octaves, and what a known curvature teaches."""

import math

import pytest
import torch

from nst_course.optim.lbfgs import LBFGS
from nst_course.optim.preconditioner import COLOURS, Spectrum

HEIGHT, WIDTH = 24, 40
GREY, RED_BLUE, GREEN = COLOURS.double()


def blank(height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.zeros(1, 3, height, width, dtype=torch.float64)


def noise(seed: int, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3 * height * width, dtype=torch.float64, generator=generator)


def wave(down: int, across: int, colour: torch.Tensor = GREY) -> torch.Tensor:
    """So many periods down and across the picture, in one colour, as a vector."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    phase = 2 * math.pi * (down * y / HEIGHT + across * x / WIDTH)
    return (colour[:, None, None] * (phase + 0.3).cos()).flatten()


def curved(vector: torch.Tensor, steepness) -> torch.Tensor:
    """The gradient of a parabola whose curvature is a function of octave and colour."""
    octaves = Spectrum(blank()).octaves.tolist()
    result = torch.zeros_like(vector).view(3, HEIGHT, WIDTH)
    for number, colour in enumerate(COLOURS.double()):
        pixels = torch.einsum("c,chw->hw", colour, vector.view(3, HEIGHT, WIDTH))
        factors = [
            [
                steepness(octaves[row][min(column, WIDTH - column)], number)
                for column in range(WIDTH)
            ]
            for row in range(HEIGHT)
        ]
        waves = torch.fft.fft2(pixels) * torch.tensor(factors)
        result += colour[:, None, None] * torch.fft.ifft2(waves).real
    return result.flatten()


def test_colours_are_orthonormal():
    torch.testing.assert_close(COLOURS @ COLOURS.T, torch.eye(3))


@pytest.mark.parametrize(
    ("down", "across", "octave"),
    [
        (0, 0, 6),  # the mean
        (0, 1, 5),  # 40 pixels long
        (1, 0, 4),  # 24
        (0, 2, 4),  # 20
        (3, 0, 3),  # 8, which begins an octave
        (0, 9, 2),  # 4.4
        (7, 0, 1),  # 3.4
        (0, 20, 1),  # 2, the shortest along an axis
        (12, 20, 0),  # 1.4, the chessboard
    ],
)
def test_octave_of_a_wave_is_that_of_its_length(down, across, octave):
    length = 1 / math.hypot(down / HEIGHT, across / WIDTH) if down or across else math.inf
    assert octave == 6 or 2**octave <= length * (1 + 1e-9) < 2 ** (octave + 1)
    spectrum = Spectrum(blank())
    assert spectrum.octaves[down, across] == octave
    energies = spectrum._energies(wave(down, across))
    assert energies[0, octave] > 0.999 * energies.sum()
    in_colour = spectrum._energies(wave(down, across, RED_BLUE))
    assert energies[1, octave] < 1e-9 < in_colour[1, octave]


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (7, 5), (33, 64)])
def test_every_wave_is_in_one_octave(size):
    spectrum = Spectrum(blank(*size))
    vector = noise(0, *size)
    assert sum(spectrum.members) == spectrum.octaves.numel() == size[0] * (size[1] // 2 + 1)
    full = torch.fft.rfft2(vector.view(3, *size), norm="ortho").abs().square().sum()
    assert spectrum._energies(vector).sum().item() == pytest.approx(full.item())


def test_nothing_known_changes_nothing():
    assert torch.equal(Spectrum(blank()).rescale(noise(1)), noise(1))


def test_known_curvature_is_found_and_undone():
    """Moves over a parabola: what comes out is 1 / curvature, up to one factor for all waves."""

    def steepness(octave, colour):
        return (octave + 9) * (1, 1.5, 0.9)[colour]

    spectrum = Spectrum(blank())
    move = noise(2)
    spectrum.remember(move, curved(move, steepness))
    undone = spectrum.rescale(curved(noise(3), steepness))
    factor = undone.norm() / noise(3).norm()
    torch.testing.assert_close(undone / factor, noise(3), rtol=1e-6, atol=1e-6)


def test_guess_by_octave_beats_one_number_a_thousandfold():
    """Where each octave has a curvature of its own, the guess is the whole inverse Hessian."""

    def steepness(octave, colour):
        return (1.0, 1.3, 4.0, 5.0, 3.0, 1.5, 2.0)[octave] * (1, 1.2, 1.4)[colour]

    steps = {}
    for by_wave in (True, False):
        pixels = noise(4).view(1, 3, HEIGHT, WIDTH).clone().requires_grad_()
        optimizer = LBFGS(
            [pixels], by_wave=by_wave, largest_move=math.inf, bounds=(-math.inf, math.inf)
        )
        for _ in range(12):
            pixels.grad = curved(pixels.detach().flatten(), steepness).view_as(pixels)
            optimizer.step()
        steps[by_wave] = pixels.detach().norm().item()
    assert steps[True] < 1e-3 * steps[False]


def test_map_is_symmetric_and_positive():
    spectrum = Spectrum(blank())
    for seed in range(3):
        spectrum.remember(noise(seed), noise(seed + 10) * 5)
    a, b = noise(20), noise(21)
    assert (a @ spectrum.rescale(b)).item() == pytest.approx((b @ spectrum.rescale(a)).item())
    for down, across in ((0, 0), (1, 3), (12, 20), (0, 20)):
        for colour in COLOURS.double():
            along = wave(down, across, colour)
            assert along @ spectrum.rescale(along) > 0


def test_no_wave_is_stretched_beyond_the_limits():
    spectrum = Spectrum(blank())
    spectrum.remember(noise(0) + 1e6 * wave(0, 3), noise(1) + 1e6 * wave(9, 0))
    for down, across, factor in ((0, 3, 2), (9, 0, 0.1)):
        along = wave(down, across)
        torch.testing.assert_close(spectrum.rescale(along), factor * along, rtol=0, atol=1e-4)


def test_octaves_without_any_move_are_left_as_they_are():
    spectrum = Spectrum(blank())
    spectrum.remember(wave(0, 3), 2 * wave(0, 3))
    for vector in (wave(0, 3), wave(0, 20), wave(0, 3, GREEN)):
        rescaled = spectrum.rescale(vector)
        assert rescaled.isfinite().all()
    torch.testing.assert_close(spectrum.rescale(wave(0, 3)), wave(0, 3))


def test_lengths_of_late_moves_do_not_matter():
    one, other = Spectrum(blank()), Spectrum(blank())
    for seed in range(3):
        one.remember(noise(seed), noise(seed + 10))
        other.remember(noise(seed) * 10.0**-seed, noise(seed + 10) * 10.0**-seed)
    torch.testing.assert_close(one.rescale(noise(5)), other.rescale(noise(5)))


def test_old_moves_are_forgotten():
    spectrum, late = Spectrum(blank()), Spectrum(blank())
    for seed in range(40):
        spectrum.remember(noise(seed), noise(seed + 50))
        if seed >= 10:
            late.remember(noise(seed), noise(seed + 50))
    torch.testing.assert_close(spectrum.rescale(noise(5)), late.rescale(noise(5)))


@pytest.mark.parametrize("shape", [(1, 1, 8, 8), (5, 3, 8, 8), (192,)])
def test_only_an_image_has_a_spectrum(shape):
    pixels = torch.zeros(shape, requires_grad=True)
    assert LBFGS([pixels]).spectrum is None
    assert LBFGS([torch.zeros(1, 3, 8, 8)]).spectrum is not None
    assert LBFGS([torch.zeros(1, 3, 8, 8)], by_wave=False).spectrum is None


def test_state_brings_the_spectrum_along():
    def step(optimizer, pixels, count):
        for _ in range(count):
            pixels.grad = (pixels.detach() - noise(1).view_as(pixels)).pow(3)
            optimizer.step()

    pixels = blank().requires_grad_()
    optimizer = LBFGS([pixels])
    step(optimizer, pixels, 6)
    copy = pixels.detach().clone().requires_grad_()
    resumed = LBFGS([copy])
    resumed.load_state_dict(optimizer.state_dict())
    step(optimizer, pixels, 3)
    step(resumed, copy, 3)
    assert torch.equal(pixels, copy)
