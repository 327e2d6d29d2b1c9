"""What several test files share."""

import signal

import pytest
import torch

import nst_course as nst
from nst_course import device
from nst_course.network import weights


@pytest.fixture(autouse=True)
def same_answer_to_ctrl_c():
    """A test that replaces the handler of Ctrl-C, or runs code that does, keeps that to itself."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def no_bfloat16_unit(monkeypatch):
    """The same numbers on every CPU: ``precision="auto"`` means float32 unless a test asks."""
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)


@pytest.fixture
def fast_at(monkeypatch):
    """A function that gives this machine units for these short formats, and for no others."""

    def choose(*formats: torch.dtype) -> None:
        monkeypatch.setattr(device, "has_fast_bfloat16", lambda _: torch.bfloat16 in formats)
        monkeypatch.setattr(device, "has_fast_float16", lambda _: torch.float16 in formats)

    return choose


@pytest.fixture
def homeless(monkeypatch):
    """A user without an entry in passwd and without HOME, as in some containers."""
    pwd = pytest.importorskip("pwd")

    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "NST_COURSE_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def narrow_backbone() -> nst.Backbone:
    """A VGG-16 of a few random channels, whose steps take milliseconds."""
    parameters = weights.random_parameters("vgg16", widths=(6, 8, 8, 8, 8))
    parameters["conv1_1.weight"] /= 50  # 0…255 in, about one out
    return nst.Backbone("vgg16", parameters)


@pytest.fixture(scope="session")
def backbone() -> nst.Backbone:
    """The embedded VGG-16. It is shared: a test that might alter it loads its own."""
    return nst.load_backbone("vgg16", device="cpu")


@pytest.fixture(scope="session")
def photo() -> torch.Tensor:
    return nst.load_image("cat", size=96)
