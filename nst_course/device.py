"""What this computer can do: its device, its fast number format, its memory, and the preset."""

import contextlib
import ctypes
import math
import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

QUICK_VARIABLE = "NST_COURSE_QUICK"
CGROUP = Path("/sys/fs/cgroup")  # where Linux tells a container what it may use
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def best_device() -> torch.device:
    """The fastest device here: a CUDA GPU, else Apple's GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 numbers in hardware, faster than float32 ones."""
    if device.type == "cuda":
        # Not torch.cuda.is_bf16_supported, which asks whichever device is the current one.
        return bool(torch.version.hip) or torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    return any(
        getattr(torch.cpu, name, lambda: False)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def has_fast_float16(device: torch.device) -> bool:
    """The same for float16: NVIDIA's GPUs have units for it since 2017."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (7, 0)


def is_slow(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether the device has to imitate this number format, at many times the cost of float32."""
    if dtype == torch.bfloat16:
        return not has_fast_bfloat16(device)
    return dtype == torch.float16 and device.type != "mps" and not has_fast_float16(device)


def fast_dtype(device: torch.device) -> torch.dtype:
    """The fastest number format there: ``torch.bfloat16``, ``float16`` or ``float32``.

    bfloat16 comes first where there are units for both: it has the range of float32. Apple's GPUs
    take float32: they know float16, but whether it pays for the conversions is not known.
    """
    if has_fast_bfloat16(device):
        return torch.bfloat16
    return torch.float16 if has_fast_float16(device) else torch.float32


def dtype_of(precision: str, device: torch.device) -> torch.dtype:
    """The number format that a name of `PRECISIONS` means, and ``"auto"`` on this device."""
    return PRECISIONS.get(precision) or fast_dtype(device)


def describe(device: torch.device) -> str:
    """One line on a device, for people: "CPU, 2 cores, with a bfloat16 unit"."""
    if device.type == "cuda":
        return f"GPU, {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "GPU, Apple Metal"
    unit = "with" if has_fast_bfloat16(device) else "without"
    return f"CPU, {torch.get_num_threads()} cores, {platform.machine()}, {unit} a bfloat16 unit"


def available_memory(device: torch.device) -> int:
    """Bytes that a new run may take on the device."""
    if device.type == "cuda":
        # What PyTorch keeps of earlier runs for the next one is free as well.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    return int(min(psutil.virtual_memory().available, left_to_container()))


def left_to_container() -> float:
    """Bytes that Docker, Binder and their like still allow this process; infinity without a limit.

    In a container, the free memory that the system tells is that of the whole machine.
    """
    for limit, used, details in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        with contextlib.suppress(OSError, ValueError):  # another version, or the limit is "max"
            left = int((CGROUP / limit).read_text()) - int((CGROUP / used).read_text())
            facts = dict(line.split() for line in (CGROUP / details).read_text().splitlines())
            return left + int(facts.get("inactive_file", 0))  # of files, given up when needed
    return math.inf


def process_memory() -> int:
    """Bytes of memory that this process holds now."""
    return psutil.Process().memory_info().rss


def held_memory(device: torch.device) -> int:
    """Bytes that this process holds on the device now."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else process_memory()


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that there is no memory left; PyTorch has no one class for it."""
    words = ("out of memory", "not enough memory", "allocate memory")  # GPU, Windows, Linux
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def return_memory() -> None:
    """Give memory that is free, but kept by the C library for later, back to the system.

    Only glibc has to be asked: after many tensors of different sizes it keeps about as much as the
    process uses. Elsewhere nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(frozen=True)
class Preset:
    """How large the pictures and how long the runs of a notebook are.

    ``preset.size(256)`` and ``preset.steps(150)`` return their argument in a full run and a small
    number in a quick one.
    """

    name: str
    largest_size: int | None = None
    most_steps: int | None = None

    def size(self, pixels: int) -> int:
        """The longer side of a picture, in pixels."""
        return pixels if self.largest_size is None else min(pixels, self.largest_size)

    def steps(self, count: int) -> int:
        """The number of optimisation steps."""
        return count if self.most_steps is None else min(count, self.most_steps)


def preset() -> Preset:
    """The full preset, or the quick one where the environment has ``NST_COURSE_QUICK=1``."""
    if os.environ.get(QUICK_VARIABLE, "") not in ("", "0"):
        return Preset("quick", largest_size=64, most_steps=3)
    return Preset("full")


def readable_time(seconds: float) -> str:
    """``"40 s"``, ``"3 min 20 s"``, ``"2 h 5 min"``."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def readable_bytes(count: float) -> str:
    """``"850 MB"``, ``"3.2 GB"``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
