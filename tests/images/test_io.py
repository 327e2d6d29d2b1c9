"""Pictures between files and tensors: every mode, every damage, nothing lost on the way."""

import io
import os
import random
import struct
import warnings
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
from PIL import Image, ImageOps

import nst_course as nst
from nst_course.images import convert
from nst_course.images import io as images

RED, WHITE, DARK = (1, 0, 0), (1, 1, 1), (13000 / 65535,) * 3

# Mode, color in it, and the RGB that it stands for.
MODES = {
    "1": (1, WHITE),
    "L": (51, (0.2, 0.2, 0.2)),
    "LA": ((0, 102), (0.6, 0.6, 0.6)),
    "RGB": ((255, 0, 0), RED),
    "RGBA": ((255, 0, 0, 102), (1, 0.6, 0.6)),
    "RGBa": ((102, 0, 0, 102), (1, 0.6, 0.6)),
    "RGBX": ((255, 0, 0, 7), RED),
    "CMYK": ((0, 255, 255, 0), RED),
    "YCbCr": ((51, 128, 128), (0.2, 0.2, 0.2)),
    "LAB": ((255, 128, 128), WHITE),
    "HSV": ((0, 255, 255), RED),
    "I;16": (13000, DARK),
    "I;16L": (13000, DARK),
    "I;16B": (13000, DARK),
    "I": (13000, DARK),
    "F": (0.2, (0.2, 0.2, 0.2)),
}
IN_FILES = [
    *[("PNG", mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")],
    *[("TIFF", mode) for mode in ("L", "CMYK", "LAB", "I;16", "I;16B", "I", "F", "RGBA")],
    *[("JPEG", mode) for mode in ("L", "RGB", "CMYK", "YCbCr")],
    *[("WEBP", mode) for mode in ("RGB", "RGBA")],
]


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def assert_color(image: torch.Tensor, color: tuple, tolerance: float) -> None:
    expected = torch.tensor(color, dtype=torch.float32).view(1, 3, 1, 1).expand_as(image)
    torch.testing.assert_close(image, expected, atol=tolerance, rtol=0)


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("name", nst.bundled_images())
def test_bundled_picture_is_rgb_float32_in_0_to_1(name):
    image = nst.load_image(name, size=64)
    assert image.dtype == torch.float32
    assert image.dim() == 4 and image.shape[:2] == (1, 3) and max(image.shape[2:]) == 64
    assert 0 <= image.min() < image.max() <= 1


@pytest.mark.parametrize("mode", MODES)
def test_mode_is_read_as_the_color_it_stands_for(mode):
    color, expected = MODES[mode]
    image = images.from_pil(convert.to_rgb(Image.new(mode, (3, 2), color)))
    assert image.shape == (1, 3, 2, 3)
    assert_color(image, expected, tolerance=1.01 / 255)


@pytest.mark.parametrize(("file_format", "mode"), IN_FILES)
def test_mode_is_read_from_a_file(tmp_path, file_format, mode):
    color, expected = MODES[mode]
    Image.new(mode, (16, 8), color).save(tmp_path / "picture", file_format)
    image = nst.load_image(tmp_path / "picture")
    assert image.shape == (1, 3, 8, 16) and image.dtype == torch.float32
    assert_color(image, expected, tolerance=3 / 255)


@pytest.mark.parametrize("transparent", [False, True])
def test_palette_is_looked_up_and_its_transparency_laid_over_white(tmp_path, transparent):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    picture.save(tmp_path / "p.png", **({"transparency": 1} if transparent else {}))
    assert_color(nst.load_image(tmp_path / "p.png"), WHITE if transparent else RED, 0)
    with_alpha = Image.new("RGBA", (4, 4), (255, 0, 0, 255)).convert("PA")
    assert_color(images.from_pil(convert.to_rgb(with_alpha)), RED, 0)


@pytest.mark.parametrize("values", [(-5.0, 10.0), (0.0, 200.0)])
def test_floats_beyond_0_to_1_are_stretched_from_darkest_to_brightest(tmp_path, values):
    row = np.linspace(*values, 9, dtype=np.float32)[None]
    Image.fromarray(row).save(tmp_path / "f.tiff")
    with pytest.warns(UserWarning, match="shown from black to white"):
        image = nst.load_image(tmp_path / "f.tiff")
    expected = torch.linspace(0, 1, 9).expand(1, 3, 1, 9)
    torch.testing.assert_close(image, expected, atol=0.51 / 255, rtol=0)


def test_floats_that_are_not_finite_do_not_reach_the_image():
    row = np.array([[0.5, np.nan, np.inf, -np.inf]], dtype=np.float32)
    image = images.from_pil(convert.to_rgb(Image.fromarray(row)))
    assert image.isfinite().all() and image[0, 0, 0, 0] == pytest.approx(0.5, abs=1 / 255)


@pytest.mark.parametrize("mark", range(1, 9))
def test_rotation_mark_of_a_camera_is_applied(tmp_path, mark):
    picture = Image.fromarray(noise(5, 3))
    exif = Image.Exif()
    exif[0x0112] = mark
    picture.save(tmp_path / "p.png", exif=exif)
    with Image.open(tmp_path / "p.png") as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))
    shown = np.asarray(nst.to_pil(nst.load_image(tmp_path / "p.png")))
    np.testing.assert_array_equal(shown, expected)
    assert shown.shape == ((3, 5, 3) if mark < 5 else (5, 3, 3))


def test_broken_mark_of_a_camera_does_not_cost_the_picture(tmp_path):
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    resolution_as_text = struct.pack("<HHI4s", 0x011A, 2, 4, b"1/72")  # should be two integers
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + turned + resolution_as_text + bytes(20)
    Image.new("RGB", (8, 4), "red").save(tmp_path / "p.jpg", exif=exif)
    assert nst.load_image(tmp_path / "p.jpg").shape == (1, 3, 8, 4)


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "mpo", "tiff"])
def test_first_frame_of_an_animation_is_read(tmp_path, ending):
    if ending == "mpo" and int(PIL.__version__.split(".")[0]) < 11:
        pytest.skip("Pillow 10 writes MPO files that it cannot read")
    first, *rest = (Image.new("RGB", (128, 96), color) for color in ("red", "lime", "blue"))
    options = {} if ending in ("mpo", "tiff") else {"duration": 100}
    first.save(tmp_path / f"a.{ending}", save_all=True, append_images=rest, **options)
    assert_color(nst.load_image(tmp_path / f"a.{ending}"), RED, tolerance=4 / 255)


def test_icon_of_20_pixels_is_read_and_enlarged(tmp_path):
    Image.new("RGBA", (20, 20), "red").save(tmp_path / "i.ico", sizes=[(20, 20)])
    assert nst.load_image(tmp_path / "i.ico").shape == (1, 3, 20, 20)
    assert_color(nst.load_image(tmp_path / "i.ico", size=50), RED, 0)


# ---------------------------------------------------------------- size


@pytest.mark.parametrize("size", [1, 7, 30, 64, 200])
@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (33, 33), (100, 1)])
def test_size_is_the_longer_side_and_the_shape_is_kept(tmp_path, size, shape):
    Image.new("RGB", shape).save(tmp_path / "p.png")
    height, width = nst.load_image(tmp_path / "p.png", size).shape[2:]
    assert max(height, width) == size
    for side, full in ((width, shape[0]), (height, shape[1])):
        assert side == max(1, round(full * size / max(shape)))


def test_without_a_size_the_picture_keeps_its_own(tmp_path):
    pixels = noise(31, 17)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    expected = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    assert torch.equal(nst.load_image(tmp_path / "p.png"), expected)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_reducing_keeps_the_mean_color_of_every_quarter(tmp_path, ending):
    quarters = np.random.default_rng(0).integers(60, 200, (2, 2, 3)).astype(np.uint8)
    Image.fromarray(quarters.repeat(400, 0).repeat(400, 1)).save(tmp_path / f"p.{ending}")
    small = nst.load_image(tmp_path / f"p.{ending}", size=40)
    inner = torch.stack(
        [small[0, :, y : y + 8, x : x + 8].mean((1, 2)) for y in (6, 26) for x in (6, 26)]
    )
    expected = torch.from_numpy(quarters.reshape(4, 3) / 255).float()
    torch.testing.assert_close(inner, expected, atol=0.02, rtol=0)


def test_jpeg_of_60_megapixels_is_reduced_to_256(tmp_path):
    Image.new("RGB", (10000, 6000), "red").save(tmp_path / "p.jpg")
    image = nst.load_image(tmp_path / "p.jpg", size=256)
    assert image.shape == (1, 3, 154, 256)
    assert_color(image, RED, tolerance=4 / 255)


@pytest.mark.parametrize("size", [0, -3, 2.5, "256", True, float("nan")])
def test_size_that_is_no_number_of_pixels_is_refused(size):
    with pytest.raises(nst.CourseError, match="size is the longer side"):
        nst.load_image("cat", size)


def test_size_that_no_memory_holds_is_refused():
    with pytest.raises(nst.CourseError, match="megapixels; choose a smaller size"):
        nst.load_image("cat", 200_000)


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_truncated_file_is_named_in_a_sentence(tmp_path, file_format, tenth):
    whole = io.BytesIO()
    Image.fromarray(noise(120, 80)).save(whole, file_format)
    path = tmp_path / "holiday.jpg"
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) * tenth // 10])
    for size in (None, 20):
        with pytest.raises(nst.CourseError, match=r"holiday\.jpg (is damaged|cannot be opened)"):
            nst.load_image(path, size)


@pytest.mark.parametrize("seed", range(25))
def test_random_bytes_are_no_picture(tmp_path, seed):
    (tmp_path / "p.jpg").write_bytes(random.Random(seed).randbytes(seed * 40))
    with pytest.raises(nst.CourseError, match=r"p\.jpg"):
        nst.load_image(tmp_path / "p.jpg")


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_give_an_image_or_one_sentence(tmp_path, seed):
    """Whatever a decoder makes of a damaged file, nothing but a CourseError comes out."""
    chance = random.Random(seed)
    file_format = chance.choice(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
    whole = io.BytesIO()
    Image.fromarray(noise(40, 30)).save(whole, file_format)
    data = bytearray(whole.getvalue())
    for _ in range(8):
        data[chance.randrange(min(len(data), 600))] = chance.randrange(256)
    (tmp_path / "p.jpg").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on what it found
        try:
            image = nst.load_image(tmp_path / "p.jpg", size=16)
        except nst.CourseError as error:
            assert "p.jpg" in str(error)
        else:
            assert image.shape[1] == 3 and image.isfinite().all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"Dear student, this is not a picture.", "is not a picture"),
        (b"P6 0 0 255\n", "holiday.jpg"),
        (b"GIF89a" + bytes(7) + b";", "holiday.jpg"),
    ],
    ids=["empty", "text", "no pixels", "no size"],
)
def test_file_without_a_picture_says_so(tmp_path, content, reason):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(nst.CourseError, match=reason) as caught:
        nst.load_image(path)
    assert str(path) in str(caught.value)


def test_decompression_bomb_is_refused_and_a_large_photograph_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    Image.new("1", (1200, 1200)).save(tmp_path / "large.png")
    Image.new("1", (1500, 1500)).save(tmp_path / "bomb.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nst.load_image(tmp_path / "large.png", size=8).shape == (1, 3, 8, 8)
        with pytest.raises(nst.CourseError, match=r"bomb\.png has more than 2 megapixels"):
            nst.load_image(tmp_path / "bomb.png", size=8)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read all")
def test_file_without_the_right_to_read_it_says_so(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "p.png")
    (tmp_path / "p.png").chmod(0)
    with pytest.raises(nst.CourseError, match=r"p\.png cannot be read \(Permission denied\)"):
        nst.load_image(tmp_path / "p.png")


def test_refusal_of_the_system_is_not_called_damage(tmp_path, monkeypatch):
    Image.new("RGB", (4, 4)).save(tmp_path / "p.png")

    def refuse(path, formats):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(nst.CourseError, match=r"p\.png cannot be read \(Permission denied\)"):
        nst.load_image(tmp_path / "p.png")


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("great wave", "great_wave"),
        ("Great_Wave", "great_wave"),
        ("great_wave.jpg", "great_wave"),
        ("pictures/mona_lsa.png", "mona_lisa"),
        ("Astronout", "astronaut"),
    ],
)
def test_unknown_name_suggests_the_nearest(asked, meant):
    with pytest.raises(nst.CourseError, match=f'did you mean "{meant}"'):
        nst.load_image(asked)


@pytest.mark.parametrize("name", ["qqqq", "x" * 5000, "~nobody-of-this-name/p.jpg", "a\0b"])
def test_name_like_no_other_lists_the_bundled_ones(name):
    with pytest.raises(nst.CourseError, match="the bundled images are astronaut"):
        nst.load_image(name)


@pytest.mark.parametrize("name", [None, 3, "", b"cat", ["cat"]])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(nst.CourseError, match="An image is a bundled name or a path"):
        nst.load_image(name)


def test_folder_is_refused_but_does_not_hide_a_bundled_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cat").mkdir()
    Path("holidays").mkdir()
    assert nst.load_image("cat", size=8).shape[3] == 8
    with pytest.raises(nst.CourseError, match="holidays is a folder"):
        nst.load_image("holidays")


def test_path_may_be_a_string_or_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Image.new("RGB", (4, 2)).save(tmp_path / "p.png")
    assert nst.load_image(str(tmp_path / "p.png")).shape == nst.load_image("~/p.png").shape


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("ending", "file_format", "tolerance"),
    [("png", "PNG", 0), ("PNG", "PNG", 0), ("tif", "TIFF", 0), ("tiff", "TIFF", 0)]
    + [("jpg", "JPEG", 0.02), ("jpeg", "JPEG", 0.02), ("webp", "WEBP", 0.03)],
)
def test_picture_survives_the_way_to_a_file_and_back(tmp_path, ending, file_format, tolerance):
    smooth = nst.load_image("cat", size=96)
    path = nst.save_image(smooth, tmp_path / "new folder" / f"p.{ending}")
    with Image.open(path) as picture:
        assert picture.format == file_format and picture.mode == "RGB"
    error = (nst.load_image(path) - smooth).abs()
    assert error.mean() <= tolerance and error.max() <= 10 * tolerance
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_values_are_clamped_and_rounded_to_the_nearest_of_256(tmp_path):
    values = torch.linspace(-0.5, 1.5, 3 * 40 * 7).view(1, 3, 40, 7)
    shown = np.asarray(nst.to_pil(values))
    exact = np.clip(values[0].permute(1, 2, 0).double().numpy(), 0, 1) * 255
    assert np.abs(shown - exact).max() <= 0.5 + 1e-4
    assert shown.min() == 0 and shown.max() == 255


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_float_type_and_a_gradient_are_fine_for_a_picture(dtype):
    image = torch.full((1, 3, 2, 4), 0.25, dtype=dtype, requires_grad=True)
    assert nst.to_pil(image).size == (4, 2) == nst.to_pil(image[0]).size
    assert nst.to_pil(image).getpixel((0, 0)) == (64, 64, 64)


@pytest.mark.parametrize(
    "image",
    [
        torch.zeros(2, 3, 4, 4),
        torch.zeros(1, 4, 4, 4),
        torch.zeros(4, 4),
        torch.zeros(1, 3, 0, 4),
        torch.full((1, 3, 4, 4), torch.nan),
        np.zeros((4, 4, 3)),
        None,
    ],
    ids=["batch", "four channels", "flat", "no rows", "nan", "array", "nothing"],
)
def test_what_is_no_image_is_not_written(tmp_path, image):
    with pytest.raises(nst.CourseError, match="image"):
        nst.save_image(image, tmp_path / "p.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("interruption", [OSError, KeyboardInterrupt, RuntimeError])
def test_interrupted_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, interruption):
    path = nst.save_image(torch.zeros(1, 3, 8, 8), tmp_path / "p.png")
    before = path.read_bytes()

    def half(picture, place, **options):
        Path(place).write_bytes(before[:20])
        raise interruption("in the middle")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises((nst.CourseError, KeyboardInterrupt, RuntimeError), match="in the middle"):
        nst.save_image(torch.ones(1, 3, 8, 8), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["picture", "picture.bmp3", "picture.gif", ".png", "a.png.txt"])
def test_ending_without_a_format_names_those_that_have_one(tmp_path, name):
    for refuse in (
        lambda path: nst.save_image(torch.zeros(1, 3, 4, 4), path),
        images.check_output,
    ):
        with pytest.raises(nst.CourseError, match=r"^Cannot save .*; use \.png, \.jpg, \.tif or"):
            refuse(tmp_path / name)


@pytest.mark.parametrize("place", ["folder.png", "file/p.png", "~nobody-of-this-name/p.png"])
def test_place_that_cannot_be_written_is_found_before_and_while_saving(tmp_path, place):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("not a folder")
    path = Path(place) if place.startswith("~") else tmp_path / place
    for refuse in (
        images.check_output,
        lambda path: nst.save_image(torch.zeros(1, 3, 4, 4), path),
    ):
        with pytest.raises(nst.CourseError):
            refuse(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.png"]


def test_check_of_a_good_place_leaves_nothing_there(tmp_path):
    images.check_output(tmp_path / "new" / "p.png")
    assert list((tmp_path / "new").iterdir()) == []


def test_picture_too_wide_for_a_format_says_so(tmp_path):
    with pytest.raises(nst.CourseError, match=r"p\.webp cannot be written .*choose another"):
        nst.save_image(torch.zeros(1, 3, 1, 16384), tmp_path / "p.webp")
    with pytest.raises(nst.CourseError, match="path"):
        nst.save_image(torch.zeros(1, 3, 4, 4), None)
