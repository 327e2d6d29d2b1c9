"""VGG-19 from a real download over HTTP, from the cache, and from local files.

The downloads are torchvision's own code against a small server on this machine, which offers a
VGG-19 of few channels, and fails in the ways that servers and networks fail.
"""

import hashlib
import http.server
import os
import signal
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
import torchvision
from torchvision.models._api import Weights, WeightsEnum

import nst_course as nst
from nst_course.network import download, weights

WIDTHS = (2, 3, 4, 5, 6)


# ---------------------------------------------------------------- VGG-19 in small


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(weights, "WIDTHS", WIDTHS)


@pytest.fixture
def published(narrow) -> dict:
    """A state dict as torchvision publishes it: features.0.weight, …, and a classifier."""
    layers = []
    for width, count in zip(WIDTHS, weights.BLOCKS["vgg19"], strict=True):
        layers += [width] * count + ["M"]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        features = torchvision.models.vgg.make_layers(layers)
        for name, parameter in features.named_parameters():
            torch.nn.init.normal_(parameter, std=0.5 if name.endswith("bias") else 0.3)
    state = {f"features.{name}": value for name, value in features.state_dict().items()}
    return {**state, "classifier.0.weight": torch.randn(3, 3)}


def layer_by_layer(x: torch.Tensor, parameters: dict) -> dict[str, torch.Tensor]:
    features = {}
    for name in nst.layer_names("vgg19"):
        if name.startswith("conv"):
            x = F.conv2d(x, parameters[f"{name}.weight"], parameters[f"{name}.bias"], padding=1)
        else:
            x = F.relu(x) if name.startswith("relu") else F.max_pool2d(x, 2)
        features[name] = x
    return features


def test_on_pixel_scale_multiplies_every_activation_by_k_in_float64(narrow):
    generator = torch.Generator().manual_seed(0)
    parameters = {
        name: torch.randn(shape, generator=generator, dtype=torch.float64)
        for name, shape in weights.parameter_shapes("vgg19").items()
    }
    image = torch.rand(1, 3, 32, 40, generator=generator, dtype=torch.float64)
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)
    torchvisions = layer_by_layer((image - mean) / std, parameters)
    ours = layer_by_layer(255 * (image - mean), weights.on_pixel_scale(parameters))
    k = 255 * (0.229 + 0.224 + 0.225) / 3
    for name, features in torchvisions.items():
        assert features.abs().max() > 0
        torch.testing.assert_close(ours[name], k * features, rtol=1e-11, atol=1e-9)


def test_state_dict_becomes_torchvisions_network_with_named_layers(published):
    parameters = weights.on_pixel_scale(weights.named_by_layer(published, "here"))
    image = nst.load_image("cat", size=48)
    found = nst.Backbone("vgg19", parameters)(image, nst.layer_names("vgg19"))
    x = torchvision.transforms.functional.normalize(
        image, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    )
    layers = []
    for width, count in zip(WIDTHS, weights.BLOCKS["vgg19"], strict=True):
        layers += [width] * count + ["M"]
    network = torchvision.models.vgg.make_layers(layers)
    network.load_state_dict(
        {key[9:]: value for key, value in published.items() if key.startswith("features.")}
    )
    with torch.no_grad():
        for name, layer in zip(nst.layer_names("vgg19"), network, strict=True):
            x = layer(x.clone())
            torch.testing.assert_close(found[name] / (255 * 0.226), x, rtol=1e-4, atol=1e-4)


# ---------------------------------------------------------------- the server


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; ``behavior`` says how."""

    behavior = "right"
    requests = 0
    data = b""

    wrong = b""  # the same file with other numbers in one kernel, which torch.load accepts


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests += 1
        behavior, data = self.server.behavior, self.server.data
        if behavior == "absent":
            return self.send_error(404)
        self.send_response(200)
        if behavior == "breaks off in chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n" % len(data) + data[: len(data) // 2])
            return None
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if behavior == "right":
            self.wfile.write(data)
        elif behavior == "wrong bytes":
            self.wfile.write(self.server.wrong)
        else:
            self.wfile.write(data[: len(data) // 2])
        if behavior == "person presses Ctrl-C":
            self.wfile.flush()
            time.sleep(0.3)  # until the other side waits for the second half
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(published, tmp_path):
    torch.save(published, tmp_path / "whole.pth")
    server = Server(("127.0.0.1", 0), Handler)
    server.data = (tmp_path / "whole.pth").read_bytes()
    kernel = published["features.0.weight"].numpy().tobytes()
    server.wrong = server.data.replace(kernel, kernel[::-1])
    assert server.wrong != server.data
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def file_name(data: bytes) -> str:
    return f"vgg19-{hashlib.sha256(data).hexdigest()[:8]}.pth"


@pytest.fixture
def offer(monkeypatch):
    """Makes torchvision's entry for VGG-19 point to an address."""

    def point_to(port: int, name: str) -> None:
        entry = Weights(url=f"http://127.0.0.1:{port}/{name}", transforms=None, meta={})
        entries = WeightsEnum("VGG19_Weights", {"IMAGENET1K_V1": entry})
        monkeypatch.setattr(torchvision.models, "VGG19_Weights", entries)

    return point_to


@pytest.fixture
def cache(server, offer, tmp_path, monkeypatch) -> Path:
    """The course's empty cache, with the server as torchvision's, and an empty torch cache."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "NST_COURSE_VGG19"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NST_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    offer(server.server_port, file_name(server.data))
    return tmp_path / "cache"


def assert_vgg19(parameters: dict, published: dict) -> None:
    expected = weights.on_pixel_scale(weights.named_by_layer(published, "here"))
    assert parameters.keys() == expected.keys() == weights.parameter_shapes("vgg19").keys()
    assert all(torch.equal(parameters[name], value) for name, value in expected.items())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


KEPT = ["vgg19.safetensors", "vgg19.sha256"]
FAILURES = ["breaks off", "breaks off in chunks", "wrong bytes", "absent"]


# ---------------------------------------------------------------- downloads


def test_vgg19_is_downloaded_once_with_a_progress_bar(cache, server, published, capsys):
    assert_vgg19(nst.weights.load_parameters("vgg19"), published)
    assert "100%" in capsys.readouterr().err
    assert names(cache) == KEPT
    assert_vgg19(nst.weights.load_parameters("vgg19"), published)
    assert server.requests == 1
    assert "%" not in capsys.readouterr().err


@pytest.mark.parametrize("failure", FAILURES)
def test_failed_download_says_so_leaves_nothing_and_the_next_try_works(
    cache, server, published, failure
):
    server.behavior = failure
    for _ in range(2):
        with pytest.raises(nst.CourseError, match='"vgg16" works now') as caught:
            weights.load_parameters("vgg19")
        assert "VGG-19" in str(caught.value) and "\n" not in str(caught.value)
        assert names(cache) == []
    server.behavior = "right"
    assert_vgg19(weights.load_parameters("vgg19"), published)
    assert names(cache) == KEPT


def test_without_a_network_one_sentence_says_what_to_do(cache, server, offer, published):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        offer(taken.getsockname()[1], file_name(server.data))
        with pytest.raises(nst.CourseError, match="could not be downloaded.*NST_COURSE_VGG19"):
            weights.load_parameters("vgg19")
    assert names(cache) == []
    offer(server.server_port, file_name(server.data))
    assert_vgg19(weights.load_parameters("vgg19"), published)


@pytest.mark.skipif(os.name == "nt", reason="a signal to oneself ends the process there")
def test_interrupted_download_leaves_nothing_and_the_next_try_works(cache, server, published):
    server.behavior = "person presses Ctrl-C"
    with pytest.raises(KeyboardInterrupt):
        weights.load_parameters("vgg19")
    assert names(cache) == []
    server.behavior = "right"
    assert_vgg19(weights.load_parameters("vgg19"), published)


def test_leftovers_of_a_killed_download_are_removed_but_not_a_running_one(cache):
    for name, hours in (("download-killed", 2), ("download-running", 0)):
        (cache / name).mkdir(parents=True)
        (cache / name / "vgg19.partial").write_bytes(b"half")
        for path in (cache / name / "vgg19.partial", cache / name):
            os.utime(path, (time.time() - 3600 * hours,) * 2)
    weights.load_parameters("vgg19")
    assert names(cache) == ["download-running", *KEPT]


def test_file_in_torchs_own_cache_is_used_without_a_download(cache, server, published, tmp_path):
    hub = tmp_path / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / file_name(server.data)).write_bytes(server.data)
    assert_vgg19(weights.load_parameters("vgg19"), published)
    assert server.requests == 0 and names(cache) == KEPT


@pytest.mark.parametrize("damage", ["half", "wrong bytes", "empty"])
def test_damaged_file_in_torchs_own_cache_is_not_used(cache, server, published, tmp_path, damage):
    hub = tmp_path / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    half = server.data[: len(server.data) // 2]
    damaged = {"half": half, "wrong bytes": server.wrong, "empty": b""}[damage]
    (hub / file_name(server.data)).write_bytes(damaged)
    assert_vgg19(weights.load_parameters("vgg19"), published)
    assert server.requests == 1
    assert (hub / file_name(server.data)).read_bytes() == damaged  # another's file is left alone


@pytest.mark.parametrize("file", KEPT)
@pytest.mark.parametrize("damage", ["cut", "flipped", "removed"])
def test_damaged_cache_is_fetched_again(cache, server, published, capsys, file, damage):
    weights.load_parameters("vgg19")
    data = (cache / file).read_bytes()
    if damage == "removed":
        (cache / file).unlink()
    else:
        (cache / file).write_bytes(
            data[:10] + (b"\xff" + data[11:] if damage == "flipped" else b"")
        )
    capsys.readouterr()
    for _ in range(2):
        assert_vgg19(weights.load_parameters("vgg19"), published)
    assert server.requests == 2 and names(cache) == KEPT
    assert ("was damaged" in capsys.readouterr().out) == (damage != "removed")


def test_full_disk_costs_the_cache_and_not_the_network(cache, published, monkeypatch, capsys):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    assert_vgg19(weights.load_parameters("vgg19"), published)
    assert "could not be kept" in capsys.readouterr().out
    assert names(cache) == []


def test_cache_that_cannot_be_made_is_one_sentence(cache, tmp_path):
    cache.write_text("a file in its place")
    with pytest.raises(nst.CourseError, match="could not be downloaded"):
        weights.load_parameters("vgg19")


class Touch:
    """Unpickling this makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_code_in_a_download_or_a_file_is_never_run(cache, server, offer, tmp_path, monkeypatch):
    touched = tmp_path / "touched"
    torch.save({"features.0.weight": Touch(touched)}, tmp_path / "evil.pth")
    server.data = (tmp_path / "evil.pth").read_bytes()
    offer(server.server_port, file_name(server.data))  # with the right hash
    with pytest.raises(nst.CourseError):
        weights.load_parameters("vgg19")
    monkeypatch.setenv("NST_COURSE_VGG19", str(tmp_path / "evil.pth"))
    with pytest.raises(nst.CourseError, match="not a readable state dict"):
        weights.load_parameters("vgg19")
    assert not touched.exists() and names(cache) == []


def test_published_network_of_another_kind_is_not_kept(cache, server, offer, published, tmp_path):
    del published["features.0.weight"]
    torch.save(published, tmp_path / "other.pth")
    server.data = (tmp_path / "other.pth").read_bytes()
    offer(server.server_port, file_name(server.data))
    with pytest.raises(nst.CourseError, match="is not VGG19: conv1_1.weight should have shape"):
        weights.load_parameters("vgg19")
    assert names(cache) == []


# ---------------------------------------------------------------- local files


@pytest.fixture
def local(tmp_path, monkeypatch) -> Path:
    """The folder of a local file; ``local / name`` is what the environment names."""
    monkeypatch.setenv("NST_COURSE_VGG19", str(tmp_path / "vgg19.pth"))
    monkeypatch.setenv("NST_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("ending", ["pth", "pt", "safetensors"])
def test_local_state_dict_is_used_without_a_network(published, local, monkeypatch, ending, half):
    path = local / f"vgg19.{ending}"
    monkeypatch.setenv("NST_COURSE_VGG19", str(path))
    if half:
        published = {name: value.half() for name, value in published.items()}
    save = safetensors.torch.save_file if ending == "safetensors" else torch.save
    save(published, path)
    assert_vgg19(weights.load_parameters("vgg19"), published)
    assert not (local / "cache").exists()


def test_copy_of_the_courses_own_cache_is_not_scaled_twice(cache, published, monkeypatch):
    weights.load_parameters("vgg19")
    monkeypatch.setenv("NST_COURSE_VGG19", str(cache / "vgg19.safetensors"))
    assert_vgg19(weights.load_parameters("vgg19"), published)


def test_gatys_file_with_the_same_names_and_bgr_inside_is_refused(narrow, local):
    torch.save(weights.random_parameters("vgg19"), local / "vgg19.pth")
    with pytest.raises(nst.CourseError, match=r"vgg19\.pth is not VGG19"):
        weights.load_parameters("vgg19")


def broken(published: dict, kind: str) -> object:
    first = "features.0.weight"
    return {
        "wrong shape": {**published, first: torch.zeros(1, 3, 3, 3)},
        "not finite": {**published, first: published[first] * torch.nan},
        "no tensors": dict.fromkeys(published, 3),
        "wrapped": {"state_dict": published},
        "a list": [published],
        "a tensor": torch.zeros(3),
        "a number": 3,
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["wrong shape", "not finite", "no tensors", "wrapped", "a list", "a tensor", "a number"],
)
def test_local_file_that_is_not_vgg19_is_named(published, local, kind):
    torch.save(broken(published, kind), local / "vgg19.pth")
    with pytest.raises(nst.CourseError, match=r"vgg19\.pth"):
        weights.load_parameters("vgg19")


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
@pytest.mark.parametrize("kind", ["missing", "a folder", "empty", "text", "cut", "noise"])
def test_local_file_that_cannot_be_read_is_named(published, local, monkeypatch, ending, kind):
    path = local / f"vgg19.{ending}"
    monkeypatch.setenv("NST_COURSE_VGG19", str(path))
    if kind == "a folder":
        path.mkdir()
    elif kind != "missing":
        (safetensors.torch.save_file if ending == "safetensors" else torch.save)(published, path)
        noise = np.random.default_rng(0).bytes(3000)
        cut = path.read_bytes()[:3000]
        path.write_bytes({"empty": b"", "text": b"hello", "cut": cut, "noise": noise}[kind])
    with pytest.raises(nst.CourseError, match=rf"NST_COURSE_VGG19 names .*vgg19\.{ending}"):
        weights.load_parameters("vgg19")


# ---------------------------------------------------------------- the cache


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"NST_COURSE_CACHE": "~/c"}, "home/c"),
        ({"NST_COURSE_CACHE": "", "XDG_CACHE_HOME": "xdg"}, "xdg/nst_course"),
        ({"XDG_CACHE_HOME": ""}, "home/.cache/nst_course"),
        ({}, "home/.cache/nst_course"),
    ],
)
def test_cache_is_where_the_environment_says(monkeypatch, environment, expected):
    for name in ("NST_COURSE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "home", "USERPROFILE": "home", **environment}.items():
        monkeypatch.setenv(name, value)
    assert download.cache_folder() == Path(expected)
