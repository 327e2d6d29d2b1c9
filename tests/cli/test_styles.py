"""Several artworks, regions and colors on the command line."""

import pytest
import torch

import nst_course as nst
from nst_course.cli import command as cli
from nst_course.images.color import gray
from nst_course.transfer import style_transfer as transfer

SMALL = ("--size", "48", "--steps", "2")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with masks: of the upper half, a black one, and a text."""
    monkeypatch.chdir(tmp_path)
    mask = torch.zeros(1, 3, 40, 60)
    nst.save_image(mask, "black.png")
    mask[:, :, :20] = 1
    nst.save_image(mask, "top.png")
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


@pytest.fixture
def styles(quick, monkeypatch):
    """The styles of every transfer that is built."""
    built = []
    build = transfer.StyleTransfer.__init__

    def note(self, content, style, *rest, **settings):
        built.append(style)
        build(self, content, style, *rest, **settings)

    monkeypatch.setattr(transfer.StyleTransfer, "__init__", note)
    return built


def render(*arguments: str) -> int:
    return cli.main(["render", *arguments, *SMALL])


def test_styles_come_with_their_weights(folder, styles):
    assert render("cat", "--style", "great_wave", "--style", "summertime=0.3", "-o", "o.png") == 0
    assert [style.weight for style in styles[0]] == [1.0, 0.3]
    wave = nst.load_image("great_wave", 48)
    assert torch.equal(styles[0][0].image, wave)


def test_positional_artwork_is_the_first_of_them_wherever_it_stands(folder, styles):
    assert render("cat", "-o", "one.png", "great_wave") == 0
    assert render("cat", "great_wave", "-o", "o.png", "--style", "summertime=2") == 0
    assert [[style.weight for style in found] for found in styles[:1]] == [[1.0]]
    assert [style.weight for style in styles[-1]] == [1.0, 2.0]


def test_region_belongs_to_the_artwork_before_it(folder, styles):
    options = ("--style", "great_wave", "--region", "top.png", "--style", "summertime")
    assert render("cat", *options, "-o", "o.png") == 0
    first, second = styles[0]
    assert first.region[0, 0, 0, 0] == 1 and first.region[0, 0, -1, 0] == 0
    assert second.region is None


def test_photograph_stays_outside_of_the_only_region(folder, styles):
    assert render("cat", "great_wave", "--region", "top.png", "-o", "o.png") == 0
    found, cat = nst.load_image("o.png"), nst.load_image("cat", 48)
    assert (found - cat)[:, :, 18:].abs().max() < 1 / 255
    assert (found - cat)[:, :, :14].abs().mean() > 0.02


def test_color_is_kept_by_either_option(folder, quick):
    assert render("cat", "great_wave", "--keep-color", "-o", "one.png") == 0
    assert render("cat", "great_wave", "--color", "photograph", "-o", "two.png") == 0
    assert (folder / "one.png").read_bytes() == (folder / "two.png").read_bytes()
    added = nst.load_image("one.png") - nst.load_image("cat", 48)
    assert (added - gray(added)).abs().mean() < 0.01


def test_file_whose_name_has_an_equals_sign_is_a_file(folder, styles):
    nst.save_image(nst.load_image("summertime", 60), "a=2.png")
    assert render("cat", "--style", "a=2.png", "-o", "o.png") == 0
    assert render("cat", "--style", "a=2.png=0.5", "--style", "great_wave", "-o", "p.png") == 0
    assert [style.weight for style in styles[-1]] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--style", "great_wave=x"], 2, "the weight must be a number of at least 0 (you gave x)"),
        (["--style", "great_wave=-1"], 2, "the weight must be a number of at least 0"),
        (["great_wave", "--region", "top.png", "--region", "top.png"], 2, "the region top.png"),
        (["--region", "top.png", "--style", "great_wave"], 2, "and there is none"),
        (["great_wave", "--color", "blue"], 2, "artwork, palette, photograph (you gave blue)"),
        ([], 2, "required: style"),
        (["great_wave", "--region", "nosuch.png"], 1, 'no bundled image "nosuch.png"'),
        (["great_wave", "--region", "text.png"], 1, "not a picture"),
        (["great_wave", "--region", "black.png"], 1, "black.png is black"),
        (["great_wave", "--style", "."], 1, "is a folder"),
        (["--style", "great_wave=0"], 1, "weight 0"),
    ],
)
def test_mistakes_are_one_sentence(folder, quick, capsys, given, code, said):
    assert render("cat", *given, "-o", "o.png") == code
    errors = capsys.readouterr().err.replace("\r", "\n").splitlines()
    (sentence,) = [line for line in errors if line.startswith("nst-course: ")]
    assert said in sentence and not (folder / "o.png").exists()


def test_neither_mask_nor_artwork_is_replaced(folder, quick, capsys):
    before = (folder / "top.png").read_bytes()
    nst.save_image(nst.load_image("summertime", 60), "mine.png")
    for name in ("top.png", "mine.png"):
        options = ("great_wave", "--region", "top.png", "--style", "mine.png", "--overwrite")
        assert render("cat", *options, "-o", name) == 1
        assert "is one of the pictures given" in capsys.readouterr().err
    assert (folder / "top.png").read_bytes() == before


def test_folder_of_artworks_is_mixed_with_the_others_one_by_one(folder, styles):
    (folder / "art").mkdir()
    for name in ("great_wave", "mona_lisa"):
        nst.save_image(nst.load_image(name, 60), f"art/{name}.png")
    assert render("cat", "art", "--style", "summertime=0.5", "-o", "out") == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "cat_great_wave.png",
        "cat_mona_lisa.png",
    ]
    assert all([style.weight for style in found] == [1.0, 0.5] for found in styles[:1])
