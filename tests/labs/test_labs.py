"""The labs without a browser: the worker, branches, recipes, uploads, and every button."""

import base64
import functools
import gc
import html
import importlib
import io
import os
import re
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import torch
from ipywidgets import ToggleButtons
from PIL import Image

import nst_course as nst
from nst_course.device import process_memory
from nst_course.labs import branch_view, transfer_settings
from nst_course.labs import style_transfer as lab_module
from nst_course.labs.branch_view import NOTHING, PHOTOGRAPH
from nst_course.labs.curves import MAX_POINTS, curves_svg
from nst_course.labs.live_run import LiveRun
from nst_course.labs.recipe import recipe
from nst_course.labs.runner import Runner
from nst_course.labs.timeline import MAX_FRAMES, Branch
from nst_course.labs.uploads import store_upload
from nst_course.labs.worker import Worker
from nst_course.transfer import fit
from nst_course.transfer.style_transfer import Step


def wait_until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def threads(name: str) -> int:
    return sum(thread.name == f"nst_course {name}" for thread in threading.enumerate())


# ---------------------------------------------------------------- the worker


class Counter:
    """Work that counts itself, up to a limit, and fails where it is told to."""

    def __init__(self, name: str, limit: int = 10**9, fail_at: int = -1):
        self.count, self.limit, self.fail_at = 0, limit, fail_at
        self.pauses, self.errors, self.in_flight, self.most_in_flight = 0, [], 0, 0
        self.worker = Worker(name, self.advance, self.pause, self.errors.append)

    def advance(self) -> bool:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        time.sleep(0.002)
        self.in_flight -= 1
        self.count += 1
        if self.count == self.fail_at:
            raise ValueError("no more")
        return self.count < self.limit

    def pause(self) -> None:
        self.pauses += 1


@pytest.fixture
def counter(request):
    made = []

    def make(**options) -> Counter:
        made.append(Counter(request.node.name, **options))
        return made[-1]

    yield make
    for each in made:
        each.worker.stop()


def test_worker_plays_pauses_and_plays_on(counter):
    work = counter()
    work.worker.play()
    wait_until(lambda: work.count > 3)
    work.worker.pause()
    wait_until(lambda: work.pauses == 1)
    rested = work.count
    time.sleep(0.05)
    assert work.count == rested
    work.worker.play()
    wait_until(lambda: work.count > rested)


def test_step_advances_once(counter):
    work = counter()
    for expected in (1, 2, 3):
        work.worker.step()
        wait_until(lambda expected=expected: work.pauses == expected)
        assert work.count == expected


def test_worker_rests_when_the_work_is_done(counter):
    work = counter(limit=3)
    work.worker.play()
    wait_until(lambda: work.pauses == 1)
    assert work.count == 3 and not work.worker.playing


def test_pressing_play_twenty_times_makes_one_thread(counter, request):
    work = counter()
    for _ in range(20):
        work.worker.play()
    wait_until(lambda: work.count > 10)
    assert threads(request.node.name) == 1 and work.most_in_flight == 1


def test_second_worker_of_a_name_ends_the_first(counter, request):
    first, second = counter(), counter()  # making the second one stops the first
    first.worker.play()
    second.worker.play()
    wait_until(lambda: second.count > 3)
    assert first.count == 0 and threads(request.node.name) == 1


def test_stop_ends_the_thread_and_nothing_starts_it_again(counter, request):
    work = counter()
    work.worker.play()
    wait_until(lambda: work.count > 3)
    work.worker.stop()
    stopped = work.count
    work.worker.play()
    work.worker.step()
    time.sleep(0.03)
    assert work.count == stopped and threads(request.node.name) == 0


@pytest.mark.parametrize("start", ["step", "play"])
def test_stop_during_the_last_unit_of_work_ends_the_thread(request, start):
    inside, leave = threading.Event(), threading.Event()

    def last_unit() -> bool:
        inside.set()
        leave.wait(10)
        return False  # the work is done, so the worker would rest

    worker = Worker(request.node.name, last_unit, lambda: None, lambda error: None)
    getattr(worker, start)()
    inside.wait(10)
    stopper = threading.Thread(target=worker.stop, daemon=True)
    stopper.start()
    worker.pause()
    leave.set()
    stopper.join(5)
    assert not stopper.is_alive(), "stop waits for a thread that waits to be woken"


def test_step_during_the_last_unit_of_work_is_not_lost(request):
    inside, leave, calls = threading.Event(), threading.Event(), []

    def last_unit() -> bool:
        calls.append(len(calls))
        inside.set()
        leave.wait(10)
        return False

    worker = Worker(request.node.name, last_unit, lambda: None, lambda error: None)
    worker.step()
    inside.wait(10)
    worker.step()
    leave.set()
    wait_until(lambda: len(calls) == 2)
    wait_until(lambda: not worker.playing)
    worker.stop()


def test_exception_is_handed_over_and_the_worker_lives_on(counter):
    work = counter(fail_at=2)
    work.worker.play()
    wait_until(lambda: work.pauses == 1)
    assert [str(error) for error in work.errors] == ["no more"]
    work.worker.step()
    wait_until(lambda: work.count == 3)


def test_blocking_run_works_in_the_callers_thread(counter, request):
    work = counter(limit=5)
    work.worker.run()
    assert work.count == 5 and work.pauses == 1 and threads(request.node.name) == 0


@pytest.mark.parametrize("start", ["step", "play"])
def test_blocking_run_after_another_one_works_alone(counter, start):
    work = counter(limit=60)
    getattr(work.worker, start)()
    wait_until(lambda: work.count)
    work.worker.run()
    assert work.most_in_flight == 1 and not work.worker.playing
    assert work.count == 60
    work.limit = 120
    work.worker.play()
    wait_until(lambda: work.count == 120)
    assert work.most_in_flight == 1


def test_interrupted_blocking_run_rests(counter):
    work = counter()
    work.advance = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    work.worker._advance = work.advance
    work.worker.run()
    assert work.pauses == 1 and not work.worker.playing


# ---------------------------------------------------------------- timeline and runner


def fake_step(iteration: int, side: int = 4) -> Step:
    losses = {"total": 3.0, "content": 1.0, "style": 2.0}
    return Step(iteration, losses, torch.full((1, 3, side, side), float(iteration)))


def test_kept_frames_are_few_evenly_spread_and_end_with_the_newest():
    branch = Branch("A", [(0, {})])
    for iteration in range(501):
        branch.add(fake_step(iteration), {"content": 1.0, "style": 10.0})
        assert len(branch.frames) <= MAX_FRAMES
        assert branch.frames[-1].iteration == iteration
    kept = [frame.iteration for frame in branch.frames]
    assert kept[0] == 0 and len(kept) > MAX_FRAMES / 2 - 1
    assert len(set(np.diff(kept[:-1]))) == 1  # evenly, up to the newest one
    assert branch.steps == 501 and branch.history["β·style"] == [20.0] * 501


def test_large_frames_are_kept_in_smaller_number():
    branch = Branch("A", [(0, {})])
    side = 1024  # 12.6 MB each
    for iteration in range(20):
        branch.add(fake_step(iteration, side), {"content": 1.0, "style": 1.0})
    assert sum(frame.image.nbytes for frame in branch.frames) <= 64 * 2**20


@pytest.fixture(scope="module")
def small():
    """Content and style of 32 pixels and a network, for runs of milliseconds."""
    return nst.load_image("cat", 32), nst.load_image("great_wave", 32), nst.load_backbone()


@pytest.fixture
def runner(small) -> Runner:
    content, style, backbone = small

    def make(settings, start):
        init = settings["init"] if start is None else start
        return nst.StyleTransfer(content, style, backbone, init=init)

    def live(settings):
        return {"style_weight": settings["style_weight"]}

    return Runner(make, live, {"init": "content", "style_weight": 10.0})


def advance(runner: Runner, count: int) -> Step:
    for _ in range(count):
        step = runner.advance()
    return step


def test_changed_weight_acts_at_the_next_step_and_is_marked(runner, small):
    advance(runner, 3)
    runner.change({"style_weight": 1000.0})
    last = advance(runner, 2)
    content, style, backbone = small
    expected = nst.StyleTransfer(content, style, backbone, style_weight=10.0)
    for _ in expected.steps(3):
        pass
    expected.style_weight = 1000.0
    *_, step = expected.steps(2)
    assert torch.equal(last.image, step.image) and last.losses == step.losses
    assert list(runner.branch.marks) == [3]


class Mirror(nst.Term):
    """A term of a reader's own."""

    name = "mirror"

    def measure(self, layer, image, part):
        return (image - image.flip(3)).square().mean()


def test_term_of_ones_own_runs_in_a_lab_and_has_its_curve(small):
    content, style, backbone = small

    def make(settings, start):
        return nst.StyleTransfer(content, style, backbone, terms=[Mirror(weight=100.0)])

    run = LiveRun("mirror", make, lambda settings: {}, {}, lambda settings: content, steps=4)
    run.run()
    history = run.runner.branch.history
    assert [len(values) for values in history.values()] == [4] * 4
    parts = sum(np.array(history[name]) for name in ("α·content", "β·style", "mirror"))
    assert parts == pytest.approx(history["total"], rel=1e-4)
    assert "mirror" in run.curves.value and "γ" not in run.curves.value
    run.close()


def test_branch_goes_on_from_exactly_the_kept_frame(runner):
    advance(runner, 4)
    first = runner.branch
    new = runner.continue_from(first, first.frames[2])
    step = runner.advance()
    assert torch.equal(step.image, first.frames[2].image) and step.iteration == 0
    assert new.name == "B" and runner.branch is new and first.steps == 4


def test_branch_that_was_left_goes_on_as_if_nothing_had_been(runner, small):
    advance(runner, 3)
    first = runner.branch
    runner.continue_from(first, first.frames[0])
    advance(runner, 2)
    runner.choose(first)
    last = advance(runner, 3)
    content, style, backbone = small
    *_, step = nst.StyleTransfer(content, style, backbone, style_weight=10.0).steps(6)
    assert torch.equal(last.image, step.image)


def test_too_many_branches_are_refused_in_a_sentence(runner):
    advance(runner, 1)
    with pytest.raises(nst.CourseError, match="press Reset"):
        for _ in range(10):
            runner.continue_from(runner.branch, runner.timeline.branches[0].frames[0])


def test_step_that_ends_after_a_reset_belongs_to_the_old_run(runner):
    advance(runner, 1)
    old = runner.branch
    make = runner._make
    started, go_on = threading.Event(), threading.Event()

    def slow_make(settings, start):
        started.set()
        go_on.wait()
        return make(settings, start)

    runner._make = slow_make
    runner.reset({"init": "content", "style_weight": 1.0})
    left = runner.branch
    results = []
    thread = threading.Thread(target=lambda: results.append(runner.advance()))
    thread.start()
    started.wait()
    runner.reset({"init": "style", "style_weight": 2.0})
    go_on.set()
    thread.join()
    assert results == [None] and left.steps == 1
    assert runner.branch.steps == 0 and runner.branch is not old


# ---------------------------------------------------------------- frames, curves, uploads


def points(svg: str) -> list[list[tuple[float, float]]]:
    lines = svg.split('<polyline points="')[1:]
    texts = [line.split('"')[0].split() for line in lines]
    return [[tuple(map(float, pair.split(","))) for pair in text] for text in texts]


def test_curves_have_few_points_and_the_newest_among_them():
    falling = [10.0 ** (2 - i / 1000) for i in range(2001)]
    (line,) = points(curves_svg({"total": falling}))
    assert len(line) <= MAX_POINTS
    assert line[0][0] < line[-1][0] and line[-1][1] > line[0][1]  # down on the page
    # Logarithmic: 100 → 10 → 1 goes down evenly.
    middle = line[len(line) // 2][1]
    assert middle == pytest.approx((line[0][1] + line[-1][1]) / 2, abs=1)


@pytest.mark.parametrize("values", [[], [5.0], [0.0, 0.0], [3.0, 0.0, 2.0]])
def test_curves_of_hardly_anything_can_be_drawn(values):
    svg = curves_svg({"total": values, "β·style": values}, marks={0: "a weight changed"})
    assert "nan" not in svg and svg.count("<svg") == 1


def relative_luminance(color: str) -> float:
    """That of #rrggbb, as WCAG 2 defines it."""
    values = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#111111"])  # JupyterLab, light and dark
def test_curves_stand_out_from_the_page_and_their_names_have_its_color(background):
    values = {name: [3.0, 2.0] for name in ("total", "α·content", "β·style", "a", "b", "c")}
    svg = curves_svg(values)
    lines = re.findall(r'<polyline [^>]*stroke="(#\w{6})"', svg)
    page = relative_luminance(background)
    for color in lines:
        own = relative_luminance(color)
        assert (max(own, page) + 0.05) / (min(own, page) + 0.05) >= 3, color
    assert len(lines) == 6 and not re.findall("<text[^>]*fill=", svg)


def test_curves_mark_changes_and_say_in_words_what_they_show():
    svg = curves_svg({"total": [4.0, 3.0, 2.0]}, marks={1: "a weight changed at step 1"})
    assert svg.count('class="mark"') == 1
    assert 'aria-label="losses over 3 steps' in svg and "total 2" in svg


def encoded(picture: Image.Image, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def test_upload_of_a_photo_gives_a_file_that_load_image_takes(tmp_path):
    photo = Image.new("RGB", (300, 200), "red")
    path = store_upload("../holiday photo.jpg", encoded(photo), tmp_path)
    assert path == tmp_path / "holiday photo.jpg"  # a name cannot lead out of the folder
    assert nst.load_image(path, 96).shape == (1, 3, 64, 96)


def test_upload_of_sixty_megapixels_is_taken(tmp_path):
    photo = (
        Image.effect_noise((95, 64), 40)
        .convert("RGB")
        .resize((9500, 6400), Image.Resampling.NEAREST)
    )
    path = store_upload("camera.jpg", encoded(photo), tmp_path)
    assert max(nst.load_image(path, 256).shape) == 256


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.jpg", b"these are no pixels", "it is not a picture"),
        (
            "icon.png",
            encoded(Image.new("RGB", (20, 20)), "PNG"),
            "20×20 pixels, which is too small",
        ),
        ("empty.png", b"", "it is empty"),
        ("broken.jpg", encoded(Image.effect_noise((200, 200), 90))[:900], "damaged"),
    ],
)
def test_upload_that_cannot_be_used_gets_a_sentence(tmp_path, name, content, message):
    with pytest.raises(nst.CourseError, match=message) as caught:
        store_upload(name, content, tmp_path)
    assert str(tmp_path) not in str(caught.value) and name in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the style transfer lab


@pytest.fixture
def lab(monkeypatch, tmp_path, small):
    """The lab at 128 px, with a small network; the pictures beside a run have 32."""
    monkeypatch.chdir(tmp_path)
    load = nst.load_image
    small_load = functools.lru_cache(lambda name, size=None: load(name, min(size or 32, 32)))
    for module in (branch_view, transfer_settings):
        monkeypatch.setattr(module, "load_image", small_load)
    for module in (lab_module, transfer_settings):
        monkeypatch.setattr(module, "shared_backbone", lambda pooling: small[2])
    made = nst.labs.StyleTransferLab(size=128, steps=6, beginner=False)
    yield made
    made.close()


def status(lab) -> str:
    return lab.live_run.status.value


def shown(lab) -> Image.Image:
    data = lab.live_run.picture.source.split("base64,")[1]
    return Image.open(io.BytesIO(base64.b64decode(data)))


def play_to_the_end(lab) -> None:
    lab.live_run.play.click()
    wait_until(lambda: "Finished" in status(lab))


def test_lab_plays_to_the_end_and_ends_with_a_lossless_picture(lab):
    play_to_the_end(lab)
    branch = lab.live_run.runner.branch
    assert branch.steps == 6 and shown(lab).format == "PNG"
    assert lab.live_run.caption.value == "picture A, step 5"
    assert lab.timeline.max == lab.timeline.value == 5
    assert "<polyline" in lab.live_run.curves.value


@pytest.mark.parametrize(
    ("strokes", "strength", "sides", "steps"),
    [
        ("usual", 3, {}, 6),
        ("large", 3, {"style_size": 192}, 6),
        ("very large", 5, {"brush": 68, "style_size": 256}, 11),
    ],
)
def test_lab_run_in_the_cell_equals_the_package(lab, small, strokes, strength, sides, steps):
    lab.controls.strength.value = strength
    lab.controls.strokes.value = strokes
    lab.run()
    run = nst.multi_scale("cat", "great_wave", 128, strength, steps=6, backbone=small[2], **sides)
    images = [step.image for step in run.steps(steps)]
    branch = lab.live_run.runner.branch
    assert branch.steps == steps
    assert torch.equal(branch.frames[-1].image, images[-1])
    assert list(branch.sizes.values()) == [scale.size for scale in run.scales]


@pytest.mark.parametrize(
    ("strength", "brush", "start"), [(1, 181, "content"), (4, 128, "recolored")]
)
def test_strength_sets_the_weight_the_first_size_and_the_start(lab, strength, brush, start):
    lab.controls.strength.value = strength
    weight, first_size = nst.transfer.stylize.STRENGTHS[strength]
    settings = lab.live_run.runner.settings
    assert (settings["style_weight"], settings["brush"]) == (weight, first_size) == (weight, brush)
    assert settings["init"] == start


def test_weight_that_changes_at_the_small_size_remains_at_the_large_one(lab):
    lab.controls.strength.value = 5  # from 96 px on
    lab.run(3)
    lab.controls.style_weight.value = 10.0
    lab.run(9)
    branch = lab.live_run.runner.branch
    assert branch.transfer.style_weight == 10.0 and branch.run.number == 1
    assert list(branch.marks) == [6, 3] and "128 px" in branch.marks[6]


def test_branch_from_a_frame_of_the_small_size_goes_on_there(lab):
    lab.controls.strength.value = 5  # from 96 px on
    lab.run()
    lab.timeline.value = 2
    lab.fork.click()
    lab.run(1)
    first, second = lab.live_run.runner.timeline.branches
    assert max(second.frames[0].image.shape) == 96
    assert torch.equal(second.frames[0].image, first.frames[2].image)


def test_paint_it_large_is_a_branch_of_its_own_with_a_forecast(lab):
    lab.run(2)
    lab.controls.style_weight.value = 10.0
    lab.controls.strokes.value = "large"
    lab.large_size.options = [("192 px", 192)]
    lab.large.click()
    assert "Picture B, from the photograph on: 192×" in lab.forecast.value
    assert lab.live_run.picture.side == 192  # its place on the page, from the smallest size on
    wait_until(lambda: "Finished" in status(lab))
    assert "A larger Size gives finer detail." in status(lab)
    first, second = lab.live_run.runner.timeline.branches
    assert first.steps == 2 and max(second.frames[-1].image.shape) == 192
    assert second.changes[0][1]["style_weight"] == 10.0
    assert second.changes[0][1]["style_size"] == 288
    assert lab.live_run.total.value == second.steps


def test_branch_brings_its_settings(lab):
    lab.run(2)
    lab.timeline.value = 1
    lab.fork.click()
    lab.controls.style_weight.value = 10.0
    lab.controls.layer_factors["relu3_1"].value = 0.01
    lab.run(2)
    lab.branch_menu.value = 0
    assert lab.compare.options[-1] == ("picture B", 1)  # and not the one that is shown
    assert (
        lab.controls.style_weight.value == 1e3
        and lab.controls.layer_factors["relu3_1"].value == 1.0
    )
    assert lab.live_run.runner.settings["style_weight"] == 1e3
    lab.branch_menu.value = 1
    assert (
        lab.controls.style_weight.value == 10.0
        and lab.controls.layer_factors["relu3_1"].value == 0.01
    )
    lab.run(3)
    assert lab.live_run.runner.branch.transfer.style_weight == 10.0


def test_beginner_mode_shows_the_main_settings(lab):
    for part in (lab.other_controls, lab.fork, lab.saving.exchange):
        assert part.layout.display != "none"
    lab.mode.value = "Main settings"
    for part in (lab.other_controls, lab.fork, lab.saving.exchange):
        assert part.layout.display == "none"
    for knob in (*(lab.controls.named[name] for name in lab.controls.main), lab.branch_menu):
        assert knob.layout.display != "none"
    assert lab.live_run.play.layout.display != "none"


def test_scrubbing_back_shows_the_kept_frame(lab):
    lab.run()
    last = shown(lab)
    lab.timeline.value = 0
    assert lab.live_run.caption.value == "picture A, step 0"
    assert np.asarray(shown(lab)).tolist() != np.asarray(last).tolist()
    lab.timeline.value = 5
    assert np.asarray(shown(lab)).tolist() == np.asarray(last).tolist()


def test_branch_from_a_frame_with_another_weight_beside_the_first(lab):
    lab.run()
    lab.timeline.value = 2
    lab.fork.click()
    assert "Picture B starts from step 2" in status(lab)
    lab.controls.style_weight.value = 10.0
    play_to_the_end(lab)
    first, second = lab.live_run.runner.timeline.branches
    assert torch.equal(second.frames[0].image, first.frames[2].image)
    assert second.changes[0][1]["style_weight"] == 10.0
    viewer = lab.live_run.picture
    assert viewer.before == ""
    lab.compare.value = 0
    assert viewer.before_alt == "picture A, step 5" and viewer.before.startswith("data:image/jpeg")
    assert lab.live_run.caption.value.endswith("left of the line: picture A, step 5")
    lab.compare.value = PHOTOGRAPH
    assert viewer.before_alt == "the photograph"
    lab.compare.value = NOTHING
    assert lab.compare.label == "nothing" and viewer.before == ""
    lab.branch_menu.value = 0
    assert lab.live_run.caption.value.startswith("picture A, step 5")


def test_recipe_paints_the_same_picture_again(lab, monkeypatch):
    lab.run(3)
    lab.controls.style_weight.value = 100.0
    lab.run(6)
    lab.timeline.value = 4
    lab.fork.click()
    lab.controls.tv_weight.value = 1e4
    lab.run(3)
    code = lab.saving._code()
    assert lab.saving.code.layout.display == "" and lab.saving.code.value == code
    names: dict = {}
    exec(code, names)  # it is our own text, and what a reader will run
    assert torch.equal(names["step"].image, lab.live_run.runner.branch.frames[-1].image)
    assert Path("my_picture.png").exists()
    assert recipe(lab.live_run.runner.branch).count("run.change(style_weight=100.0)") == 1


def test_settings_come_back_from_the_copied_code(lab):
    lab.controls.strength.value = 5
    lab.controls.layer_factors["relu3_1"].value = 10.0
    lab.run(1)
    code = lab.saving._code()
    wanted = lab.controls.values()
    lab.undo.click()
    lab.undo.click()
    assert lab.controls.values() != wanted
    lab.saving.pasted.value = code.replace("\n", "")  # a line of text drops the ends of lines
    assert lab.controls.values() == wanted and lab.saving.pasted.value == ""
    lab.undo.click()
    assert lab.controls.strength.value == 3


def test_settings_come_back_from_one_short_line(lab):
    lab.controls.strength.value = 5
    lab.controls.pooling.value = "avg"
    wanted, line = lab.controls.values(), lab.saving._line()
    assert "\n" not in line and len(line) < 200 and lab.saving.code.value == line
    lab.controls.optimizer.value = "adam"  # what the line does not name comes back as well
    for _ in range(3):
        lab.undo.click()
    assert lab.controls.pooling.value == "max"
    lab.controls.seed.value = 5
    lab.saving.pasted.value = line
    assert lab.controls.values() == wanted


def test_settings_name_an_upload_without_its_folder(lab):
    send(lab.content_upload, "garden.jpg", encoded(Image.new("RGB", (100, 80), "green")))
    lab.run(1)
    code = lab.saving._code()
    assert "/" not in code.split("content=")[1].split(",")[0]
    assert code.count("# Put garden.jpg beside this script.") == 1
    lab.controls.content.value = "cat"
    lab.saving.pasted.value = code
    assert lab.controls.content.label == "garden.jpg"


def test_settings_of_a_friend_are_taken_over_without_their_photo(lab):
    lab.saving.pasted.value = '{"content": "garden.jpg", "style": "spring", "strength": 4}'
    assert "garden.jpg is not here: upload the picture" in status(lab)
    assert lab.controls.content.value == "cat" and lab.controls.strength.value == 4
    assert lab.settings()["style"] == "spring" and lab.settings()["brush"] == 128


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "These are no settings"),
        ("{not json}", "These are no settings"),
        ('{"beauty": 3}', "These are no settings"),
        ('{"strength": 4, "size": 193}', "193 is no choice for size"),
        ('{"content": "/tmp/gone.jpg"}', "gone.jpg is not here: upload the picture"),
        ('{"seed": "many"}', "no choice for seed"),
    ],
)
def test_settings_that_cannot_be_restored_leave_everything_as_it_was(lab, text, words):
    before = lab.controls.values()
    lab.saving.pasted.value = text
    assert words in html.unescape(status(lab))
    assert lab.controls.values() == before


def test_undo_takes_back_what_one_change_has_set(lab):
    lab.undo.click()
    assert "no change to undo" in status(lab)
    before = lab.controls.values()
    lab.controls.strength.value = 1  # sets the weight and the start as well
    lab.controls.style.value = "spring"
    lab.undo.click()
    lab.undo.click()
    assert lab.controls.values() == before
    assert lab.settings() == lab.live_run.runner.settings


def test_row_of_artworks_shows_the_photograph_and_chooses_the_style(lab):
    names = [name for name, _ in lab.styles.pictures]
    assert names == list(nst.fast.FAST_STYLES) and lab.styles.chosen == "great_wave"
    first = dict(lab.styles.pictures)
    lab.styles.chosen = "spring"
    assert lab.controls.style.value == "spring"
    assert lab.live_run.runner.branch.changes[0][1]["style"] == "spring"
    lab.controls.content.value = "coffee"
    assert dict(lab.styles.pictures).keys() == first.keys()
    assert all(first[name] != source for name, source in lab.styles.pictures)


def test_setting_that_needs_a_new_run_begins_another_picture_and_keeps_the_first(lab):
    lab.run(2)
    first = shown(lab)
    lab.compare.value = -2  # the photograph
    lab.controls.strokes.value = "very large"
    assert "Press Play to begin another picture" in status(lab) and "picture A" in status(lab)
    assert lab.live_run.runner.branch.steps == 2
    lab.run(3)
    kept, second = lab.live_run.runner.timeline.branches
    assert kept.steps == 2 and second.steps == 3 and second.parent is None
    assert lab.compare.label == "nothing"  # the line does not cover the new picture
    assert second.changes[0][1]["style_size"] == 256 and lab.branch_menu.label.startswith(
        "B · great wave · 128 px ·"
    )
    lab.branch_menu.value = 0
    assert lab.controls.strokes.value == "usual"
    assert np.array_equal(np.asarray(shown(lab)), np.asarray(first))
    lab.run(3)  # goes on with the first
    assert [b.steps for b in lab.live_run.runner.timeline.branches] == [3, 3]
    lab.live_run.reset.click()
    assert [b.steps for b in lab.live_run.runner.timeline.branches] == [0]


@pytest.mark.parametrize("back", ["undo", "the same setting"])
def test_going_back_to_a_setting_shows_its_picture_again(lab, back):
    lab.run(2)
    lab.controls.strokes.value = "very large"
    lab.run(3)
    if back == "undo":
        lab.undo.click()
    else:
        lab.controls.strokes.value = "usual"
    assert lab.live_run.caption.value == "picture A, step 1"
    assert "Picture A has these settings" in status(lab)
    assert len(lab.live_run.runner.timeline.branches) == 2


def test_undo_skips_what_the_choice_of_a_picture_has_brought_back(lab):
    lab.run(2)
    lab.controls.strokes.value = "very large"
    lab.run(3)
    lab.branch_menu.value = 0
    lab.undo.click()
    assert "no change to undo" in status(lab)
    assert lab.branch_menu.value == 0


def test_setting_that_is_taken_back_before_play_begins_nothing(lab):
    lab.run(2)
    lab.controls.strokes.value = "very large"
    lab.undo.click()
    lab.run(3)
    assert [b.steps for b in lab.live_run.runner.timeline.branches] == [3]


def test_change_before_the_first_step_of_a_branch_loses_no_other(lab):
    lab.run(2)
    lab.fork.click()
    lab.controls.strokes.value = "very large"
    assert [b.steps for b in lab.live_run.runner.timeline.branches] == [2, 0]


def test_strength_comes_back_with_a_picture(lab):
    lab.run(1)
    lab.controls.strength.value = 5
    lab.run(1)
    lab.branch_menu.value = 0
    assert lab.controls.strength.value == 3
    lab.branch_menu.value = 1
    assert lab.controls.strength.value == 5


def test_more_pictures_than_are_kept_are_refused_in_a_sentence(lab):
    for size in (128, 192, 256, 384, 512, 768):
        lab.controls.size.value = size
        lab.live_run.step.click()
        wait_until(lambda: "Paused after" in status(lab))
    lab.controls.size.value = 1024
    lab.live_run.step.click()
    assert "6 pictures already" in status(lab) and lab.live_run.runner.branch.steps == 1


def test_picture_and_animation_are_saved(lab):
    lab.live_run.total.value = 4
    lab.saving.save.click()
    assert "no picture yet" in status(lab)
    lab.run()
    lab.saving.file.value = "mine/wave.png"
    lab.saving.save.click()
    assert Path("mine/wave.png").exists() and "Saved" in status(lab)
    kept = nst.read_recipe("mine/wave.png")
    settings = {"content": lab.controls.content.value, "style": lab.controls.style.value}
    assert kept.items() >= {**settings, "size": lab.controls.size.value, "step": 3}.items()
    lab.saving.save.click()
    assert Path("mine/wave_2.png").exists() and "wave_2.png" in status(lab)
    lab.saving.animate.click()
    with Image.open("mine/wave.webp") as animation:
        assert animation.n_frames in (3, 4)  # the first step is small, and equal frames are one
    lab.saving.format.value = ".gif"
    lab.saving.animate.click()
    assert Image.open("mine/wave.gif").format == "GIF"
    lab.saving.format.value = ".mp4"
    lab.saving.animate.click()
    film = nst.video.read_clip("mine/wave.mp4")
    assert film.fps == 10 and len(film.frames) == 4 + 20
    lab.saving.file.value = "wave.txt"
    lab.saving.save.click()
    assert 'Cannot save as ".txt"' in status(lab)


def send(upload, name: str, content: bytes | None) -> None:
    """What the page sends when a file has been chosen."""
    if content is None:
        upload._handle_custom_msg({"name": name, "unreadable": True}, [])
    else:
        upload._handle_custom_msg({"name": name}, [memoryview(content)])


def test_upload_adds_the_picture_to_the_menu_and_a_bad_one_leaves_the_lab_usable(lab):
    send(lab.content_upload, "bad.jpg", b"text")
    assert "it is not a picture" in status(lab)
    send(lab.content_upload, "large.jpg", None)
    assert "large.jpg is large, and the browser cannot read it" in status(lab)
    photo = encoded(Image.new("RGB", (100, 80), "green"))
    send(lab.content_upload, "garden.jpg", photo)
    assert lab.controls.content.label == "garden.jpg"
    play_to_the_end(lab)


def test_run_that_does_not_fit_names_the_size_that_does(lab, monkeypatch):
    monkeypatch.setattr(fit, "available_memory", lambda device: 200 * 2**20)
    lab.controls.size.value = 2048
    lab.live_run.play.click()
    wait_until(lambda: re.search(r"choose size=\d+ or less", status(lab)))
    assert lab.live_run.runner.branch.steps == 0


def test_losses_that_fail_are_told_in_the_status_line(lab, monkeypatch):
    def failing(settings, start):
        raise RuntimeError("something unforeseen")

    lab.live_run.runner._make = failing
    lab.live_run.play.click()
    wait_until(lambda: "RuntimeError: something unforeseen" in status(lab))


def test_closed_lab_leaves_no_thread(lab):
    lab.live_run.play.click()
    lab.close()
    assert threads("style transfer") == 0


@pytest.mark.slow
def test_twenty_runs_leave_no_memory_and_no_thread_behind(lab):
    def left() -> tuple[int, int]:
        gc.collect()
        # Small ones, so that the process would hardly grow by them: they are counted as well.
        count = sum(type(thing) is nst.StyleTransfer for thing in gc.get_objects())
        return process_memory(), count

    for number in range(20):
        if number == 2:
            memory, transfers = left()
        lab.live_run.reset.click()
        lab.live_run.play.click()
        wait_until(lambda: "Finished" in status(lab))
    memory_after, transfers_after = left()
    assert memory_after < 1.1 * memory
    assert transfers_after == transfers
    assert threads("style transfer") == 1


def test_every_control_has_a_name(lab):
    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    for widget in walk(lab.widget):
        if isinstance(widget, ipywidgets.HTML) and "<img" in widget.value:
            assert re.search('alt="[^"]{10,}"', widget.value)
        elif "children" not in widget.keys and "description" in widget.keys:
            assert widget.description or isinstance(widget, (ipywidgets.HTML, ToggleButtons))


# ---------------------------------------------------------------- the other labs


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"<b>([-\d.e+]+)</b>", text)]


def test_gram_explorer_shows_that_the_product_averages_to_the_entry_even_when_shuffled():
    lab = nst.labs.GramExplorer(size=64)
    i, j = lab.pair.options[3][1]
    lab.first.value, lab.second.value = i, j
    mean, entry = numbers(lab.result.value)
    features = nst.load_backbone()(nst.load_image("great_wave", 64), ["relu2_1"])["relu2_1"]
    expected = (features[0, i].double() * features[0, j].double()).mean().item()
    assert mean == pytest.approx(expected, rel=1e-4) and entry == pytest.approx(mean, rel=1e-4)
    shown = torch.tensor(lab.maps.values, dtype=torch.float64)
    assert torch.allclose(shown, features[0, [i, j]].flatten(1).double(), atol=1e-3)
    lab.shuffle.click()
    assert sorted(lab.maps.order) == list(range(shown.shape[1]))
    moved = lab._features[0, i].flatten()[lab.maps.order]
    assert torch.equal(moved, features[0, i].flatten()) and "shuffled" in lab.result.value
    assert numbers(lab.result.value)[1] == pytest.approx(entry, rel=1e-3)
    lab.restore.click()
    assert lab.maps.order == [] and "original order" in lab.result.value


def test_gram_explorer_offers_the_strongest_pairs():
    lab = nst.labs.GramExplorer(size=64)
    gram = nst.gram_matrix(lab._original)[0]
    gram = gram - torch.diag(gram.diagonal())
    place = gram.argmax().item()
    assert set(lab.pair.options[0][1]) == set(divmod(place, gram.shape[0]))
    assert (lab.first.value, lab.second.value) == lab.pair.options[0][1]
    lab.layer.value = "relu3_1"
    assert lab.first.max == 255 and lab.pair.index == 0
    assert (lab.first.value, lab.second.value) == lab.pair.value


def test_content_lab_looks_for_one_layer_and_changes_it_on_the_way():
    lab = nst.labs.ContentLab(size=48, steps=4)
    lab.run(2)
    lab.layer.value = "relu2_1"
    lab.run(4)
    transfer = lab.live_run.runner.branch.transfer
    assert transfer.content_layers == {"relu2_1": 1.0} and transfer.style_layers == {}
    assert list(lab.live_run.runner.branch.marks) == [2]
    lab.close()


@pytest.mark.parametrize("start", ["faint noise", "strong noise", "gray", "another photograph"])
def test_content_lab_starts_where_it_says(start):
    lab = nst.labs.ContentLab(size=48)
    lab.start.value = start
    lab.run(1)
    pixels = lab.live_run.runner.branch.frames[0].image
    deviation = (pixels - 0.5).abs().max().item()
    if start == "another photograph":
        assert not torch.allclose(pixels, nst.load_image("cat", 48)) and deviation > 0.3
    else:
        largest = {"faint noise": 0.05, "strong noise": 0.5, "gray": 0.0}[start]
        assert 0.95 * largest <= deviation <= largest
    lab.close()


def test_layer_mixer_gives_every_term_its_share_of_the_gradient():
    lab = nst.labs.LayerMixer(size=48, steps=2)
    lab.preset.value = "strokes"
    lab.run(1)
    transfer = lab.live_run.runner.branch.transfer
    image = lab.live_run.runner.branch.frames[0].image
    norms = {}
    for term in ("content", *transfer.style_layers):
        x = image.clone().requires_grad_()
        losses = transfer.losses(x)
        loss = losses["content"] if term == "content" else losses[f"style/{term}"]
        weight = 1.0 if term == "content" else transfer.style_layers[term]
        norms[term] = weight * torch.autograd.grad(loss, x)[0].double().norm().item()
    wanted = {term: slider.value for term, slider in lab.shares.items()}
    for term, share in wanted.items():
        found = norms[term] / sum(norms.values())
        assert found == pytest.approx(share / sum(wanted.values()), rel=1e-3)
    lab.close()


def test_feature_explorer_opens_with_the_strongest_channel_at_its_strongest_place():
    lab = nst.labs.FeatureExplorer(size=64, layer="relu4_2")
    features = nst.load_backbone()(nst.load_image("cat", 64), ["relu4_2"])["relu4_2"][0]
    inner = features[:, 1:-1, 1:-1]  # at the border a unit sees padding
    channel, place = divmod(inner.argmax().item(), inner[0].numel())
    row, column = divmod(place, inner.shape[2])
    assert lab.buttons[0].description == f"channel {channel}" == f"channel {lab.channel}"
    assert (lab.row.value, lab.column.value) == (row + 1, column + 1)
    assert "76 pixels wide" in lab.caption.value
    lab.page.value = lab.page.max
    lab.buttons[-1].click()
    assert lab.channel == lab.order[-1]
    lab.close()


@pytest.mark.parametrize("layer", ["relu1_2", "relu2_2", "relu3_3"])
def test_feature_explorer_opens_where_the_receptive_field_is_inside_the_photograph(layer):
    lab = nst.labs.FeatureExplorer(layer=layer)
    field = nst.network.receptive_field.receptive_field(layer)
    height, width = lab.image.shape[2:]
    for button in lab.buttons:
        button.click()
        top, left, bottom, right = field.box(lab.row.value, lab.column.value)
        assert top >= 0 and left >= 0 and bottom <= height and right <= width
    lab.close()


def test_click_on_a_picture_of_the_feature_explorer():
    lab = nst.labs.FeatureExplorer(size=64, layer="relu3_3")
    lab.maps[5].position = (0.5, 0.5)
    assert lab.channel == lab.order[5]
    height, width = lab.features.shape[1:]
    for picture in (lab.view, lab.map):
        picture.position = (0.999, 0.0)
        assert (lab.row.value, lab.column.value) == (0, width - 1)
        picture.position = (0.0, 1.0)  # the very edge
        assert (lab.row.value, lab.column.value) == (height - 1, 0)
    value = lab.features[lab.channel, height - 1, 0].item()
    assert f"activation of channel {lab.channel} is {value:.0f}" in lab.view.alt
    assert lab.view.alt in lab.caption.value
    lab.close()


def test_feature_explorer_optimizes_an_image_for_a_channel(monkeypatch):
    features = importlib.import_module("nst_course.labs.features")
    small = functools.partial(features.maximize, size=32, steps=2)
    monkeypatch.setattr(features, "maximize", lambda b, layer, c, **_: small(b, layer, c))
    lab = nst.labs.FeatureExplorer(size=64, layer="relu1_2")
    lab.optimum_button.click()
    wait_until(lambda: "<img" in lab.optimum.value)
    assert f"channel {lab.channel}" in lab.optimum.value
    lab.close()


def test_feature_explorer_shows_the_patches_of_nine_pictures():
    lab = nst.labs.FeatureExplorer(size=64, layer="relu2_2")
    lab.patches_button.click()
    wait_until(lambda: "<img" in lab.patches.value)
    names = re.findall('alt="patch of ([^,]*), activation', lab.patches.value)
    search = nst.visualize.PatchSearch(nst.load_backbone(), ["relu2_2"], sizes=(96, 192))
    assert names == [patch.picture for patch in search.top("relu2_2", lab.channel)]
    lab.buttons[1].click()
    assert lab.patches.value == ""  # those of another channel
    lab.close()


def test_feature_explorer_takes_maps_that_are_all_border():
    lab = nst.labs.FeatureExplorer(size=32, layer="relu5_1")
    assert lab.features.shape[1:] == (1, 2) and lab.column.value in (0, 1)
    assert lab.pages.value == "of 32" and lab.page.value == 1
    lab.close()


# ---------------------------------------------------------------- what readers and pages send


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("..", "picture"),
        ("", "picture"),
        ("...", "picture"),
        ("a\0b.png", "a_b.png"),
        ("a\ud800.png", "a_.png"),
        ("../../etc/p.png", "p.png"),
        ("C:\\Users\\me\\p.png", "p.png"),
        ("<img src=x onerror=alert(1)>.png", "_img src_x onerror_alert(1)_.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("ü" * 300 + ".png", "ü" * 98 + ".png"),
        ("con:aux|?.png", "con_aux__.png"),
        ("Großmutter 东京 (2).png", "Großmutter 东京 (2).png"),
    ],
)
def test_upload_of_any_name_is_stored_in_its_folder(tmp_path, name, stored):
    photo = Image.new("RGB", (90, 70), "red")
    path = store_upload(name, encoded(photo), tmp_path)
    assert path == tmp_path / stored and path.exists()
    with pytest.raises(nst.CourseError) as caught:
        store_upload(name, b"no picture", tmp_path)
    assert str(tmp_path) not in str(caught.value) and len(list(tmp_path.iterdir())) == 0


def test_uploads_go_with_the_kernel(tmp_path):
    program = """
import io, sys
from PIL import Image
from nst_course.labs.uploads import store_upload
file = io.BytesIO()
Image.new("RGB", (90, 70)).save(file, "PNG")
first, second = (store_upload("a.png", file.getvalue()) for _ in range(2))
assert first != second and first.exists() and second.exists()
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert not list(tmp_path.glob("nst_course_*"))


def test_texts_are_shown_as_texts(lab, tmp_path):
    attack = "<img src=x onerror=alert(1)>"
    lab.live_run.say(attack)
    assert "<img" not in status(lab) and "&lt;img" in status(lab)
    lab.content_upload._handle_custom_msg(
        {"name": f"{attack}.png", "unreadable": True}, [memoryview(b"")]
    )
    assert "<img" not in status(lab)
    lab.live_run.show(nst.load_image("cat", 64), attack)
    assert "<img" not in lab.live_run.caption.value
    assert lab.live_run.picture.alt == attack  # the page sets it as an attribute
    lab.saving.file.value = f"{attack}.txt"
    lab.saving.save.click()
    assert "<img" not in status(lab)


def test_cell_of_a_lab_that_is_run_again_and_again_leaves_one_lab(monkeypatch, small):
    monkeypatch.setattr(lab_module, "shared_backbone", lambda pooling: small[2])

    def run_cell():
        lab = nst.labs.StyleTransferLab("cat", "great_wave", size=128, steps=2)
        lab.run()
        return lab, weakref.ref(lab.live_run), weakref.ref(lab.live_run.runner)

    cells = [run_cell() for _ in range(2)]
    gc.collect()
    alive = len(ipywidgets.widgets.widget._instances)
    cells += [run_cell() for _ in range(3)]
    gc.collect()
    assert len(ipywidgets.widgets.widget._instances) == alive
    *earlier, (lab, *_) = cells
    assert all(ref() is None for _, *refs in earlier for ref in refs)
    with pytest.raises(nst.CourseError, match="closed when a new one was made"):
        earlier[0][0].run()
    assert "Finished" in status(lab)
    lab.close()
