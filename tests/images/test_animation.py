"""Runs as moving pictures: frames kept, files written, and what a slider shows."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

import nst_course as nst
from nst_course.images import animation
from nst_course.transfer.style_transfer import Step


def frame(grey: int, width: int = 30, height: int = 20) -> Image.Image:
    return Image.new("RGB", (width, height), (grey, grey, grey))


FRAMES = [frame(grey) for grey in (0, 50, 100, 150, 250)]


def greys(path) -> list[int]:
    """The mean grey of every frame of a file, in the order of the file."""
    with Image.open(path) as file:
        return [
            round(np.asarray((file.seek(i), file.convert("L"))[1]).mean())
            for i in range(file.n_frames)
        ]


def durations(path) -> list[int]:
    """Milliseconds of every frame."""
    with Image.open(path) as file:
        found = []
        for index in range(file.n_frames):
            file.seek(index)
            file.load()
            found.append(file.info["duration"])
        return found


# ---------------------------------------------------------------- which steps, and keeping them


@pytest.mark.parametrize(("steps", "count"), [(1, 2), (2, 2), (3, 20), (20, 20), (150, 20)])
def test_kept_steps_are_steps_of_the_run_from_the_first_to_the_last(steps, count):
    kept = animation.frame_steps(steps, count)
    assert kept[0] == 0 and kept[-1] == steps - 1
    assert kept == sorted(set(kept)) and len(kept) <= min(steps, count)


def test_frames_lie_closer_together_at_the_start():
    kept = animation.frame_steps(200, 20)
    gaps = np.diff(kept)
    assert len(kept) > 17 and (np.diff(gaps) >= -1).all()
    assert sum(step < 50 for step in kept) >= len(kept) // 2


@pytest.mark.parametrize(("steps", "count"), [(0, 5), (10, 1)])
def test_no_animation_of_nothing(steps, count):
    with pytest.raises(nst.CourseError, match="at least 2 frames and 1 step"):
        animation.frame_steps(steps, count)


def test_recorder_keeps_the_wanted_images_as_they_were():
    recorder = animation.Recorder([0, 3])
    pixels = torch.zeros(1, 3, 4, 6)
    for iteration in range(5):
        recorder(Step(iteration, {}, pixels))
        pixels += 0.1  # a later move of the pixels must not reach a frame that is kept
    assert recorder.iterations == [0, 3]
    assert [picture.size for picture in recorder.frames] == [(6, 4), (6, 4)]
    assert [np.asarray(picture).max() for picture in recorder.frames] == [0, 76]


def test_frame_as_image_is_the_picture_again():
    image = torch.arange(60).reshape(1, 3, 4, 5) / 255
    torch.testing.assert_close(animation.as_image(nst.to_pil(image)), image)


# ---------------------------------------------------------------- joining


def test_side_by_side_keeps_the_order_and_every_pixel():
    joined = animation.side_by_side(FRAMES, [frame(9, 10, 25)] * len(FRAMES))
    assert len(joined) == len(FRAMES)
    for both, left in zip(joined, FRAMES, strict=True):
        assert both.size == (30 + animation.GAP + 10, 25)
        assert both.crop((0, 0, 30, 20)).tobytes() == left.tobytes()
        assert both.crop((both.width - 10, 0, both.width, 25)).getcolors() == [(250, (9, 9, 9))]


def test_runs_of_different_length_are_not_joined():
    with pytest.raises(nst.CourseError, match="5, 4 frames"):
        animation.side_by_side(FRAMES, FRAMES[1:])


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("ending", ["webp", "gif"])
def test_file_has_every_frame_and_shows_the_result_first(tmp_path, ending):
    path = animation.save_animation(FRAMES, tmp_path / "new" / f"run.{ending}")
    assert greys(path) == pytest.approx([250, 0, 50, 100, 150], abs=3)
    with Image.open(path) as file:
        assert file.size == (30, 20) and file.info["loop"] == 0  # it repeats for ever
        assert file.is_animated and file.format == ending.upper()


@pytest.mark.parametrize("ending", ["webp", "gif"])
def test_frames_share_the_seconds_and_the_result_stays_longer(tmp_path, ending):
    path = animation.save_animation(FRAMES, tmp_path / f"run.{ending}", seconds=2, hold=1.5)
    assert durations(path) == [400 + 1500, 400, 400, 400, 400]


def test_lower_quality_makes_a_smaller_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (4, 60, 90, 3), dtype=np.uint8)
    frames = [Image.fromarray(picture) for picture in noise]
    sizes = [
        animation.save_animation(frames, tmp_path / "run.webp", quality=quality).stat().st_size
        for quality in (20, 90)
    ]
    assert sizes[0] < 0.6 * sizes[1]


def test_animation_too_large_for_a_notebook_is_refused_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "LARGEST", 100)
    with pytest.raises(nst.CourseError, match="fewer or smaller frames"):
        animation.save_animation(FRAMES, tmp_path / "run.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("frames", "name", "said"),
    [
        ([], "run.webp", "one or more frames"),
        ([frame(0), frame(0, 31)], "run.webp", "same size"),
        (FRAMES, "run.mp4", r"ends in .webp or .gif"),
    ],
)
def test_what_makes_no_animation_is_refused(tmp_path, frames, name, said):
    with pytest.raises(nst.CourseError, match=said):
        animation.save_animation(frames, tmp_path / name)


@pytest.mark.parametrize("ending", ["webp", "gif"])
def test_page_holds_the_whole_file_and_says_what_it_shows(tmp_path, ending):
    path = animation.save_animation(FRAMES, tmp_path / f"run.{ending}")
    page = animation.show_animation(path, 'a "cup" <forms>', width=300).data
    kind, data = re.search(r'src="data:image/(\w+);base64,([^"]+)"', page).groups()
    assert kind == ending and base64.b64decode(data) == path.read_bytes()
    assert 'alt="a &quot;cup&quot; &lt;forms&gt;"' in page and 'width="300"' in page


# ---------------------------------------------------------------- the slider


def test_slider_goes_through_every_frame():
    film = animation.scrubber(FRAMES, [f"step {i}" for i in range(5)], width=300)
    for source, gray in zip(film.frames, (0, 50, 100, 150, 250), strict=True):
        with Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))) as file:
            assert abs(np.asarray(file.convert("L")).mean() - gray) <= 2
    assert film.captions == ["step 0", "step 1", "step 2", "step 3", "step 4"] and film.width == 300


@pytest.mark.parametrize(("frames", "captions"), [([], []), (FRAMES, ["one"])])
def test_slider_without_a_caption_for_each_frame_is_refused(frames, captions):
    with pytest.raises(nst.CourseError, match="give one for each"):
        animation.scrubber(frames, captions)
