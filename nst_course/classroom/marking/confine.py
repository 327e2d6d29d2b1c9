"""Confines the present process, for good: no network, no files, no programs, little memory.

Three fences, the second and third where the system has them: a hook on what Python code asks of the
system, a network of its own without any device, and Landlock, by which Linux refuses files to the
process whatever runs in it. They stop accidents and what students try. For an examination against
the clever and malicious, run the command in a container of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...assets import ASSETS

REFUSED = (  # what a submission may not ask of Python, by the beginning of the audit event
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
    "os.startfile", "os.kill", "pty.", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link",
    "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.chflags", "os.utime", "os.setxattr",
    "os.removexattr", "shutil.", "ctypes.", "gc.get", "urllib.", "http.", "ftplib.", "smtplib.",
    "webbrowser.", "tempfile.", "sqlite3.", "mmap.", "resource.", "os.mkfifo", "os.mknod",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOOKS = ("os.listdir", "os.scandir", "os.chdir")


def confine(memory: int, seconds: int) -> None:
    """Fence the process in.

    Args:
        memory: bytes that it may take beyond what it has.
        seconds: of processor time.
    """
    os.setsid()  # so that whatever it starts can be ended with it
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.environ.clear()
    os.chdir(ASSETS)
    _limit(memory, seconds)
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "unshare"):
        libc.unshare(0x10000000 | 0x40000000)  # CLONE_NEWUSER, CLONE_NEWNET
    with contextlib.suppress(OSError, AttributeError):
        _landlock(libc)
    _forget_how_to_start_programs()
    sys.addaudithook(_hook())


def _limit(memory: int, seconds: int) -> None:
    limits = {
        resource.RLIMIT_CPU: (seconds, seconds + 5),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NPROC: (256, 256),  # of the user; threads of this process count
    }
    with contextlib.suppress(OSError):  # only Linux says how much address space there is already
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        limits[resource.RLIMIT_AS] = (most, most)
    for limit, (soft, hard) in limits.items():
        with contextlib.suppress(OSError, ValueError):  # a stricter one is set
            resource.setrlimit(limit, (soft, hard))


def readable() -> list[str]:
    """The folders and files that a submission may read: Python, its libraries, the course."""
    paths = [*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, str(ASSETS)]
    paths += [str(Path(__file__).parents[2]), *filter(os.path.isdir, sys.path)]
    paths += ["/usr/lib", "/usr/share/zoneinfo", "/lib", "/lib64", "/sys/devices/system/cpu"]
    paths += ["/dev/null", "/dev/urandom", "/proc/self", "/proc/cpuinfo", "/proc/meminfo"]
    found = {os.path.realpath(path) for path in paths if path}
    return sorted(path for path in found if os.path.exists(path) and path != os.sep)


def _hook() -> Callable[[str, tuple], None]:
    folders = tuple(readable())

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING:
                raise PermissionError("a submission may not write files")
            if not isinstance(path, int) and not _is_below(path, folders):
                raise PermissionError("a submission may not read this file")
        elif event in _LOOKS:
            if not _is_below(arguments[0] or ".", folders):
                raise PermissionError("a submission may not look into this folder")
        elif event.startswith(REFUSED):
            raise PermissionError(f"a submission may not use {event}")

    return refuse


def _is_below(path: Any, folders: tuple[str, ...]) -> bool:
    if isinstance(path, int):
        return True
    real = os.path.realpath(os.fsdecode(path))
    return any(real == folder or real.startswith(folder + os.sep) for folder in folders)


def _forget_how_to_start_programs() -> None:
    """Take away the function behind `subprocess`, of which Python tells no hook."""
    for name in ("_posixsubprocess", "subprocess", "multiprocessing.util"):
        module = sys.modules.get(name)
        for function in ("fork_exec", "_fork_exec"):
            if hasattr(module, function):
                setattr(module, function, None)


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scoped")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def _landlock(libc: Any) -> None:
    """Let Linux refuse files and TCP; see landlock(7). The call numbers are those of all machines.

    Raises:
        OSError: the kernel has no Landlock.
    """
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        raise OSError("no Landlock")
    handled = (1 << (13 if version < 2 else 14 if version < 3 else 15)) - 1
    rules = _Ruleset(handled, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(444, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        raise OSError("no Landlock")
    for path in readable():
        folder = os.open(path, os.O_PATH)
        allowed = 0b1100 if os.path.isdir(path) else 0b0100  # read files, list folders
        rule = _Beneath(allowed, folder)
        libc.syscall(445, ruleset, 1, ctypes.byref(rule), 0)
        os.close(folder)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    libc.syscall(446, ruleset, 0)
    os.close(ruleset)
