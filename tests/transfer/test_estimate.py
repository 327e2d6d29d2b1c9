"""How a forecast is made: memory, time, and the largest size that fits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nst_course as nst
from nst_course.transfer import estimate as forecast
from nst_course.transfer import memory


def test_largest_size_that_fits_needs_no_more_than_is_free():
    def needed(size: int) -> int:
        return 100_000 + 4 * size**2

    estimate = forecast.Estimate(1, 3_000_000, needed(512), 512, needed)
    for free in (150_000, 250_000, 1_000_000, 5_000_000):
        size = estimate.size_that_fits(free)
        assert size % 16 == 0 and needed(size) <= 0.9 * free < needed(size + 16)
    assert estimate.size_that_fits(1) == 16


def test_time_is_that_of_the_fastest_call():
    clock = iter([0, 5, 10, 12, 20, 23])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecast.time, "perf_counter", lambda: next(clock))
        assert forecast.fastest(lambda: None) == 2
    calls = []
    forecast.fastest(lambda: calls.append(1), repeats=4)
    assert len(calls) == 4


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("deepest", ["relu1_2", "pool3", "relu5_1"])
def test_bytes_of_features_are_those_that_the_backward_pass_needs(pooling, deepest):
    backbone, kept = nst.load_backbone(pooling=pooling, device="cpu"), {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        if not isinstance(tensor, torch.nn.Parameter):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    image = torch.rand(1, 3, 48, 67, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        features = backbone(image, [deepest])  # held, so that no address is used twice
    if deepest == "pool3" and pooling == "avg":  # what comes out last is not needed
        kept[0] = features[deepest].nbytes
    told = memory.bytes_of_features(backbone, backbone.up_to([deepest]), 48, 67)
    assert told == pytest.approx(sum(kept.values()), rel=0.02)


@pytest.mark.parametrize(
    ("wanted", "a_pixel"),
    [
        (["relu1_1"], 12 + 12),  # the picture and its gradient
        (["relu2_2", "relu4_1"], 12 + 32 + 32 + 16),  # up to pool2, its gradient, and pool3's
        (["relu5_1"], 12 + 32 + 32 + 16),
        ([], 0),
    ],
)
def test_bytes_of_tiles_are_the_inputs_and_gradients_of_the_segments(wanted, a_pixel):
    backbone = nst.load_backbone(device="cpu")
    sizes = [(4096, 2048), (8192, 2048), (8192, 4096)]
    told = [memory.bytes_of_step(backbone, wanted, *size, tile=256) for size in sizes]
    assert told[1] - told[0] == pytest.approx(a_pixel * 4096 * 2048, abs=1)
    assert told[2] - told[1] == pytest.approx(a_pixel * 8192 * 2048, abs=1)
    of_one_tile = told[0] - a_pixel * 4096 * 2048
    larger_tile = memory.bytes_of_step(backbone, wanted, 4096, 2048, tile=512)
    assert larger_tile - a_pixel * 4096 * 2048 >= 3 * of_one_tile


def test_history_is_shortened_where_tiles_leave_no_room():
    for size, pairs in ((1024, 41), (2048, 10), (4096, 8), (20_000, 8)):
        image_bytes = 12 * size * round(size * 2 / 3)
        assert memory.history_size(image_bytes, tile=512) == pairs
        assert memory.history_size(image_bytes, tile=None) == 60
        of_images = memory.bytes_of_images(image_bytes, "lbfgs", 100, tile=512)
        assert of_images == (pairs + 10) * image_bytes
        assert memory.bytes_of_images(image_bytes, "lbfgs", 3, None) == 14 * image_bytes
        assert memory.bytes_of_images(image_bytes, "adam", 100, None) == 10 * image_bytes


def test_overlap_of_tiles_is_that_of_their_halos():
    backbone = nst.load_backbone(device="cpu")
    network = forecast.TiledNetwork(backbone, 256)
    assert forecast.overlap(network, ["relu5_1"], 128, 100) == 1  # one tile
    # Two tiles side by side, each with the 6 pixels of the other that its convolutions need.
    assert forecast.overlap(network, ["relu2_2"], 256, 512) == pytest.approx(524 / 512)
    values = [forecast.overlap(network, ["relu5_1"], size, size) for size in (1024, 2048, 4096)]
    assert 1.05 < values[0] < values[1] < values[2] < 1.2


MEASURE = r"""
import re, torch, nst_course as nst
from nst_course.network import weights
from nst_course import device as machine

backbone = nst.Backbone("vgg16", weights.random_parameters("vgg16", widths=(16,) * 5))
image = torch.rand(1, 3, 512, 640)
transfer = nst.StyleTransfer(image, image, backbone, precision="float32")
told = transfer.estimate(3)
before = machine.process_memory()
transfer.run(3, progress=False)
# Not ru_maxrss: it begins at the size of the process that started this one, here pytest's.
peak = 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", open("/proc/self/status").read())[1])
print(told.more_bytes / (peak - before), told.bytes / peak)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems count otherwise")
def test_memory_told_is_the_memory_taken():
    """In a process of its own, whose largest memory the system remembers."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", MEASURE]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    more, all_of_it = map(float, ran.stdout.splitlines()[-1].split())
    assert 0.6 < more < 1.6 and 0.8 < all_of_it < 1.25, ran.stdout
