"""The doctor: it tries every part, and one that is broken gets its reason and no traceback."""

import html
import importlib
import json
import re

import pytest
import torch

from nst_course.cli import command as cli
from nst_course.cli import doctor
from nst_course.cli.doctor import Check, Report


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NST_COURSE_CACHE", str(tmp_path / "cache"))


def found(name: str) -> Check:
    """What one check finds now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name]})
        (check,) = doctor.examine()
    return check


@pytest.mark.slow
def test_this_machine_is_ready_and_every_part_has_its_line(capsys):
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(doctor.CHECKS) and all(line.startswith("[OK] ") for line in lines)
    text = "\n".join(lines)
    assert f"torch {torch.__version__}, " in text
    for part in ("Python", "torchvision", "float32", "ipywidgets", "VGG-16", "pictures", "cache"):
        assert part in text
    seconds = re.search(r"([\d.]+) s a step at 256 px", text)
    assert 0 < float(seconds[1]) < 60


def test_speed_is_measured_on_real_steps_at_256_pixels(monkeypatch):
    taken = []

    class Watched(doctor.StyleTransfer):
        def losses(self, image):
            taken.append(max(image.shape[2:]))
            return super().losses(image)

    class Cheap(Watched):
        def __init__(self, content, style):
            super().__init__(content, style, content_layers=["relu1_1"], style_layers=["relu1_1"])

    monkeypatch.setattr(doctor, "StyleTransfer", Cheap)
    assert found("speed").ok and taken == [256] * 3


def break_network(monkeypatch, folder):
    broken = folder / "vgg16.safetensors"
    broken.write_bytes(b"half of it")
    monkeypatch.setattr(doctor.load_embedded, "__defaults__", (broken, "0" * 64))


def remove_pictures(monkeypatch, folder):
    for module in (doctor, importlib.import_module("nst_course.images.io")):
        monkeypatch.setattr(module, "IMAGES", folder)


def damage_a_picture(monkeypatch, folder):
    remove_pictures(monkeypatch, folder)
    (folder / "cat.jpg").write_bytes(b"no picture")


def block_cache(monkeypatch, folder):
    (folder / "file").write_text("not a folder")
    monkeypatch.setenv("NST_COURSE_CACHE", str(folder / "file" / "cache"))


def remove_jupyter(monkeypatch, folder):
    version = importlib.metadata.version

    def missing(name):
        if name == "ipywidgets":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)


def mismatch_torchvision(monkeypatch, folder):
    def mismatched(name):
        raise RuntimeError("operator torchvision::nms does not exist\nsee the traceback")

    monkeypatch.setattr(importlib, "import_module", mismatched)


@pytest.mark.parametrize(
    ("part", "break_it", "reason"),
    [
        ("network", break_network, "damaged"),
        ("images", remove_pictures, "no pictures"),
        ("images", damage_a_picture, "cat.jpg cannot be opened"),
        ("cache", block_cache, "NST_COURSE_CACHE"),
        ("Jupyter", remove_jupyter, "ipywidgets is missing"),
        ("PyTorch", mismatch_torchvision, "torchvision::nms does not exist"),
    ],
)
def test_broken_part_fails_with_its_reason_in_one_line(
    monkeypatch, tmp_path, part, break_it, reason
):
    assert found(part).ok
    break_it(monkeypatch, tmp_path)
    check = found(part)
    monkeypatch.undo()
    assert not check.ok and reason in check.detail and "\n" not in str(check)
    assert str(check).startswith("[FAIL] ")


def test_without_a_home_the_cache_needs_a_name(homeless, monkeypatch, tmp_path):
    assert "set NST_COURSE_CACHE" in found("cache").detail and not found("cache").ok
    monkeypatch.setenv("NST_COURSE_CACHE", str(tmp_path))
    assert found("cache").ok


@pytest.fixture
def half_broken(monkeypatch):
    def broken():
        raise ZeroDivisionError

    parts = {"first": lambda: "fine", "second": broken, "third": lambda: "a < b & c"}
    monkeypatch.setattr(doctor, "CHECKS", parts)


def test_broken_part_does_not_stop_the_others_and_the_exit_code_is_1(half_broken, capsys):
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["[OK]", "first"],
        ["[FAIL]", "second"],
        ["[OK]", "third"],
    ]
    assert "ZeroDivisionError" in lines[1]


def test_json_says_the_same_for_machines(half_broken, capsys):
    assert cli.main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert [check["ok"] for check in report["checks"]] == [True, False, True]
    assert report["checks"][0] == {"name": "first", "ok": True, "detail": "fine"}


def test_report_shows_itself_as_lines_and_as_a_table(half_broken):
    report = doctor.examine()
    assert not report.ok and Report([Check("a", True, "b")]).ok
    assert repr(report).splitlines() == [str(check) for check in report]
    table = report._repr_html_()
    assert table.count("<tr>") == 4 and html.escape("a < b & c") in table and "< b" not in table
