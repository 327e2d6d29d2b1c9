"""What every committed notebook keeps to, and that the links of README and notebooks resolve."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 1_500_000  # bytes: GitHub shows larger files slowly, and history keeps every version
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes"}
MARKDOWN_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


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
    for _, _, target in links(text):
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
    assert notebook.metadata.kernelspec.name == "python3"


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
        assert not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), f"{cell.id} is not a word"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_notebook_opens_with_a_title_a_picture_and_the_question(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert any(image for image, _, _ in links(first.source))
    assert "question" in first.source.lower()


def test_the_first_code_cell_sets_up_and_forecasts(notebook):
    set_up = code_cells(notebook)[0].source
    assert "import nst_course as nst" in set_up
    assert "nst.preset()" in set_up


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
    "name", ["README.md", "assets/images/SOURCES.md", "assets/weights/SOURCES.md"]
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
