"""Check whether this machine is ready for the course: one line for each part."""

import html
import importlib
import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..assets import IMAGES
from ..device import best_device, describe, fast_dtype, readable_bytes
from ..errors import CourseError
from ..images.io import bundled_images, load_image
from ..network.download import cache_folder
from ..network.weights import EMBEDDED, load_embedded
from ..transfer.estimate import fastest
from ..transfer.style_transfer import StyleTransfer

JUPYTER_PARTS = ("jupyterlab", "ipykernel", "ipywidgets", "anywidget", "nbclient")


@dataclass(frozen=True)
class Check:
    """The result for one part: its name, whether it works, and details."""

    name: str
    ok: bool
    detail: str

    def __str__(self) -> str:
        return f"{'[OK]' if self.ok else '[FAIL]':6} {self.name:12} {self.detail}"


class Report(list[Check]):
    """All checks; displayed as a table in a notebook and as lines in a terminal."""

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self)

    def as_dicts(self) -> list[dict]:
        return [asdict(check) for check in self]

    def __repr__(self) -> str:
        return "\n".join(str(check) for check in self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'OK' if check.ok else '<b>FAIL</b>'}</td><td>{html.escape(check.name)}</td>"
            f'<td style="text-align: left">{html.escape(check.detail)}</td></tr>'
            for check in self
        )
        head = '<tr><th></th><th>part</th><th style="text-align: left">details</th></tr>'
        return f"<table>{head}{rows}</table>"


def examine() -> Report:
    """Run every check. If a part fails, its details are the reason, and the checks continue."""
    return Report(run_checks())


def run_checks() -> Iterator[Check]:
    """The checks, one at a time, so that a terminal can show each result immediately."""
    for name, check in CHECKS.items():
        try:
            yield Check(name, True, check())
        except Exception as error:  # any failure is a result
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            yield Check(name, False, reason)


def check_python() -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def check_torch() -> str:
    # The import of torchvision fails if it was built for another version of torch.
    return ", ".join(
        f"{name} {importlib.import_module(name).__version__}" for name in ("torch", "torchvision")
    )


def check_jupyter() -> str:
    found = []
    for name in JUPYTER_PARTS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            raise CourseError(f"{name} is missing; run python3 course.py again.") from None
    return ", ".join(found)


def check_precision() -> str:
    name = str(fast_dtype(best_device())).removeprefix("torch.")
    if name == "float32":
        return "float32, which is the fastest on this device"
    return f"{name}, which is faster on this device, and float32 for the last steps of a run"


def check_weights() -> str:
    parameters = load_embedded()
    count = sum(tensor.numel() for tensor in parameters.values())
    size = readable_bytes(EMBEDDED.stat().st_size)
    return f"VGG-16, {count / 1e6:.1f} million parameters, {size}, checksum correct"


def check_images() -> str:
    names = bundled_images()
    if not names:
        raise CourseError(f"There are no pictures in {IMAGES}; clone or install the course again.")
    for name in names:
        load_image(name, size=64)
    return f"{len(names)} bundled pictures can be read"


def check_cache() -> str:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CourseError(
            f"{folder} cannot be written ({error.strerror}); set NST_COURSE_CACHE to another."
        ) from error
    home = os.path.expanduser("~")  # which stays "~" where there is none
    return f"{folder.as_posix().replace(Path(home).as_posix(), '~')} can be written (for VGG-19)"


def check_speed() -> str:
    content, style = load_image("cat", size=256), load_image("great_wave", size=256)
    steps = StyleTransfer(content, style).steps(3)
    return f"{fastest(lambda: next(steps), repeats=3):.2f} s a step at 256 px"


CHECKS: dict[str, Callable[[], str]] = {
    "Python": check_python,
    "PyTorch": check_torch,
    "device": lambda: describe(best_device()),
    "precision": check_precision,
    "Jupyter": check_jupyter,
    "network": check_weights,
    "images": check_images,
    "cache": check_cache,
    "speed": check_speed,
}
