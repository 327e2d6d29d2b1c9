"""The style mixer in JupyterLab: the point in the triangle, with the pointer and with the keys."""

import re

import pytest
from PIL import Image

from tests.browser.test_labs import (  # noqa: F401
    LabPage,
    chromium,
    jupyter,
    open_lab,
    pages,
    pytestmark,
    sync_api,
)

WEIGHTS = "list(lab.pad.weights)"


def move(lab: LabPage, x: float, y: float) -> None:
    """Drag the point to a place in the triangle, given in its own 300 units."""
    box = lab.lab.get_by_role("application").bounding_box()
    scale = box["width"] / 300
    lab.page.mouse.move(box["x"] + 150 * scale, box["y"] + 180 * scale)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=5)
    lab.page.mouse.up()


def test_style_mixer(open_lab, pages, tmp_path):  # noqa: F811
    lab = open_lab("07_mixing_styles")
    assert lab.fills_the_page()
    triangle = lab.lab.get_by_role("application")
    sync_api.expect(triangle).to_have_attribute("aria-label", re.compile("great wave 33 %"))
    sync_api.expect(triangle.locator("image")).to_have_count(3)
    lab.press("Play")
    lab.wait_for_status(r"Step \d\d of")

    move(lab, 150, 78)  # the corner at the top
    assert lab.becomes(f"{WEIGHTS} == [1.0, 0.0, 0.0]")
    sync_api.expect(triangle).to_have_attribute("aria-label", re.compile("great wave 100 %"))
    lab.page.wait_for_timeout(1000)
    move(lab, 20, 290)  # outside, beyond the corner at the left
    assert lab.becomes(f"{WEIGHTS} == [0.0, 1.0, 0.0]")
    lab.page.wait_for_timeout(1000)

    triangle.focus()  # without the pointer
    for _ in range(6):
        lab.page.keyboard.press("ArrowRight")
    assert lab.becomes("abs(lab.pad.weights[2] - 1 / 3) < 0.01")
    lab.page.keyboard.press("ArrowUp")
    assert lab.becomes("lab.pad.weights[0] > 0.05")
    handle, readout = lab.slider("Top")
    handle.focus()
    lab.page.keyboard.press("ArrowRight")
    assert lab.becomes("round(100 * lab.pad.weights[0]) == lab.sliders[0].value")
    lab.page.wait_for_timeout(1500)
    lab.press("Pause")
    lab.wait_for_status("Paused")
    assert lab.ask("[s.weight for s in lab.artworks]") == pytest.approx(lab.ask(WEIGHTS))
    path = triangle.locator("polyline").get_attribute("points")
    assert len(path.split()) == lab.ask("len(lab.pad.path)") + 1 >= 4
    caption = lab.lab.locator("img").first.get_attribute("alt")
    assert re.match(r"step \d+: .*% village street in auvers", caption)
    lab.keep(pages / "07_lab.png")

    lab.press("Save animation")
    lab.wait_for_status("Saved .*my_mixture.webp")
    with Image.open(lab.jupyter.folder / "course/notebooks/my_mixture.webp") as animation:
        assert animation.n_frames > 4
    triangle.focus()
    lab.page.keyboard.press("3")
    assert lab.becomes(f"{WEIGHTS} == [0.0, 0.0, 1.0]")
    Image.new("RGB", (120, 90), "green").save(tmp_path / "garden.png")
    lab.upload("Upload a photo", tmp_path / "garden.png")
    lab.wait_for_status("Press Reset to start again")
    lab.press("Reset")
    assert lab.becomes("lab.live_run.runner.settings['content'].endswith('garden.png')")
    lab.wait_for_status("Press Play")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []
