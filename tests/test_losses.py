"""The losses in float64: against sums by hand and finite differences; types, devices, bad input.

The properties of the Gram matrix are in test_conventions.py, with the losses of the literature.
"""

import math

import pytest
import torch
import torch.nn.functional as F

import nst_course as nst
from nst_course.statistics import fast_gram_matrix

SCALARS = {
    "content": (nst.content_loss, (1, 5, 3, 4), 2),
    "style": (nst.style_loss, (1, 5, 5), 2),
    "variation": (nst.total_variation, (1, 3, 4, 5), 1),
}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def inputs(name: str) -> tuple:
    loss, shape, count = SCALARS[name]
    return loss, [random(*shape, seed=seed) for seed in range(count)]


# ---------------------------------------------------------------- all three that give a scalar


@pytest.mark.parametrize("name", SCALARS)
def test_gradient_agrees_with_finite_differences(name):
    loss, tensors = inputs(name)
    assert torch.autograd.gradcheck(loss, [tensor.requires_grad_() for tensor in tensors])


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_loss_is_a_positive_scalar_of_the_type_given(name, dtype):
    loss, tensors = inputs(name)
    value = loss(*[tensor.to(dtype) for tensor in tensors])
    assert value.shape == () and value.dtype == dtype and value > 0
    assert value.item() == pytest.approx(loss(*tensors).item(), rel=2e-2)


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize(
    "device",
    [
        "meta",
        pytest.param(
            "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
        ),
    ],
)
def test_loss_stays_on_the_device_given(name, device):
    loss, tensors = inputs(name)
    assert loss(*[tensor.to(device) for tensor in tensors]).device.type == device


@pytest.mark.parametrize("name", SCALARS)
def test_loss_grows_with_the_square_of_its_inputs(name):
    loss, tensors = inputs(name)
    torch.testing.assert_close(loss(*[3 * tensor for tensor in tensors]), 9 * loss(*tensors))


@pytest.mark.parametrize("name", SCALARS)
def test_inputs_are_left_as_they_were(name):
    loss, tensors = inputs(name)
    copies = [tensor.clone() for tensor in tensors]
    loss(*tensors)
    assert all(map(torch.equal, tensors, copies))


@pytest.mark.parametrize("loss", [nst.content_loss, nst.style_loss])
def test_shapes_that_would_broadcast_are_refused(loss):
    with pytest.raises(nst.CourseError, match=r"\(1, 5, 5\) and \(1, 5, 1\)"):
        loss(random(1, 5, 5), random(1, 5, 1))


# ---------------------------------------------------------------- content


def test_content_loss_is_the_mean_of_squared_differences_by_hand():
    features, target = random(1, 5, 3, 4), random(1, 5, 3, 4, seed=1)
    pairs = zip(features.flatten().tolist(), target.flatten().tolist(), strict=True)
    by_hand = math.fsum((f - p) ** 2 for f, p in pairs) / 60
    assert nst.content_loss(features, target).item() == pytest.approx(by_hand, rel=1e-12)


def test_content_gradient_is_two_nth_of_the_difference():
    features, target = random(1, 5, 3, 4).requires_grad_(), random(1, 5, 3, 4, seed=1)
    nst.content_loss(features, target).backward()
    torch.testing.assert_close(features.grad, 2 * (features - target).detach() / 60)


def test_content_loss_does_not_depend_on_the_size_of_the_image():
    features, target = random(1, 5, 3, 4), random(1, 5, 3, 4, seed=1)
    tiled = [tensor.repeat(1, 1, 2, 3) for tensor in (features, target)]
    torch.testing.assert_close(nst.content_loss(*tiled), nst.content_loss(features, target))
    assert nst.content_loss(features, features) == 0


# ---------------------------------------------------------------- Gram and style


def test_style_loss_is_the_mean_of_squared_differences_by_hand():
    gram, target = random(1, 5, 5), random(1, 5, 5, seed=1)
    pairs = zip(gram.flatten().tolist(), target.flatten().tolist(), strict=True)
    by_hand = math.fsum((g - a) ** 2 for g, a in pairs) / 25
    assert nst.style_loss(gram, target).item() == pytest.approx(by_hand, rel=1e-12)


def test_style_loss_is_zero_for_copies_of_the_positions_in_another_order():
    artwork = random(1, 5, 6, 2)
    more = artwork.roll(1, 2).repeat(1, 1, 2, 3)
    assert nst.style_loss(nst.gram_matrix(more), nst.gram_matrix(artwork)) < 1e-25
    other = nst.gram_matrix(random(1, 5, 3, 4, seed=1))
    assert nst.style_loss(other, nst.gram_matrix(artwork)) > 1e-3


def test_gram_matrix_has_the_type_and_device_of_the_features():
    assert nst.gram_matrix(random(1, 3, 2, 4).bfloat16()).dtype == torch.bfloat16
    assert nst.gram_matrix(random(1, 3, 2, 4).to("meta")).device.type == "meta"


@pytest.mark.parametrize("shape", [(4, 3, 5), (4, 15), (1, 4, 3, 5, 1)])
def test_features_with_other_dimensions_have_no_gram_matrix(shape):
    with pytest.raises(nst.CourseError, match="shape"):
        nst.gram_matrix(random(*shape))


# ---------------------------------------------------------------- total variation


def test_total_variation_is_the_mean_over_neighbors_by_hand():
    image = random(1, 3, 4, 5)
    rows = image[0].tolist()
    down = [(c[y + 1][x] - c[y][x]) ** 2 for c in rows for y in range(3) for x in range(5)]
    right = [(c[y][x + 1] - c[y][x]) ** 2 for c in rows for y in range(4) for x in range(4)]
    by_hand = math.fsum(down) / len(down) + math.fsum(right) / len(right)
    assert nst.total_variation(image).item() == pytest.approx(by_hand, rel=1e-12)


def test_total_variation_of_a_flat_color_is_zero_and_of_a_ramp_its_slope_squared():
    assert nst.total_variation(torch.full((1, 3, 4, 5), 0.7)) == 0
    ramp = (0.1 * torch.arange(9.0, dtype=torch.float64)).expand(1, 3, 6, 9)
    assert nst.total_variation(ramp).item() == pytest.approx(0.01)
    assert nst.total_variation(ramp.mT).item() == pytest.approx(0.01)


def test_total_variation_falls_when_an_image_is_blurred():
    image = random(1, 3, 16, 16)
    assert nst.total_variation(F.avg_pool2d(image, 3, 1)) < nst.total_variation(image) / 3


def test_total_variation_needs_neighbors():
    for shape in ((1, 3, 1, 5), (1, 3, 5, 1), (3, 5, 5)):
        with pytest.raises(nst.CourseError, match="at least 2×2"):
            nst.total_variation(random(*shape))


@pytest.mark.parametrize(
    ("dtype", "value_error", "gradient_error"),
    [(torch.float64, 1e-14, 1e-14), (torch.float32, 1e-5, 1e-5), (torch.bfloat16, 1e-5, 0.01)],
)
def test_fast_gram_matrix_is_that_of_the_formula(dtype, value_error, gradient_error):
    features = random(1, 7, 90, 80).to(dtype).requires_grad_()
    exact = features.detach().double().requires_grad_()
    slope = random(1, 7, 7, seed=1).double()  # not symmetric
    found, expected = fast_gram_matrix(features), nst.gram_matrix(exact)
    (found * slope).sum().backward()
    (expected * slope).sum().backward()
    assert found.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert features.grad.dtype == dtype
    assert (found.double() - expected).norm() < value_error * expected.norm()
    assert (features.grad.double() - exact.grad).norm() < gradient_error * exact.grad.norm()
