"""Images parameterized by their Fourier coefficients and by decorrelated colors."""

import itertools
import math

import pytest
import torch

from nst_course.visualize.parameterization import (
    decode,
    frequency_scale,
    initial_parameters,
)


def test_coefficients_are_scaled_by_one_over_their_frequency():
    size = 32
    scale = frequency_scale(size)
    for row, column in itertools.product(range(size), range(size // 2 + 1)):
        vertical = min(row, size - row) / size
        expected = 1 / max(math.hypot(vertical, column / size), 1 / size)
        assert scale[row, column].item() == pytest.approx(expected, rel=1e-5)


def test_one_coefficient_is_one_cosine():
    size, row, column = 32, 3, 5
    parameters = torch.zeros(1, 3, size, size // 2 + 1, 2)
    parameters[0, :, row, column, 0] = 0.01
    image = decode(parameters, "fourier", "plain", size)
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    wave = torch.cos(2 * math.pi * (row * y + column * x) / size)
    values = torch.logit(image[0, 0])
    amplitude = 2 * 0.01 * size / math.hypot(row, column) / size / 4  # both halves of the spectrum
    torch.testing.assert_close(values, amplitude * wave, rtol=1e-3, atol=1e-5)


def test_decorrelated_colors_vary_as_in_photographs():
    """Equal noise on the three color axes becomes mostly brightness: red, green and blue agree."""
    parameters = initial_parameters("pixels", 64, 0) * 10
    plain, colors = (
        torch.logit(decode(parameters, "pixels", kind, 64))[0].flatten(1)
        for kind in ("plain", "decorrelated")
    )
    assert torch.corrcoef(plain)[0, 1].abs() < 0.1
    assert torch.corrcoef(colors)[0, 1] > 0.8 and torch.corrcoef(colors)[1, 2] > 0.8
