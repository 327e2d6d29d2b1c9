"""Winograd convolutions: the same numbers as the plain ones, and used only where they pay."""

import pytest
import torch
from torch import nn

import nst_course as nst
from nst_course.network import winograd
from nst_course.network.convolution import Convolution, Convolved

here = pytest.mark.skipif(not winograd.available(), reason="this CPU or PyTorch is without it")


def layer(inputs: int, outputs: int, seed: int = 0) -> nn.Conv2d:
    torch.manual_seed(seed)
    return Convolution(inputs, outputs, 3, padding=1).requires_grad_(False)


def convolve(x: torch.Tensor, layer: nn.Conv2d) -> torch.Tensor:
    return Convolved.apply(x, layer.weight, layer.bias, winograd.spatial_convolution)


def picture(channels: int, height: int, width: int) -> torch.Tensor:
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(1))


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


@here
@pytest.mark.parametrize("inputs, outputs", [(8, 8), (64, 128), (3, 5)])
@pytest.mark.parametrize("size", [(24, 24), (17, 31), (6, 7)])
def test_output_and_gradient_equal_those_of_the_plain_convolution_in_float64(inputs, outputs, size):
    convolution, x = layer(inputs, outputs), picture(inputs, *size)
    pull = picture(outputs, *size)
    found, expected = x.clone().requires_grad_(), x.double().requires_grad_()
    y = convolve(found, convolution)
    y.backward(pull)
    exact = layer(inputs, outputs).double()
    z = exact(expected)
    z.backward(pull.double())
    assert difference(y, z) < 1e-5 and difference(found.grad, expected.grad) < 1e-5


@here
def test_any_order_in_memory_gives_the_same():
    convolution, x = layer(8, 16), picture(8, 24, 30)
    orders = x, x.contiguous(memory_format=torch.channels_last), x.mT.contiguous().mT
    first, *others = (convolve(order, convolution) for order in orders)
    assert all(torch.equal(first, other) for other in others)


@pytest.fixture
def with_winograd(monkeypatch):
    monkeypatch.setattr(winograd, "available", lambda: True)


def test_pays_where_the_layer_is_large_and_the_rest_suits(with_winograd):
    conv, x = layer(4, 128), torch.empty(1, 4, 176, 176)
    assert winograd.pays(conv, x)
    assert winograd.pays(conv, torch.empty(1, 4, 88, 352))
    assert not winograd.pays(conv, torch.empty(1, 4, 176, 175))
    assert not winograd.pays(conv, torch.empty(2, 4, 176, 176))
    assert not winograd.pays(conv, x.double()) and not winograd.pays(conv, x.bfloat16())
    assert not winograd.pays(conv, x.to("meta"))
    assert not winograd.pays(layer(4, 32), torch.empty(1, 4, 500, 500))
    assert not winograd.pays(layer(4, 128).requires_grad_(), x)


@here
def test_hooks_see_both_ways():
    conv, seen = layer(4, 128), []
    conv.register_forward_hook(lambda module, given, out: seen.append(out.shape[2]))
    for side in (64, 176):
        conv(picture(4, side, side))
    assert seen == [64, 176]


def test_workspace_is_told_only_where_it_is_taken(with_winograd):
    conv = layer(4, 128)
    numbers = 176 * 176 * (4 + 128) * 64 / 36
    assert winograd.bytes_of_workspace(conv, 176, 176) == pytest.approx(4 * numbers, rel=1e-6)
    assert winograd.bytes_of_workspace(conv, 176, 175) == 0


def test_does_not_pay_with_avx512(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert not winograd.available()


@here
def test_network_is_the_same_with_and_without(monkeypatch):
    """With noise on the picture: in plain areas, which of four equal numbers is the largest, and
    gets the gradient of max pooling, depends on how they are rounded."""
    content, style = nst.load_image("astronaut", 352), nst.load_image("great_wave", 128)
    backbone, losses, gradients, used = nst.load_backbone(device="cpu"), [], [], []
    noise = 0.02 * picture(3, *content.shape[2:])
    apply = winograd.spatial_convolution
    monkeypatch.setattr(
        winograd, "spatial_convolution", lambda *given: used.append(given) or apply(*given)
    )
    for here in (True, False):
        monkeypatch.setattr(winograd, "available", lambda here=here: here)
        transfer = nst.StyleTransfer(content, style, backbone, tile=None, precision="float32")
        image = (content + noise).requires_grad_()
        total = transfer.losses(image)["total"]
        (gradient,) = torch.autograd.grad(total, image)
        losses.append(total.item())
        gradients.append(gradient)
        assert used
        if here:
            calls = len(used)
    assert len(used) == calls
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert difference(*gradients) < 1e-3
