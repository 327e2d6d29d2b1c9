"""The flicker lab: both films grow in step, every control works, and Reset begins anew."""

import base64
import io
import time

import pytest
import torch
from PIL import Image

import nst_course as nst
from nst_course.labs import flicker
from nst_course.labs.frames import GAP


def wait_until(condition, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def lab(monkeypatch, narrow_backbone):
    monkeypatch.setattr(flicker, "shared_backbone", lambda: narrow_backbone)
    made = flicker.FlickerLab(size=48, count=3, steps=4)
    yield made
    made.close()


def rests(lab) -> bool:
    return not lab._worker.playing


def test_both_films_are_painted_in_step(lab):
    assert "Frame 1 of the clip" in lab.picture.alt and "Press Play" in lab.status.value
    lab.step.click()
    wait_until(lambda: rests(lab) and len(lab.alone) == 1)
    assert torch.equal(lab.alone[0], lab.held[0])
    lab.play.click()
    wait_until(lambda: rests(lab) and len(lab.alone) == 3)
    assert len(lab.held) == 3 and not torch.equal(lab.alone[2], lab.held[2])
    assert lab.frame.value == 3
    assert "Frame 3 by itself, and held" in lab.picture.alt
    assert "3 of 3 frames. Flicker in levels of 256:" in lab.status.value


def test_each_film_is_what_its_name_says(lab, narrow_backbone):
    lab.run()
    alone = nst.stylize(
        lab.frames[1], "great_wave", 48, brush=48, steps=4, backbone=narrow_backbone, progress=False
    )
    assert torch.allclose(lab.alone[1], alone.image)
    flow = [nst.video.optical_flow(lab.frames[n], lab.frames[n - 1]) for n in (1, 2)]
    seen = [nst.video.visible(w) for w in flow]
    left, right = (sum(nst.video.flicker(film, flow, seen)) for film in (lab.alone, lab.held))
    assert right < left


def test_slider_shows_a_painted_frame_and_one_that_is_to_come(lab):
    lab.step.click()
    wait_until(lambda: rests(lab) and len(lab.alone) == 1)
    lab.frame.value = 3
    assert "Frame 3 of the clip" in lab.picture.alt
    lab.frame.value = 1
    assert "Frame 1 by itself" in lab.picture.alt


def test_films_are_shown_as_an_animation_that_grows(lab):
    lab.step.click()
    wait_until(lambda: rests(lab) and len(lab.alone) == 1)
    lab.film.value = True
    assert "Frame 1 by itself" in lab.picture.alt  # one frame is no film
    lab.play.click()
    wait_until(lambda: rests(lab) and len(lab.alone) == 3)
    assert lab.picture.alt == "A film of 3 frames, by themselves, and held"
    data = base64.b64decode(lab.picture.source.split(",")[1])
    with Image.open(io.BytesIO(data)) as film:
        assert film.n_frames == 3 and film.width == 2 * 48 + GAP
    lab.film.value = False
    assert "Frame 3 by itself" in lab.picture.alt


def test_weight_counts_from_the_next_frame_on(lab, monkeypatch):
    used = []
    make = lab._run.make
    monkeypatch.setattr(
        lab._run, "make", lambda n: used.append(lab._run.temporal_weight) or make(n)
    )
    lab.weight.value = 0
    lab.run()
    assert used == [0, 0]


def test_reset_and_another_artwork_begin_anew(lab):
    lab.run()
    lab.style.value = "spring"
    assert "Press Reset" in lab.status.value and len(lab.alone) == 3
    lab.reset.click()
    assert lab.alone == [] and lab.held == [] and not lab.film.value
    assert "Press Play" in lab.status.value
    lab.step.click()
    wait_until(lambda: rests(lab) and len(lab.alone) == 1)
    lab.reset.click()
    assert lab.alone == []


def test_pause_is_answered_at_once(lab):
    lab.play.click()
    wait_until(lambda: "step" in lab.status.value)
    lab.pause.click()
    assert "ausing after this frame" in lab.status.value
    wait_until(lambda: f"{len(lab.alone)} of 3 frames" in lab.status.value)
    assert len(lab.alone) < 3


def test_reset_while_a_frame_is_painted_discards_it(lab):
    first = lab._run.first

    def reset_meanwhile(*arguments):
        lab._begin()
        return first(*arguments)

    lab._run.first = reset_meanwhile
    lab.run()
    assert lab.alone == [] and lab.held == []


def test_error_is_a_sentence_in_the_status_line(lab):
    def fail(*_):
        raise nst.CourseError("Out of paint; buy some.")

    lab._run.first = fail
    lab.run()
    assert "Out of paint; buy some." in lab.status.value
