"""The Fourier preconditioner: octaves, and what it learns from a known curvature."""

import math

import pytest
import torch

from nst_course.optim.lbfgs import LBFGS
from nst_course.optim.preconditioner import COLORS, FourierPreconditioner

HEIGHT, WIDTH = 24, 40
GRAY, RED_BLUE, GREEN = COLORS.double()


def blank(height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.zeros(1, 3, height, width, dtype=torch.float64)


def noise(seed: int, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3 * height * width, dtype=torch.float64, generator=generator)


def wave(down: int, across: int, color: torch.Tensor = GRAY) -> torch.Tensor:
    """So many periods down and across the image, in one color, as a vector."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    phase = 2 * math.pi * (down * y / HEIGHT + across * x / WIDTH)
    return (color[:, None, None] * (phase + 0.3).cos()).flatten()


def curved(vector: torch.Tensor, curvature) -> torch.Tensor:
    """The gradient of a quadratic function whose curvature depends on octave and color."""
    octaves = FourierPreconditioner(blank()).octaves.tolist()
    result = torch.zeros_like(vector).view(3, HEIGHT, WIDTH)
    for number, color in enumerate(COLORS.double()):
        pixels = torch.einsum("c,chw->hw", color, vector.view(3, HEIGHT, WIDTH))
        factors = [
            [
                curvature(octaves[row][min(column, WIDTH - column)], number)
                for column in range(WIDTH)
            ]
            for row in range(HEIGHT)
        ]
        waves = torch.fft.fft2(pixels) * torch.tensor(factors)
        result += color[:, None, None] * torch.fft.ifft2(waves).real
    return result.flatten()


def test_colors_are_orthonormal():
    torch.testing.assert_close(COLORS @ COLORS.T, torch.eye(3))


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
def test_octave_of_a_wave_is_that_of_its_wavelength(down, across, octave):
    length = 1 / math.hypot(down / HEIGHT, across / WIDTH) if down or across else math.inf
    assert octave == 6 or 2**octave <= length * (1 + 1e-9) < 2 ** (octave + 1)
    preconditioner = FourierPreconditioner(blank())
    assert preconditioner.octaves[down, across] == octave
    energies = preconditioner._energies(wave(down, across))
    assert energies[0, octave] > 0.999 * energies.sum()
    in_color = preconditioner._energies(wave(down, across, RED_BLUE))
    assert energies[1, octave] < 1e-9 < in_color[1, octave]


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (7, 5), (33, 64)])
def test_every_wave_is_in_one_octave(size):
    preconditioner = FourierPreconditioner(blank(*size))
    vector = noise(0, *size)
    assert preconditioner.octaves.numel() == size[0] * (size[1] // 2 + 1)
    assert sum(preconditioner.octave_sizes) == preconditioner.octaves.numel()
    full = torch.fft.rfft2(vector.view(3, *size), norm="ortho").abs().square().sum()
    assert preconditioner._energies(vector).sum().item() == pytest.approx(full.item())


def test_without_steps_it_is_the_identity():
    assert torch.equal(FourierPreconditioner(blank()).apply(noise(1)), noise(1))


def test_known_curvature_is_found_and_inverted():
    """Steps on a quadratic function: the factors are 1 / curvature, up to a common factor."""

    def curvature(octave, color):
        return (octave + 9) * (1, 1.5, 0.9)[color]

    preconditioner = FourierPreconditioner(blank())
    step = noise(2)
    preconditioner.update(step, curved(step, curvature))
    inverted = preconditioner.apply(curved(noise(3), curvature))
    factor = inverted.norm() / noise(3).norm()
    torch.testing.assert_close(inverted / factor, noise(3), rtol=1e-6, atol=1e-6)


def test_preconditioner_beats_the_identity_a_thousandfold():
    """Where the curvature depends on the octave alone, it is the inverse Hessian itself."""

    def curvature(octave, color):
        return (1.0, 1.3, 4.0, 5.0, 3.0, 1.5, 2.0)[octave] * (1, 1.2, 1.4)[color]

    steps = {}
    for preconditioned in (True, False):
        pixels = noise(4).view(1, 3, HEIGHT, WIDTH).clone().requires_grad_()
        optimizer = LBFGS(
            [pixels], preconditioner=preconditioned, max_step=math.inf, bounds=(-math.inf, math.inf)
        )
        for _ in range(12):
            pixels.grad = curved(pixels.detach().flatten(), curvature).view_as(pixels)
            optimizer.step()
        steps[preconditioned] = pixels.detach().norm().item()
    assert steps[True] < 1e-3 * steps[False]


def test_map_is_symmetric_and_positive_definite():
    preconditioner = FourierPreconditioner(blank())
    for seed in range(3):
        preconditioner.update(noise(seed), noise(seed + 10) * 5)
    a, b = noise(20), noise(21)
    assert (a @ preconditioner.apply(b)).item() == pytest.approx(
        (b @ preconditioner.apply(a)).item()
    )
    for down, across in ((0, 0), (1, 3), (12, 20), (0, 20)):
        for color in COLORS.double():
            along = wave(down, across, color)
            assert along @ preconditioner.apply(along) > 0


def test_factors_stay_within_their_limits():
    preconditioner = FourierPreconditioner(blank())
    preconditioner.update(noise(0) + 1e6 * wave(0, 3), noise(1) + 1e6 * wave(9, 0))
    for down, across, factor in ((0, 3, 2), (9, 0, 0.1)):
        along = wave(down, across)
        torch.testing.assert_close(preconditioner.apply(along), factor * along, rtol=0, atol=1e-4)


def test_octaves_without_any_step_are_left_as_they_are():
    preconditioner = FourierPreconditioner(blank())
    preconditioner.update(wave(0, 3), 2 * wave(0, 3))
    for vector in (wave(0, 3), wave(0, 20), wave(0, 3, GREEN)):
        applied = preconditioner.apply(vector)
        assert applied.isfinite().all()
    torch.testing.assert_close(preconditioner.apply(wave(0, 3)), wave(0, 3))


def test_size_of_late_steps_does_not_matter():
    one, other = FourierPreconditioner(blank()), FourierPreconditioner(blank())
    for seed in range(3):
        one.update(noise(seed), noise(seed + 10))
        other.update(noise(seed) * 10.0**-seed, noise(seed + 10) * 10.0**-seed)
    torch.testing.assert_close(one.apply(noise(5)), other.apply(noise(5)))


def test_old_steps_are_forgotten():
    preconditioner, late = FourierPreconditioner(blank()), FourierPreconditioner(blank())
    for seed in range(40):
        preconditioner.update(noise(seed), noise(seed + 50))
        if seed >= 10:
            late.update(noise(seed), noise(seed + 50))
    torch.testing.assert_close(preconditioner.apply(noise(5)), late.apply(noise(5)))


@pytest.mark.parametrize("shape", [(1, 1, 8, 8), (5, 3, 8, 8), (192,)])
def test_only_an_image_is_preconditioned(shape):
    pixels = torch.zeros(shape, requires_grad=True)
    assert LBFGS([pixels]).preconditioner is None
    assert LBFGS([torch.zeros(1, 3, 8, 8)]).preconditioner is not None
    assert LBFGS([torch.zeros(1, 3, 8, 8)], preconditioner=False).preconditioner is None


def test_state_includes_the_preconditioner():
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
