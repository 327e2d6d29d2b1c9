"""The style mixer without a browser: the point, the sliders, the path, the animation."""

import time

import pytest
from PIL import Image

import nst_course as nst
from nst_course.labs import style_mixer
from nst_course.labs.style_mixer import percents, triangle


def wait_until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def lab(narrow_backbone, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(style_mixer, "shared_backbone", lambda: narrow_backbone)
    made = nst.labs.StyleMixer(size=64, steps=20)
    yield made
    made.close()


def run(lab, steps: int) -> None:
    lab.run(lab.live_run.runner.branch.steps + steps)


def weights_of(lab) -> list[float]:
    return [style.weight for style in lab.live_run.runner.branch.transfer.styles]


def test_point_moves_the_weights_of_the_next_step(lab):
    run(lab, 3)
    assert weights_of(lab) == pytest.approx([1 / 3] * 3)
    lab.pad.weights = [0.5, 0.25, 0.25]
    run(lab, 2)
    assert weights_of(lab) == [0.5, 0.25, 0.25]
    assert list(lab.live_run.runner.branch.marks) == [3]
    assert "50 % great wave" in lab.mixture.value
    assert "step 4: 50 % great wave, 25 % village street in auvers" in lab.live_run.caption.value
    assert "step 4: 50 % great wave" in lab.live_run.picture.alt


def test_corner_is_one_artwork_alone(lab, narrow_backbone):
    lab.pad.weights = [0.0, 1.0, 0.0]
    run(lab, 4)
    names = ("summer_palace", "village_street_in_auvers")
    content, style = (nst.load_image(name, 64) for name in names)
    alone = nst.StyleTransfer(content, style, narrow_backbone).run(4, progress=False)
    losses = lab.live_run.runner.branch.history["total"]
    assert losses == pytest.approx(alone.history["total"], rel=1e-3)
    assert lab.mixture.value == "100 % village street in auvers"


def test_sliders_follow_the_point_and_the_point_follows_a_slider(lab):
    lab.pad.weights = [0.5, 0.3, 0.2]
    assert [slider.value for slider in lab.sliders] == [50, 30, 20]
    assert lab.pad.weights == [0.5, 0.3, 0.2]  # rounding of the sliders has not moved it
    lab.sliders[0].value = 75
    assert lab.pad.weights == pytest.approx([0.75, 0.15, 0.1])
    assert [slider.value for slider in lab.sliders] == [75, 15, 10]
    lab.sliders[2].value = 100
    assert lab.pad.weights == [0.0, 0.0, 1.0]
    lab.sliders[2].value = 40
    assert lab.pad.weights == pytest.approx([0.3, 0.3, 0.4])


def test_path_is_kept_and_shown(lab):
    run(lab, 2)
    corners = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    for corner in corners:
        lab.pad.weights = corner
        run(lab, 2)
    assert lab.pad.path == [pytest.approx([1 / 3] * 3), *corners]
    lab.live_run.reset.click()
    assert lab.pad.path == []


def test_other_artwork_waits_for_reset_while_a_run_is_there(lab):
    run(lab, 2)
    lab.menus[2].value = "summertime"
    assert "Press Reset" in lab.live_run.status.value and lab.live_run.runner.branch.steps == 2
    run(lab, 3)
    assert "composition viii" in lab.live_run.caption.value  # what is painted still
    lab.live_run.reset.click()
    assert lab.live_run.runner.branch.steps == 0 and lab.pad.names[2] == "summertime"
    run(lab, 1)
    picture = nst.load_image("summertime", 64)
    assert (lab.artworks[2].image == picture).all()


def test_animation_shows_picture_and_path_and_replaces_no_file(lab, tmp_path):
    lab.animate.click()
    assert "no frames yet" in lab.live_run.status.value
    for corner in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]):
        lab.pad.weights = corner
        run(lab, 4)
    assert len(lab.frames()) == 12
    lab.animate.click()
    path = tmp_path / "my_mixture.webp"
    assert "Saved" in lab.live_run.status.value and path.exists()
    with Image.open(path) as film:
        assert 3 <= film.n_frames <= 12  # equal ones become one
        assert film.width > film.height  # the triangle stands beside the picture
    written = path.read_bytes()
    lab.animate.click()
    assert "my_mixture_2.webp" in lab.live_run.status.value and path.read_bytes() == written


def test_triangle_shows_the_point_at_its_place():
    for corner, (x, y) in zip(
        ([1, 0, 0], [0, 1, 0], [0, 0, 1]), ((50, 15), (10, 85), (90, 85)), strict=True
    ):
        assert triangle([[1 / 3] * 3, corner], 100).getpixel((x, y)) == (230, 85, 13)


def test_playing_in_the_background_takes_a_new_mixture(lab):
    lab.live_run.total.value = 400
    lab.live_run.play.click()
    wait_until(lambda: lab.live_run.runner.branch.steps > 2)
    lab.pad.weights = [0.0, 0.0, 1.0]
    at = lab.live_run.runner.branch.steps
    wait_until(lambda: lab.live_run.runner.branch.steps > at + 2)
    lab.live_run.pause.click()
    wait_until(lambda: "Paused" in lab.live_run.status.value)
    assert weights_of(lab) == [0.0, 0.0, 1.0] and len(lab.pad.path) == 2


@pytest.mark.parametrize("styles", ["great_wave", ["great_wave"], ["no_such", "cat", "cat"]])
def test_artworks_that_cannot_be_used_are_refused(styles):
    with pytest.raises(nst.CourseError):
        nst.labs.StyleMixer(styles=styles)


def test_percents_of_thirds():
    assert percents([1 / 3, 1 / 3, 1 / 3]) == [33, 33, 33]
