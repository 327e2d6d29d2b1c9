"""A wheel built from the project carries pictures, sounds and network, and works elsewhere."""

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
NO_INDEX = ("No matching distribution", "Could not find a version", "Temporary failure", "Retry(")


def run(*command, cwd: Path, **environment) -> subprocess.CompletedProcess:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not installed here")
    folder = tmp_path_factory.mktemp("wheel")
    isolation = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    pip = ["-m", "pip", "wheel", "--no-deps", *isolation, "-w", folder, ROOT]
    built = run(*pip, cwd=folder, PIP_RETRIES="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    if not isolation and any(words in built.stdout + built.stderr for words in NO_INDEX):
        pytest.skip("hatchling is not installed here, and no package index can be reached")
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("nst_course-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    made = run("-m", "pip", "install", "--no-deps", "--target", folder, wheel, cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_wheel_holds_the_package_the_pictures_and_the_network_and_no_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        for folder in ("clips", "images", "sounds", "weights"):
            for path in (ROOT / "assets" / folder).glob("*.*"):
                assert archive.read(f"nst_course/assets/{folder}/{path.name}") == path.read_bytes()
    for path in (ROOT / "nst_course").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in inside
    data = "nst_course-0.1.0.data/data/etc/jupyter/labconfig/default_setting_overrides.json"
    assert data in inside  # JupyterLab does not ask a new reader about news
    assert "nst_course/py.typed" in inside  # type checkers then read its annotations
    assert {name.split("/")[0].split("-")[0] for name in inside} == {"nst_course"}
    assert not any("__pycache__" in name or name.endswith(".ipynb") for name in inside)


def test_installed_package_is_the_one_that_is_imported_and_finds_its_pictures(installed, tmp_path):
    code = "import nst_course as nst; print(nst.__file__); print(len(nst.bundled_images()))"
    said = run("-c", code, cwd=tmp_path, PYTHONPATH=str(installed))
    assert said.returncode == 0, said.stderr
    file, count = said.stdout.splitlines()
    assert Path(file).is_relative_to(installed)
    assert int(count) == len(list((ROOT / "assets" / "images").glob("*.jpg")))


def test_installed_command_renders_a_picture_away_from_the_checkout(installed, tmp_path):
    (script,) = (installed / ("Scripts" if os.name == "nt" else "bin")).glob("nst-course*")
    start = "import sys; from nst_course.cli.command import main; sys.exit(main())"
    command = [script] if script.suffix != ".exe" else ["-c", start]
    options = ["render", "cat", "great_wave", "-o", "o.png", "--size", "64", "--steps", "2"]
    said = run(*command, *options, cwd=tmp_path, PYTHONPATH=str(installed))
    assert said.returncode == 0, said.stderr
    with Image.open(tmp_path / "o.png") as picture:
        assert picture.size == (64, 42)
    missing = run(*command, "notebooks", cwd=tmp_path, PYTHONPATH=str(installed))
    assert missing.returncode == 1 and "from a clone of the course" in missing.stderr
