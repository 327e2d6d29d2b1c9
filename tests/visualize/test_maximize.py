"""Activation maximization, and that nothing is left behind on the network."""

import importlib

import pytest
import torch

import nst_course as nst
from nst_course import device as machine
from nst_course.visualize.maximize import in_precision
from nst_course.visualize.parameterization import PARAMETERIZATIONS, decode, initial_parameters

visualize = nst.visualize
SMALL = {"size": 48, "steps": 6}


def test_nothing_is_left_behind_on_the_network(photo):
    backbone = nst.load_backbone("vgg16", device="cpu")
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    search = visualize.PatchSearch(backbone, ["relu2_1"], {"cat": photo}, sizes=(64,))
    visualize.unit_card(backbone, "relu2_1", 3, photo, search, size=32, steps=2)
    visualize.deep_dream(backbone, photo, "relu2_1", octaves=1, steps=1)
    visualize.effective_receptive_field(backbone, "conv2_1", photo, draws=1)
    for module in backbone.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert not module._backward_hooks and not module._backward_pre_hooks
    assert all(p.grad is None and not p.requires_grad for p in backbone.parameters())
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())


def test_activation_loss_passes_its_own_exercise():
    assert nst.exercises.activation_loss.examine(visualize.activation_loss).solved


def test_activations_are_maximized_and_minimized(backbone):
    settings = {"channels": 84, "size": 64, "steps": 16}
    [up] = visualize.maximize(backbone, "conv3_2", **settings)
    [down] = visualize.maximize(backbone, "conv3_2", sign=-1, **settings)
    assert up.objective[-1] > 5 * abs(up.objective[0]) and len(up.objective) == 16
    assert down.objective[-1] > 5 * abs(down.objective[0])
    activations = {
        name: backbone(optimum.image, ["conv3_2"])["conv3_2"][0, 84]
        for name, optimum in (("up", up), ("down", down))
    }
    assert activations["up"].mean() > 0 > activations["down"].mean()
    assert up.max_activation == pytest.approx(activations["up"].max().item(), rel=1e-4)
    assert down.max_activation == pytest.approx(activations["down"].min().item(), rel=1e-4)


def test_an_image_depends_on_its_seed_and_not_on_its_neighbours(backbone):
    together = visualize.maximize(backbone, "conv2_2", [3, 21], **SMALL)
    [alone] = visualize.maximize(backbone, "conv2_2", [21], **SMALL)
    [again] = visualize.maximize(backbone, "conv2_2", [21], **SMALL)
    [other] = visualize.maximize(backbone, "conv2_2", [21], seed=1, **SMALL)
    assert [optimum.channel for optimum in together] == [3, 21]
    assert torch.equal(alone.image, again.image)
    torch.testing.assert_close(together[1].image, alone.image, rtol=0, atol=2e-3)
    assert (other.image - alone.image).abs().max() > 0.05


def test_a_relu_layer_means_the_same_units_as_its_conv_layer(backbone):
    [conv] = visualize.maximize(backbone, "conv2_2", 3, **SMALL)
    [relu] = visualize.maximize(backbone, "relu2_2", 3, **SMALL)
    assert torch.equal(conv.image, relu.image) and relu.layer == "conv2_2"


@pytest.mark.parametrize("fast", [torch.float32, torch.bfloat16, torch.float16])
def test_precision_is_what_is_fast_on_the_device(backbone, monkeypatch, fast):
    monkeypatch.setattr(machine, "fast_dtype", lambda device: fast)
    network = in_precision(backbone, "auto")
    assert network.convolutions["conv5_1"].weight.dtype == fast


def test_the_precision_of_the_transfer_is_taken(backbone):
    exact, *short = (
        visualize.maximize(backbone, "conv3_1", 12, size=48, steps=12, precision=precision)[0]
        for precision in ("float32", "bfloat16", "float16")
    )
    for found in short:
        assert found.image.dtype == torch.float32
        assert found.objective[-1] == pytest.approx(exact.objective[-1], rel=0.1)
    with pytest.raises(nst.CourseError, match="'float32', 'bfloat16'"):
        visualize.maximize(backbone, "conv3_1", 12, precision="float8")


# Measured on the embedded network: on the initial noise this channel is inactive at every position.
INACTIVE_AT_THE_START = ("conv2_2", 9)


def test_a_dead_unit_is_reported_and_cured(backbone):
    layer, channel = INACTIVE_AT_THE_START
    [dead] = visualize.maximize(backbone, layer, channel, negative_slope=0, **SMALL)
    assert not dead.has_gradient and "no gradient" in dead.title
    parameters = initial_parameters("fourier", SMALL["size"], seed=0)
    noise = decode(parameters, "fourier", "decorrelated", SMALL["size"])
    assert torch.equal(dead.image, noise)
    [before] = visualize.maximize(backbone, layer, channel, negative_slope=1, size=48, steps=64)
    [cured] = visualize.maximize(backbone, layer, channel, size=48, steps=64)
    assert before.has_gradient and cured.has_gradient
    assert cured.max_activation > max(100, 5 * before.max_activation)


def test_channels_without_a_gradient_are_returned_too(backbone):
    channels = list(range(0, 128, 8))
    found = visualize.maximize(backbone, "relu2_2", channels, negative_slope=0, size=32, steps=2)
    assert [optimum.channel for optimum in found] == channels
    assert {optimum.has_gradient for optimum in found} == {True, False}


@pytest.mark.parametrize("size", [50, 33, 16])
def test_sizes_need_not_be_divisible_by_16(backbone, size):
    for kind in PARAMETERIZATIONS:
        [optimum] = visualize.maximize(
            backbone, "conv5_1", 1, size=size, steps=2, parameterization=kind
        )
        assert optimum.image.shape == (1, 3, size, size)


@pytest.mark.parametrize(
    "change, says",
    [
        ({"layer": "conv6_1"}, "has no layer"),
        ({"channels": 512}, "channels 0 to 511, not 512"),
        ({"channels": [-1]}, "channels 0 to 511, not -1"),
        ({"channels": [1.5]}, "not 1.5"),
        ({"parameterization": "waves"}, "'fourier', 'pixels'"),
        ({"colors": "gray"}, "'decorrelated', 'plain'"),
        ({"sign": 0}, "sign is one of"),
        ({"size": 7}, "needs at least 8 px"),
    ],
)
def test_what_is_impossible_is_said_in_a_sentence(backbone, change, says):
    arguments = {"layer": "conv4_2", "channels": 0, "steps": 1, **change}
    with pytest.raises(nst.CourseError, match=says):
        visualize.maximize(backbone, **arguments)


def test_the_forecast_counts_steps_and_not_the_start(backbone, monkeypatch):
    """On a clock that a start moves by 3 s and a step by 0.5 s."""
    clock = [0.0]

    def run(*arguments, steps, **settings):
        clock[0] += 3 + 0.5 * steps

    module = importlib.import_module("nst_course.visualize.maximize")  # the package has a function
    monkeypatch.setattr(module, "maximize", run)
    monkeypatch.setattr("nst_course.transfer.estimate.time.perf_counter", lambda: clock[0])
    assert visualize.estimate_seconds(backbone, "conv1_1", steps=96) == pytest.approx(3 + 48)


def test_no_channels_give_no_images(backbone):
    assert visualize.maximize(backbone, "conv1_1", [], **SMALL) == []


def test_old_names_still_work_and_warn(backbone):
    with pytest.warns(DeprecationWarning, match="maximise is now .*maximize"):
        maximise = visualize.maximise
    settings = {"size": 16, "steps": 2, "parameterization": "pixels", "negative_slope": 0.1}
    [new] = visualize.maximize(backbone, "conv1_2", 3, colors="plain", **settings)
    with pytest.warns(DeprecationWarning) as warned:
        [old] = maximise(backbone, "conv1_2", 3, 16, 2, image="pixels", colours="plain", leak=0.1)
        assert torch.equal(old.image, new.image)
        assert (old.strongest, old.moved) == (new.max_activation, new.has_gradient)
    said = " ".join(str(warning.message) for warning in warned)
    for name in ("parameterization", "colors", "negative_slope", "max_activation", "has_gradient"):
        assert f"is now {name}." in said
    assert all(warning.filename == __file__ for warning in warned)
    with pytest.raises(AttributeError, match="has no attribute 'minimise'"):
        visualize.minimise  # noqa: B018
