"""``nst-course render --fast``: one picture, a folder of them, and options that do not fit."""

import json

import pytest
from PIL import Image

import nst_course as nst
from nst_course.cli import command as cli


def fast(content, out, *options) -> int:
    arguments = [content, "great_wave", "-o", out, "--fast", "--size", 96, *options]
    return cli.main(["render", *map(str, arguments)])


def test_picture_is_that_of_stylize_fast(tmp_path, capsys):
    assert fast("cat", tmp_path / "o.png", "--strength", 4) == 0
    assert "o.png: 96×64 px in " in capsys.readouterr().out
    found = nst.load_image(tmp_path / "o.png")
    wanted = nst.stylize_fast("cat", "great_wave", 96, 4).cpu()
    assert (found - wanted).abs().max() < 1 / 255


def test_every_photograph_of_a_folder_is_painted(tmp_path, capsys):
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (60, 40), "red").save(photographs / f"{name}.png")
    (photographs / "broken.jpg").write_bytes(b"nothing")
    assert (
        fast(photographs, tmp_path / "new", "--json") == 1
    )  # the broken one; the others are there
    said = capsys.readouterr()
    names = [json.loads(line)["output"] for line in said.out.splitlines()]
    assert [name.split("/")[-1] for name in names] == ["a_great_wave.png", "b_great_wave.png"]
    assert "broken.jpg" in said.err
    before = (tmp_path / "new" / "a_great_wave.png").stat().st_mtime_ns
    assert fast(photographs, tmp_path / "new", "--resume") == 1
    assert (tmp_path / "new" / "a_great_wave.png").stat().st_mtime_ns == before


def test_artworks_are_mixed_by_weight(tmp_path):
    assert fast("cat", tmp_path / "o.png", "--style", "spring=3") == 0
    found = nst.load_image(tmp_path / "o.png")
    wanted = nst.stylize_fast("cat", {"great_wave": 1, "spring": 3}, 96).cpu()
    assert (found - wanted).abs().max() < 1 / 255
    pictures = {"content": "cat", "style": "great_wave, spring=3"}
    kept = {**pictures, "size": 96, "strength": 3.0, "fast": True}
    assert nst.read_recipe(tmp_path / "o.png") == kept


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--style", "spring", "--region", "mask.png"], "--region"),
        (["--steps", 9], "--steps"),
        (["--tv-weight", 1, "--init", "noise"], "--tv-weight, --init"),
    ],
)
def test_options_of_the_loop_are_refused(tmp_path, capsys, options, named):
    assert fast("cat", tmp_path / "o.png", *options) == 2
    assert f"leave out {named}." in capsys.readouterr().err


def test_artwork_that_the_network_does_not_know_is_a_sentence(tmp_path, capsys):
    options = ["-o", str(tmp_path / "o.png"), "--fast"]
    assert cli.main(["render", "cat", "brick", *options]) == 1
    assert "great_wave" in capsys.readouterr().err
