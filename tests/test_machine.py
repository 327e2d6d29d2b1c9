"""What this computer can do, presets, words for seconds and bytes, how a forecast is made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nst_course as nst
from nst_course import forecast, machine

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


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell")
def test_memory_is_what_the_system_says():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < machine.available_memory(CPU) <= total
    before = machine.process_memory()
    ballast = torch.ones(100_000_000, dtype=torch.uint8)
    assert 80e6 < machine.process_memory() - before < 200e6
    assert before < total and len(ballast) == 1e8


def test_system_that_tells_no_memory_is_no_error(monkeypatch):
    def unknown(*_, **__):
        raise OSError

    monkeypatch.setattr("builtins.open", unknown)
    if hasattr(os, "sysconf"):
        monkeypatch.setattr(os, "sysconf", unknown)
    assert machine.available_memory(CPU) is None


# ---------------------------------------------------------------- forecast


def test_largest_size_that_fits_needs_no_more_than_is_free():
    estimate = forecast.Estimate(seconds=1, bytes=2_000_000, more_bytes=1_000_000, size=512)
    for free in (10_000, 250_000, 1_000_000, 5_000_000):
        size = estimate.size_that_fits(free)
        needed = estimate.more_bytes * (size / 512) ** 2
        assert size % 16 == 0 and needed <= free
        assert estimate.more_bytes * ((size + 32) / 512) ** 2 > 0.9 * free
    assert estimate.size_that_fits(1) == 16


def test_time_is_that_of_the_fastest_call():
    clock = iter([0, 5, 10, 12, 20, 23])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecast.time, "perf_counter", lambda: next(clock))
        assert forecast.fastest(lambda: None) == 2
    calls = []
    forecast.fastest(lambda: calls.append(1), repeats=4)
    assert len(calls) == 4


def test_bytes_kept_for_backward_are_counted_once_and_without_parameters():
    x = torch.rand(1000, requires_grad=True)
    parameter = torch.nn.Parameter(torch.rand(1000))
    assert forecast.bytes_kept_for_backward(lambda: x.exp()) == 4000  # the result
    assert forecast.bytes_kept_for_backward(lambda: x * x) == 4000  # one tensor, saved twice
    assert forecast.bytes_kept_for_backward(lambda: x.exp().square()) == 4000
    assert forecast.bytes_kept_for_backward(lambda: x.exp() + x.sin()) == 8000
    assert forecast.bytes_kept_for_backward(lambda: x * parameter) == 4000
    assert forecast.bytes_kept_for_backward(lambda: x + 1) == 0


MEASURE = """
import re, torch, nst_course as nst
from nst_course import machine, weights

weights.WIDTHS = (16,) * 5
backbone = nst.Backbone("vgg16", weights.random_parameters("vgg16"))
image = torch.rand(1, 3, 512, 640)
transfer = nst.StyleTransfer(image, image, backbone)
told = transfer.estimate(3)
before = machine.process_memory()
transfer.run(3, progress=False)
peak = 1024 * int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
print(told.more_bytes / (peak - before), told.bytes / peak)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems count otherwise")
def test_memory_told_is_the_memory_taken():
    """In a process of its own, whose largest memory the system remembers."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", MEASURE]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    more, all_of_it = map(float, ran.stdout.split())
    assert 0.6 < more < 1.6 and 0.8 < all_of_it < 1.25, ran.stdout
