"""Files that appear whole or not at all, whatever interrupts the writing."""

import contextlib
import glob
import os
from collections.abc import Callable
from pathlib import Path

import psutil


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that a reader finds the old one or the new one, and never a part of it.

    Args:
        path: the file; its folder is made where it is missing.
        write: writes everything to the path that it is called with.

    Raises:
        OSError: the place cannot be written. The old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):  # after a success it no longer exists
            partial.unlink()


def remove_leftovers(path: Path) -> None:
    """Delete what processes that were killed have left of this file."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        writer = leftover.name.split(".")[-2]
        if not (writer.isdecimal() and psutil.pid_exists(int(writer))):
            leftover.unlink(missing_ok=True)
