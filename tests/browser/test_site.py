"""The site in Chromium, from a server on this machine: every page, link, width and theme."""

import functools
import http.server
import posixpath
import threading
import urllib.parse
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from nst_course.cli.command import main

WIDTHS = (320, 768, 1280, 1920)
IN_BOTH_THEMES = [
    "index.html",
    "labs.html",
    "gallery.html",
    "nst_course/glossary.html",
    "notebooks/00_start_here.html",
    "notebooks/03_gram_matrix_style_loss.html",
    "notebooks/05_optimization_loop.html",
]

# What sticks out to the right of the window, though nothing around it scrolls by itself. The theme
# scrolls or cuts its column, so that the width of the document tells nothing.
OUTSIDE = """async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return [...document.querySelectorAll('article *')].filter(one => {
    if (one.getBoundingClientRect().right <= innerWidth + 1) return false;
    if (one.closest('mjx-assistive-mml')) return false;
    for (let up = one; up.tagName !== 'ARTICLE'; up = up.parentElement)
        if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) return false;
    return true;
}).map(one => one.outerHTML.slice(0, 120)); }"""

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, which is built without a warning."""
    out = tmp_path_factory.mktemp("site") / "pages"
    capture = pytest.MonkeyPatch()
    said: list[str] = []
    capture.setattr("nst_course.cli.command.complain", said.append)
    assert main(["site", str(out), "--source", "https://example.org/course.git"]) == 0
    capture.undo()
    assert said == []
    return out


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(browser, address):
    """A page that notes what it asks for elsewhere, and what goes wrong."""
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    made.faults = []
    made.on("pageerror", lambda error: made.faults.append(str(error)))
    made.on("console", lambda said: said.type == "error" and made.faults.append(said.text))
    made.on("request", lambda asked: made.faults.append(asked.url) if foreign(asked.url) else None)
    made.on("response", lambda got: got.status >= 400 and made.faults.append(got.url))

    def foreign(url):
        return not url.startswith((f"{address}/", "data:", "blob:"))

    yield made
    made.close()


def names(site: Path) -> list[str]:
    return sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html"))


def test_no_link_no_anchor_and_no_picture_is_missing(site):
    pages = {
        name: BeautifulSoup((site / name).read_text("utf-8"), "html.parser") for name in names(site)
    }
    anchors = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in pages.items()}
    missing, checked = [], 0
    for name, page in pages.items():
        for tag in page.find_all(lambda tag: tag.get("href") or tag.get("src")):
            target = tag.get("href") or tag.get("src")
            if target.startswith(("data:", "mailto:")) or "://" in target:
                continue
            place, _, anchor = urllib.parse.unquote(target).partition("#")
            place = posixpath.join(posixpath.dirname(name), place.split("?")[0]) if place else name
            path = posixpath.normpath(place)
            there = (site / path).is_file()
            if not there or (anchor and anchor not in anchors.get(path, {anchor})):
                missing.append((name, target))
            checked += 1
    assert missing == [] and checked > 2000


def test_every_page_opens_and_fits_every_width(site, address, page):
    faults = []
    for name in names(site):
        page.goto(f"{address}/{name}")
        page.wait_for_load_state("networkidle")
        assert page.locator("h1").count() == 1 or name == "search.html", name
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            faults += [(name, width, what) for what in page.evaluate(OUTSIDE)[:1]]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                faults.append((name, width, "the document"))
        if page.locator("mjx-merror").count():
            faults.append((name, "formula"))
    assert faults == [] and page.faults == []


@pytest.mark.parametrize(
    "name", ["labs.html", "notebooks/03_gram_matrix_style_loss.html", "gallery.html"]
)
def test_no_picture_is_a_stamp_on_a_phone(address, page, name):
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{address}/{name}")
    heights = page.locator(".picture img").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(heights) > 3 and min(heights) > 100


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(address, browser, theme):
    found = []
    for name in IN_BOTH_THEMES:
        view = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme)
        view.goto(f"{address}/{name}")
        view.wait_for_load_state("networkidle")
        for fault in axe.Axe().run(view).response["violations"]:
            if fault["impact"] in ("serious", "critical"):
                found.append((name, fault["id"], fault["nodes"][0]["html"][:200]))
        view.close()
    assert found == []


def test_search_finds_the_gram_matrix(address, page):
    page.goto(f"{address}/index.html")
    page.locator(".sidebar-search").first.fill("gram matrix")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    page.wait_for_load_state("networkidle")
    links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any("03_gram_matrix" in link for link in links[:5])
    assert page.faults == []


def test_the_theme_can_be_changed(address, page):
    page.goto(f"{address}/notebooks/03_gram_matrix_style_loss.html")
    colors = set()
    for _ in range(3):
        page.locator(".theme-toggle:visible").first.click()
        colors.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colors) == 2


def test_formulas_are_drawn(address, page):
    page.goto(f"{address}/notebooks/03_gram_matrix_style_loss.html")
    page.wait_for_selector("mjx-container")
    page.wait_for_load_state("networkidle")
    raw = page.locator(".math:not(:has(mjx-container))").count()
    assert page.locator("mjx-container").count() > 30 and raw == 0


def test_a_lab_is_used_by_keyboard(address, page):
    page.goto(f"{address}/notebooks/10_fast_networks.html")
    lab = page.locator(".lab")
    picture, knobs = lab.locator("img"), lab.locator("input")
    lab.scroll_into_view_if_needed()
    for knob, place in ((knobs.nth(0), "1-2"), (knobs.nth(1), "1-1")):
        knob.focus()
        page.keyboard.press("ArrowLeft")
        assert picture.get_attribute("src").endswith(f"/10/{place}.webp")
        words = knob.get_attribute("aria-valuetext")
        assert words in picture.get_attribute("alt")
        assert lab.locator("output").all_inner_texts().count(words) == 1
    page.wait_for_function("() => document.querySelector('.lab img').naturalWidth > 0")
    assert page.faults == []


def test_a_lab_plays_its_steps(address, page):
    page.goto(f"{address}/notebooks/04_layer_weighting.html")
    lab = page.locator(".lab")
    lab.locator("img").evaluate(
        "img => { window.shown = []; new MutationObserver(() => shown.push(img.src))"
        ".observe(img, {attributeFilter: ['src']}) }"
    )
    lab.get_by_role("button").click()
    page.wait_for_function("() => shown.length > 1 && shown.at(-1).endsWith('/0-5.webp')")
    steps = [address.rpartition("/")[2] for address in page.evaluate("shown")]
    assert steps == [f"0-{step}.webp" for step in range(6)]
    assert page.faults == []


def test_a_film_plays_and_a_sound_belongs_to_its_picture(address, page):
    page.goto(f"{address}/notebooks/09_video_and_sound.html")
    film, spectrograms = page.locator(".lab").all()
    film.get_by_role("button").click()
    ended = "() => document.querySelector('.lab img').src.endsWith('/09/11.webp')"
    page.wait_for_function(ended, timeout=30_000)
    for knob, place in ((0, "1-0-3"), (1, "1-1-3")):
        spectrograms.locator("input").nth(knob).press("ArrowRight")
        sound = spectrograms.locator("audio")
        assert sound.get_attribute("src").endswith(f"/09-sound/{place}.mp3")
    assert sound.get_attribute("aria-label") == spectrograms.locator("img").get_attribute("alt")
    sound.evaluate("audio => audio.load()")
    sound.evaluate("audio => audio.play()")
    page.wait_for_function("() => document.querySelector('.lab audio').currentTime > 0.2")
    assert sound.evaluate("audio => audio.duration") > 3
    assert page.faults == []


def test_the_clinic_tells_the_diagnosis_of_the_patient(address, page):
    page.goto(f"{address}/notebooks/06_when_it_goes_wrong.html")
    lab = page.locator(".lab")
    told = []
    lab.locator("summary").click()
    for _ in range(6):
        told.append(lab.locator(".note").inner_text())
        lab.locator("input").press("ArrowRight")
    assert len(set(told)) == 6
    assert "Nothing is wrong" in told[2]


def test_how_soon_a_page_shows_something(address, page, record_property):
    """Reported, not held to: the time depends on the machine."""
    for name in ("index.html", "notebooks/03_gram_matrix_style_loss.html"):
        page.goto(f"{address}/{name}")
        page.wait_for_function(
            "() => performance.getEntriesByName('first-contentful-paint').length"
        )
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        record_property(name, round(page.evaluate(paint)))
        print(f"{name}: first content after {page.evaluate(paint):.0f} ms")
