"""What every committed notebook keeps to, and that the links of README and notebooks resolve.

The last part turns on the tests themselves: a notebook that breaks a rule must fail it.
"""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 1_500_000  # bytes: GitHub shows larger files slowly, and history keeps every version
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes"}
MARKDOWN_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
HTML_LINK = re.compile(r"<(?:a|img)\b[^>]*?(?:href|src)=\"([^\"]*)\"")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def links(text: str) -> list[tuple[bool, str, str]]:
    """(is an image, text or alt text, target) of every Markdown link outside code."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [(mark == "!", words, target) for mark, words, target in MARKDOWN_LINK.findall(text)]


def anchors(text: str) -> set[str]:
    """The headings of a page as JupyterLab names them in links."""
    return {heading.strip().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.M)}


def broken_links(text: str, folder: Path) -> list[str]:
    """Targets of relative links that do not exist, and of links with an unsafe address."""
    broken = []
    for target in [target for _, _, target in links(text)] + HTML_LINK.findall(text):
        if target.startswith("#"):
            if target[1:] not in anchors(text):
                broken.append(target)
        elif "://" in target:
            if not target.startswith("https://"):
                broken.append(target)
        elif not (folder / target.split("#")[0]).exists():
            broken.append(target)
    return broken


def test_notebook_is_valid(notebook):
    nbformat.validate(notebook)
    assert notebook.nbformat == 4 and notebook.nbformat_minor >= 5
    assert notebook.metadata.kernelspec == KERNEL


def test_notebook_is_small_enough_to_show(path):
    assert path.stat().st_size < LARGEST


def test_outputs_come_from_one_run_of_a_clean_kernel(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_output_is_an_error_or_a_warning(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", f"{cell.id}: {output.get('text', '')[:200]}"


def test_nothing_of_a_widget_is_stored(notebook):
    assert "widgets" not in notebook.metadata
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {}), cell.id


def test_every_cell_has_a_slide_mark_and_a_readable_id(notebook):
    for cell in notebook.cells:
        assert cell.metadata.slideshow.slide_type in SLIDE_TYPES, cell.id
        assert re.fullmatch(r"[a-z]+[a-z0-9]*([-_][a-z0-9]+)*", cell.id), f"{cell.id} is no word"
        assert not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), f"{cell.id} is not a word"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_notebook_opens_with_a_title_a_picture_and_the_question(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert any(image for image, _, _ in links(first.source))
    assert "question" in first.source.lower()


def test_the_first_code_cell_and_no_other_sets_up(notebook):
    first, *others = (cell.source for cell in code_cells(notebook))
    assert "import nst_course as nst" in first
    assert "nst.preset()" in first
    for source in others:
        assert "import nst_course" not in source and "nst.preset()" not in source


def test_cells_can_be_read_at_a_glance(notebook):
    for cell in code_cells(notebook):
        if "exercise" not in cell.metadata.get("tags", []):
            assert len(cell.source.splitlines()) <= 25, cell.id
    for cell in code_cells(notebook):
        assert max(map(len, cell.source.splitlines())) <= 120, cell.id


def test_questions_come_before_the_answers(notebook):
    text = markdown(notebook)
    assert text.count("**Predict.**") >= 2
    assert "**What to see.**" in text


def test_images_have_a_text_for_those_who_cannot_see_them(notebook):
    text = markdown(notebook)
    for is_image, words, target in links(text):
        assert not is_image or len(words) >= 10, target
    for tag in re.findall(r"<img [^>]*>", text):
        assert re.search(r'alt="[^"]{10,}"', tag), tag


def test_stored_figures_have_a_text_for_those_who_cannot_see_them(notebook, path):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            for kind in filter(lambda kind: kind.startswith("image/"), output.get("data", {})):
                assert len(output.metadata.get(kind, {}).get("alt", "")) >= 10, cell.id


def test_links_of_a_notebook_resolve(notebook, path):
    assert broken_links(markdown(notebook), path.parent) == []


def test_notebook_names_its_neighbours(notebook, path):
    position = NOTEBOOKS.index(path)
    text = markdown(notebook)
    for neighbour in NOTEBOOKS[max(0, position - 1) : position + 2]:
        assert neighbour == path or f"({neighbour.name}" in text, neighbour.name


def test_notebook_does_not_speak_of_the_quick_mode(path):
    assert "NST_COURSE_QUICK" not in path.read_text(encoding="utf-8")


def test_a_notebook_of_the_course_has_three_exercises(notebook, path):
    tagged = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    assert path.name.startswith("00") or len(tagged) >= 3


def test_cells_that_refresh_their_output_are_not_compared(notebook):
    for cell in code_cells(notebook):
        if "LiveView(" in cell.source:
            assert "nbval-ignore-output" in cell.metadata.get("tags", []), cell.id


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "assets/images/SOURCES.md",
        "assets/weights/SOURCES.md",
    ],
)
def test_links_of_a_page_resolve(name):
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    assert broken_links(text, page.parent) == []
    for is_image, words, target in links(text):
        assert not is_image or len(words) >= 10, target


def test_readme_lists_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        assert f"(notebooks/{path.name})" in readme


def test_every_bundled_image_has_a_source_and_a_licence():
    table = (ROOT / "assets/images/SOURCES.md").read_text(encoding="utf-8")
    for path in (ROOT / "assets/images").glob("*.jpg"):
        assert path.name in table


# ---------------------------------------------------------------- the tests themselves

WORDS = "a cat painted like a wave"


@pytest.fixture
def good(tmp_path, monkeypatch):
    """A notebook that keeps to everything, the second of two; alone among the notebooks."""
    (tmp_path / "hero.jpg").touch()
    markdown_cell, code_cell = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        markdown_cell(f"# Title\n\n![{WORDS}](hero.jpg)\n\n**The question.** Why?", id="title"),
        markdown_cell("[before](00_a.ipynb) **Predict.** **Predict.** **What to see.**", id="text"),
        code_cell("import nst_course as nst\npreset = nst.preset()", id="set-up"),
        code_cell("nst.plots.LiveView(3)", id="live"),
        *[code_cell("pass", id=f"exercise-{i}") for i in range(3)],
    ]
    for cell in cells:
        cell.metadata.slideshow = {"slide_type": "slide"}
    for count, cell in enumerate(cells[2:], start=1):
        cell.execution_count = count
        cell.metadata.tags = ["exercise"] if count > 2 else ["nbval-ignore-output"]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    monkeypatch.setitem(globals(), "NOTEBOOKS", [tmp_path / "00_a.ipynb", tmp_path / "01_b.ipynb"])
    (tmp_path / "00_a.ipynb").touch()
    return notebook


def fill(cell: int, **attributes):
    return lambda notebook: notebook.cells[cell].update(attributes)


def output(kind: str, **content):
    made = nbformat.v4.new_output(kind, **content)
    return lambda notebook: notebook.cells[3].outputs.append(made)


WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
BREAKAGES = [
    (test_notebook_is_valid, lambda notebook: notebook.metadata.kernelspec.update(name="conda")),
    (test_notebook_is_valid, fill(0, cell_type="prose")),
    (test_notebook_is_small_enough_to_show, fill(0, source="x" * LARGEST)),
    (test_outputs_come_from_one_run_of_a_clean_kernel, fill(3, execution_count=7)),
    (test_outputs_come_from_one_run_of_a_clean_kernel, fill(2, execution_count=None)),
    (test_no_output_is_an_error_or_a_warning, output("error", ename="E", evalue="", traceback=[])),
    (test_no_output_is_an_error_or_a_warning, output("stream", name="stderr", text="oh")),
    (test_nothing_of_a_widget_is_stored, output("display_data", data=WIDGET)),
    (test_nothing_of_a_widget_is_stored, lambda notebook: notebook.metadata.update(widgets={})),
    (test_every_cell_has_a_slide_mark_and_a_readable_id, fill(1, metadata={"slideshow": {}})),
    (test_every_cell_has_a_slide_mark_and_a_readable_id, fill(1, id="title")),
    (test_every_cell_has_a_slide_mark_and_a_readable_id, fill(1, id="3f8a11c2")),
    (test_notebook_opens_with_a_title_a_picture_and_the_question, fill(0, source="# A question")),
    (test_the_first_code_cell_and_no_other_sets_up, fill(2, source="import torch")),
    (test_the_first_code_cell_and_no_other_sets_up, fill(3, source="import nst_course")),
    (test_cells_can_be_read_at_a_glance, fill(3, source="x\n" * 30)),
    (test_questions_come_before_the_answers, fill(1, source="**Predict.**")),
    (test_images_have_a_text_for_those_who_cannot_see_them, fill(0, source="![](hero.jpg)")),
    (test_images_have_a_text_for_those_who_cannot_see_them, fill(0, source='<img src="hero.jpg">')),
    (
        test_stored_figures_have_a_text_for_those_who_cannot_see_them,
        output("display_data", data={"image/jpeg": ""}, metadata={"image/jpeg": {"alt": ""}}),
    ),
    (test_links_of_a_notebook_resolve, fill(1, source="[here](nowhere.ipynb)")),
    (test_links_of_a_notebook_resolve, fill(1, source="[here](#No-such-heading)")),
    (test_links_of_a_notebook_resolve, fill(1, source='<img src="nothing.jpg">')),
    (test_notebook_names_its_neighbours, fill(1, source="no link")),
    (test_notebook_does_not_speak_of_the_quick_mode, fill(1, source="NST_COURSE_QUICK")),
    (test_a_notebook_of_the_course_has_three_exercises, fill(4, metadata={})),
    (test_cells_that_refresh_their_output_are_not_compared, fill(3, metadata={})),
]


@pytest.mark.parametrize(
    ("rule", "damage"), BREAKAGES, ids=lambda part: getattr(part, "__name__", "")[5:]
)
def test_notebook_that_breaks_a_rule_fails_it(good, tmp_path, rule, damage):
    damaged = copy.deepcopy(good)
    damage(damaged)

    def check(notebook):
        path = tmp_path / "01_b.ipynb"
        path.write_text(nbformat.v4.writes_json(notebook), encoding="utf-8")
        given = {"notebook": notebook, "path": path}
        names = rule.__code__.co_varnames[: rule.__code__.co_argcount]
        rule(**{name: given[name] for name in names})

    check(good)
    with pytest.raises((AssertionError, AttributeError, nbformat.ValidationError)):
        check(damaged)


@pytest.mark.slow
def test_cell_that_runs_out_of_time_fails_the_run_however_it_ends(tmp_path):
    """Three notebooks through pytest: one breaks off, one ends early and quietly, one is a copy."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    quietly = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass"
    small = "import os\nassert os.environ['NST_COURSE_QUICK'] == '1'"
    for name, sources in {
        "breaks_off.ipynb": [small, "import time\ntime.sleep(60)", "pass"],
        "quietly.ipynb": [small, quietly],
        ".ipynb_checkpoints/copy.ipynb": ["1 / 0"],
    }.items():
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / name)
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path]
    command += ["-p", "no:cacheprovider", "--nbval-cell-timeout=2", "-rA", "--color=no", tmp_path]
    environment = {name: v for name, v in os.environ.items() if name != "NST_COURSE_QUICK"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 1
    said = sorted(re.findall(r"^(PASSED|FAILED) (\S+::Cell \d)", ran.stdout, re.MULTILINE))
    assert said == [
        ("FAILED", "breaks_off.ipynb::Cell 1"),
        ("FAILED", "breaks_off.ipynb::Cell 2"),
        ("FAILED", "quietly.ipynb::Cell 1"),
        ("PASSED", "breaks_off.ipynb::Cell 0"),
        ("PASSED", "quietly.ipynb::Cell 0"),
    ]
