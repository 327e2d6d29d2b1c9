"""The gallery and the blind comparison in Chromium, as files: what is seen, printed, and voted."""

import json

import pytest

import nst_course as nst

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")


@pytest.fixture
def page(browser):
    """A page that reports errors and may fetch nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or page.faults.append(r.url))
    yield page
    assert page.faults == []
    page.close()


@pytest.fixture
def gallery(tmp_path):
    for name, style in {
        "1_cat": "great_wave",
        "2_mona_lisa": "summertime",
        "3_x": "spring",
    }.items():
        recipe = {"content": name[2:], "style": style, "strength": 3.0}
        nst.save_image(nst.load_image(style, 200), tmp_path / f"{name}.png", recipe=recipe)
    nst.save_image(nst.load_image("cat", 90), tmp_path / "4 <script>alert(1)<.jpg", recipe="</pre>")
    return nst.gallery(tmp_path, "Three <b>works</b>", "A statement.\n\nAnd more.")


def barriers(page):
    found = axe.Axe().run(page).response["violations"]
    return [violation["id"] for violation in found]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_gallery_shows_every_work(page, gallery, width, theme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.goto(gallery.as_uri())
    pictures = page.locator("figure img")
    assert pictures.count() == 4
    assert page.evaluate(
        "[...document.images].every(i => i.complete && i.naturalWidth && i.getBoundingClientRect()"
        ".right <= innerWidth && Math.abs(i.width / i.height - i.naturalWidth / i.naturalHeight)"
        " < 0.02)"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("h1").inner_text() == "Three <b>works</b>"
    assert page.locator("h2").last.inner_text() == "<script>alert(1)<"
    assert page.locator("dd").first.inner_text() == "cat"
    assert barriers(page) == []


def test_gallery_prints_each_work_on_a_page_of_its_own(page, gallery):
    page.goto(gallery.as_uri())
    pdf = page.pdf(prefer_css_page_size=True, format="A4")
    assert pdf.count(b"/Type /Page\n") == 5 or pdf.count(b"/Type /Page ") == 5  # and the statement


@pytest.fixture
def comparison(tmp_path):
    pictures = {
        "waves": ["great_wave", "great_wave", "great_wave"],
        "streets": ["village_street_in_auvers", "cafe_terrace", "road_to_tarascon"],
    }
    return nst.blind_comparison(pictures, tmp_path / "blind.html", originals=[["cat"]] * 3)


def wave_side(page):
    """Which side shows the wave: the only picture that is there three times."""
    return page.evaluate(
        "asked.pictures.filter(p => p === document.querySelector('#left img').src).length === 3"
    )


def test_votes_by_mouse_and_keys_are_counted(page, comparison):
    page.goto(comparison.as_uri())
    assert barriers(page) == []
    assert page.locator("#progress").inner_text() == "Pair 1 of 3"
    page.keyboard.press("ArrowLeft")
    assert page.locator("#progress").inner_text() == "Pair 2 of 3"
    page.click("#back")
    for vote in range(3):
        wave_is_left = wave_side(page)
        if vote == 0:
            page.keyboard.press("ArrowLeft" if wave_is_left else "ArrowRight")
        else:
            page.click("#left" if wave_is_left else "#right")
    assert page.locator("#done").is_visible() and not page.locator("#asking").is_visible()
    assert barriers(page) == []
    text = page.locator("#votes").input_value()
    with page.expect_download() as download:
        page.click("#download")
    assert json.loads(download.value.path().read_text()) == json.loads(text)
    tally = nst.count_votes(comparison.with_name("blind_key.json"), [text])
    (found,) = tally
    wins = {found.first: found.wins, found.second: found.votes - found.wins}
    assert wins == {"waves": 3, "streets": 0} and tally.voters == 1


def test_sides_and_order_change_from_visit_to_visit(page, comparison):
    orders, pairs = set(), set()
    for _ in range(12):
        page.goto(comparison.as_uri())
        questions = page.evaluate("questions")
        orders.add(tuple(question["scene"] for question in questions))
        pairs |= {tuple(question["pair"]) for question in questions}
    assert len(orders) > 1 and len(pairs) == 6  # each pair in both orders


@pytest.mark.parametrize("width", [320, 1280])
def test_a_pair_fits_the_window(page, comparison, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(comparison.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width > 1000:
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 40")
