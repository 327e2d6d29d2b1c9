"""Nothing of the user's is lost: outputs, inputs, and whatever ends a run, in real processes."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

import nst_course as nst
from nst_course.cli import command as cli
from nst_course.cli import render as rendering
from nst_course.cli.terminal import Interrupt

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="there are no such signals")


def render(*arguments, content="cat", style="great_wave") -> int:
    size = [] if "--size" in arguments else ["--size", "32"]
    steps = [] if "--steps" in arguments else ["--steps", "2"]
    return cli.main(["render", str(content), str(style), *size, *steps, *map(str, arguments)])


# ---------------------------------------------------------------- outputs and inputs


@posix
@pytest.mark.parametrize("way", ["same", "link", "hard link", "style", "init", "checkpoint"])
def test_input_is_never_replaced(quick, tmp_path, capsys, way):
    photo = tmp_path / ("o.png.checkpoint" if way == "checkpoint" else "photo.png")
    out = {"same": photo, "style": photo, "init": photo}.get(way, tmp_path / "o.png")
    Image.new("RGB", (48, 32), "red").save(photo, "PNG")
    before = photo.read_bytes()
    if way == "link":
        out.symlink_to(photo)
    elif way == "hard link":
        os.link(photo, out)
    place = {"style": "style", "init": None}.get(way, "content")
    given = {place: photo} if place else {}
    init = ["--init", photo] if way == "init" else []
    assert render("-o", out, "--overwrite", *init, **given) == 1
    assert "is one of the pictures given; choose another output." in capsys.readouterr().err
    assert photo.read_bytes() == before


def test_output_that_exists_is_kept_unless_asked(quick, tmp_path, capsys):
    out = tmp_path / "o.png"
    out.write_bytes(b"mine")
    assert render("-o", out) == 1
    assert "o.png exists already" in capsys.readouterr().err and out.read_bytes() == b"mine"
    assert render("-o", out, "--resume") == 1 and out.read_bytes() == b"mine"
    assert render("-o", out, "--overwrite") == 0 and nst.load_image(out).shape == (1, 3, 21, 32)


def test_output_that_appears_during_the_run_is_kept(quick, tmp_path, monkeypatch):
    out, run = tmp_path / "o.png", rendering.MultiScale.run

    def meanwhile(self, **_):
        out.write_bytes(b"of another program")
        return run(self)

    monkeypatch.setattr(rendering.MultiScale, "run", meanwhile)
    assert render("-o", out) == 0
    assert out.read_bytes() == b"of another program"
    assert nst.load_image(tmp_path / "o-new.png").shape == (1, 3, 21, 32)


def test_picture_that_cannot_be_written_at_the_end_is_saved_elsewhere(
    quick, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    folder, run = tmp_path / "disk", rendering.MultiScale.run

    def unplugged(self, **_):
        result = run(self)
        shutil.rmtree(folder)
        folder.write_text("no folder any more")
        return result

    monkeypatch.setattr(rendering.MultiScale, "run", unplugged)
    assert render("-o", folder / "o.png") == 0
    where = re.search(r"The picture is in (\S+o\.png) instead", capsys.readouterr().err)
    assert nst.load_image(where[1]).shape == (1, 3, 21, 32)


# ---------------------------------------------------------------- sizes and shapes


@pytest.mark.parametrize("shape", [(2000, 100), (100, 2000), (512, 26)])
def test_wide_and_tall_pictures_begin_at_the_smallest_size_that_works(tmp_path, shape, capsys):
    Image.effect_noise(shape, 60).convert("RGB").save(tmp_path / "p.png")
    assert render("-o", tmp_path / "o.png", "--size", 400, content=tmp_path / "p.png") == 0
    with Image.open(tmp_path / "o.png") as picture:
        assert max(picture.size) == 400
    assert render("-o", tmp_path / "s.png", "--size", 48, style=tmp_path / "p.png") == 0


def test_init_may_be_a_file_of_any_size(quick, tmp_path):
    Image.new("RGB", (70, 20), "red").save(tmp_path / "red.png")
    options = ["--init", tmp_path / "red.png", "--steps", 1, "--size", 48, "--scales", 1]
    assert render("-o", tmp_path / "o.png", *options) == 0
    # After one step nothing has been moved: it is the starting image.
    assert nst.load_image(tmp_path / "o.png").mean((0, 2, 3)).tolist() == [1, 0, 0]


def test_folders_of_photographs_and_artworks_give_a_folder(quick, tmp_path, capsys):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for name in ("a.png", "a.jpg", "b.webp"):
        Image.new("RGB", (40, 30), "red").save(photos / name)
    (photos / "notes.txt").write_text("no picture")
    (photos / "broken.png").write_bytes(b"no picture")
    assert render("-o", out, content=photos) == 1  # one of four failed
    said = capsys.readouterr().err
    assert "broken.png, great_wave: " in said and "it is not a picture" in said
    names = ["a.png_great_wave.png", "a_great_wave.png", "b_great_wave.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert render("-o", out, content=photos) == 1
    assert "exists already" in capsys.readouterr().err
    (out / "b_great_wave.png").unlink()
    (photos / "broken.png").unlink()
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert render("-o", out, "--resume", content=photos) == 0
    assert all(path.stat().st_mtime_ns == before for path, before in times.items())
    assert len(list(out.iterdir())) == 3
    assert render("-o", tmp_path / "o.png", content=photos) == 2
    assert "--output must be a folder for several pictures" in capsys.readouterr().err


def test_json_is_one_line_on_standard_output(quick, tmp_path, capsys):
    assert render("-o", tmp_path / "o.png", "--json") == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert (found["width"], found["height"], found["interrupted"]) == (32, 21, False)
    assert found["output"] == str(tmp_path / "o.png") and found["loss"] > 0
    assert "the image of step" in said.err


# ---------------------------------------------------------------- whatever ends a run

MAIN = """
import sys
from nst_course.network import weights
def narrow(network):
    parameters = weights.random_parameters("vgg16", widths=(6, 8, 8, 8, 8))
    parameters["conv1_1.weight"] /= 50
    return parameters
from nst_course.network import vgg
vgg.load_parameters = narrow
from nst_course.cli.command import main
sys.exit(main())
"""


def start(*arguments, **settings) -> subprocess.Popen:
    """The command line in a process of its own, with a narrow network."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "render", "cat", "great_wave", "--size", "32", *arguments],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings},
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def wait_for_steps(process: subprocess.Popen) -> None:
    shown = ""
    while not re.search(r"\b([3-9]|\d\d+)/\d+", shown):
        shown += process.stderr.read(1)


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGXCPU"])
def test_every_signal_that_ends_a_program_saves_and_says_how_to_go_on(tmp_path, name):
    out = tmp_path / "o.png"
    process = start("-o", out, "--steps", "1000000")
    wait_for_steps(process)
    process.send_signal(getattr(signal, name))
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in errors
    assert "o.png: the image of step" in said
    assert said.splitlines()[-1] == "The same command with --resume continues from here."
    assert nst.load_image(out).shape == (1, 3, 21, 32)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.png", "o.png.checkpoint"]
    again = start("-o", out, "--steps", "1000000", "--resume")
    wait_for_steps(again)
    again.send_signal(signal.SIGTERM)
    said, errors = again.communicate(timeout=60)
    assert again.returncode == 130 and "Continuing from the checkpoint." in said
    out.write_bytes(b"put here by the user")
    refused = start("-o", out, "--steps", "1000000", "--resume")
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 1 and "o.png exists already" in errors
    assert out.read_bytes() == b"put here by the user"


def test_interruption_that_is_lost_acts_at_the_next_step():
    """As in a destructor, where Python ignores exceptions."""
    interrupt = Interrupt()
    interrupt.check(None)
    with contextlib.suppress(KeyboardInterrupt):
        interrupt(signal.SIGTERM, None)
    with pytest.raises(KeyboardInterrupt):
        interrupt.check(None)


@posix
def test_short_run_that_is_stopped_leaves_a_checkpoint_as_well(tmp_path):
    process = start("-o", tmp_path / "o.png", "--steps", "4000")
    wait_for_steps(process)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "with --resume continues" in said
    again = start("-o", tmp_path / "o.png", "--steps", "4000", "--resume")
    said, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    assert [path.name for path in tmp_path.iterdir()] == ["o.png"]


@posix
def test_closed_terminal_saves_the_picture(tmp_path):
    """SIGHUP comes, and nothing can be written any more."""
    process = start("-o", tmp_path / "o.png", "--steps", "1000000")
    wait_for_steps(process)
    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 130
    assert nst.load_image(tmp_path / "o.png").shape == (1, 3, 21, 32)
    assert (tmp_path / "o.png.checkpoint").exists()


@posix
def test_signal_that_is_ignored_stays_ignored(tmp_path):
    """As under `nohup`, whose runs outlive their terminal."""
    process = start(
        *("-o", tmp_path / "o.png", "--steps", "1500"),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    wait_for_steps(process)
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


@posix
def test_sleep_of_the_computer_changes_nothing(tmp_path):
    process = start("-o", tmp_path / "o.png", "--steps", "1500")
    wait_for_steps(process)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0 and "Traceback" not in errors


@posix
@pytest.mark.parametrize("redirection", ["| head -c 5", "2>&-", ">&-", ">&- 2>&-", ">/dev/full"])
def test_closed_or_full_stream_costs_neither_picture_nor_words(tmp_path, redirection):
    (tmp_path / "main.py").write_text(MAIN)
    command = f"'{sys.executable}' main.py render cat great_wave --size 32 --steps 3 -o o.png"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shell = ["bash", "-c", f"set -o pipefail; {command} {redirection}"]
    found = subprocess.run(
        shell, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr and "Exception" not in found.stderr
    assert nst.load_image(tmp_path / "o.png").shape == (1, 3, 21, 32)


@pytest.mark.parametrize("encoding", ["cp1251", "ascii", "utf-16", "latin-1"])
def test_terminal_of_another_alphabet_is_written_to(tmp_path, encoding):
    process = start("-o", tmp_path / "ö.png", "--steps", "2", env={"PYTHONIOENCODING": encoding})
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert (tmp_path / "ö.png").exists()


@posix
def test_full_disk_during_the_run_costs_the_checkpoint_only(tmp_path):
    """A limit on the size of files is met in the same way: the picture is small, a run is not."""

    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = start("-o", tmp_path / "o.png", "--steps", "200", "--resume", preexec_fn=limit)
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert len(re.findall("The run goes on without a checkpoint", said + errors)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["o.png"]


@posix
def test_no_room_for_the_picture_is_found_before_the_first_step(tmp_path):
    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    process = start("-o", tmp_path / "o.png", "--steps", "1000000", preexec_fn=limit)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1 and "o.png cannot be written (File too large)" in errors
    assert not re.search(r"\d/1000000", errors)


def test_memory_that_runs_out_is_a_sentence(quick, tmp_path, monkeypatch, capsys):
    def out_of_memory(self, **_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(rendering.MultiScale, "run", out_of_memory)
    assert render("-o", tmp_path / "o.png") == 1
    assert "out of memory; try a smaller --size." in capsys.readouterr().err
