"""Random files, arguments and checkpoints: a result, or one sentence; never anything else.

A small sample of each kind runs with the other tests, and all of it with ``-m slow``.
"""

import copy
import io
import math
import os
import warnings
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import nst_course as nst
from nst_course.cli import arguments, parsing
from nst_course.cli import command as cli
from nst_course.labs.uploads import safe_name
from nst_course.network import weights
from nst_course.transfer.checkpoint import load_checkpoint, save_checkpoint
from nst_course.transfer.multiscale import MultiScale, Scale

CASES = 2000
EVERYTHING = (pytest.mark.slow, pytest.mark.fuzz)
AMOUNTS = [pytest.param(40, id="sample"), pytest.param(CASES, id="all", marks=EVERYTHING)]
CORPUS = Path(os.environ.get("NST_COURSE_CORPUS", "no such folder"))  # of pictures
amounts = pytest.mark.parametrize("amount", AMOUNTS)


def cases(amount: int):
    """Hypothesis with so many cases, and without limits of time."""
    return settings(
        max_examples=amount,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def sentence(error: nst.CourseError) -> None:
    text = str(error)
    assert len(text) < 600 and "\n" not in text and text.endswith((".", "?")), text


# ---------------------------------------------------------------- files

FORMATS = ["JPEG", "progressive", "PNG", "16 bit", "GIF", "WEBP", "TIFF", "LZW", "BMP", "AVIF"]
FORMATS += ["HEIC", "JPEG2000", "ICO", "PPM", "TGA", "PSD", "QOI"]


def picture_file(kind: str) -> bytes:
    """A small file of the kind, with an orientation and a color profile where it has them."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 3), dtype=np.uint8)
    picture, buffer = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    if kind == "progressive":
        picture.save(buffer, "JPEG", progressive=True, exif=exif)
    elif kind == "16 bit":
        Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257).save(buffer, "PNG")
    elif kind == "LZW":
        picture.save(buffer, "TIFF", compression="tiff_lzw")
    elif kind == "HEIC":
        pillow_heif.from_pillow(picture).save(buffer)
    elif kind == "PSD":  # Pillow reads it only: a header, no layers, and raw colors
        head = b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\x14\0\0\0\x1c\0\x08\0\3" + bytes(12) + bytes(2)
        return head + pixels.transpose(2, 0, 1).tobytes()
    else:
        with_exif = {"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF") else {}
        picture.save(buffer, kind, **with_exif)
    return buffer.getvalue()


FILES = {kind: picture_file(kind) for kind in FORMATS}
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "delete", "insert", "cut", "repeat"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, edits: list) -> bytes:
    for kind, where, new in edits:
        place = int(where * where * len(data))  # rather in the head
        if kind == "flip":
            data = data[:place] + new + data[place + len(new) :]
        elif kind == "delete":
            data = data[:place] + data[place + len(new) :]
        elif kind == "insert":
            data = data[:place] + new + data[place:]
        elif kind == "repeat":
            data = data[:place] + data[max(0, place - 40) : place] + data[place:]
        else:
            data = data[: max(1, place)]
    return data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@amounts
def test_any_file_is_an_image_or_a_sentence(folder, amount):
    path = folder / "p"

    @cases(amount)
    @given(st.sampled_from(FORMATS), EDITS, st.sampled_from([None, 8, 40]))
    def load(kind, edits, size):
        path.write_bytes(edited(FILES[kind], edits))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = nst.load_image(path, size)
            except nst.CourseError as error:
                sentence(error)
            else:
                assert image.dtype == torch.float32 and image.shape[:2] == (1, 3)
                assert 0 <= image.min() <= image.max() <= 1
                assert size is None or max(image.shape) == size or size < 3

    load()


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.skipif(not CORPUS.is_dir(), reason="NST_COURSE_CORPUS names no folder")
def test_every_file_of_a_corpus_is_an_image_or_a_sentence():
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert files
    for path in files:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = nst.load_image(path, 64)
            except nst.CourseError as error:
                sentence(error)
            else:
                assert max(image.shape) == 64 and image.isfinite().all(), path


@amounts
def test_any_bytes_are_an_image_or_a_sentence(folder, amount):
    path = folder / "b"
    heads = [data[:n] for data in FILES.values() for n in (4, 12, 40)]

    @cases(amount)
    @given(st.sampled_from([b"", *heads]), st.binary(max_size=300))
    def load(head, tail):
        path.write_bytes(head + tail)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                nst.load_image(path, 16)
            except nst.CourseError as error:
                sentence(error)

    load()


@amounts
def test_any_text_is_a_name_of_a_picture_or_a_sentence(folder, amount):
    @cases(amount)
    @given(st.text(st.characters(), max_size=300) | st.binary(max_size=20).map(os.fsdecode))
    def use(text):
        for action in (
            lambda: nst.load_image(text),
            lambda: nst.save_image(torch.zeros(1, 3, 2, 2), text + ".gif"),
        ):
            try:
                action()
            except nst.CourseError as error:
                sentence(error)
                str(error).encode()  # can be printed
        name = safe_name(text)
        assert name and "/" not in name and "\0" not in name and name not in (".", "..")
        assert len(os.fsencode(name)) <= 255

    use()


# ---------------------------------------------------------------- arguments

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=5)
    | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8]
DTYPES += [torch.bool, torch.complex64]
TENSORS = st.builds(
    lambda shape, dtype, value, device: torch.full(shape, value, device=device).to(dtype),
    st.lists(st.integers(0, 20), max_size=5)
    | st.tuples(st.just(1), st.just(3), st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(DTYPES),
    st.sampled_from([0.0, 0.5, 1.0, -1.0, 300.0, 7e4, math.inf, math.nan]),
    st.sampled_from(["cpu", "cpu", "cpu", "meta"]),
)
ANYTHING = JUNK | TENSORS
SETTINGS = {
    "content_layers": st.sampled_from([["relu1_1"], {"conv2_1": 0.5}, "relu3_1", [], ["relu5_1"]]),
    "style_layers": st.sampled_from([["relu1_1"], {"relu2_1": 2}, (), ["pool5"], ["nosuch"]]),
    "content_weight": st.floats(0, 1e6),
    "style_weight": st.floats(0, 1e6),
    "tv_weight": st.floats(0, 1e6),
    "init": st.sampled_from(["content", "recolored", "style", "noise"]),
    "optimizer": st.sampled_from(["lbfgs", "adam"]),
    "seed": st.integers(0, 2**62),
    "learning_rate": st.none() | st.floats(0, 10),
    "precision": st.sampled_from(["auto", "float32"]),
    "tile": st.sampled_from([None, "auto", 8, 16]),
    "statistic": st.sampled_from([nst.gram_matrix, nst.covariance, nst.mean_and_std]),
}
FUNCTIONS = [
    (nst.content_loss, 2),
    (nst.style_loss, 2),
    (nst.gram_matrix, 1),
    (nst.covariance, 1),
    (nst.mean_and_std, 1),
    (nst.shifted_gram_matrix, 1),
    (nst.total_variation, 1),
    (nst.to_pil, 1),
    (nst.layer_names, 1),
]


@amounts
def test_functions_of_anything_give_a_result_or_a_sentence(amount):
    @cases(amount)
    @given(st.sampled_from(FUNCTIONS), ANYTHING, ANYTHING, st.booleans())
    def call(function, first, second, same):
        function, count = function
        values = [first, first if same else second][:count]
        try:
            function(*values)
        except nst.CourseError as error:
            sentence(error)

    call()


@amounts
def test_a_run_of_any_settings_gives_an_image_or_a_sentence(narrow_backbone, amount):
    images = st.builds(
        lambda h, w, seed: torch.rand((1, 3, h, w), generator=torch.Generator().manual_seed(seed)),
        st.integers(1, 40),
        st.integers(1, 40),
        st.integers(0, 3),
    )
    usual = st.fixed_dictionaries({}, optional=SETTINGS)
    wrong = st.dictionaries(st.sampled_from([*SETTINGS, "terms"]), ANYTHING, max_size=1)

    @cases(amount)
    @given(images | TENSORS, images | TENSORS, usual, wrong)
    def run(content, style, settings, mistake):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                transfer = nst.StyleTransfer(
                    content, style, narrow_backbone, **{**settings, **mistake}
                )
                result = transfer.run(2, progress=False)
            except nst.CourseError as error:
                sentence(error)
            else:
                assert result.image.shape == content.shape and result.image.isfinite().all()
                assert 0 <= result.image.min() <= result.image.max() <= 1

    run()


@amounts
def test_any_command_line_is_options_or_a_sentence(amount, capsys):
    options = [a for a in arguments.parser()._actions if a.dest == "command"][0].choices["render"]
    flags = [flag for action in options._actions for flag in action.option_strings]
    flags = [flag for flag in flags if flag not in ("-h", "--help")]
    words = st.text(max_size=12) | st.integers().map(str) | st.floats().map(str)
    words |= st.sampled_from([*flags, *flags, "render", "cat", "--", "-o"])

    @cases(amount)
    @given(st.lists(words, max_size=8))
    def parse(given_words):
        given_words = [w for w in given_words if w not in ("-h", "--help")]
        try:
            arguments.parser().parse_args(["render", "cat", "great_wave", *given_words])
        except parsing.UsageError as error:
            assert str(error).endswith("--help.")
        except SystemExit as error:  # an abbreviation of --help
            assert error.code == 0
            capsys.readouterr()

    parse()
    assert cli.main(["render"]) == 2


# ---------------------------------------------------------------- checkpoints


@pytest.fixture(scope="module")
def written(folder):
    """A run's checkpoint, and how to resume it."""
    parameters = weights.random_parameters("vgg16", widths=(2, 2, 2, 2, 2))
    backbone = nst.Backbone("vgg16", parameters)
    photo = nst.load_image("cat", 24)

    def make(size, start):
        layers = {"content_layers": ["relu1_1"], "style_layers": ["relu1_1"]}
        return nst.StyleTransfer(photo, photo.flip(3), backbone, **layers)

    def begin():
        return MultiScale(make, [Scale(24, 4)], folder / "c", {"seed": 0})

    first = begin()
    first.run(progress=False)
    first.save()
    return begin, (folder / "c").read_bytes()


@amounts
def test_any_damage_of_a_checkpoint_is_found(written, folder, amount):
    begin, data = written

    @cases(amount)
    @given(EDITS)
    def resume(edits):
        damaged = edited(data, edits)
        (folder / "c").write_bytes(damaged)
        try:
            begin().resume()
        except nst.CourseError as error:
            sentence(error)
        else:
            assert damaged == data

    resume()


@amounts
def test_any_flipped_bit_of_a_checkpoint_is_found(written, folder, amount):
    begin, data = written

    @cases(amount)
    @given(st.integers(0, 8 * len(data) - 1))
    def resume(bit):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        (folder / "c").write_bytes(damaged)
        with pytest.raises(nst.CourseError) as caught:
            begin().resume()
        sentence(caught.value)

    resume()


@amounts
def test_any_state_with_a_right_checksum_is_resumed_or_refused(written, folder, amount):
    begin, data = written
    (folder / "c").write_bytes(data)
    state = load_checkpoint(folder / "c")
    places = [(name,) for name in state] + [("transfer", name) for name in state["transfer"]]
    places += [("settings", name) for name in state["settings"]]

    @cases(amount)
    @given(st.sampled_from(places), ANYTHING, st.booleans())
    def resume(place, value, remove):
        changed = copy.deepcopy(state)
        *path, last = place
        inner = changed
        for name in path:
            inner = inner[name]
        if remove:
            del inner[last]
        else:
            inner[last] = value
        try:
            save_checkpoint(folder / "c", changed)
        except (TypeError, ValueError, nst.CourseError, NotImplementedError, RuntimeError):
            return  # no state that a checkpoint can hold
        try:
            run = begin()
            run.resume()
            run.run(progress=False)
        except nst.CourseError as error:
            sentence(error)

    resume()
