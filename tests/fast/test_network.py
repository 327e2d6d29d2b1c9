"""The transformation network: normalization against its formula, sizes, and mixtures."""

import pytest
import torch
from torch import nn

from nst_course import fast
from nst_course.fast.network import ConditionalInstanceNorm, Layer


def one_hot(number: int, count: int) -> torch.Tensor:
    return torch.eye(count)[number : number + 1]


@pytest.fixture
def network():
    torch.manual_seed(0)
    small = fast.TransformationNetwork(3, widths=(4, 6, 8), blocks=1).eval()
    for name, parameter in small.named_parameters():
        if name.endswith(("gamma", "beta")):
            nn.init.normal_(parameter, mean=0.5)
    return small


def test_normalization_is_that_of_pytorch_with_the_style_s_gamma_and_beta():
    norm, x = ConditionalInstanceNorm(3, 5), torch.randn(2, 5, 7, 9) * 3 + 1
    nn.init.normal_(norm.gamma)
    nn.init.normal_(norm.beta)
    reference = nn.InstanceNorm2d(5, affine=True)
    reference.weight.data, reference.bias.data = norm.gamma[1].data, norm.beta[1].data
    mix = one_hot(1, 3).expand(2, 3)
    torch.testing.assert_close(norm(x, mix), reference(x), rtol=1e-4, atol=1e-5)


def test_each_image_of_a_batch_has_its_own_statistics_and_style(network):
    images = torch.rand(2, 3, 32, 32)
    mix = torch.tensor([[1.0, 0, 0], [0.2, 0.3, 0.5]])
    together = network(images, mix)
    alone = [network(images[n : n + 1], mix[n : n + 1]) for n in range(2)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(16, 16), (17, 30), (32, 19), (33, 34)])
def test_painting_has_the_size_of_the_photograph(network, size):
    painting = network(torch.rand(1, 3, *size), one_hot(0, 3))
    assert painting.shape == (1, 3, *size)
    assert painting.min() >= 0 and painting.max() <= 1


def test_mixture_is_between_its_styles_and_differs_from_them(network):
    image = torch.rand(1, 3, 24, 24)
    first, second = network(image, one_hot(0, 3)), network(image, one_hot(1, 3))
    half = network(image, (one_hot(0, 3) + one_hot(1, 3)) / 2)
    assert (half - first).abs().mean() > 1e-3 and (half - second).abs().mean() > 1e-3
    assert torch.equal(network(image, one_hot(0, 3)), first)


def test_upsampling_layer_treats_every_pixel_alike():
    """A flat input has a flat output: a transposed convolution would show a checkerboard."""
    layer = Layer(1, 4, 4, upsample=True)
    flat = layer.conv(torch.nn.functional.interpolate(torch.ones(1, 4, 8, 8), scale_factor=2))
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))
