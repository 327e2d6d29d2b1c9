"""The slider through the frames of a run, on a page of its own."""

import json

import pytest
from PIL import Image

from nst_course.images.animation import scrubber
from tests.browser.test_labs import axe, chromium, pytestmark, sync_api  # noqa: F401

PAGE = """<!doctype html><html lang="en"><title>Film</title><main><h1>Film</h1><div id="film">
</div></main><script type="module">
const values = %s;
const widget = await import("data:text/javascript," + encodeURIComponent(values._esm));
widget.default.render({ model: { get: (name) => values[name] }, el: film });
</script>"""


@pytest.fixture
def page(chromium):  # noqa: F811
    frames = [Image.new("RGB", (60, 40), (gray, gray, gray)) for gray in (0, 90, 200)]
    film = scrubber(frames, ["step 0", "step 5", "step 9"])
    values = {name: getattr(film, name) for name in ("_esm", "frames", "captions", "width")}
    made = chromium.new_page()
    made.set_content(PAGE % json.dumps(values))
    yield made
    made.close()


def test_film_is_played_and_scrubbed_by_keyboard(page):
    picture, slider = page.get_by_role("img"), page.get_by_role("slider", name="Frame")
    sync_api.expect(picture).to_have_attribute("alt", "step 9")
    page.get_by_role("button", name="Play").click()
    sync_api.expect(picture).to_have_attribute("alt", "step 0")
    sync_api.expect(page.get_by_role("button")).to_have_text("Pause")
    sync_api.expect(picture).to_have_attribute("alt", "step 9")
    sync_api.expect(page.get_by_role("button")).to_have_text("Play")
    slider.press("ArrowLeft")
    sync_api.expect(picture).to_have_attribute("alt", "step 5")
    sync_api.expect(page.get_by_role("status")).to_have_text("step 5")
    assert axe.Axe().run(page).response["violations"] == []
