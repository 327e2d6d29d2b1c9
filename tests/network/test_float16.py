"""The network and a run in float16: close to float32, whatever the weights of the objective."""

import copy
import math

import pytest
import torch

import nst_course as nst
from nst_course.network import convolution
from nst_course.statistics import fast_gram_matrix
from nst_course.transfer.tiling import TiledNetwork, WholeNetwork

STYLE = ("relu2_1", "relu2_2", "relu3_1", "relu4_1")


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


def style_gradient(network: WholeNetwork | TiledNetwork, weight: float = 1.0) -> torch.Tensor:
    """Of the sum of all squares of the Gram matrices."""
    image = nst.load_image("cat", 64).requires_grad_()
    grams = network.measure(image, [(layer, lambda x, _: fast_gram_matrix(x)) for layer in STYLE])
    (weight * sum(gram.square().sum() for gram in grams)).backward()
    return image.grad


@pytest.fixture(scope="module")
def coarse(narrow_backbone) -> nst.Backbone:
    return narrow_backbone.in_precision(torch.float16)


def test_features_stay_in_float32_and_the_network_is_close(narrow_backbone, coarse):
    image = nst.load_image("cat", 48)
    found, expected = coarse(image, STYLE), narrow_backbone(image, STYLE)
    assert torch.equal(found["relu2_1"], expected["relu2_1"])  # the shallow layers stay exact
    for name in STYLE[1:]:
        assert found[name].dtype == torch.float32
        assert 0 < difference(found[name], expected[name]) < 2e-3
    gradients = [style_gradient(WholeNetwork(network)) for network in (coarse, narrow_backbone)]
    assert 0 < difference(*gradients) < 5e-3


@pytest.mark.parametrize("power", [-60, 60])
def test_weights_of_the_objective_only_scale_the_gradient(coarse, power):
    one = style_gradient(WholeNetwork(coarse))
    assert one.any()
    assert torch.equal(style_gradient(WholeNetwork(coarse), 2.0**power), one * 2.0**power)


def test_tiles_find_the_same_up_to_the_rounding_of_float16(narrow_backbone, coarse):
    exact = style_gradient(WholeNetwork(narrow_backbone))
    whole, tiled = style_gradient(WholeNetwork(coarse)), style_gradient(TiledNetwork(coarse, 16))
    assert 0 < difference(tiled, exact) < 2 * difference(whole, exact)


# ---------------------------------------------------------------- the transfer


@pytest.fixture
def with_unit(fast_at):
    """A machine that multiplies float16 numbers in hardware, in name at least."""
    fast_at(torch.float16)


def transfer(backbone: nst.Backbone, **settings) -> nst.StyleTransfer:
    content, style = nst.load_image("cat", 32), nst.load_image("great_wave", 40)
    layers = {"content_layers": ["relu2_2"], "style_layers": STYLE}
    return nst.StyleTransfer(content, style, backbone, **layers, style_weight=10, **settings)


def test_auto_takes_it_where_there_is_a_unit_and_ends_in_float32(narrow_backbone, with_unit):
    auto = transfer(narrow_backbone)
    formats = [
        auto.safeguards.backbone.convolutions["conv4_1"].weight.dtype for _ in auto.steps(40)
    ]
    assert formats == [torch.float16] * 36 + [torch.float32] * 4


def test_without_a_unit_it_is_told_and_done_all_the_same(narrow_backbone):
    result = transfer(narrow_backbone, precision="float16").run(2, progress=False)
    assert "no unit for float16" in result.messages[0] and len(result.messages) == 1
    assert result.history["total"][1] < result.history["total"][0]


def test_gpu_that_computes_nonsense_in_float16_goes_on_in_float32(
    narrow_backbone, with_unit, monkeypatch
):
    def nonsense(x, weight, bias):
        return x.new_full((1, len(weight), *x.shape[2:]), math.nan)

    monkeypatch.setattr(convolution, "scaled_convolution", nonsense)
    result = transfer(narrow_backbone).run(6, progress=False)
    monkeypatch.undo()
    expected = transfer(narrow_backbone, precision="float32").run(6, progress=False)
    assert "now in float32" in result.messages[0] and len(result.messages) == 1
    assert result.history["total"] == expected.history["total"]
    assert torch.equal(result.image, expected.image)


def test_what_comes_after_the_nonsense_is_as_in_any_run(narrow_backbone, with_unit, monkeypatch):
    """Explosions are noticed, and a run that is taken up again does not try float16 anew."""
    monkeypatch.setattr(
        convolution,
        "scaled_convolution",
        lambda x, w, b: x.new_full((1, len(w), *x.shape[2:]), math.nan),
    )
    settings = {"optimizer": "adam", "learning_rate": 20.0}
    run, other = (transfer(narrow_backbone, **settings) for _ in range(2))
    messages = run.run(12, progress=False).messages
    assert "now in float32" in messages[0] and "grew to" in messages[1]
    other.load_state_dict(copy.deepcopy(run.state_dict()))
    assert [a.losses for a in run.steps(4)] == [b.losses for b in other.steps(4)]
    assert other.safeguards.precision.reduced is None
