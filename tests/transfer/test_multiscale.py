"""Coarse to fine, and resumed after whatever ended the run: the same image to the bit."""

import copy
import math
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nst_course as nst
from nst_course.cli import command as cli
from nst_course.images.io import resized
from nst_course.transfer import multiscale
from nst_course.transfer.checkpoint import load_checkpoint, save_checkpoint
from nst_course.transfer.initial import enlarged
from nst_course.transfer.multiscale import MultiScale, Scale
from nst_course.transfer.stylize import multi_scale

ROOT = Path(__file__).parents[2]
SCALES = [Scale(24, 12), Scale(48, 9)]


@pytest.fixture(autouse=True)
def always_written(monkeypatch):
    monkeypatch.setattr(multiscale, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(multiscale, "WRITING_SHARE", math.inf)


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


def test_enlarged_image_keeps_its_shapes_and_has_a_sharper_finest_octave():
    image = nst.load_image("coffee", 96)
    size = (round(image.shape[2] * 2**0.5), 136)
    sharp, plain = enlarged(image, size), resized(image, size)
    assert sharp.shape[2:] == size and sharp.min() >= 0 and sharp.max() <= 1
    assert (resized(sharp, image.shape[2:]) - image).abs().mean() < 0.02
    steps = [(x[..., 1:] - x[..., :-1]).square().mean() for x in (plain, sharp)]
    assert 1.2 * steps[0] < steps[1] < 3 * steps[0]
    gray = torch.full((1, 3, 8, 9), 0.4)
    assert torch.allclose(enlarged(gray, (11, 13)), torch.tensor(0.4))


def test_enlarged_image_has_no_dots_at_its_edge():
    image = nst.load_image("coffee", 96)
    dotted = image.clone()
    dotted[:, :, [0, -1], ::3] = 0
    dotted[:, :, ::3, [0, -1]] = 0
    assert not torch.equal(dotted, image)
    assert torch.equal(enlarged(dotted, (80, 136)), enlarged(image, (80, 136)))


def test_sharper_start_has_a_lower_loss():
    run = multi_scale("cat", "great_wave", 91, precision="float32")
    coarse = run.make(64, None).run(30, progress=False).image
    finer = run.make(91, None)
    losses = [finer.losses(start(coarse, finer.content.shape[2:])) for start in (resized, enlarged)]
    assert losses[1]["total"] < 0.6 * losses[0]["total"]


def test_each_scale_begins_where_the_last_one_ended(make):
    begun, made = [], []

    def noting(size, start):
        begun.append(start)
        made.append(make(size, start))
        return made[-1]

    result = MultiScale(noting, SCALES).run()
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
    MultiScale(make, SCALES).run()
    (bar,) = bars
    assert bar.total == pytest.approx(12 * 0.8015 + 9, rel=1e-4) and bar.n == pytest.approx(
        bar.total
    )
    assert [count for count, _ in texts] == sorted(count for count, _ in texts)
    assert texts[0][1].startswith("24 px, step 1/12, loss ")
    assert texts[-1][1].startswith("48 px, step 9/9, loss ")
    taken_up = MultiScale(make, SCALES)
    taken_up.transfer = make(24, None)
    list(taken_up.transfer.steps(8))
    taken_up.run()
    assert bars[1].initial == pytest.approx(8 * 0.8015, rel=1e-4) and bars[1].n == pytest.approx(
        bar.total
    )


def test_estimate_adds_up_the_scales(make, monkeypatch):
    """In proportion to their pixels: a step at 48 px takes a second, and one at 24 px a quarter."""
    timed = []

    def one_second(transfer, side):
        timed.append(side)
        return 1.0, *transfer.content.shape[2:]

    monkeypatch.setattr(multiscale, "time_step", one_second)
    whole, halfway = MultiScale(make, SCALES), MultiScale(make, SCALES)
    forecast = whole.estimate()
    assert (forecast.width, forecast.height, forecast.tile) == (48, 32, None)
    assert len(timed) == 1  # once for all scales
    targets = forecast.seconds - (12 / 4 + 9)
    assert 0 < targets < 2
    halfway.number, halfway.transfer = 1, make(48, None)
    list(halfway.transfer.steps(4))
    assert halfway.estimate().seconds == pytest.approx(5)


# ---------------------------------------------------------------- taken up again


class Killed(BaseException):
    pass


@pytest.mark.parametrize("unit", [False, True])  # with one, the last steps are in float32
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("after", [1, 7, 8, 12, 13, 18, 20])
def test_resumed_equals_uninterrupted(make, tmp_path, fast_at, optimizer, after, unit):
    fast_at(*[torch.bfloat16] * unit)

    def build(size, start):
        return make(size, start, optimizer=optimizer)

    def begin() -> MultiScale:
        return MultiScale(build, SCALES, tmp_path / "o.checkpoint", {"optimizer": optimizer})

    expected = MultiScale(build, SCALES).run()
    written = 0

    def write_and_die(self):
        nonlocal written
        write(self)
        written += 1
        if written == after:
            raise Killed

    write = MultiScale._save_from_time_to_time
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(MultiScale, "_save_from_time_to_time", write_and_die)
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
    fresh = MultiScale(make, SCALES, tmp_path / "none")
    assert not fresh.resume() and not MultiScale(make, SCALES).resume()
    assert fresh.number == 0 and fresh.transfer is None


@pytest.fixture
def written(make, tmp_path) -> Path:
    """The checkpoint of a finished run."""
    path = tmp_path / "o.checkpoint"
    MultiScale(make, SCALES, path, {"seed": 0}).run()
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
        MultiScale(make, SCALES, written, {"seed": 0}).resume()


@pytest.mark.parametrize("seed", range(12))
def test_any_flipped_bit_is_found(make, written, seed):
    data = bytearray(written.read_bytes())
    bit = random.Random(seed).randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    written.write_bytes(data)
    with pytest.raises(nst.CourseError, match="is damaged|of version"):
        MultiScale(make, SCALES, written, {"seed": 0}).resume()


def test_checkpoint_of_another_version_says_which(make, written, monkeypatch):
    state = load_checkpoint(written)
    monkeypatch.setattr("nst_course.transfer.checkpoint.VERSION", "3")
    save_checkpoint(written, state)
    monkeypatch.undo()
    with pytest.raises(nst.CourseError, match="of version 3, and this program reads version 2;"):
        MultiScale(make, SCALES, written, {"seed": 0}).resume()


@pytest.mark.parametrize(
    ("name", "value"),
    [("iteration", None), ("iteration", -1), ("iteration", 2.5), ("best_iteration", "7")]
    + [("learning_rate", None), ("learning_rate", [1]), ("best_total", "low"), ("best", None)]
    + [("pixels", torch.zeros(1, 3, 4, 4)), ("optimizer", {}), ("tile", "all")]
    + [("first_total", {}), ("precision", None), ("precision", {"end": None})],
)
def test_state_of_another_type_is_damage(make, written, name, value):
    state = load_checkpoint(written)
    assert name in state["transfer"]
    state["transfer"][name] = value
    save_checkpoint(written, state)
    with pytest.raises(nst.CourseError, match="is damaged, or is no checkpoint"):
        MultiScale(make, SCALES, written, {"seed": 0}).resume()


@pytest.mark.parametrize("change", [{"scale": None}, {"scale": -1}, {"scale": 2}, {"notes": 3}])
def test_entry_of_another_type_is_damage(make, written, change):
    save_checkpoint(written, {**load_checkpoint(written), **change})
    with pytest.raises(nst.CourseError, match="is damaged, or is no checkpoint"):
        MultiScale(make, SCALES, written, {"seed": 0}).resume()


def test_setting_that_a_checkpoint_does_not_know_is_named(make, written):
    with pytest.raises(nst.CourseError, match="a run with brush None, not 9"):
        MultiScale(make, SCALES, written, {"seed": 0, "brush": 9}).resume()


def test_checkpoint_of_another_run_is_refused(make, written):
    with pytest.raises(nst.CourseError, match="belongs to a run with seed 0, not 1: resume with"):
        MultiScale(make, SCALES, written, {"seed": 1}).resume()
    with pytest.raises(
        nst.CourseError,
        match=r"belongs to a run of 12 \+ 9 steps at 24, 48 px, not 9 steps at 48 px: resume",
    ):
        MultiScale(make, SCALES[1:], written, {"seed": 0}).resume()


def test_full_disk_is_a_warning_and_leaves_the_last_checkpoint(make, written, monkeypatch, capsys):
    before = written.read_bytes()

    def full(tensors, partial, facts):
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nst_course.transfer.checkpoint.save_file", full)
    result = MultiScale(make, SCALES, written, {"seed": 0}).run()
    assert not result.interrupted and len(result.history["total"]) == 9
    said = capsys.readouterr()
    warning = "The run goes on without a checkpoint: .* cannot be written .No space left"
    assert len(re.findall(warning, said.out + said.err)) == 1  # at the first of many times
    assert written.read_bytes() == before and len(list(written.parent.iterdir())) == 1


def test_writing_does_not_hold_up_small_steps(make, tmp_path, monkeypatch):
    monkeypatch.setattr(multiscale, "CHECKPOINT_SECONDS", 1000)
    saved = []
    monkeypatch.setattr(multiscale, "save_checkpoint", lambda *_: saved.append(1))
    MultiScale(make, SCALES, tmp_path / "o").run()
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
    monkeypatch.setattr(multiscale, "WRITING_SHARE", 0.1)
    monkeypatch.setattr(nst.StyleTransfer, "steps", a_second_each)
    monkeypatch.setattr(multiscale.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(multiscale, "save_checkpoint", slow)
    MultiScale(make, [Scale(24, 50)], tmp_path / "o").run()
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

    painting = MultiScale(failing, SCALES)
    assert painting.image is None
    with pytest.raises(MemoryError):
        painting.run()
    assert painting.image.shape == (1, 3, 16, 24)
    assert not torch.equal(painting.image, make(24, None).image)


# ---------------------------------------------------------------- the command line, killed for real

MAIN = """
import sys
from nst_course.cli import command as cli
from nst_course.transfer import multiscale
multiscale.CHECKPOINT_SECONDS, multiscale.WRITING_SHARE = 0, float("inf")
sys.exit(cli.main())
"""
OPTIONS = ["--size", "48", "--scales", "2", "--steps", "14", "--precision", "float32", "--resume"]


def command(out: Path) -> list[str]:
    return ["render", "cat", "great_wave", "-o", str(out), *OPTIONS]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a process cannot be killed like this there")
def test_killed_render_goes_on_to_the_same_file(tmp_path, monkeypatch, capsys):
    """The render that is killed runs in a process of its own, the others in this one."""
    monkeypatch.setattr(multiscale, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(multiscale, "WRITING_SHARE", math.inf)
    assert cli.main(command(tmp_path / "whole.png")) == 0
    said = capsys.readouterr().out
    assert "48×32 px after 34, 14 + 7 steps on" in said and "No checkpoint found" in said

    out, shown = tmp_path / "killed.png", ""
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}  # sums in the same order
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, *command(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        encoding="utf-8",
    ) as process:
        while not re.search(r"48 px, step [2-6]/7", shown):
            assert (read := process.stderr.read(1)), shown
            shown += read
        process.send_signal(signal.SIGKILL)
    assert not out.exists() and out.with_name("killed.png.checkpoint").exists()

    assert cli.main(command(out)) == 0
    said = capsys.readouterr()
    assert "Continuing from the checkpoint." in said.out
    assert "34 px" not in said.err  # the first scale is not computed again
    assert out.read_bytes() == (tmp_path / "whole.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed.png", "whole.png"]


def test_resume_with_other_settings_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        MultiScale, "run", lambda self, **_: (_ for _ in ()).throw(nst.CourseError("not reached"))
    )
    (tmp_path / "o.png.checkpoint").write_bytes(b"damaged")
    command = ["render", "cat", "great_wave", "-o", str(tmp_path / "o.png"), "--size", "32"]
    assert cli.main([*command, "--steps", "2", "--resume"]) == 1
    assert "o.png.checkpoint is damaged" in capsys.readouterr().err
    assert not (tmp_path / "o.png").exists()


def test_checkpoint_is_not_overwritten_by_forgetting_to_resume(tmp_path, monkeypatch, capsys):
    def stopped(self, **_):
        raise nst.CourseError("stopped here")

    monkeypatch.setattr(MultiScale, "run", stopped)
    checkpoint = tmp_path / "o.png.checkpoint"
    checkpoint.write_bytes(b"two hours of work")
    command = ["render", "cat", "great_wave", "-o", str(tmp_path / "o.png"), "--size", "32"]
    assert cli.main([*command, "--steps", "100000"]) == 1
    assert "add --resume to continue it, or delete the file" in capsys.readouterr().err
    assert cli.main([*command, "--steps", "1"]) == 1  # a short run needs no checkpoint
    assert "stopped here" in capsys.readouterr().err
    assert checkpoint.read_bytes() == b"two hours of work"


def test_steps_go_through_all_scales_and_beyond_at_the_final_one():
    run = multi_scale("cat", "great_wave", 91, brush=64, steps=4, precision="float32")
    steps = list(run.steps(3)) + list(run.steps(6))
    planned = [scale.steps for scale in run.scales]
    assert planned == [4, 2] and [step.iteration for step in steps] == list(range(9))
    sides = [max(step.image.shape) for step in steps]
    assert sides == [64] * 4 + [91] * 5
    expected = multi_scale("cat", "great_wave", 91, brush=64, steps=4, precision="float32").run()
    assert torch.equal(min(steps[4:6], key=lambda s: s.losses["total"]).image, expected.image)


def test_changed_weight_holds_at_every_further_scale():
    run = multi_scale("cat", "great_wave", 91, brush=64, steps=2, precision="float32")
    list(run.steps(1))
    run.change(style_weight=7.0)
    list(run.steps(2))
    assert run.number == 1 and run.transfer is not None and run.transfer.style_weight == 7.0


def test_run_starts_from_an_image_of_one_of_its_scales():
    whole = multi_scale("cat", "great_wave", 91, brush=64, steps=2, precision="float32")
    image = list(whole.steps(2))[-1].image
    run = multi_scale("cat", "great_wave", 91, brush=64, steps=2, precision="float32")
    run.start_from(image)
    first, *_, last = run.steps(3)
    assert torch.equal(first.image, image) and max(last.image.shape) == 91


@pytest.mark.parametrize(("steps", "work"), [(0, 0), (1, 0.25), (4, 1), (6, 3), (10, 7)])
def test_work_of_large_images_counts_their_pixels(steps, work):
    run = MultiScale(lambda size, image: None, [Scale(4800, 4), Scale(9600, 2)])
    assert run.work(steps) == pytest.approx(work, rel=1e-3)


def test_work_of_small_images_counts_what_a_step_costs_at_least():
    run = MultiScale(lambda size, image: None, [Scale(96, 1), Scale(181, 1), Scale(512, 1)])
    first, second = run.work(1), run.work(2) - run.work(1)
    # Two cores with a bfloat16 unit: 0.050, 0.105 and 0.738 s.
    assert first == pytest.approx(0.050 / 0.738, rel=0.2)
    assert second == pytest.approx(0.105 / 0.738, rel=0.2)
