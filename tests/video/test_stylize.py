"""A whole clip: start, temporal term, scenes, forecast, progress, resume; on a network of noise."""

import functools
import os

import pytest
import torch
from tqdm import tqdm

import nst_course as nst
from nst_course.video import Camera, camera_clip
from nst_course.video.stylize import report, video_run

SIZE, SHAPE = 48, (32, 48)
QUICK = {"size": SIZE, "steps": 3, "frame_steps": 2}


@pytest.fixture(scope="module")
def frames():
    photograph = nst.load_image("summer_palace")
    return camera_clip(photograph, Camera(0.45), Camera(0.5), 5, SHAPE)[0]


@pytest.fixture
def stylize(narrow_backbone):
    return functools.partial(nst.stylize_video, backbone=narrow_backbone, progress=False, **QUICK)


def same(some, others):
    return len(some) == len(others) and all(map(torch.equal, some, others))


def test_every_frame_is_stylized_and_reported(stylize, frames):
    seen = []
    result = stylize(frames, "great_wave", fps=10, on_frame=lambda *found: seen.append(found))
    assert len(result.frames) == 5 and result.fps == 10 and result.cuts == [0]
    assert not result.interrupted and result.seconds > 0
    assert [number for number, _ in seen] == list(range(5))
    assert same([image for _, image in seen], result.frames)
    for frame, image in zip(frames, result.frames, strict=True):
        assert image.shape == frame.shape and image.min() >= 0 and image.max() <= 1
        assert (image - frame).abs().mean() > 0.005


def test_first_frame_is_that_of_stylize(stylize, frames, narrow_backbone):
    alone = nst.stylize(
        frames[0], "great_wave", SIZE, steps=3, backbone=narrow_backbone, progress=False
    )
    found = stylize(frames[:2], "great_wave").frames[0]
    assert (found - alone.image).abs().max() < 0.5 / 255 + 1e-6  # rounded, as in its file


def test_frames_begin_with_the_warped_one_before_and_are_held_to_it(frames, narrow_backbone):
    run = video_run(frames, "great_wave", backbone=narrow_backbone, temporal_weight=5.0, **QUICK)
    run.run(progress=False)
    run.finished = run.finished[:3]
    made = run.make(3)
    transfer = made._present()
    warped, weights = run.seen_from(3, 2)
    assert weights.mean() > 0.5
    assert ((transfer.image - warped).abs() * weights).max() < 0.01
    term = transfer.objective["temporal"]
    assert term.weight == 5.0 and torch.allclose(term.warped * weights, warped * weights)
    assert [scale.steps for scale in made.scales] == [2] and made.scale.size == SIZE


def test_what_the_frame_before_hides_is_remembered_from_earlier_ones(frames, narrow_backbone):
    run = video_run(frames, "great_wave", backbone=narrow_backbone, temporal_weight=5.0, **QUICK)
    run.run(progress=False)
    run.finished = run.finished[:3]
    seen_from = run.seen_from

    def half_hidden(number, before):
        warped, weights = seen_from(number, before)
        if before == number - 1:
            weights = weights.clone()
            weights[..., : weights.shape[3] // 2] = 0
        return warped, weights

    run.seen_from = half_hidden
    term = run.make(3)._present().objective["temporal"]
    _, two_back = seen_from(3, 1)
    left = two_back.shape[3] // 2
    assert torch.equal(term.weights[..., :left], two_back[..., :left]) and two_back.mean() > 0.5


def test_temporal_weight_cuts_the_flicker(frames, narrow_backbone):
    loose, held = (
        nst.stylize_video(
            frames[:3],
            "great_wave",
            SIZE,
            steps=10,
            frame_steps=10,
            temporal_weight=weight,
            backbone=narrow_backbone,
            progress=False,
        ).frames
        for weight in (0.0, 1e4)
    )
    flows = [nst.video.optical_flow(frames[n], frames[n - 1]) for n in (1, 2)]
    seen = [nst.video.visible(flow) for flow in flows]
    one, other = (nst.video.flicker(found, flows, seen) for found in (loose, held))
    assert sum(other) < 0.7 * sum(one)


def test_scene_begins_anew_after_a_cut(stylize, frames, narrow_backbone):
    other = camera_clip(
        nst.load_image("village_street_in_auvers"), Camera(), Camera(0.51), 2, SHAPE
    )
    result = stylize([*frames[:2], *other[0]], "great_wave")
    assert result.cuts == [0, 2]
    alone = stylize(other[0], "great_wave")
    assert same(result.frames[2:], alone.frames)


@pytest.mark.parametrize("color", ["palette", "photograph"])
def test_colors_of_the_photograph_stay(stylize, frames, color):
    kept, artwork = (
        stylize(frames[:3], "composition_viii", color=chosen).frames[2]
        for chosen in (color, "artwork")
    )
    mean = [image.mean((2, 3)) for image in (frames[2], kept, artwork)]
    assert (mean[1] - mean[0]).abs().mean() < 0.7 * (mean[2] - mean[0]).abs().mean()


def test_killed_run_goes_on_with_the_next_frame(stylize, frames, tmp_path):
    """Both runs end with the same pictures, and nothing stays on the disk."""
    whole = stylize(frames, "great_wave").frames
    folder = tmp_path / "work"

    class Killed(Exception):
        pass

    def kill(number, image):
        if number == 2:
            raise Killed

    with pytest.raises(Killed):
        stylize(frames, "great_wave", checkpoint=folder, on_frame=kill)
    assert len(list(folder.glob("*.png"))) == 3
    again = []
    result = stylize(
        frames, "great_wave", checkpoint=folder, on_frame=lambda number, _: again.append(number)
    )
    assert again == [3, 4] and same(result.frames, whole)
    assert list(tmp_path.iterdir()) == []


def test_run_killed_within_a_frame_goes_on_there(frames, narrow_backbone, tmp_path, monkeypatch):
    monkeypatch.setattr("nst_course.transfer.multiscale.CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr("nst_course.transfer.multiscale.WRITING_SHARE", 1e9)
    settings = {**QUICK, "frame_steps": 6, "backbone": narrow_backbone}
    make = functools.partial(video_run, frames[:2], "great_wave", **settings)
    whole = make().run(progress=False).frames
    taken = []

    def kill(step):
        taken.append(step.iteration)
        if len(taken) == 7:
            raise MemoryError

    run = make(checkpoint=tmp_path / "work")
    run.resume()
    with pytest.raises(MemoryError):
        run.run(progress=False, on_step=kill)
    run, steps = make(checkpoint=tmp_path / "work"), []
    assert run.resume()
    assert same(run.run(progress=False, on_step=lambda s: steps.append(s.iteration)).frames, whole)
    assert len(steps) < 6


def test_ctrl_c_keeps_the_frames_so_far(stylize, frames, tmp_path):
    def stop(number, image):
        if number == 1:
            run_of["interrupt"] = True

    run_of = {}
    folder = tmp_path / "work"
    run = video_run(
        frames, "great_wave", backbone=stylize.keywords["backbone"], checkpoint=folder, **QUICK
    )
    run.resume()

    def interrupt(step):
        if run_of:
            raise KeyboardInterrupt

    result = run.run(progress=False, on_frame=stop, on_step=interrupt)
    assert result.interrupted and len(result.frames) == 2
    assert len(list(folder.glob("*.png"))) == 2


def test_folder_of_something_else_is_refused_and_stays(stylize, frames, tmp_path):
    (tmp_path / "work").mkdir()
    note = tmp_path / "work" / "note.txt"
    note.write_text("mine")
    with pytest.raises(nst.CourseError, match="holds files of something else"):
        stylize(frames, "great_wave", checkpoint=tmp_path / "work")
    with pytest.raises(nst.CourseError, match="is a file"):
        stylize(frames, "great_wave", checkpoint=note)
    assert note.read_text() == "mine" and os.listdir(tmp_path / "work") == ["note.txt"]


def test_frames_of_other_settings_are_refused(stylize, frames, tmp_path, narrow_backbone):
    folder = tmp_path / "work"
    run = video_run(frames, "great_wave", backbone=narrow_backbone, checkpoint=folder, **QUICK)
    run.resume()
    for change, words in [
        ({"temporal_weight": 3.0}, "temporal_weight"),
        ({"steps": 4}, "scales"),
        ({"strength": 2}, "style_weight"),
    ]:
        with pytest.raises(nst.CourseError, match=f"frames of a run with {words}"):
            stylize(frames, "great_wave", checkpoint=folder, **change)
    with pytest.raises(
        nst.CourseError, match="frames of a run with pictures|frames of a run with frames"
    ):
        stylize(frames[1:], "great_wave", checkpoint=folder)
    (folder / "settings.json").write_text("{")
    with pytest.raises(nst.CourseError, match="is damaged"):
        stylize(frames, "great_wave", checkpoint=folder)


def test_forecast_and_bar_count_all_frames(frames, narrow_backbone, capsys, monkeypatch):
    monkeypatch.setattr("tqdm.auto.tqdm", functools.partial(tqdm, mininterval=0, miniters=1))
    run = video_run(frames, "great_wave", backbone=narrow_backbone, **QUICK)
    forecast = run.estimate()
    assert forecast.seconds > 0 and (forecast.height, forecast.width) == SHAPE
    line = report(run, forecast)
    assert "5 frames of 48×32 px, 1 scene, on " in line and line.endswith("of memory.")
    assert run.work(5) == run.work(1) + 4 * 2
    run.run()
    bar = capsys.readouterr().err
    assert "frame 1/5" in bar and "frame 5/5" in bar and "100%" in bar
    assert run.estimate().seconds == 0


def test_clip_by_name_and_fewer_frames(narrow_backbone):
    run = video_run(
        "big_buck_bunny", "great_wave", fps=5, count=4, backbone=narrow_backbone, **QUICK
    )
    assert len(run.frames) == 4 and run.fps == 5 and run.frames[0].shape == (1, 3, 27, 48)
