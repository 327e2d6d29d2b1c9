"""Slides in Chromium: every slide of every notebook fits, offline, and says when it is ready."""

from pathlib import Path

import pytest

from nst_course.classroom.slides.deck import write_slides

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
MEASURE = """() => Reveal.getSlides().map(slide => {
    Reveal.slide(...Object.values(Reveal.getIndices(slide)).slice(0, 2));
    slide.querySelectorAll('.fragment').forEach(one => one.classList.add('visible'));
    const scale = Reveal.getScale();
    const boxes = Array.from(slide.querySelectorAll('.block *'))
        .filter(one => !one.closest('mjx-assistive-mml') && one.getClientRects().length)
        .map(one => one.getBoundingClientRect());
    const texts = Array.from(slide.querySelectorAll('p, li, td, pre'))
        .map(one => parseFloat(getComputedStyle(one).fontSize) * scale);
    const pictures = Array.from(slide.querySelectorAll('.block > img'))
        .map(one => one.getBoundingClientRect())
        .map(box => Math.max(box.width, box.height) / innerHeight);
    return {
        text: slide.innerText.slice(0, 60),
        right: Math.max(0, ...boxes.map(box => box.right)),
        bottom: Math.max(0, ...boxes.map(box => box.bottom)),
        left: Math.min(innerWidth, ...boxes.map(box => box.left)),
        top: Math.min(innerHeight, ...boxes.map(box => box.top)),
        font: Math.min(99, ...texts), picture: Math.min(9, ...pictures),
        notes: slide.querySelectorAll('aside.notes').length, blocks: boxes.length,
        titled: Boolean(slide.querySelector('h1, h2, h3, .again, .block > p > strong:only-child')),
        last: (Array.from(slide.querySelectorAll('.block')).pop() || slide).innerText.trim(),
    };
})"""


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def deck(request, tmp_path_factory):
    return write_slides(request.param, tmp_path_factory.mktemp("slides"))


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_every_slide_fits_and_can_be_read(browser, deck, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(deck.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=240_000, state="attached")
    slides = page.evaluate(MEASURE)
    raw = page.evaluate("() => document.querySelectorAll('mjx-merror').length")
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == [] and raw == 0
    assert len(slides) > 10
    assert [s for s in slides if s["right"] > width + 1 or s["bottom"] > height + 1] == []
    assert [s for s in slides if s["left"] < 0 or s["top"] < 0 or not s["blocks"]] == []
    assert [s for s in slides if s["font"] < height / 50] == []  # 14 pixels of 720
    assert [(s["text"], s["picture"]) for s in slides if s["picture"] < 0.3] == []
    assert all(s["notes"] == 1 for s in slides)
    assert [s for s in slides if not s["titled"]] == []
    assert [s["text"] for s in slides if s["last"] == "Literature"] == []


def test_printed_pages_have_a_margin(browser, tmp_path):
    page = browser.new_page()
    page.goto(f"{write_slides(NOTEBOOKS[0], tmp_path).as_uri()}?print-pdf")
    page.wait_for_selector("html[data-ready=yes]", timeout=240_000, state="attached")
    page.wait_for_selector(".pdf-page .block", state="attached")
    margins = page.evaluate(
        """() => Array.from(document.querySelectorAll('.pdf-page .block'), block =>
            block.getBoundingClientRect().left
            - block.closest('.pdf-page').getBoundingClientRect().left)"""
    )
    page.close()
    assert len(margins) > 20 and min(margins) >= 30
