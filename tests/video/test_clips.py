"""Clips to files and back: MP4, WebP, GIF; phones held upright; what is no clip."""

from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from PIL import Image

import nst_course as nst
from nst_course.video import bundled_clips, read_clip, write_clip


@pytest.fixture(scope="module")
def frames():
    """Six frames of flat colored fields that move, 33 × 48 px: an odd side."""
    fields = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    large = torch.nn.functional.interpolate(fields, (33, 48))
    return [large.roll(3 * number, 3) for number in range(6)]


@pytest.mark.parametrize("ending", ["mp4", "MP4", "webp", "gif"])
def test_round_trip_keeps_colors_order_and_speed(tmp_path, frames, ending):
    path = write_clip(frames, tmp_path / "new" / f"clip.{ending}", fps=12.5)
    clip = read_clip(path)
    assert len(clip.frames) == 6 and clip.fps == pytest.approx(12.5, rel=0.01)
    for number, (frame, read) in enumerate(zip(frames, clip.frames, strict=True)):
        assert read.shape[2:] in ((33, 48), (34, 48))  # H.264 has even sides
        difference = (read[:, :, :33] - frame).abs()
        middles = difference[:, :, 4::8, (4 + 3 * number) % 8 :: 8]  # of the fields
        assert middles.mean() < 0.016 and middles.max() < 0.1
    assert list(path.parent.iterdir()) == [path]


def test_frames_are_read_smaller_fewer_and_not_to_the_end(tmp_path, frames):
    path = write_clip(frames, tmp_path / "clip.mp4", fps=30)
    assert read_clip(path, size=24).frames[0].shape == (1, 3, 17, 24)
    half = read_clip(path, fps=15)
    assert len(half.frames) == 3 and half.fps == pytest.approx(15)
    whole = read_clip(path).frames
    assert torch.equal(half.frames[1], whole[3]) or torch.equal(half.frames[1], whole[2])
    assert len(read_clip(path, count=2).frames) == 2
    assert len(read_clip(path, fps=1000).frames) == 6


def test_every_player_can_play_the_mp4(tmp_path, frames):
    path = write_clip(frames, tmp_path / "clip.mp4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.pix_fmt == "yuv420p"
        assert stream.average_rate == Fraction(25)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # it plays before it is loaded


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_phone_that_was_held_upright(tmp_path, frames, turned, monkeypatch):
    """The rotation is in the file: written by hand into the matrix of the track."""
    path = write_clip(frames, tmp_path / "clip.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # version 0: the matrix comes after 40 bytes
    a, b = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turned]
    matrix = [a, b, 0, -b, a, 0, 0, 0, 0x4000]
    words = [
        value * (1 if number in (2, 5, 8) else 1) * 0x10000 for number, value in enumerate(matrix)
    ]
    data[at : at + 36] = np.array(words, ">i8").astype(">i4").tobytes()
    path.write_bytes(data)
    plain = read_clip(write_clip(frames, tmp_path / "plain.mp4")).frames[0]
    expected = plain.rot90(-turned // 90, (2, 3))  # the matrix turns clockwise
    assert torch.equal(read_clip(path).frames[0], expected)


def test_bundled_clip_moves_and_has_no_cut():
    clip = read_clip("big_buck_bunny", size=160)
    assert bundled_clips() == ["big_buck_bunny"]
    assert len(clip.frames) == 48 and clip.frames[0].shape == (1, 3, 90, 160) and clip.fps == 12.5
    assert (clip.frames[0] - clip.frames[20]).abs().mean() > 0.02
    assert nst.video.scene_cuts(clip.frames) == [0]


def test_colors_of_a_gif_are_the_same_in_all_frames(tmp_path, frames):
    noise = torch.rand(1, 3, 33, 48)
    path = write_clip([noise, noise.flip(2), noise], tmp_path / "clip.gif")
    one, _, same = read_clip(path).frames
    assert torch.equal(one, same)


def test_what_is_no_clip_is_a_sentence(tmp_path, frames):
    text, empty, folder = tmp_path / "text.mp4", tmp_path / "empty.gif", tmp_path / "folder"
    text.write_text("no clip")
    empty.touch()
    folder.mkdir()
    cut = write_clip(frames, tmp_path / "cut.webp")
    cut.write_bytes(cut.read_bytes()[:60])
    for path, words in [
        (text, "cannot be read as a clip"),
        (empty, "cannot be read as a clip"),
        (cut, "cannot be read as a clip"),
        (folder, "is a folder"),
        ("no_such_clip", "the bundled clips are big_buck_bunny"),
        (3, "is not a path"),
    ]:
        with pytest.raises(nst.CourseError, match=words):
            read_clip(path)
    for wrong in ({"size": 0}, {"fps": 0}, {"fps": "12"}, {"count": 0}):
        with pytest.raises(nst.CourseError):
            read_clip("big_buck_bunny", **wrong)


def test_clip_that_is_cut_off_gives_what_is_there(tmp_path):
    """A transport stream, as a camera writes it, has no index at its end."""
    picture = np.asarray(Image.effect_noise((64, 64), 60).convert("RGB"))
    path = tmp_path / "clip.ts"
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("mpeg4", 25)
        stream.width = stream.height = 64
        for _ in range(30):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 5 < len(read_clip(path).frames) < 30


def test_nothing_is_replaced_unasked(tmp_path, frames):
    path = tmp_path / "clip.webp"
    path.write_text("mine")
    with pytest.raises(nst.CourseError, match="exists already"):
        write_clip(frames, path, overwrite=False)
    assert path.read_text() == "mine"
    with pytest.warns(UserWarning, match="has been replaced"):
        write_clip(frames, path)
    for bad in ([], [frames[0], frames[0][..., :8]]):
        with pytest.raises(nst.CourseError, match="all of the same size"):
            write_clip(bad, tmp_path / "o.mp4")
    with pytest.raises(nst.CourseError, match="use .mp4, .webp, .gif"):
        write_clip(frames, tmp_path / "o.avi")
    with pytest.raises(nst.CourseError, match="cannot be written"):
        write_clip(frames, path / "o.mp4")
    with pytest.raises(nst.CourseError, match="fps"):
        write_clip(frames, tmp_path / "o.mp4", fps=0)
    assert not (tmp_path / "o.mp4").exists()
