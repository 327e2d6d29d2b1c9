"""Files of others: every orientation, range of numbers and color profile; formats by their name."""

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import torch
from PIL import Image, ImageCms

import nst_course as nst
from nst_course.images import read

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT = 48, 32
# Smooth, so that lossy formats keep it; without symmetry, so that every turn is seen.
RAMP = np.stack(
    [
        np.linspace(0, 255, WIDTH)[None].repeat(HEIGHT, 0),
        np.linspace(0, 255, HEIGHT)[:, None].repeat(WIDTH, 1),
        np.full((HEIGHT, WIDTH), 60.0),
    ],
    axis=2,
).astype(np.uint8)
UPRIGHT = torch.from_numpy(RAMP).permute(2, 0, 1)[None] / 255
# What a camera stores that marks a picture with this orientation: the opposite of its turn.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    return made


def loaded(path: Path, **options) -> torch.Tensor:
    """The image, where nothing may be said."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return nst.load_image(path, **options)


# ---------------------------------------------------------------- orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "lzw", "avif", "heic", "xmp"])
def test_orientation_is_applied_once_in_every_format(tmp_path, kind, orientation):
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](RAMP)))
    path, mark = tmp_path / "p", exif(orientation)
    if kind == "heic":
        pillow_heif.from_pillow(stored).save(path, quality=95, exif=mark.tobytes())
    elif kind == "xmp":
        text = f'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="{orientation}"/>'
        stored.save(path, "JPEG", quality=98, subsampling=0, xmp=text.encode())
    elif kind == "lzw":
        stored.save(path, "TIFF", exif=mark, compression="tiff_lzw")
    else:
        lossy = {"jpeg": {"quality": 98, "subsampling": 0}, "webp": {"quality": 98}}
        options = lossy.get(kind, {"quality": 95} if kind == "avif" else {})
        stored.save(path, kind.upper(), exif=mark, **options)
    assert sorted(read.picture_size(path)) == [HEIGHT, WIDTH]
    image = loaded(path)
    assert image.shape == UPRIGHT.shape
    assert (image - UPRIGHT).abs().mean() < 0.02
    turned = loaded(path, size=24)
    assert turned.shape == (1, 3, 16, 24)
    expected = torch.nn.functional.avg_pool2d(UPRIGHT, 2)
    assert (turned - expected).abs().mean() < 0.03


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_orientation_that_does_not_exist_is_none(tmp_path, orientation):
    Image.fromarray(RAMP).save(tmp_path / "p.png", exif=exif(orientation))
    assert torch.equal(loaded(tmp_path / "p.png"), UPRIGHT)


def test_size_is_read_from_the_header_alone(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2)).save(buffer, "PNG")
    head = bytearray(buffer.getvalue()[:33])
    head[16:24] = struct.pack(">II", 12_000, 10_000)
    head[29:33] = struct.pack(">I", zlib.crc32(head[12:29]))
    (tmp_path / "p").write_bytes(head + b"\0\0\0\1IDAT?")
    assert read.picture_size(tmp_path / "p") == (12_000, 10_000)
    (tmp_path / "p").write_bytes(b"no picture")
    with pytest.raises(nst.CourseError, match="it is not a picture"):
        read.picture_size(tmp_path / "p")


# ---------------------------------------------------------------- ranges of numbers

GRAY = np.arange(WIDTH * HEIGHT, dtype=np.float64).reshape(HEIGHT, WIDTH) / (WIDTH * HEIGHT - 1)
EXPECTED = torch.from_numpy(GRAY).float().expand(1, 3, HEIGHT, WIDTH)


def write_tiff(path: Path, values: np.ndarray, bits: int, kind: int, order="<", photometric=1):
    """A gray TIFF file by hand, because Pillow writes few of the kinds that it reads."""
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    height, width = values.shape
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, photometric)]
    tags += [(273, 8), (277, 1), (278, height), (279, len(data)), (339, kind)]
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(data))
    path.write_bytes(head + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("dtype", "white"),
    [("u1", 255), ("u2", 65535), ("u2", 255), ("u2", 1023), ("u2", 4095), ("u2", 16383)]
    + [("i2", 32767), ("i2", 4095), ("i2", 255)]
    + [("i4", 255), ("i4", 1023), ("i4", 4095), ("i4", 65535), ("u4", 255), ("u4", 65535)],
)
def test_integers_of_any_range_are_the_picture(tmp_path, dtype, white, order):
    values = np.round(GRAY * white).astype(dtype)
    bits = values.itemsize * 8
    if (dtype, order) == ("u4", ">"):
        pytest.skip("Pillow does not read these")
    write_tiff(tmp_path / "p.tif", values, bits, 2 if dtype[0] == "i" else 1, order)
    full = min(2**bits - 1, 65535) if dtype != "i2" else 32767
    if white < full:
        with pytest.warns(UserWarning, match=f"p.tif has values up to {white}, taken for"):
            image = nst.load_image(tmp_path / "p.tif")
    else:
        image = loaded(tmp_path / "p.tif")
    torch.testing.assert_close(image, EXPECTED, atol=1.01 / 255, rtol=0)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "u4", "f4"])
def test_numbers_outside_the_range_are_stretched_and_said(tmp_path, dtype):
    least, most = {"u4": (0, 2**32 - 1), "f4": (-3, 70)}.get(dtype, (-100, 100))
    values = (least + GRAY * (most - least)).round(0 if dtype[0] in "iu" else 9).astype(dtype)
    kind = {"i": 2, "u": 1, "f": 3}[dtype[0]]
    write_tiff(tmp_path / "p.tif", values, values.itemsize * 8, kind)
    with pytest.warns(UserWarning, match="p.tif has values from .* shown from black to white"):
        image = nst.load_image(tmp_path / "p.tif")
    torch.testing.assert_close(image, EXPECTED, atol=1.5 / 200, rtol=0)


def test_floats_of_0_to_1_are_what_they_are_and_infinite_ones_the_ends(tmp_path):
    values = GRAY.astype(np.float32)
    write_tiff(tmp_path / "p.tif", values, 32, 3)
    torch.testing.assert_close(loaded(tmp_path / "p.tif"), EXPECTED, atol=0.51 / 255, rtol=0)
    values[0, :3] = np.nan, np.inf, -np.inf
    write_tiff(tmp_path / "q.tif", values, 32, 3)
    assert loaded(tmp_path / "q.tif")[0, 0, 0, :3].tolist() == [0, 1, 0]


@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("u2", 16), ("f4", 32)])
def test_white_may_be_zero(tmp_path, dtype, bits):
    white = {"u1": 255, "u2": 65535, "f4": 1}[dtype]
    values = (GRAY * white).astype(dtype)
    write_tiff(tmp_path / "p.tif", values, bits, 3 if dtype == "f4" else 1, photometric=0)
    torch.testing.assert_close(loaded(tmp_path / "p.tif"), 1 - EXPECTED, atol=1.5 / 255, rtol=0)


def test_dark_photograph_of_16_bits_stays_dark(tmp_path):
    values = (GRAY * 9000).astype(np.uint16)
    write_tiff(tmp_path / "p.tif", values, 16, 1)
    Image.fromarray(values).save(tmp_path / "p.png")
    Image.fromarray((GRAY * 900).astype(np.uint16)).save(tmp_path / "darker.png")
    for name, most in (("p.tif", 9000), ("p.png", 9000), ("darker.png", 900)):
        expected = EXPECTED * most / 65535
        torch.testing.assert_close(loaded(tmp_path / name), expected, atol=0.01, rtol=0)


def write_deep_tiff(path: Path, values: np.ndarray, order: str, compression=1, planes=1):
    """A TIFF file of 16-bit colors (H, W, C), by hand; 4 channels are RGBA."""
    height, width, channels = values.shape
    values = values.astype(f"{order}u2")
    pieces = [values] if planes == 1 else np.moveaxis(values, 2, 0)
    data = [zlib.compress(p.tobytes()) if compression == 8 else p.tobytes() for p in pieces]
    lengths = [len(piece) for piece in data]
    starts = [8 + 8 * channels + sum(lengths[:k]) for k in range(len(data))]
    bits = struct.pack(f"{order}{channels}H", *[16] * channels).ljust(8 * channels, b"\0")
    after = 8 + 8 * channels + sum(lengths)
    tables = struct.pack(f"{order}{2 * len(data)}I", *starts, *lengths)
    at = (after, after + 4 * len(data)) if len(data) > 1 else (starts[0], lengths[0])
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, 8)]
    tags += [(259, 4, 1, compression), (262, 4, 1, 2), (273, 4, len(data), at[0])]
    tags += [(277, 4, 1, channels), (278, 4, 1, height), (279, 4, len(data), at[1])]
    tags += [(284, 4, 1, planes), *([(338, 4, 1, 2)] if channels == 4 else [])]
    entries = b"".join(struct.pack(f"{order}HHII", *tag) for tag in tags)
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, after + len(tables))
    count = struct.pack(f"{order}H", len(tags))
    path.write_bytes(head + bits + b"".join(data) + tables + count + entries + bytes(4))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("opacity", [None, 1.0, 0.5])
def test_colors_of_fewer_bits_in_16_are_the_picture(tmp_path, order, compression, bits, opacity):
    white = 2**bits - 1
    values = np.round(RAMP / 255 * white)
    expected = UPRIGHT
    if opacity is not None:  # of all 16 bits
        alpha = np.full((HEIGHT, WIDTH, 1), 65535 * opacity)
        values = np.concatenate([values, alpha], axis=2)
        expected = opacity * UPRIGHT + 1 - opacity  # on white
    write_deep_tiff(tmp_path / "p.tif", values, order, compression)
    if bits < 16:
        with pytest.warns(UserWarning, match=f"values up to {white}, taken for {bits} bits"):
            image = nst.load_image(tmp_path / "p.tif")
    else:
        image = loaded(tmp_path / "p.tif")
    torch.testing.assert_close(image, expected, atol=1.01 / 255, rtol=0)


def test_dark_colors_of_16_bits_stay_dark(tmp_path):
    values = np.round(RAMP / 255 * 9000)
    write_deep_tiff(tmp_path / "p.tif", values, "<")
    image = loaded(tmp_path / "p.tif")
    torch.testing.assert_close(image, UPRIGHT * 9000 / 65535, atol=1.01 / 255, rtol=0)


def test_colors_in_separate_planes_are_the_picture_or_a_sentence(tmp_path):
    write_deep_tiff(tmp_path / "p.tif", RAMP.astype(int) * 257, "<", compression=8, planes=2)
    assert torch.equal(loaded(tmp_path / "p.tif"), UPRIGHT)
    write_deep_tiff(tmp_path / "q.tif", RAMP.astype(int) * 257, "<", planes=2)
    with pytest.raises(nst.CourseError, match="q.tif has 16-bit colors in separate planes"):
        nst.load_image(tmp_path / "q.tif")
    write_deep_tiff(tmp_path / "r.tif", RAMP.astype(int) * 16, "<", compression=8, planes=2)
    with pytest.warns(UserWarning, match="uses the lowest 12, so it looks black"):
        nst.load_image(tmp_path / "r.tif")


# ---------------------------------------------------------------- color profiles


def wide_profile() -> bytes:
    """A profile of RGB whose red and green primaries are exchanged with sRGB's: easy to see."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {profile[132 + 12 * i : 136 + 12 * i].decode(): 132 + 12 * i for i in range(count)}
    for name in ("rXYZ", "gXYZ"):
        assert name in tags
    profile[tags["rXYZ"] : tags["rXYZ"] + 4] = b"gXYZ"
    profile[tags["gXYZ"] : tags["gXYZ"] + 4] = b"rXYZ"
    place = profile.find("sRGB".encode("utf-16-be"))
    while place >= 0:  # its description
        profile[place : place + 8] = "test".encode("utf-16-be")
        place = profile.find("sRGB".encode("utf-16-be"))
    return bytes(profile)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colors_are_converted_from_their_profile(tmp_path, kind, mode):
    if (kind, mode) == ("JPEG", "RGBA"):
        pytest.skip("there is no such file")
    path, profile = tmp_path / "p", wide_profile()
    Image.new(mode, (32, 32), (200, 60, 90)).save(path, kind, icc_profile=profile)
    image = loaded(path)
    expected = torch.tensor([60, 200, 90.0]).view(1, 3, 1, 1).expand_as(image) / 255
    torch.testing.assert_close(image, expected, atol=0.03, rtol=0)


@pytest.mark.parametrize("profile", [b"", b"no profile", wide_profile()[:300], b"\0" * 128])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_profile_that_is_broken_or_of_another_mode_does_not_cost_the_picture(
    tmp_path, profile, mode
):
    Image.new(mode, (32, 32), 120 if mode == "L" else (120,) * len(mode)).save(
        tmp_path / "p.tif", icc_profile=profile
    )
    Image.new(mode, (32, 32), 120 if mode == "L" else (120,) * len(mode)).save(tmp_path / "q.tif")
    assert torch.equal(loaded(tmp_path / "p.tif"), loaded(tmp_path / "q.tif"))


def test_gray_picture_with_a_profile_of_colors_stays_gray(tmp_path):
    Image.new("L", (8, 8), 120).save(tmp_path / "p.png", icc_profile=wide_profile())
    assert loaded(tmp_path / "p.png").unique().tolist() == pytest.approx([120 / 255])


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop", "a PostScript file"),
        (b"\xc5\xd0\xd3\xc6" + bytes(40), "an EPS file"),
        (b"%PDF-1.7\n", "a PDF file"),
        (b"\xd7\xcd\xc6\x9a\0\0" + bytes(40), "a WMF file"),
        (b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(60), "an EMF file"),
        (b"GRIB" + bytes(40), "a GRIB file"),
        (b"BUFR" + bytes(40), "a BUFR file"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"SIMPLE  =                    T", "a FITS file"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL file"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b"PK\x03\x04" + bytes(40), "a ZIP archive"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"\n<!DOCTYPE html><title>cat.jpg</title>", "a web page; download the picture"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
    ],
)
def test_format_of_another_kind_is_named_with_what_to_do(tmp_path, data, said):
    path = tmp_path / "holiday.png"
    path.write_bytes(data)
    with pytest.raises(nst.CourseError, match=rf"holiday\.png is {said}"):
        nst.load_image(path)


def test_raw_file_of_a_camera_is_named(tmp_path):
    Image.new("RGB", (160, 120)).save(tmp_path / "thumbnail.tif")
    (tmp_path / "thumbnail.tif").rename(tmp_path / "p.NEF")
    with pytest.raises(nst.CourseError, match=r"p\.NEF is a raw file of a camera, which cannot"):
        nst.load_image(tmp_path / "p.NEF")


@pytest.mark.parametrize("name", ["EPS", "WMF", "GRIB", "BUFR", "HDF5", "MPEG", "FITS", "IPTC"])
def test_formats_that_start_other_programs_are_not_opened(name):
    assert name not in read.FORMATS


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_pictures_of_phones_are_opened_whatever_they_are_called(tmp_path, kind):
    path = tmp_path / "IMG_0001.jpg"
    if kind == "heic":
        pillow_heif.from_pillow(Image.fromarray(RAMP)).save(path, quality=95)
    else:
        Image.fromarray(RAMP).save(path, "AVIF", quality=95)
    assert (loaded(path) - UPRIGHT).abs().mean() < 0.02
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(nst.CourseError, match=r"IMG_0001\.jpg is damaged"):
        nst.load_image(path)


def test_nothing_of_pillow_is_changed_by_reading_heic(tmp_path):
    code = (
        "import sys, nst_course as nst; from PIL import Image; Image.init()\n"
        "before = set(Image.OPEN), set(Image.SAVE)\n"
        "nst.load_image(sys.argv[1]); print((set(Image.OPEN), set(Image.SAVE)) == before)"
    )
    pillow_heif.from_pillow(Image.fromarray(RAMP)).save(tmp_path / "p.heic")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, tmp_path / "p.heic"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "True\n"


def test_without_its_library_heic_is_named_with_what_to_do(tmp_path, monkeypatch):
    pillow_heif.from_pillow(Image.fromarray(RAMP)).save(tmp_path / "p.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(nst.CourseError, match="is a HEIC file: run pip install pillow-heif"):
        nst.load_image(tmp_path / "p.heic")


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names")
def test_pipe_or_device_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "p.png")
    for path in (tmp_path / "p.png", os.devnull):
        with pytest.raises(nst.CourseError, match="is not a regular file"):
            nst.load_image(path)


# ---------------------------------------------------------------- cut off, and large


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [None, 24])
@pytest.mark.parametrize("missing", [2, 4])
def test_jpeg_that_lacks_its_last_bytes_is_loaded_with_a_warning(
    tmp_path, missing, size, progressive
):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.jpg", quality=90, progressive=progressive)
    whole = nst.load_image(tmp_path / "p.jpg", size)
    data = (tmp_path / "p.jpg").read_bytes()
    (tmp_path / "p.jpg").write_bytes(data[:-missing])
    with pytest.warns(UserWarning, match=r"p\.jpg is cut off at its end; what is there has been"):
        image = nst.load_image(tmp_path / "p.jpg", size)
    assert ((image - whole).abs().amax(1) > 0.02).float().mean() < 0.02
    (tmp_path / "p.jpg").write_bytes(data[: len(data) * 9 // 10])
    with pytest.raises(nst.CourseError, match=r"p\.jpg is damaged"):
        nst.load_image(tmp_path / "p.jpg", size)


@pytest.mark.slow
def test_jpeg_of_200_megapixels_is_scaled_down_while_it_is_decoded(tmp_path):
    Image.new("RGB", (16320, 12240), (255, 0, 0)).save(tmp_path / "p.jpg")
    image = nst.load_image(tmp_path / "p.jpg", size=512)
    assert image.shape == (1, 3, 384, 512) and image[0, 0].min() > 0.97
    with pytest.raises(nst.CourseError, match=r"more than 179 megapixels"):
        nst.load_image(tmp_path / "p.jpg")


def test_limit_of_pixels_is_that_of_what_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500_000)
    Image.new("RGB", (2000, 1500), "red").save(tmp_path / "p.jpg")
    assert nst.load_image(tmp_path / "p.jpg", size=100).shape == (1, 3, 75, 100)
    with pytest.raises(nst.CourseError, match=r"more than 1 megapixels"):
        nst.load_image(tmp_path / "p.jpg")
    monkeypatch.setattr(read, "MOST_JPEG_PIXELS", 2_000_000)
    with pytest.raises(nst.CourseError, match=r"more than 2 megapixels"):
        nst.load_image(tmp_path / "p.jpg", size=100)
    pillow_heif.from_pillow(Image.new("RGB", (1200, 1000))).save(tmp_path / "p.heic")
    with pytest.raises(nst.CourseError, match=r"more than 1 megapixels"):
        nst.load_image(tmp_path / "p.heic", size=100)
