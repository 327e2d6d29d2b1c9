"""The doodle lab in JupyterLab: painting with the pointer and with the keys, undo, files, a run."""

import re

from PIL import Image

from tests.browser.test_labs import (  # noqa: F401  # noqa: F401
    MINUTE,
    LabPage,
    chromium,
    jupyter,
    open_lab,
    pages,
    pytestmark,
    sync_api,
)

COUNTS = "[lab.painter.regions.count(k) for k in range(3)]"


def stroke(lab: LabPage, *points: tuple[float, float]) -> None:
    """Draw through places that are given as fractions of the picture."""
    box = lab.lab.get_by_role("application").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    lab.page.mouse.move(*places[0])
    lab.page.mouse.down()
    for place in places[1:]:
        lab.page.mouse.move(*place, steps=8)
    lab.page.mouse.up()


def region_at(lab: LabPage, x: float, y: float) -> int:
    size = "lab.painter.size"
    return lab.ask(
        f"int(lab.painter.regions[int({y} * {size}[1]) * {size}[0] + int({x} * {size}[0])])"
    )


def test_doodle_lab(open_lab, pages, tmp_path):  # noqa: F811
    lab = open_lab("08_control")
    lab.wait_for_status("Press Play, or Step")
    assert lab.fills_the_page()
    canvas = lab.lab.get_by_role("application")
    sync_api.expect(canvas).to_have_attribute("aria-label", re.compile("Painting region 1"))
    lab.keep(pages / "08_start.png")

    # With the pointer: from one place to another, and everything between them.
    lab.choose_toggle("Region 2")
    sync_api.expect(canvas).to_have_attribute("aria-label", re.compile("Painting region 2"))
    assert region_at(lab, 0.8, 0.2) == 1
    before = lab.ask(COUNTS)
    stroke(lab, (0.7, 0.2), (0.9, 0.2))
    assert lab.becomes(f"{COUNTS} != {before}")
    assert [region_at(lab, x, 0.2) for x in (0.71, 0.8, 0.89)] == [2, 2, 2]
    assert region_at(lab, 0.8, 0.5) == 1
    lab.press("Undo")
    assert lab.becomes(f"{COUNTS} == {before}")
    lab.choose_toggle("Erase")
    stroke(lab, (0.05, 0.95), (0.5, 0.95))
    assert lab.becomes(f"{COUNTS}[0] > 100")
    erased = lab.ask(COUNTS)[0]

    # Without the pointer.
    canvas.focus()
    lab.page.keyboard.press("2")
    assert lab.becomes("lab.region.value == 2")
    size = lab.ask("lab.brush.value")
    lab.page.keyboard.press("]")
    assert lab.becomes(f"lab.brush.value > {size}")
    for _ in range(60):
        lab.page.keyboard.press("ArrowRight")
        lab.page.keyboard.press("ArrowUp")
    lab.page.keyboard.press(" ")
    assert lab.becomes(
        "lab.painter.regions[lab.painter.size[0] - 1] == 2"
    )  # the upper right corner
    lab.page.keyboard.press("u")
    assert lab.becomes("lab.painter.regions[lab.painter.size[0] - 1] == 1")

    # The part of an artwork that counts.
    lab.choose("Paint on", "artwork of region 2")
    sync_api.expect(canvas).to_have_attribute("aria-label", re.compile("the artwork of region 2"))
    stroke(lab, (0.3, 0.3), (0.7, 0.3), (0.7, 0.6))
    assert lab.becomes("any(lab.sources[1].regions) and not any(lab.sources[0].regions)")
    lab.choose("Paint on", "the photograph")

    # Files.
    lab.press("Save masks")
    lab.wait_for_status("Saved my_regions.png, my_regions-1.png, my_regions-2.png")
    with Image.open(lab.jupyter.folder / "course/notebooks/my_regions.png") as picture:
        assert picture.size == tuple(lab.ask("lab.painter.size"))
        mine = tmp_path / "mine.png"
        picture.copy().transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mine)
    lab.upload("Upload a map", mine)
    lab.wait_for_status("The map is loaded")
    assert lab.ask(COUNTS)[0] == erased
    lab.press("Undo")

    # A run.
    picture = lab.lab.locator("img[alt*='the image'], img[alt*='the initial image']").last
    before = picture.get_attribute("src")
    lab.press("Reset")
    lab.press("Play")
    lab.wait_for_status(r"Step \d\d of", minutes=3)
    sync_api.expect(picture).not_to_have_attribute("src", before, timeout=MINUTE)
    lab.page.wait_for_timeout(5000)
    lab.press("Pause")
    lab.wait_for_status("Paused")
    lab.keep(pages / "08_lab.png")
    Image.new("RGB", (120, 90), "green").save(tmp_path / "garden.png")
    lab.upload("Upload a photo", tmp_path / "garden.png")
    lab.wait_for_status("Press Reset to start again")
    sync_api.expect(canvas).to_have_attribute("aria-label", re.compile("garden.png"))
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []
