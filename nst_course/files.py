"""Files that appear whole or not at all, whatever interrupts the writing."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that a reader finds the old one or the new one, and never a part of it.

    Of several writers at a time, the last one to finish counts. A symbolic link is followed.

    Args:
        path: the file; its folder is made where it is missing.
        write: writes everything to the path that it is called with.

    Raises:
        OSError: the place cannot be written. The old file is as it was.
    """
    path = target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    # In a folder of its own, because writers such as that of safetensors have leftovers as well.
    # The number of the process is for `remove_leftovers`.
    room = path.parent / f"{partial_prefix(path)}{secrets.token_hex(4)}.{os.getpid()}.partial"
    partial = room / path.name
    try:
        room.mkdir()
        write(partial)
        with open(partial, "rb+") as stream:
            os.fsync(stream.fileno())  # else the new name may outlive a power failure, empty
        if path.exists():
            shutil.copymode(path, partial)
        os.replace(partial, path)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def target(path: Path) -> Path:
    """The file that a path stands for, links followed.

    Raises:
        OSError: it is a folder, a device, a file that is write-protected, or no possible name.
    """
    path = Path(os.path.realpath(path))
    try:
        os.lstat(path)  # unlike `exists`, this raises an error for a name that is too long
    except FileNotFoundError:
        return path
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected", str(path))
    return path


def check_place(path: Path, size: int) -> None:
    """Find out whether a file of so many bytes could be written; nothing stays there.

    Raises:
        OSError: it could not.
    """
    path = target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as stream:
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(stream.fileno(), 0, size)
            except OSError as error:
                if error.errno in NO_ROOM:  # else this file system cannot say
                    raise


def partial_prefix(path: Path) -> str:
    """What the names of the folders with an unfinished file begin with."""
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}."


def remove_leftovers(path: Path) -> None:
    """Delete what processes that were killed have left of this file."""
    for leftover in target(path).parent.glob(f"{partial_prefix(target(path))}*.partial"):
        with contextlib.suppress(OSError):  # another process may be clearing up as well
            writer = leftover.name.split(".")[-2]
            if not (writer.isdecimal() and is_running(int(writer), leftover.stat().st_mtime)):
                shutil.rmtree(leftover)


def is_running(process: int, since: float) -> bool:
    """Whether a process of this number runs and has done so since then, in seconds of the clock."""
    try:
        return psutil.Process(process).create_time() <= since + 1
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def expanded(path: str | os.PathLike) -> Path:
    """The path, with ``~`` replaced by the home folder.

    Raises:
        OSError: there is no such user, or the user has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise OSError(errno.ENOENT, "the home folder is unknown") from error
