"""The instant lab: it paints what was asked for last, and goes on with a real run."""

import time

import pytest

import nst_course as nst
from nst_course.assets import IMAGES
from nst_course.labs import instant


def wait_until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def rests(lab) -> bool:
    return not lab._asked and lab._run is None and not lab._worker.playing


@pytest.fixture
def lab():
    made = instant.Instant("coffee", 64)
    wait_until(lambda: rests(made))
    yield made
    if vars(made):  # a new lab has not closed it
        made.close()


def test_first_picture_is_that_of_stylize_fast(lab):
    wanted = nst.stylize_fast("coffee", "great_wave", 64).cpu()
    assert (lab._painting - wanted).abs().max() < 1e-4
    assert lab.picture.alt == "coffee in the style of great wave, strength 3"


def test_sliders_move_the_picture(lab):
    lab.place.value, lab.strength.value = 0.25, 2.0
    wait_until(lambda: rests(lab))
    weights = {"great_wave": 0.75, "composition_viii": 0.25}
    wanted = nst.stylize_fast("coffee", weights, 64, 2.0).cpu()
    assert (lab._painting - wanted).abs().max() < 1e-4


def test_of_many_moves_the_last_one_is_painted(lab):
    for value in range(101):
        lab.place.value = value / 100
    wait_until(lambda: rests(lab))
    wanted = nst.stylize_fast("coffee", "composition_viii", 64).cpu()
    assert (lab._painting - wanted).abs().max() < 1e-4


def test_run_paints_in_the_cell_what_the_controls_say(lab, monkeypatch):
    monkeypatch.setattr(lab._worker, "play", lambda: None)  # a page that no thread can update
    lab.strength.value = 1.0
    lab.run()
    wanted = nst.stylize_fast("coffee", "great_wave", 64, 1.0).cpu()
    assert (lab._painting - wanted).abs().max() < 1e-4


def test_same_style_twice_is_that_style(lab):
    lab.second.value = "great_wave"
    lab.place.value = 0.3
    assert lab.mixture() == {"great_wave": 1.0}


def test_real_run_goes_on_from_the_painting_and_a_slider_ends_it(lab, monkeypatch, narrow_backbone):
    monkeypatch.setattr(instant, "shared_backbone", lambda: narrow_backbone)
    before = lab.picture.source
    lab.refine.click()
    wait_until(lambda: f"Step {instant.STEPS} of" in lab.status.value)
    wait_until(lambda: rests(lab))
    assert lab.picture.source != before and "data:image/png" in lab.picture.source
    lab.refine.click()
    lab.place.value = 0.5
    wait_until(lambda: rests(lab))
    assert "One pass" in lab.status.value


def test_upload_becomes_the_photograph_and_a_bad_one_is_told(lab):
    lab.upload._handle_custom_msg({"name": "x.jpg"}, [b"nothing"])
    assert "x.jpg" in lab.status.value
    lab.upload._handle_custom_msg({"name": "cat.jpg"}, [(IMAGES / "cat.jpg").read_bytes()])
    wait_until(lambda: rests(lab))
    assert lab.photo.label == "cat.jpg" and "cat.jpg in the style" in lab.picture.alt


def test_failure_is_told_in_the_status_line(lab, monkeypatch):
    monkeypatch.setattr(instant, "stylize_fast", lambda *_: 1 / 0)
    lab.place.value = 0.6
    wait_until(lambda: "ZeroDivisionError" in lab.status.value)


def test_new_lab_closes_the_earlier_one(lab):
    other = instant.Instant("coffee", 64)
    with pytest.raises(nst.CourseError, match="closed"):
        _ = lab.photo
    other.close()
