"""The gallery: recipes in files, a page without anything from elsewhere, nothing replaced."""

import base64
import io
import re

import pytest
from bs4 import BeautifulSoup
from PIL import Image

import nst_course as nst

RECIPE = {"content": "cat", "style": "great_wave", "size": 64, "strength": 3.5}


@pytest.fixture
def folder(tmp_path):
    cat = nst.load_image("cat", 40)
    nst.save_image(cat, tmp_path / "2_the_cat.png", recipe=RECIPE)
    nst.save_image(cat, tmp_path / "10_<b>bold & co.jpg", recipe="text <i>with</i>\ntwo lines")
    nst.save_image(nst.load_image("brick", 30), tmp_path / "1 wall.webp")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def page_of(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("recipe", [RECIPE, {"Größe": "naïve „quotes“"}, "a text, 漢字", None])
def test_recipe_comes_back_from_the_file(tmp_path, ending, recipe):
    path = nst.save_image(nst.load_image("cat", 20), tmp_path / f"cat.{ending}", recipe=recipe)
    assert nst.read_recipe(path) == recipe
    assert nst.load_image(path).shape == nst.load_image("cat", 20).shape


def test_recipe_of_a_path_is_text_and_a_camera_writes_no_recipe(tmp_path):
    cat = nst.load_image("cat", 20)
    path = nst.save_image(cat, tmp_path / "cat.png", recipe={"content": tmp_path})
    assert nst.read_recipe(path) == {"content": str(tmp_path)}
    for text in ("OLYMPUS DIGITAL CAMERA", "[1]", '{"nst_course": 3}', "{"):
        tags = Image.Exif()
        tags[0x010E] = text
        nst.to_pil(cat).save(tmp_path / "photo.jpg", exif=tags)
        assert nst.read_recipe(tmp_path / "photo.jpg") is None


@pytest.mark.parametrize("recipe", [3, ["cat"], {"image": object()}])
def test_what_is_no_recipe_is_refused_before_anything_is_written(tmp_path, recipe):
    with pytest.raises(nst.CourseError, match="A recipe is a text"):
        nst.save_image(nst.load_image("cat", 20), tmp_path / "cat.png", recipe=recipe)
    assert not list(tmp_path.iterdir())


def test_page_has_every_picture_with_its_recipe_in_the_order_of_the_numbers(folder):
    path = nst.gallery(folder, "Five <works>", "First & foremost.\n\nSecond.")
    assert path == folder / "gallery.html"
    page = page_of(path)
    assert [h.text for h in page.find_all("h2")] == ["Wall", "The cat", "<b>bold & co"]
    assert page.h1.text == "Five <works>" and page.title.text == "Five <works>"
    assert [p.text for p in page.header.find_all("p")] == ["First & foremost.", "Second."]
    alts = [image["alt"] for image in page.find_all("img")]
    assert alts == ["wall", "the cat: cat in the style of great wave", "<b>bold & co"]
    assert [e.text for e in page.find_all(["dt", "dd"])] == [
        *("content", "cat", "style", "great_wave", "size", "64", "strength", "3.5")
    ]
    assert page.pre.text == "text <i>with</i>\ntwo lines"


def test_page_needs_nothing_from_elsewhere(folder):
    path = nst.gallery(folder)
    text = path.read_text("utf-8")
    assert "http" not in text and "url(" not in text and "<link" not in text
    for image in page_of(path).find_all("img"):
        kind, data = image["src"].split(",", 1)
        assert kind == "data:image/jpeg;base64"
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        assert picture.size == (int(image["width"]), int(image["height"]))


def test_no_file_is_replaced_unless_asked(folder):
    path = nst.gallery(folder)
    path.write_text("mine")
    with pytest.raises(nst.CourseError, match="exists already"):
        nst.gallery(folder)
    assert path.read_text() == "mine"
    nst.gallery(folder, overwrite=True)
    assert path.read_text() != "mine"
    other = nst.gallery(folder, path=folder / "pages" / "two.html")
    assert other.is_file()


def test_broken_files_are_named_and_the_others_are_shown(folder):
    (folder / "5_broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (folder / "6_empty.jpg").touch()
    with pytest.warns(UserWarning, match=r"Left out of the gallery: .*5_broken.*6_empty") as found:
        path = nst.gallery(folder)
    assert len(found) == 1
    assert len(page_of(path).find_all("figure")) == 3


def test_large_pictures_are_made_smaller(tmp_path):
    nst.save_image(nst.load_image("cat", 2000), tmp_path / "cat.jpg")
    (image,) = page_of(nst.gallery(tmp_path)).find_all("img")
    data = base64.b64decode(re.sub(".*,", "", image["src"]))
    assert max(Image.open(io.BytesIO(data)).size) == 1400


def test_a_folder_without_pictures_is_answered_in_a_sentence(tmp_path):
    with pytest.raises(nst.CourseError, match="no picture in"):
        nst.gallery(tmp_path)
    with pytest.raises(nst.CourseError, match="is not a folder"):
        nst.gallery(tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())
