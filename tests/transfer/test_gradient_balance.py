"""Lengths of the gradients of every term, and weights that give each its share."""

import pytest
import torch

import nst_course as nst
from nst_course.transfer.gradient_balance import balanced_weights, gradient_norms


@pytest.fixture(scope="module")
def transfer():
    content, style = nst.load_image("cat", 32), nst.load_image("great_wave", 32)
    return nst.StyleTransfer(
        content,
        style,
        content_layers=["relu2_2"],
        style_layers=["relu1_1", "relu2_1"],
        precision="float32",
    )


def test_norm_is_the_slope_along_the_gradient(transfer):
    image = torch.rand(transfer.content.shape, generator=torch.Generator().manual_seed(1))
    norms = gradient_norms(transfer, image)
    assert list(norms) == ["content", "relu1_1", "relu2_1"]
    names = {"content": "content", "relu1_1": "style/relu1_1", "relu2_1": "style/relu2_1"}
    for term, name in names.items():
        x = image.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(transfer.losses(x)[name], x)
        direction, step = gradient / gradient.norm(), 2e-3
        with torch.no_grad():  # the slope, from two points and without autograd
            ahead = transfer.losses(image + step * direction)[name].double()
            behind = transfer.losses(image - step * direction)[name].double()
        slope = ((ahead - behind) / (2 * step)).item()
        assert norms[term] == pytest.approx(slope, rel=0.02), term


def test_measuring_changes_neither_the_image_nor_the_transfer(transfer):
    image = nst.load_image("coffee", 32)[..., : transfer.content.shape[2], :]
    image = torch.nn.functional.interpolate(image, transfer.content.shape[2:])
    before = image.clone()
    first = gradient_norms(transfer, image)
    assert torch.equal(image, before) and not image.requires_grad
    assert transfer.iteration == 0 and gradient_norms(transfer, image) == first


def test_weights_turn_norms_into_shares():
    norms = {"content": 8.0, "relu1_1": 1e6, "relu5_1": 1e-3, "relu2_1": 4.0}
    shares = {"content": 20, "relu1_1": 50, "relu5_1": 30, "relu2_1": 0}
    weights = balanced_weights(shares, norms)
    assert list(weights) == ["relu1_1", "relu5_1"]
    pulls = {"content": norms["content"]} | {name: weights[name] * norms[name] for name in weights}
    total = sum(pulls.values())
    assert {term: pull / total for term, pull in pulls.items()} == pytest.approx(
        {"content": 0.2, "relu1_1": 0.5, "relu5_1": 0.3}, rel=1e-12
    )


@pytest.mark.parametrize(
    ("shares", "norms", "message"),
    [
        ({"content": 0, "relu1_1": 1}, {"content": 1.0, "relu1_1": 1.0}, "share above 0"),
        (
            {"content": 1, "relu1_1": 1},
            {"content": 1.0, "relu1_1": 0.0},
            "of relu1_1 is 0",
        ),
        (
            {"content": 1, "relu1_1": 1},
            {"content": 0.0, "relu1_1": 1.0},
            "of content is 0",
        ),
    ],
)
def test_shares_that_cannot_be_had_get_a_sentence(shares, norms, message):
    with pytest.raises(nst.CourseError, match=message):
        balanced_weights(shares, norms)


def test_norms_in_tiles_are_the_same(transfer):
    image = torch.rand(transfer.content.shape, generator=torch.Generator().manual_seed(1))
    tiled = nst.StyleTransfer(
        transfer.content,
        transfer.styles,
        content_layers=["relu2_2"],
        style_layers=["relu1_1", "relu2_1"],
        tile=16,
        precision="float32",
    )
    assert gradient_norms(tiled, image) == pytest.approx(gradient_norms(transfer, image))
