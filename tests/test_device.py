"""What this computer can do, presets, words for seconds and bytes."""

import gc
import os
import subprocess
import sys

import pytest
import torch

import nst_course as nst
from nst_course import device as machine

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
def test_fast_number_format_and_description_agree_on_the_unit(fast_at, fast):
    fast_at(*[torch.bfloat16] * fast)
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
    assert machine.container_memory_left() == float("inf")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1500000\n")
    assert machine.container_memory_left() == float("inf")
    assert machine.available_memory(CPU) > 10_000_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what is used")
@pytest.mark.parametrize(("limit", "used"), [("RLIMIT_DATA", "data"), ("RLIMIT_AS", "vms")])
def test_limit_of_the_process_counts(limit, used):
    """What is said to be available can be taken, and not much more."""
    script = f"""
import resource, psutil, torch
from nst_course import device
most = psutil.Process().memory_info().{used} + 500_000_000
resource.setrlimit(resource.{limit}, (most, most))
available = device.available_memory(torch.device("cpu"))
assert 480e6 < available <= 500e6, available
taken = torch.ones(available - 5_000_000, dtype=torch.uint8)
assert device.available_memory(torch.device("cpu")) < 15e6
try:
    torch.ones(20_000_000, dtype=torch.uint8)
except RuntimeError as error:
    assert device.is_out_of_memory(error)
else:
    raise AssertionError("there was more")
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_errors_of_memory_are_known():
    with pytest.raises(RuntimeError) as found:
        torch.empty(2**60, dtype=torch.uint8)
    assert machine.is_out_of_memory(found.value) and machine.is_out_of_memory(MemoryError())
    assert not machine.is_out_of_memory(RuntimeError("shapes"))
    assert not machine.is_out_of_memory(RuntimeError("CUDA error: an illegal memory access"))
