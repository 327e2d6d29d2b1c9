"""The sound lab: play, pause, hear at any moment, other sounds, uploads."""

import base64
import io
import re
import time

import pytest
import soundfile
import torch

import nst_course as nst
from nst_course.errors import CourseError
from nst_course.labs.sound import SoundLab


def wait_until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def lab():
    made = SoundLab(seconds=1.0, steps=5)
    yield made
    if vars(made):  # a new lab has not closed it
        made.close()


def heard(lab) -> torch.Tensor:
    (data,) = re.findall(r"base64,([^\"]+)", lab.heard.value)
    return torch.from_numpy(soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")[0])


def choose(lab, name: str, content: bytes) -> None:
    """What the page sends when a file has been chosen."""
    lab.upload._handle_custom_msg({"name": name}, [memoryview(content)])


def wav(sound) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, sound.numpy(), nst.sound.RATE, format="WAV")
    return stream.getvalue()


def test_both_sounds_can_be_heard_before_the_start_and_the_style_is_left_of_the_line(lab):
    assert lab.originals.value.count("<audio") == 2
    assert "content: speech" in lab.originals.value and "style: bells" in lab.originals.value
    assert lab.picture.before_alt == "spectrogram of the style, bells"
    assert lab.picture.alt.endswith("speech in the style of bells, the start")
    assert lab.heard.value == ""


def test_play_runs_to_the_last_step_with_picture_and_curves(lab):
    before = lab.picture.source
    lab.play.click()
    wait_until(lambda: "Done: 5 steps" in lab.status.value)
    assert lab.picture.source != before and "data:image/png" in lab.picture.source
    assert "after 5 steps" in lab.picture.alt
    for name in ("total", "content", "style"):
        assert name in lab.curves.value
    wait_until(lambda: not lab._worker.playing)


def test_the_sound_of_any_moment_is_the_sound_of_the_transfer(lab):
    lab.hear.click()  # before the first step: the content, with phases that are guessed
    wait_until(lambda: "sound of step 0" in lab.status.value)
    content = nst.sound.load("speech", 1.0)
    assert abs(heard(lab).square().mean().sqrt() / content.square().mean().sqrt() - 1) < 0.2
    lab.play.click()
    wait_until(lambda: lab._transfer.iteration >= 2)
    lab.hear.click()
    wait_until(lambda: "Done" in lab.status.value)
    assert "autoplay" in lab.heard.value and "speech in the style of bells" in lab.heard.value


def test_pause_and_play_go_on_where_it_was(lab):
    lab.count = 10_000
    lab.play.click()
    wait_until(lambda: lab._transfer.iteration >= 1)
    lab.pause.click()
    wait_until(lambda: not lab._worker.playing)
    paused = lab._transfer.iteration
    wait_until(lambda: f"Paused after step {paused}" in lab.status.value)
    lab.content.value = "noise"
    assert "Press Reset" in lab.status.value and lab._transfer.iteration == paused
    time.sleep(0.2)
    assert lab._transfer.iteration == paused
    lab.play.click()
    wait_until(lambda: lab._transfer.iteration > paused)
    lab.reset.click()
    wait_until(lambda: not lab._worker.playing)
    assert lab._transfer.iteration == 0 and "Press Play" in lab.status.value
    assert "noise in the style of bells" in lab.picture.alt


def test_the_weight_of_the_slider_acts_at_the_next_step(lab):
    lab.weight.value = 1e2
    lab.play.click()
    wait_until(lambda: "Done" in lab.status.value)
    assert lab._transfer.style_weight == 1e2


def test_noise_as_content_is_a_texture_without_a_content_loss(lab):
    lab.content.value = "noise"
    assert lab.originals.value.count("<audio") == 1
    lab.play.click()
    wait_until(lambda: "Done" in lab.status.value)
    assert "content" not in lab.curves.value and "style" in lab.curves.value


def test_an_uploaded_sound_becomes_the_style(lab):
    choose(lab, name="../my rain.wav", content=wav(nst.sound.load("stream", 2.0)))
    assert lab.style.label == "my rain.wav" and "style: my rain.wav" in lab.originals.value


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.wav", b"no sound", "notes.wav cannot be read as a sound"),
        ("empty.wav", b"", "empty.wav cannot be read as a sound"),
    ],
)
def test_an_upload_that_cannot_be_used_is_refused_in_a_sentence(lab, name, content, sentence):
    choose(lab, name=name, content=content)
    assert sentence in lab.status.value and lab.style.value == "bells"


def test_a_sound_that_the_page_does_not_send_is_refused_in_a_sentence(lab):
    lab.upload._handle_custom_msg({"name": "night.wav", "unreadable": True}, [])
    assert "more than 8 MB" in lab.status.value and lab.style.value == "bells"


def test_a_silent_upload_is_refused_and_the_old_run_stays(lab):
    old = lab._transfer
    choose(lab, name="silence.wav", content=wav(torch.zeros(16_000)))
    assert "silence.wav is silent" in lab.status.value
    assert lab.style.value == "bells" and lab._transfer is old


def test_run_works_in_the_cell(lab):
    lab.run(2)
    assert lab._transfer.iteration == 2 and "sound of step 2" in lab.status.value


def test_an_error_of_the_worker_is_shown(lab, monkeypatch):
    def fail(count):
        raise CourseError("The sound has run away.")

    monkeypatch.setattr(lab._transfer, "steps", fail)
    lab.play.click()
    wait_until(lambda: "run away" in lab.status.value)


def test_wrong_arguments_are_answered_in_a_sentence():
    for arguments in ({"content": "nothing"}, {"style": "noise"}, {"seconds": 0}, {"steps": 0}):
        with pytest.raises(CourseError):
            SoundLab(**arguments)
