"""`nst-course video`: a clip in, a clip out, every mistake a sentence, and resume after Ctrl-C."""

import pytest

import nst_course as nst
from nst_course.cli import arguments
from nst_course.cli import command as cli
from nst_course.transfer import multiscale
from nst_course.video import read_clip, stylize, write_clip

SMALL = ("--size", "32", "--steps", "2", "--frame-steps", "2", "--frames", "3")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def video(*options):
    return cli.main(["video", *map(str, options)])


@pytest.mark.parametrize("ending", ["mp4", "webp", "gif"])
def test_clip_is_stylized_and_written(quick, folder, capsys, ending):
    out = folder / f"o.{ending}"
    assert video("big_buck_bunny", out, "--style", "great_wave", *SMALL, "--fps", 5) == 0
    said = capsys.readouterr().out
    assert "3 frames of 32×18 px, 1 scene, on " in said and "of memory." in said
    assert f"o.{ending}: 3 of 3 frames, 32×18 px, after" in said
    clip = read_clip(out)
    assert len(clip.frames) == 3 and clip.fps == pytest.approx(5)
    plain = read_clip("big_buck_bunny", 32, 5).frames[0]
    assert (clip.frames[0] - plain).abs().mean() > 0.02
    assert list(folder.iterdir()) == [out]


def test_options_reach_the_run(quick, folder, monkeypatch):
    given = {}
    make = stylize.video_run

    def note(*positional, **named):
        given.update(named, positional=positional)
        return make(*positional, **named)

    monkeypatch.setattr("nst_course.cli.video.video_run", note)
    options = "--strength 2 --temporal-weight 7 --fps 6 --color palette --seed 3"
    styles = ("--style", "great_wave", "--style", "spring=0.5")
    assert video("big_buck_bunny", "o.gif", *styles, *SMALL, *options.split()) == 0
    clip, styles, *numbers = given.pop("positional")
    assert clip.name == "big_buck_bunny.mp4" and numbers == [32, 2.0, 2, 2, 7.0]
    assert [getattr(style, "weight", 1) for style in styles] == [1, 0.5]
    assert {name: given[name] for name in ("fps", "count", "color", "seed")} == {
        "fps": 6.0,
        "count": 3,
        "color": "palette",
        "seed": 3,
    }


def test_defaults_are_those_of_stylize_video():
    assert (arguments.FRAME_STEPS, arguments.TEMPORAL_WEIGHT) == (
        stylize.FRAME_STEPS,
        stylize.TEMPORAL_WEIGHT,
    )


def test_stopped_run_keeps_its_frames_and_goes_on(quick, folder, capsys, monkeypatch):
    steps = []
    run = multiscale.MultiScale.run

    def stop(self, progress=True, on_step=None):
        def after_some(step):
            steps.append(step)
            if len(steps) == 4:
                raise KeyboardInterrupt

        return run(self, progress, after_some)

    command = ("big_buck_bunny", "o.mp4", "--style", "great_wave", *SMALL)
    monkeypatch.setattr(multiscale.MultiScale, "run", stop)
    assert video(*command) == 130
    assert "1 of 3 frames are in o.mp4.frames. The same command with --resume" in (
        capsys.readouterr().out
    )
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert not (folder / "o.mp4").exists()
    assert video(*command) == 1
    assert "add --resume to continue it" in capsys.readouterr().err
    assert video(*command, "--seed", 5, "--resume") == 1
    assert "resume with the same settings" in capsys.readouterr().err


def test_resumed_run_ends_as_one_that_was_never_stopped(quick, folder, capsys):
    command = ("big_buck_bunny", "o.gif", "--style", "great_wave", *SMALL)
    assert video(*command) == 0
    whole = (folder / "o.gif").read_bytes()
    (folder / "o.gif").unlink()
    kept = stylize.video_run(
        nst.video.clips.find_clip("big_buck_bunny"),
        ["great_wave"],
        32,
        3.0,
        2,
        2,
        checkpoint=folder / "o.gif.frames",
        count=3,
        color="artwork",
        seed=0,
    )
    kept.resume()

    def stop(number, image):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.run(progress=False, on_frame=stop)
    capsys.readouterr()
    assert video(*command, "--resume") == 0
    assert "Continuing after 1 frames." in capsys.readouterr().out
    assert (folder / "o.gif").read_bytes() == whole
    assert [path.name for path in folder.iterdir()] == ["o.gif"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("nosuch", "o.mp4"), 1, "bundled clips are big_buck_bunny"),
        (("big_buck_bunny", "o.avi"), 1, "use .mp4, .webp, .gif"),
        (("mine.gif", "mine.gif"), 1, "is one of the files given"),
        (("big_buck_bunny", "mine.gif"), 1, "exists already"),
        (("text.mp4", "o.mp4"), 1, "cannot be read as a clip"),
        (("big_buck_bunny", "o.mp4", "--size", "0"), 2, "--size must be"),
        (("big_buck_bunny", "o.mp4", "--fps", "0"), 2, "--fps must be"),
        (("big_buck_bunny",), 2, "required: OUT"),
    ],
)
def test_mistake_is_a_sentence_and_nothing_is_touched(quick, folder, capsys, options, code, said):
    write_clip([nst.load_image("cat", 32)] * 2, "mine.gif")
    before = (folder / "mine.gif").read_bytes()
    (folder / "text.mp4").write_text("no clip")
    small = () if "--size" in options else SMALL
    assert video(*options, "--style", "great_wave", *small) == code
    assert said in capsys.readouterr().err
    assert (folder / "mine.gif").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["mine.gif", "text.mp4"]


def test_style_is_required(folder, capsys):
    assert video("big_buck_bunny", "o.mp4") == 2
    assert "--style" in capsys.readouterr().err
