"""What this computer can do, presets, words for seconds and bytes, how a forecast is made."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nst_course as nst
from nst_course import device as machine
from nst_course.transfer import estimate as forecast

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (100_000, "27 h 46 min"),
    ],
)
def test_seconds_are_told_as_people_say_them(seconds, words):
    assert machine.readable_time(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 MB"), (850e6, "850 MB"), (1e9, "1.0 GB"), (3.24e9, "3.2 GB")]
)
def test_bytes_are_told_as_people_say_them(count, words):
    assert machine.readable_bytes(count) == words


@pytest.mark.parametrize("value", ["1", "yes"])
def test_quick_preset_is_small_and_never_enlarges(monkeypatch, value):
    monkeypatch.setenv("NST_COURSE_QUICK", value)
    preset = nst.preset()
    assert preset.name == "quick"
    assert (preset.size(512), preset.steps(200)) == (64, 3)
    assert (preset.size(32), preset.steps(2)) == (32, 2)


@pytest.mark.parametrize("value", [None, "", "0"])
def test_full_preset_changes_nothing(monkeypatch, value):
    monkeypatch.delenv("NST_COURSE_QUICK", raising=False)
    if value is not None:
        monkeypatch.setenv("NST_COURSE_QUICK", value)
    preset = nst.preset()
    assert (preset.name, preset.size(512), preset.steps(200)) == ("full", 512, 200)


def test_best_device_can_be_computed_on():
    device = nst.best_device()
    assert (torch.ones(2, device=device) * 2).sum().item() == 4
    assert device.type != "cpu" or not torch.cuda.is_available()


@pytest.mark.parametrize("fast", [False, True])
def test_fast_number_format_and_description_agree_on_the_unit(monkeypatch, fast):
    monkeypatch.setattr(machine, "has_fast_bfloat16", lambda device: fast)
    assert machine.fast_dtype(CPU) == (torch.bfloat16 if fast else torch.float32)
    words = machine.describe(CPU)
    assert words.startswith("CPU, ") and f"{torch.get_num_threads()} core" in words
    assert ("with a bfloat16 unit" in words) == fast


def test_question_for_a_unit_is_answered_on_every_kind_of_device(monkeypatch):
    assert isinstance(machine.has_fast_bfloat16(CPU), bool)
    assert machine.has_fast_bfloat16(torch.device("mps")) is False
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)  # as in other versions of torch
    assert machine.has_fast_bfloat16(CPU) is False


@pytest.mark.parametrize(
    "name, capability, bfloat16, fastest",
    [
        ("GTX 1080", (6, 1), False, torch.float32),
        ("T4", (7, 5), False, torch.float16),
        ("A100", (8, 0), True, torch.bfloat16),
    ],
)
def test_format_that_a_gpu_is_fast_at(monkeypatch, name, capability, bfloat16, fastest):
    gpu = torch.device("cuda", 1)  # not the current one

    def asked(device):
        return capability if device == gpu else (8, 0)

    monkeypatch.setattr(torch.cuda, "get_device_capability", asked)
    assert machine.fast_dtype(gpu) == fastest
    assert not machine.is_slow(torch.float32, gpu) and not machine.is_slow(fastest, gpu)
    assert machine.is_slow(torch.bfloat16, gpu) != bfloat16
    assert machine.is_slow(torch.float16, gpu) == (capability < (7, 0))


def test_apples_gpus_are_left_in_float32_and_may_be_asked_for_float16():
    gpu = torch.device("mps")
    assert machine.fast_dtype(gpu) == torch.float32
    assert machine.is_slow(torch.bfloat16, gpu) and not machine.is_slow(torch.float16, gpu)


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell")
def test_memory_is_what_the_system_says():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < machine.available_memory(CPU) <= total
    gc.collect()  # what other tests have left is not to go away in between
    machine.return_memory()
    before = machine.process_memory()
    ballast = torch.ones(100_000_000, dtype=torch.uint8)
    assert 80e6 < machine.process_memory() - before < 200e6
    assert before < total and len(ballast) == 1e8


def test_memory_can_be_returned_on_any_system(monkeypatch):
    machine.return_memory()
    for error in (OSError, TypeError):
        monkeypatch.setattr(
            machine.ctypes, "CDLL", lambda name, error=error: (_ for _ in ()).throw(error)
        )
        machine.return_memory()
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda name: object())  # without malloc_trim
    machine.return_memory()


@pytest.mark.parametrize(
    "limit, used, stat",
    [
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ],
)
def test_limit_of_a_container_counts(monkeypatch, tmp_path, limit, used, stat):
    (tmp_path / limit).parent.mkdir(exist_ok=True)
    (tmp_path / limit).write_text("2000000\n")
    (tmp_path / used).write_text("1500000\n")
    (tmp_path / stat).write_text("anon 900000\ninactive_file 300000\n")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.available_memory(CPU) == 800_000


def test_container_without_a_limit_and_no_container_are_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.left_to_container() == float("inf")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1500000\n")
    assert machine.left_to_container() == float("inf")
    assert machine.available_memory(CPU) > 10_000_000


def test_errors_of_memory_are_known():
    with pytest.raises(RuntimeError) as found:
        torch.empty(2**60, dtype=torch.uint8)
    assert machine.is_out_of_memory(found.value) and machine.is_out_of_memory(MemoryError())
    assert not machine.is_out_of_memory(RuntimeError("shapes"))
    assert not machine.is_out_of_memory(RuntimeError("CUDA error: an illegal memory access"))


# ---------------------------------------------------------------- forecast


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
    told = forecast.bytes_of_features(backbone, backbone.up_to([deepest]), 48, 67)
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
    told = [forecast.bytes_of_step(backbone, wanted, *size, tile=256) for size in sizes]
    assert told[1] - told[0] == pytest.approx(a_pixel * 4096 * 2048, abs=1)
    assert told[2] - told[1] == pytest.approx(a_pixel * 8192 * 2048, abs=1)
    of_one_tile = told[0] - a_pixel * 4096 * 2048
    larger_tile = forecast.bytes_of_step(backbone, wanted, 4096, 2048, tile=512)
    assert larger_tile - a_pixel * 4096 * 2048 >= 3 * of_one_tile


def test_history_is_shortened_where_tiles_leave_no_room():
    for size, pairs in ((1024, 41), (2048, 10), (4096, 8), (20_000, 8)):
        image_bytes = 12 * size * round(size * 2 / 3)
        assert forecast.history(image_bytes, tile=512) == pairs
        assert forecast.history(image_bytes, tile=None) == 60
        of_images = forecast.bytes_of_images(image_bytes, "lbfgs", 100, tile=512)
        assert of_images == (pairs + 10) * image_bytes
        assert forecast.bytes_of_images(image_bytes, "lbfgs", 3, None) == 14 * image_bytes
        assert forecast.bytes_of_images(image_bytes, "adam", 100, None) == 10 * image_bytes


def test_overlap_of_tiles_is_that_of_their_halos():
    backbone = nst.load_backbone(device="cpu")
    network = forecast.TiledNetwork(backbone, 256)
    assert forecast.overlap(network, ["relu5_1"], 128, 100) == 1  # one tile
    # Two tiles side by side, each with the 6 pixels of the other that its convolutions need.
    assert forecast.overlap(network, ["relu2_2"], 256, 512) == pytest.approx(524 / 512)
    values = [forecast.overlap(network, ["relu5_1"], size, size) for size in (1024, 2048, 4096)]
    assert 1.05 < values[0] < values[1] < values[2] < 1.2


MEASURE = """
import resource, torch, nst_course as nst
from nst_course.network import weights
from nst_course import device as machine

weights.WIDTHS = (16,) * 5
backbone = nst.Backbone("vgg16", weights.random_parameters("vgg16"))
image = torch.rand(1, 3, 512, 640)
transfer = nst.StyleTransfer(image, image, backbone)
told = transfer.estimate(3)
before = machine.process_memory()
transfer.run(3, progress=False)
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(told.more_bytes / (peak - before), told.bytes / peak)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems count otherwise")
def test_memory_told_is_the_memory_taken():
    """In a process of its own, whose largest memory the system remembers."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", MEASURE]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    more, all_of_it = map(float, ran.stdout.splitlines()[-1].split())
    assert 0.6 < more < 1.6 and 0.8 < all_of_it < 1.25, ran.stdout
