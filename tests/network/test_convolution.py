"""The three ways to convolve: all give the values of the plain convolution in float64."""

import math

import pytest
import torch
from torch import nn

import nst_course as nst
from nst_course.network import convolution
from nst_course.network.convolution import Convolution, winograd_convolution

avx2 = pytest.mark.skipif(
    not (convolution.winograd_is_faster() and convolution.winograd_works()),
    reason="this CPU does not use Winograd's algorithm (ATEN_CPU_CAPABILITY=avx2 makes it)",
)


def layer(inputs: int, outputs: int, seed: int = 0) -> Convolution:
    torch.manual_seed(seed)
    return Convolution(inputs, outputs, 3, padding=1).requires_grad_(False)


def features(channels: int, height: int, width: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, channels, height, width, generator=generator)


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


# ---------------------------------------------------------------- Winograd's algorithm


def convolve(x: torch.Tensor, layer: Convolution) -> torch.Tensor:
    return convolution._Convolved.apply(x, layer.weight, layer.bias, winograd_convolution)


@avx2
@pytest.mark.parametrize("inputs, outputs", [(8, 8), (64, 128), (3, 5)])
@pytest.mark.parametrize("size", [(24, 24), (17, 31), (6, 7)])
def test_winograd_output_and_gradient_equal_those_of_the_plain_convolution(inputs, outputs, size):
    conv, x = layer(inputs, outputs), features(inputs, *size)
    output_gradient = features(outputs, *size)
    found, expected = x.clone().requires_grad_(), x.double().requires_grad_()
    y = convolve(found, conv)
    y.backward(output_gradient)
    exact = layer(inputs, outputs).double()
    z = exact(expected)
    z.backward(output_gradient.double())
    assert difference(y, z) < 1e-5 and difference(found.grad, expected.grad) < 1e-5


@avx2
def test_winograd_takes_any_memory_layout():
    conv, x = layer(8, 16), features(8, 24, 30)
    orders = x, x.contiguous(memory_format=torch.channels_last), x.mT.contiguous().mT
    first, *others = (convolve(order, conv) for order in orders)
    assert all(torch.equal(first, other) for other in others)


@pytest.fixture
def with_winograd(monkeypatch):
    monkeypatch.setattr(convolution, "winograd_is_faster", lambda: True)
    monkeypatch.setattr(convolution, "winograd_works", lambda: True)


def test_winograd_is_for_large_layers_in_float32_on_the_cpu(with_winograd):
    conv, x = layer(4, 128), torch.empty(1, 4, 176, 176)
    assert conv.uses_winograd(x)
    assert conv.uses_winograd(torch.empty(1, 4, 88, 352))
    assert not conv.uses_winograd(torch.empty(1, 4, 176, 175))
    assert not conv.uses_winograd(torch.empty(2, 4, 176, 176))
    assert not conv.uses_winograd(x.double()) and not conv.uses_winograd(x.bfloat16())
    assert not conv.uses_winograd(x.to("meta"))
    assert not layer(4, 32).uses_winograd(torch.empty(1, 4, 500, 500))
    assert not layer(4, 128).requires_grad_().uses_winograd(x)


@avx2
def test_hooks_run_in_both_ways():
    conv, seen = layer(4, 128), []
    conv.register_forward_hook(lambda module, given, out: seen.append(out.shape[2]))
    for side in (64, 176):
        conv(features(4, side, side))
    assert seen == [64, 176]


def test_workspace_is_that_of_winograd(with_winograd):
    conv = layer(4, 128)
    numbers = 176 * 176 * (4 + 128) * 64 / 36
    assert conv.workspace_bytes(176, 176) == pytest.approx(4 * numbers, rel=1e-6)
    assert conv.workspace_bytes(176, 175) == 0


def test_winograd_is_for_avx2(monkeypatch):
    for capability in ("AVX2", "AVX512", "DEFAULT"):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda c=capability: c)
        assert convolution.winograd_is_faster() == (capability == "AVX2")


def another_signature(x, weight, bias):
    raise TypeError("_nnpack_spatial_convolution() takes 4 arguments")


@pytest.mark.parametrize("private", [None, another_signature, lambda x, weight, *rest: 2 * x])
def test_plain_convolution_if_the_private_function_has_changed(private, monkeypatch):
    """In a later PyTorch it may be gone, take other arguments, or compute something else."""
    if private is None:
        monkeypatch.delattr(torch, "_nnpack_spatial_convolution")
    else:
        monkeypatch.setattr(torch, "_nnpack_spatial_convolution", private)
    monkeypatch.setattr(convolution, "winograd_is_faster", lambda: True)
    convolution.winograd_works.cache_clear()
    try:
        x, conv = features(4, 176, 176), layer(4, 128)
        assert torch.equal(conv(x), nn.functional.conv2d(x, conv.weight, conv.bias, padding=1))
    finally:
        convolution.winograd_works.cache_clear()


@avx2
def test_objective_is_the_same_with_and_without_winograd(monkeypatch):
    """With noise: in flat areas, rounding decides which of four numbers max pooling takes."""
    content, style = nst.load_image("astronaut", 352), nst.load_image("great_wave", 128)
    backbone, losses, gradients, used = nst.load_backbone(device="cpu"), [], [], []
    noise = 0.02 * features(3, *content.shape[2:])
    monkeypatch.setattr(
        convolution,
        "winograd_convolution",
        lambda *given: used.append(given) or winograd_convolution(*given),
    )
    for available in (True, False):
        monkeypatch.setattr(convolution, "winograd_is_faster", lambda a=available: a)
        transfer = nst.StyleTransfer(content, style, backbone, tile=None, precision="float32")
        image = (content + noise).requires_grad_()
        total = transfer.losses(image)["total"]
        (gradient,) = torch.autograd.grad(total, image)
        losses.append(total.item())
        gradients.append(gradient)
        assert used
        if available:
            calls = len(used)
    assert len(used) == calls
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert difference(*gradients) < 1e-3


# ---------------------------------------------------------------- float16


@pytest.mark.parametrize("size, gradient_size", [(1e-9, 1e-20), (1, 1), (1e7, 1e12)])
def test_float16_output_and_gradient_are_those_of_float64(size, gradient_size):
    rounded, exact = layer(6, 9).half(), layer(6, 9).half().double()
    for one in (rounded, exact):
        one.bias *= size == 1  # other ones float16 could not hold
    x, output_gradient = size * features(6, 17, 31), gradient_size * features(9, 17, 31, seed=2)
    found, expected = x.clone().requires_grad_(), x.double().requires_grad_()
    y, z = rounded(found), exact(expected)
    y.backward(output_gradient)
    z.backward(output_gradient.double())
    assert y.dtype == found.grad.dtype == torch.float32
    assert 0 < difference(y, z) < 1e-3 and 0 < difference(found.grad, expected.grad) < 1e-3


def test_largest_possible_sum_stays_in_the_range_of_float16():
    conv, x = layer(512, 4).half(), torch.full((1, 512, 5, 5), 65504.0)
    conv.weight.fill_(1)
    assert conv(x)[0, 0, 2, 2].item() == pytest.approx(512 * 9 * 65504, rel=1e-3)
    conv.weight.fill_(1e-4)  # kernels that make everything smaller
    assert conv(x)[0, 0, 2, 2].item() == pytest.approx(512 * 9 * 6.5504, rel=2e-3)


def test_zeros_stay_zeros_and_infinities_do_not_become_numbers():
    conv, x = layer(3, 4).half(), torch.zeros(1, 3, 8, 8, requires_grad=True)
    y = conv(x)
    assert torch.equal(y, conv.bias.float().view(1, -1, 1, 1).expand_as(y))
    y.backward(torch.zeros_like(y))
    assert not x.grad.any()
    assert not conv(torch.full((1, 3, 8, 8), math.inf)).isfinite().any()


def test_float16_keeps_the_memory_layout_as_the_plain_convolution_does():
    x = features(6, 12, 10).contiguous(memory_format=torch.channels_last)
    y = layer(6, 9).half().to(memory_format=torch.channels_last)(x)
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_type_of_the_weights_decides_the_type_of_the_output():
    for weights, output in (
        (torch.float32, torch.float32),
        (torch.bfloat16, torch.bfloat16),
        (torch.float16, torch.float32),
    ):
        assert layer(3, 4).to(weights)(features(3, 8, 8)).dtype == output
