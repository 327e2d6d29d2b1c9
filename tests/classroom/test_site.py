"""What `nst-course site` makes pages of: links, pictures, exercises, labs; and where it writes."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from nst_course.classroom.cells import exercises_of, is_picture
from nst_course.classroom.site import build
from nst_course.classroom.site.home import add_gallery, add_glossary, card, opening, section
from nst_course.classroom.site.labs import add_labs
from nst_course.classroom.site.material import Material, slug
from nst_course.classroom.site.reading import add_notebook
from nst_course.cli.command import main
from nst_course.errors import CourseError
from nst_course.glossary_entries import entries

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def material(tmp_path):
    """A small repository."""
    for name, text in {
        "docs/a.md": "# A\n\n[b](sub/b.md)",
        "docs/sub/b.md": "# B\n\n[a](../a.md), [code](../../code.py)",
        "code.py": "print(1)\n",
        "teaching/exam.md": "# Answers",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    Image.new("RGB", (300, 100)).save(tmp_path / "wide.png")
    return Material(tmp_path)


def test_links_are_followed_until_nothing_is_missing(material):
    material.add_markdown("index.md", "[a](docs/a.md#The-part)")
    material.follow_links()
    assert material.pages["index.md"] == "[a](docs/a.md#the-part)"
    assert set(material.pages) == {"index.md", "docs/a.md", "docs/sub/b.md", "code.py.md"}
    assert "[code](../../code.py.md)" in material.pages["docs/sub/b.md"]
    assert "```python\nprint(1)\n```" in material.pages["code.py.md"]


@pytest.mark.parametrize("address", ["nowhere.md", "../outside.md", "docs/none.png"])
def test_a_link_to_nothing_is_named(material, address):
    with pytest.raises(CourseError, match=f"page.md leads to {re.escape(address)}"):
        material.add_markdown("page.md", f"[words]({address})")


def test_pages_with_answers_stay_in_the_repository(material):
    assert material.adapted("see [the exam](teaching/exam.md).", "page.md") == "see the exam."
    assert material.adapted("[all](teaching)", "page.md") == "all"


def test_addresses_elsewhere_and_code_stay_as_they_are(material):
    text = "[x](https://x.org/a.md) ![y](https://x.org/y.png)\n\n```\n[b](nowhere.md)\n```\n"
    assert material.adapted(text, "page.md") == text


def test_a_picture_has_its_size_and_its_text(material):
    shown = material.adapted('![He said "no" & left](../wide.png)', "docs/a.md")
    assert 'src="../wide.png" alt="He said &quot;no&quot; &amp; left" width="300"' in shown
    assert 'class="picture wide" href="../wide.png"' in shown
    assert material.files == {"wide.png": material.root / "wide.png"}


@pytest.mark.parametrize(
    "heading", ["The loop, from scratch", "α against β", "The gallery, and a row of your own"]
)
def test_anchors_of_jupyter_and_of_github_are_the_same_here(heading):
    assert slug(heading) == slug(heading.replace(" ", "-"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_page_to_read(path):
    material, book = Material(ROOT), nbformat.read(path, as_version=4)
    name = f"notebooks/{path.name}"
    add_notebook(book, name, material)
    page = nbformat.reads(material.pages[name], as_version=4)
    text = "\n".join(cell.source for cell in page.cells)
    outputs = [output for cell in page.cells for output in cell.get("outputs", [])]
    shown = json.dumps(outputs)
    assert not [kind for one in outputs for kind in one.get("data", {}) if "image" in kind]
    assert "Not attempted" not in shown and "is not right yet" not in shown
    assert "exercises solved" not in shown
    for exercise in exercises_of(book):
        assert exercise.stub.strip() in text and exercise.code.strip() not in text
        assert all(hint in text for hint in exercise.hints)
    stored = [o for cell in book.cells for o in cell.get("outputs", []) if is_picture(o)]
    assert shown.count('class=\\"picture') == len(stored)
    assert len([name for name in material.files if name.startswith("pictures/")]) == len(stored)
    heard = [o for cell in book.cells for o in cell.get("outputs", []) if "<audio" in str(o)]
    assert shown.count("<audio") == str(heard).count("<audio")
    portable = nbformat.reads(material.files[f"download/{name}"].decode(), as_version=4)
    nbformat.validate(portable)
    assert [c.id for c in portable.cells] == [c.id for c in book.cells]
    assert not any("](../assets/" in c.source for c in portable.cells if "![" in c.source)


@pytest.mark.parametrize(
    ("name", "count"), [("07_mixing_styles", 1), ("09_video_and_sound", 2), ("10_fast_networks", 1)]
)
def test_a_lab_takes_the_place_of_its_picture(name, count):
    material, path = Material(ROOT), f"notebooks/{name}.ipynb"
    book = nbformat.read(ROOT / path, as_version=4)
    labs = add_labs(material, [path])[path]
    add_notebook(book, path, material, labs)
    text = "\n".join(c.source for c in nbformat.reads(material.pages[path], as_version=4).cells)
    assert len(labs) == count and "_lab.jpg" not in text
    for lab in labs:
        assert text.count(lab) == 1 and "\n\n" not in lab


def test_every_place_of_the_knobs_has_its_frame():
    labs = json.loads((ROOT / "assets/frames/labs.json").read_text("utf-8"))
    total = 0
    for number, lab in labs.items():
        frames = {f.stem: f for f in (ROOT / "assets/frames" / number).glob("*.webp")}
        places = [""]
        for knob in lab["knobs"]:
            assert 0 <= knob["start"] < len(knob["values"])
            places = [f"{p}-{n}".strip("-") for p in places for n in range(len(knob["values"]))]
        assert set(frames) == set(places), number
        sounds = list((ROOT / "assets/frames" / number).glob("*.mp3"))
        assert {sound.stem for sound in sounds} == set(places if lab.get("sounds") else ())
        total += sum(sound.stat().st_size for sound in sounds)
        for frame in frames.values():
            with Image.open(frame) as opened:
                assert list(opened.size) == lab["size"], frame
        lab["alt"].format(*(knob["label"] for knob in lab["knobs"]))
        assert len(lab.get("notes", [])) in (0, len(lab["knobs"][0]["values"]))
        total += sum(f.stat().st_size for f in frames.values())
    assert total < 4e6


def test_home_says_what_the_readme_and_the_notebooks_say():
    for path in NOTEBOOKS:
        made = card(f"notebooks/{path.name}", nbformat.read(path, as_version=4), README)
        assert made.name.startswith(path.name[:2]) and made.question.endswith("?")
        assert made.minutes and (ROOT / made.picture).is_file()
    assert "python3 course.py" in section(README, "Two commands")
    assert section(README, "No such section") == ""
    assert opening(README) and "![" not in opening(README) and "#" not in opening(README)


def test_the_glossary_has_every_term_and_leads_to_its_notebook():
    material = Material(ROOT)
    add_glossary(material, {path.name[:2]: f"notebooks/{path.name}" for path in NOTEBOOKS})
    page = material.pages["nst_course/glossary.md"]
    assert all(f"**{term}**" in page for term in entries())
    assert "**Gram matrix** ([03](../notebooks/03_gram_matrix_style_loss.ipynb)):" in page


def test_the_gallery_shows_each_picture_once(material):
    (material.root / "assets/gallery").mkdir(parents=True)
    for name in ("one.jpg", "05_lab.jpg"):
        Image.new("RGB", (8, 8)).save(material.root / "assets/gallery" / name)
    text = "![A wave](assets/gallery/one.jpg) ![A lab](assets/gallery/05_lab.jpg)"
    (material.root / "README.md").write_text(text)
    add_gallery(material, {"README.md": text, "docs/a.md": "![Again](../assets/gallery/one.jpg)"})
    page = material.pages["gallery.md"]
    assert page.count("<img") == 1 and "A wave. [Where it is shown](README.md)" in page


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """`write_site` with pages that Sphinx has not made; a list of their names can be changed."""
    names = ["index.html", "old.html"]

    def made(material, room):
        for name in names:
            (room / "pages").mkdir(exist_ok=True)
            (room / "pages" / name).write_text("page")
        return room / "pages", []

    monkeypatch.setattr(build, "collected", lambda notebooks, source: Material(ROOT))
    monkeypatch.setattr(build, "run_sphinx", made)
    return names


def test_a_folder_of_someone_else_is_left_alone(quick, tmp_path):
    (tmp_path / "index.html").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(CourseError, match="not empty, and no site of the course"):
            build.write_site(tmp_path, NOTEBOOKS, overwrite=overwrite)
    assert (tmp_path / "index.html").read_text() == "mine"
    with pytest.raises(CourseError, match="not a folder"):
        build.write_site(tmp_path / "index.html", NOTEBOOKS)


def test_a_later_site_replaces_an_earlier_one_and_nothing_else(quick, tmp_path):
    out = tmp_path / "site"
    build.write_site(out, NOTEBOOKS)
    with pytest.raises(CourseError, match="exists; choose another folder, or add --overwrite"):
        build.write_site(out, NOTEBOOKS)
    (out / "CNAME").write_text("mine")
    quick[:] = ["index.html", "new.html"]
    build.write_site(out, NOTEBOOKS, overwrite=True)
    visible = {p.name for p in out.iterdir() if not p.name.startswith(".")}
    assert visible == {"index.html", "new.html", "CNAME"}
    quick.append("CNAME")
    with pytest.raises(CourseError, match="CNAME is another file"):
        build.write_site(out, NOTEBOOKS, overwrite=True)
    assert (out / "CNAME").read_text() == "mine"


def test_the_command_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    assert main(["site", str(tmp_path / "site")]) == 1
    message = capsys.readouterr().err
    assert 'pip install ".[site]"' in message and message.count("\n") == 1
    assert not (tmp_path / "site").exists()
