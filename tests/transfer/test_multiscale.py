"""Coarse to fine, and taken up again after whatever ended the run: the same picture to the bit."""

import copy
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nst_course as nst
from nst_course import device as machine
from nst_course.cli import command as cli
from nst_course.images.io import resized
from nst_course.transfer import multiscale as poster
from nst_course.transfer.multiscale import Poster, Scale, plan

ROOT = Path(__file__).parents[2]
SCALES = [Scale(24, 12), Scale(48, 9)]


@pytest.fixture(autouse=True)
def always_written(monkeypatch):
    monkeypatch.setattr(poster, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(poster, "WRITING_SHARE", math.inf)


@pytest.fixture(scope="module")
def backbone(narrow_backbone) -> nst.Backbone:
    return narrow_backbone


@pytest.fixture
def make(backbone):
    def build(size: int, start: torch.Tensor | None, **settings) -> nst.StyleTransfer:
        photograph, artwork = nst.load_image("cat", size), nst.load_image("great_wave", size)
        init = "noise" if start is None else resized(start, photograph.shape[2:])
        layers = {"content_layers": ["relu2_2"], "style_layers": ["relu1_1", "relu2_1"]}
        return nst.StyleTransfer(photograph, artwork, backbone, init=init, **layers, **settings)

    return build


# ---------------------------------------------------------------- coarse to fine


def test_plan_halves_the_size_until_it_is_small_and_the_steps_with_every_scale():
    assert plan(3000, 200) == [Scale(375, 200), Scale(750, 100), Scale(1500, 50), Scale(3000, 25)]
    assert plan(512, 200) == [Scale(256, 200), Scale(512, 100)]
    assert plan(384, 200) == [Scale(384, 200)]
    assert plan(3000, 200, count=1) == [Scale(3000, 200)]
    assert plan(64, 20, count=3) == [Scale(16, 20), Scale(32, 10), Scale(64, 10)]
    assert plan(64, 3, count=2) == [Scale(32, 3), Scale(64, 3)]  # no more than asked for


def test_each_scale_begins_where_the_last_one_ended(make):
    begun, made = [], []

    def noting(size, start):
        begun.append(start)
        made.append(make(size, start))
        return made[-1]

    result = Poster(noting, SCALES).run()
    assert [max(run.content.shape) for run in made] == [24, 48]
    assert [run.iteration for run in made] == [12, 9]
    assert begun[0] is None and torch.equal(begun[1], made[0].image)
    assert torch.equal(result.image, made[1].image) and not result.interrupted
    # The second scale begins far below where it would have begun on its own.
    alone = make(48, None).run(1, progress=False).history["total"][0]
    assert result.history["total"][0] < 0.5 * alone


def test_one_bar_runs_over_all_scales(make, capsys, monkeypatch):
    import tqdm.auto

    bars = []

    class Noting(tqdm.auto.tqdm):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            if not self.disable:
                bars.append(self)

        def set_postfix_str(self, text="", refresh=True):
            if not self.disable:
                texts.append((self.n, text))

    texts: list = []
    monkeypatch.setattr(tqdm.auto, "tqdm", Noting)
    Poster(make, SCALES).run()
    (bar,) = bars
    assert bar.total == pytest.approx(12 / 4 + 9) and bar.n == pytest.approx(bar.total)
    assert [count for count, _ in texts] == sorted(count for count, _ in texts)
    assert texts[0][1].startswith("24 px, step 1/12, loss ")
    assert texts[-1][1].startswith("48 px, step 9/9, loss ")
    taken_up = Poster(make, SCALES)
    taken_up.transfer = make(24, None)
    list(taken_up.transfer.steps(8))
    taken_up.run()
    assert bars[1].initial == 2 and bars[1].n == pytest.approx(bar.total)


def test_estimate_adds_up_the_scales(make, monkeypatch):
    monkeypatch.setattr("nst_course.transfer.style_transfer.fastest", lambda step: 1.0)
    seconds = [make(s.size, None).estimate(s.steps).seconds for s in SCALES]
    told = Poster(make, SCALES).estimate()
    assert told.seconds == sum(seconds)
    assert (told.largest.size, told.width, told.height, told.tile) == (48, 48, 32, None)
    halfway = Poster(make, SCALES)
    halfway.number, halfway.transfer = 1, make(48, None)
    list(halfway.transfer.steps(4))
    assert halfway.estimate().seconds == make(48, None).estimate(9).seconds - 4 - targets(make)


def targets(make) -> float:
    """The seconds before a first step."""
    run = make(48, None)
    return run.estimate(1).seconds - 1


# ---------------------------------------------------------------- taken up again


class Killed(BaseException):
    pass


@pytest.mark.parametrize("unit", [False, True])  # with one, the last steps are in float32
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("after", [1, 7, 8, 12, 13, 18, 20])
def test_resumed_equals_uninterrupted(make, tmp_path, monkeypatch, optimizer, after, unit):
    monkeypatch.setattr(machine, "has_fast_bfloat16", lambda device: unit)

    def build(size, start):
        return make(size, start, optimizer=optimizer)

    def begin() -> Poster:
        return Poster(build, SCALES, tmp_path / "o.checkpoint", {"optimizer": optimizer})

    expected = Poster(build, SCALES).run()
    written = 0

    def write_and_die(self):
        nonlocal written
        write(self)
        written += 1
        if written == after:
            raise Killed

    write = Poster._write
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Poster, "_write", write_and_die)
        begin().run()
    again = begin()
    assert again.resume()
    steps = sum(scale.steps for scale in SCALES[: again.number]) + again.transfer.iteration
    assert steps == after
    found = again.run()
    assert torch.equal(found.image, expected.image)
    assert found.history["total"] == expected.history["total"][-len(found.history["total"]) :]
    again.forget()
    assert list(tmp_path.iterdir()) == []


def test_explosions_are_remembered(make, tmp_path):
    """The learning rate that an explosion has halved stays halved."""
    run = make(24, None, optimizer="adam", learning_rate=20.0)
    list(run.steps(10))
    assert run.learning_rate < 20
    other = make(24, None, optimizer="adam")
    other.load_state_dict(copy.deepcopy(run.state_dict()))
    assert [a.losses for a in run.steps(5)] == [b.losses for b in other.steps(5)]
    assert torch.equal(run.image, other.image)


def test_state_before_the_first_step_is_a_state(make):
    run, other = make(24, None), make(24, torch.full((1, 3, 16, 24), 0.5))
    other.load_state_dict(copy.deepcopy(run.state_dict()))
    assert [a.losses for a in run.steps(3)] == [b.losses for b in other.steps(3)]


def test_resume_without_a_checkpoint_begins_anew(make, tmp_path):
    fresh = Poster(make, SCALES, tmp_path / "none")
    assert not fresh.resume() and not Poster(make, SCALES).resume()
    assert fresh.number == 0 and fresh.transfer is None


@pytest.fixture
def written(make, tmp_path) -> Path:
    """The checkpoint of a finished run."""
    path = tmp_path / "o.checkpoint"
    Poster(make, SCALES, path, {"seed": 0}).run()
    assert [found.name for found in tmp_path.iterdir()] == ["o.checkpoint"]
    return path


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"not a checkpoint",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:40],
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: data.replace(b"pixels", b"pixelz", 1),
        lambda data: data.replace(b"scale", b"scbre", 1),
    ],
)
def test_damaged_checkpoint_is_a_sentence(make, written, damage):
    written.write_bytes(damage(written.read_bytes()))
    with pytest.raises(nst.CourseError, match="o.checkpoint is damaged, or is no checkpoint"):
        Poster(make, SCALES, written, {"seed": 0}).resume()


def test_checkpoint_of_another_run_is_refused(make, written):
    with pytest.raises(nst.CourseError, match="a run with seed 0, not 1; resume with the same"):
        Poster(make, SCALES, written, {"seed": 1}).resume()
    with pytest.raises(nst.CourseError, match="a run with scales"):
        Poster(make, SCALES[1:], written, {"seed": 0}).resume()


def test_full_disk_is_a_sentence_and_leaves_the_last_checkpoint(make, written, monkeypatch):
    before = written.read_bytes()

    def full(tensors, partial, facts):
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nst_course.transfer.checkpoint.save_file", full)
    with pytest.raises(nst.CourseError, match="cannot be written .No space left"):
        Poster(make, SCALES, written, {"seed": 0}).run()
    assert written.read_bytes() == before and len(list(written.parent.iterdir())) == 1


def test_writing_does_not_hold_up_small_steps(make, tmp_path, monkeypatch):
    monkeypatch.setattr(poster, "CHECKPOINT_SECONDS", 1000)
    saved = []
    monkeypatch.setattr(poster, "save_checkpoint", lambda *_: saved.append(1))
    Poster(make, SCALES, tmp_path / "o").run()
    assert len(saved) == 1


def test_writing_takes_a_tenth_of_the_time_at_most(make, tmp_path, monkeypatch):
    clock, saved = [0.0], []

    def slow(*_):
        saved.append(clock[0])
        clock[0] += 2

    def a_second_each(self, count):
        for step in steps(self, count):
            clock[0] += 1
            yield step

    steps = nst.StyleTransfer.steps
    monkeypatch.setattr(poster, "WRITING_SHARE", 0.1)
    monkeypatch.setattr(nst.StyleTransfer, "steps", a_second_each)
    monkeypatch.setattr(poster.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(poster, "save_checkpoint", slow)
    Poster(make, [Scale(24, 50)], tmp_path / "o").run()
    assert len(saved) == 3 and clock[0] == 50 + 2 * 3


@pytest.mark.parametrize("tile", [None, 16])
def test_tiles_that_were_chosen_are_those_of_the_whole_run(make, tile):
    """How much memory is free when a run is taken up again does not change the picture."""
    run, other = make(24, None, tile=tile), make(24, None, tile=16 if tile is None else None)
    list(run.steps(5))
    other.load_state_dict(copy.deepcopy(run.state_dict()))
    assert other.objective.tile == tile
    assert [a.losses for a in run.steps(5)] == [b.losses for b in other.steps(5)]


def test_between_two_scales_the_smaller_picture_is_there(make):
    def failing(size, start):
        if size == 48:
            raise MemoryError
        return make(size, start)

    painting = Poster(failing, SCALES)
    assert painting.image is None
    with pytest.raises(MemoryError):
        painting.run()
    assert painting.image.shape == (1, 3, 16, 24)
    assert not torch.equal(painting.image, make(24, None).image)


# ---------------------------------------------------------------- the command line, killed for real

MAIN = """
import sys
from nst_course.cli import command as cli
from nst_course.transfer import multiscale as poster
poster.CHECKPOINT_SECONDS, poster.WRITING_SHARE = 0, float("inf")
sys.exit(cli.main())
"""
OPTIONS = ["--size", "48", "--scales", "2", "--steps", "14", "--resume"]


def start(out: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "render", "cat", "great_wave", "-o", out, *OPTIONS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        text=True,
        encoding="utf-8",
    )


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be killed like this there")
def test_killed_render_goes_on_to_the_same_file(tmp_path):
    whole = start(tmp_path / "whole.png")
    said, errors = whole.communicate(timeout=120)
    assert whole.returncode == 0, errors
    assert "48×32 px after 24, 14 + 10 steps on" in said and "There is no checkpoint" in said

    out = tmp_path / "killed.png"
    process, shown = start(out), ""
    while not re.search(r"48 px, step [2-8]/10", shown):
        shown += process.stderr.read(1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        stream.close()
    assert not out.exists() and out.with_name("killed.png.checkpoint").exists()

    again = start(out)
    said, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    assert "Continuing from the checkpoint." in said
    assert "24 px" not in errors  # the first scale is not painted again
    assert out.read_bytes() == (tmp_path / "whole.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed.png", "whole.png"]


def test_resume_with_other_settings_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        Poster, "run", lambda self: (_ for _ in ()).throw(nst.CourseError("not reached"))
    )
    (tmp_path / "o.png.checkpoint").write_bytes(b"damaged")
    command = ["render", "cat", "great_wave", "-o", str(tmp_path / "o.png"), "--size", "32"]
    assert cli.main([*command, "--steps", "2", "--resume"]) == 1
    assert "o.png.checkpoint is damaged" in capsys.readouterr().err
    assert not (tmp_path / "o.png").exists()


def test_checkpoint_is_not_overwritten_by_forgetting_to_resume(tmp_path, monkeypatch, capsys):
    def stopped(self):
        raise nst.CourseError("stopped here")

    monkeypatch.setattr(Poster, "run", stopped)
    checkpoint = tmp_path / "o.png.checkpoint"
    checkpoint.write_bytes(b"two hours of work")
    command = ["render", "cat", "great_wave", "-o", str(tmp_path / "o.png"), "--size", "32"]
    assert cli.main([*command, "--steps", "100000"]) == 1
    assert "add --resume to continue it, or delete the file" in capsys.readouterr().err
    assert cli.main([*command, "--steps", "1"]) == 1  # a short run needs no checkpoint
    assert "stopped here" in capsys.readouterr().err
    assert checkpoint.read_bytes() == b"two hours of work"
