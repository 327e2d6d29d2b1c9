"""This computer: its fastest device and number format, its memory, and the preset for its runs."""

import contextlib
import ctypes
import math
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import torch

from .checks import explained, shown
from .errors import CourseError

QUICK_VARIABLE = "NST_COURSE_QUICK"
CGROUP = Path("/sys/fs/cgroup")  # the limits of a container on Linux
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def best_device() -> torch.device:
    """The fastest available device: a CUDA GPU, else Apple's GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def as_device(device: torch.device | str | None) -> torch.device:
    """The device of this name, the best one for None.

    Raises:
        CourseError: this machine has no such device.
    """
    if device is None:
        return best_device()
    try:
        found = torch.device(device)
        if found.type == "meta":
            raise RuntimeError("It computes nothing.")
        torch.zeros(1, device=found)
    except Exception as error:  # each backend has an exception of its own
        raise CourseError(
            f"device is one that this machine has, such as {str(best_device())!r}, "
            f"not {shown(device)}."
        ) from error
    return found


Function = TypeVar("Function", bound=Callable[..., object])


def with_gradients(function: Function) -> Function:
    """Let a function, or a generator in each of its steps, compute gradients.

    It does so even if it is called under ``torch.no_grad()`` or ``torch.inference_mode()``.
    """
    return torch.inference_mode(False)(torch.enable_grad()(function))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device has hardware for bfloat16 arithmetic, faster than for float32."""
    if device.type == "cuda":
        # Not torch.cuda.is_bf16_supported, which tests the current device.
        return bool(torch.version.hip) or torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    return any(
        getattr(torch.cpu, name, lambda: False)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def has_fast_float16(device: torch.device) -> bool:
    """Whether the device has hardware for float16 arithmetic; NVIDIA's GPUs do since 2017."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (7, 0)


def is_slow(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether the device emulates this number format, many times slower than float32."""
    if dtype == torch.bfloat16:
        return not has_fast_bfloat16(device)
    return dtype == torch.float16 and device.type != "mps" and not has_fast_float16(device)


@explained
def fast_dtype(device: torch.device) -> torch.dtype:
    """The fastest number format of a device: ``torch.bfloat16``, ``float16`` or ``float32``.

    bfloat16 is preferred to float16, because it has the range of float32. On Apple's GPUs float32
    is used: float16 works there, but has not been timed.
    """
    if has_fast_bfloat16(device):
        return torch.bfloat16
    return torch.float16 if has_fast_float16(device) else torch.float32


def dtype_of(precision: str, device: torch.device) -> torch.dtype:
    """The number format for a name in `PRECISIONS`, or for ``"auto"`` the fastest of the device."""
    return PRECISIONS.get(precision) or fast_dtype(device)


@explained
def describe(device: torch.device) -> str:
    """The device in a few words, such as "CPU, 2 cores, x86_64, with a bfloat16 unit"."""
    if device.type == "cuda":
        return f"GPU, {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "GPU, Apple Metal"
    unit = "with" if has_fast_bfloat16(device) else "without"
    count = torch.get_num_threads()
    cores = "1 core" if count == 1 else f"{count} cores"
    return f"CPU, {cores}, {platform.machine()}, {unit} a bfloat16 unit"


def available_memory(device: torch.device) -> int:
    """Bytes of memory that are available to a new run on the device."""
    if device.type == "cuda":
        # Memory that PyTorch caches after earlier runs is available, too.
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    free = psutil.virtual_memory().available
    return int(max(0, min(free, container_memory_left(), process_memory_left())))


def container_memory_left() -> float:
    """Bytes below the memory limit of a container (Docker, Binder); infinity without a limit.

    In a container, the system reports the free memory of the whole machine.
    """
    for limit, used, details in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        with contextlib.suppress(
            OSError, ValueError
        ):  # the other cgroup version, or the limit is "max"
            left = int((CGROUP / limit).read_text()) - int((CGROUP / used).read_text())
            statistics = dict(line.split() for line in (CGROUP / details).read_text().splitlines())
            return left + int(statistics.get("inactive_file", 0))  # file cache, freed on demand
    return math.inf


def process_memory_left() -> float:
    """Bytes below the limits of this process, as a JupyterHub or `ulimit` sets them.

    Infinity without a limit, and on systems that do not tell how much of it is used.
    """
    left = math.inf
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource

        used = psutil.Process().memory_info()
        for limit, name in ((resource.RLIMIT_DATA, "data"), (resource.RLIMIT_AS, "vms")):
            most = resource.getrlimit(limit)[0]
            if most != resource.RLIM_INFINITY and hasattr(used, "data"):
                left = min(left, most - getattr(used, name))
    return left


def process_memory() -> int:
    """Bytes of memory that this process uses: its resident set."""
    return psutil.Process().memory_info().rss


def held_memory(device: torch.device) -> int:
    """Bytes that this process uses on the device."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else process_memory()


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out; PyTorch has several classes for it."""
    phrases = ("out of memory", "not enough memory", "allocate memory")  # GPU, Windows, Linux
    return isinstance(error, MemoryError) or any(phrase in str(error) for phrase in phrases)


def return_memory() -> None:
    """Return memory that the C library caches to the system.

    After many tensors of different sizes, glibc caches about as much memory as the process uses.
    With other C libraries this does nothing.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(frozen=True)
class Preset:
    """Limits for the sizes of pictures and the numbers of steps in a notebook.

    ``preset.size(256)`` and ``preset.steps(150)`` return their argument under the full preset, and
    a smaller number under the quick one.
    """

    name: str
    max_size: int | None = None
    max_steps: int | None = None

    def size(self, pixels: int) -> int:
        """The longer side of a picture, in pixels."""
        return pixels if self.max_size is None else min(pixels, self.max_size)

    def steps(self, count: int) -> int:
        """The number of optimization steps."""
        return count if self.max_steps is None else min(count, self.max_steps)


def preset() -> Preset:
    """The full preset, or the quick one if the environment has NST_COURSE_QUICK=1."""
    if os.environ.get(QUICK_VARIABLE, "") not in ("", "0"):
        return Preset("quick", max_size=64, max_steps=3)
    return Preset("full")


@explained
def readable_time(seconds: float) -> str:
    """A duration such as ``"40 s"``, ``"3 min 20 s"`` or ``"2 h 5 min"``."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def readable_bytes(count: float) -> str:
    """An amount of memory such as ``"850 MB"`` or ``"3.2 GB"``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
