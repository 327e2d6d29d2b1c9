"""VGG-19 as torchvision publishes it: one download, verified and never unpickled as code."""

import hashlib
import os
import shutil
import tempfile
import time
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

import torch
from torch import Tensor

from ..errors import CourseError

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

VGG19_VARIABLE = "NST_COURSE_VGG19"  # names a local file, which makes the download unnecessary
KILLED_AFTER = 3600  # seconds without a write, after which a download is taken for a killed one


def cache_folder() -> Path:
    """Where downloaded parameters are kept; ``NST_COURSE_CACHE`` names another folder.

    Raises:
        CourseError: there is no home folder.
    """
    try:
        if named := os.environ.get("NST_COURSE_CACHE"):
            return Path(named).expanduser()
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nst_course"
    except RuntimeError as error:
        raise CourseError(
            "The home folder is unknown, and with it the cache; set NST_COURSE_CACHE to a folder."
        ) from error


def download(source: "WeightsEnum", cache: Path) -> dict[str, Tensor]:
    """The state dict of VGG-19: with a progress bar, a checked hash, and no unpickled code.

    A file that is already in torch's own cache is used from there. Otherwise the download goes to a
    temporary folder, so that an interruption leaves nothing behind.

    Args:
        source: torchvision's entry, ``VGG19_Weights.IMAGENET1K_V1``.
        cache: where the temporary folder is made.

    Raises:
        CourseError: no network, no room on the disk, or a damaged file.
    """
    try:
        hub = Path(torch.hub.get_dir()) / "checkpoints"
        if is_intact(hub / Path(source.url).name):
            return source.get_state_dict(model_dir=str(hub), weights_only=True)
        cache.mkdir(parents=True, exist_ok=True)
        remove_killed_downloads(cache)
        with tempfile.TemporaryDirectory(prefix="download-", dir=cache) as folder:
            return source.get_state_dict(model_dir=folder, check_hash=True, weights_only=True)
    except (URLError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise CourseError(
            f"VGG-19 could not be downloaded ({reason}): connect to the network and try again, "
            f'or name a local file in {VGG19_VARIABLE}; "vgg16" works now, without a network.'
        ) from error
    except Exception as error:  # a wrong hash, or a file that torch.load refuses
        raise CourseError(
            f"The download of VGG-19 was damaged and has been removed ({first_line(error)}): "
            'try again; "vgg16" works now, without a network.'
        ) from error


def is_intact(file: Path) -> bool:
    """Whether the file exists and has the SHA-256 that its name begins: vgg19-dcbb9e9d.pth."""
    try:
        with open(file, "rb") as stream:
            digest = hashlib.sha256()
            for block in iter(lambda: stream.read(2**20), b""):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest().startswith(file.stem.rpartition("-")[2])


def remove_killed_downloads(cache: Path) -> None:
    """Remove the temporary folders of killed processes."""
    for folder in cache.glob("download-*"):
        written = max(path.stat().st_mtime for path in [folder, *folder.iterdir()])
        if time.time() - written > KILLED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def first_line(error: Exception) -> str:
    """The message of an error without the advice that may follow in further lines."""
    return str(error).partition("\n")[0] or type(error).__name__
