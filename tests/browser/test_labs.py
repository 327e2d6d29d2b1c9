"""The labs in JupyterLab, in a real browser: the real notebooks, and every control that matters.

One server; each notebook is opened once, and its page gets other widths and the dark theme later.
Needs Chromium, which playwright drives; without one these tests are skipped and say so. Pictures
of the pages are kept in the folder that NST_COURSE_PAGES names, else under `.pytest_cache`; those
of the labs in `assets/gallery` are of this kind.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile
from jupyter_client import BlockingKernelClient
from PIL import Image

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
LABS = {
    "01_feature_visualization": "FeatureExplorer",
    "02_content_loss": "ContentLab",
    "03_gram_matrix_style_loss": "GramExplorer",
    "04_layer_weighting": "LayerMixer",
    "05_optimization_loop": "StyleTransferLab",
    "06_when_it_goes_wrong": "ClinicLab",
    "07_mixing_styles": "StyleMixer",
    "08_control": "Doodle",
    "10_fast_networks": "Instant",
}
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # every cell is there
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
MINUTE = 60_000  # milliseconds

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")


@pytest.fixture(scope="session")
def pages() -> Path:
    """Where pictures of the pages are kept."""
    folder = Path(os.environ.get("NST_COURSE_PAGES") or ROOT / ".pytest_cache" / "pages")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Jupyter:
    """A JupyterLab server on a copy of the notebooks, which a test may change."""

    def __init__(self, folder: Path):
        self.folder, self.runtime = folder, folder / "runtime"
        shutil.copytree(ROOT / "notebooks", folder / "course" / "notebooks")
        shutil.copytree(ROOT / "assets" / "gallery", folder / "course" / "assets" / "gallery")
        shutil.copytree(ROOT / "assets" / "atlas", folder / "course" / "assets" / "atlas")
        for plugin, values in SETTINGS.items():
            path = folder / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        environment = {
            **os.environ,
            "NST_COURSE_QUICK": "1",
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "PYTHONPATH": str(ROOT),
        }
        self.log = (folder / "jupyter.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
            + [f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"]
            + ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
            + ["--LabApp.expose_app_in_browser=True"],  # for LabPage.command
            cwd=folder / "course",
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def wait(self) -> None:
        end = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/api", timeout=5)
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.messages()
                time.sleep(0.2)

    def messages(self) -> str:
        return (self.folder / "jupyter.log").read_text()

    def sessions(self) -> list[dict]:
        with urllib.request.urlopen(f"{self.address}/api/sessions", timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, method: str = "POST") -> None:
        request = urllib.request.Request(f"{self.address}/api/{path}", b"", method=method)
        urllib.request.urlopen(request, timeout=60)

    def ask(self, notebook: str, expression: str):
        """The value of an expression in the kernel of an open notebook."""
        [kernel] = [s["kernel"]["id"] for s in self.sessions() if s["path"].endswith(notebook)]
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels()
        try:
            reply = client.execute_interactive(
                "import json as _json",
                silent=True,
                store_history=False,
                user_expressions={"asked": f"_json.dumps({expression})"},
                timeout=60,
            )["content"]["user_expressions"]["asked"]
        finally:
            client.stop_channels()
        assert reply["status"] == "ok", reply
        return json.loads(eval(reply["data"]["text/plain"]))  # the repr of a string

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module")  # two of playwright in one process exclude each other
def jupyter(tmp_path_factory):
    server = Jupyter(tmp_path_factory.mktemp("jupyter"))
    server.wait()
    yield server
    server.stop()


@pytest.fixture(scope="module")  # two of playwright in one process exclude each other
def chromium():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-background-networking"]
            + ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        yield browser
        browser.close()


class LabPage:
    """A notebook in the browser, and the lab in it."""

    def __init__(self, jupyter: Jupyter, chromium, notebook: str, lab: str = ""):
        self.jupyter, self.notebook = jupyter, f"{notebook}.ipynb"
        self.page = chromium.new_page(viewport={"width": 1200, "height": 1800})
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: message.type == "error" and self.errors.append(message.text),
        )
        self.page.goto(f"{jupyter.address}/lab/tree/notebooks/{self.notebook}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=2 * MINUTE)
        self.wait_until_idle()
        self.page.keyboard.press("Control+b")  # hides the list of files
        source = f"nst.labs.{lab or LABS.get(notebook)}"
        self.cell = self.page.locator(".jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea", has_text=source)
        )
        self.lab = self.cell.locator(".jp-OutputArea")
        self.large = self.lab.locator(".nst-picture img.nst-after")

    def wait_until_idle(self, minutes: float = 2) -> None:
        self.page.wait_for_selector("text=/\\| Idle/", timeout=minutes * MINUTE)

    def run_all(self, minutes: float = 6) -> None:
        self.page.click("text=Run")
        self.page.click("text=Run All Cells")
        last = self.page.locator(".jp-CodeCell .jp-InputPrompt").last
        sync_api.expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=minutes * MINUTE)
        self.wait_until_idle()

    def run_cells(self, *cells) -> None:
        """Run single cells, the set-up for instance, each after the one before it."""
        for cell in cells:
            cell.locator(".cm-content").first.click()
            self.page.keyboard.press("Control+Enter")
            prompt = cell.locator(".jp-InputPrompt").first
            sync_api.expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=MINUTE)

    def button(self, name: str):
        # By its text: the name that a button has by its role begins with the glyph of its icon.
        return self.lab.locator("button").filter(has_text=re.compile(f"^\\s*{re.escape(name)}$"))

    def press(self, name: str) -> None:
        self.button(name).click()

    def upload(self, name: str, file: Path) -> None:
        button = self.lab.locator("button").filter(has_text=name)
        with self.page.expect_file_chooser() as chosen:
            button.click()
        chosen.value.set_files(file)

    def slider(self, name: str):
        row = self.lab.locator(".widget-hslider").filter(
            has=self.page.locator(".widget-label", has_text=re.compile(f"^{re.escape(name)}$"))
        )
        return row.locator(".noUi-handle"), row.locator(".widget-readout")

    def menu(self, name: str):
        row = self.lab.locator(".widget-dropdown").filter(
            has=self.page.locator(".widget-label", has_text=re.compile(f"^{re.escape(name)}$"))
        )
        return row.locator("select")

    def choose(self, name: str, label: str) -> None:
        # A menu sends its next message when the last is done: a button may overtake that.
        self.wait_until_idle()
        self.menu(name).select_option(label=label)

    def choose_toggle(self, label: str) -> None:
        self.lab.locator(".widget-toggle-button", has_text=label).click()

    def status(self) -> str:
        return self.lab.get_by_role("status").inner_text()

    def wait_for_status(self, words: str, minutes: float = 1) -> None:
        pattern = re.compile(words)
        sync_api.expect(self.lab.get_by_role("status")).to_have_text(
            pattern, timeout=minutes * MINUTE
        )

    def picture(self) -> str:
        """The source of the large picture: it changes when the picture does."""
        return self.large.get_attribute("src")

    def ask(self, expression: str):
        return self.jupyter.ask(self.notebook, expression)

    def becomes(self, expression: str, attempts: int = 50) -> bool:
        """Whether an expression comes true in the kernel: one click may send several messages."""
        for _ in range(attempts):
            if self.ask(expression):
                return True
            self.page.wait_for_timeout(200)
        return False

    def keep(self, path: Path) -> None:
        """A picture of the lab, after a moment for the page to settle."""
        self.page.wait_for_timeout(500)
        self.lab.screenshot(path=path)

    def command(self, name: str, **arguments) -> None:
        """One of JupyterLab's own commands, which its menus call as well."""
        call = "([name, arguments]) => window.jupyterapp.commands.execute(name, arguments)"
        self.page.evaluate(call, [name, arguments])

    def faults_in_the_dark(self, pages: Path) -> list[str]:
        """What the dark theme cuts on a wide page and on a narrow one, and its `barriers`."""
        self.command("apputils:change-theme", theme="JupyterLab Dark")
        self.page.wait_for_selector("[data-jp-theme-light=false]", state="attached")
        area, faults = self.lab.locator(".jp-OutputArea-output").first, self.barriers()
        for width in (1200, 800):
            self.page.set_viewport_size({"width": width, "height": 1800})
            self.keep(pages / f"{self.notebook[:2]}_dark_{width}.png")
            if area.evaluate("area => area.scrollWidth > area.clientWidth + 1"):
                faults.append(f"cut at {width} px")
        self.command("apputils:change-theme", theme="JupyterLab Light")  # the next page's too
        self.page.wait_for_selector("[data-jp-theme-light=true]", state="attached")
        return faults

    def widths(self) -> list[int]:
        """How wide the large picture is on a small screen and on a large one."""
        found = []
        for width, height in ((1280, 800), (1920, 1080)):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(500)
            found.append(self.large.evaluate("image => image.clientWidth"))
        self.page.set_viewport_size({"width": 1200, "height": 1800})
        return found

    def fills_the_page(self) -> bool:
        """Whether the large picture is at least 600 and 900 pixels wide there."""
        small, large = self.widths()
        return small >= 600 and large >= 900

    def barriers(self) -> list[str]:
        """What shuts people out of the lab, as axe finds it: serious and critical violations."""
        self.lab.evaluate("area => area.setAttribute('data-lab', '')")
        found = axe.Axe().run(self.page, context="[data-lab]").response["violations"]
        return [
            f"{one['id']}: {node['html']}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def close(self) -> None:
        self.page.close()
        for session in self.jupyter.sessions():  # the kernel would keep its memory
            self.jupyter.post(f"sessions/{session['id']}", "DELETE")


@pytest.fixture
def open_lab(jupyter, chromium):
    """A function that opens a notebook and runs its set-up cell and its lab, and no other cell."""
    opened = []

    def open_notebook(notebook: str, lab: str = "") -> LabPage:
        opened.append(LabPage(jupyter, chromium, notebook, lab))
        opened[-1].run_cells(opened[-1].page.locator(".jp-CodeCell").first, opened[-1].cell)
        return opened[-1]

    yield open_notebook
    for page in opened:
        page.close()


def test_all_cells_of_the_first_notebook_run_from_the_menu(jupyter, chromium):
    page = LabPage(jupyter, chromium, "00_start_here")
    with contextlib.closing(page):
        page.run_all()
    assert page.errors == []
    assert "Traceback" not in jupyter.messages()


# ---------------------------------------------------------------- the style transfer lab


@pytest.fixture(scope="module")
def style_lab(jupyter, chromium, pages):
    """Notebook 05 and the lab in it."""
    page = LabPage(jupyter, chromium, "05_optimization_loop")
    page.run_cells(page.page.locator(".jp-CodeCell").first, page.cell)
    page.page.wait_for_selector("text=Press Play, or Step", timeout=MINUTE)
    page.lab.scroll_into_view_if_needed()
    yield page
    page.keep(pages / "05_after_the_tests.png")
    page.close()


def test_lab_plays_pauses_and_steps(style_lab, pages):
    lab = style_lab
    lab.choose_toggle("All settings")
    lab.choose("Size", "128 px")
    before = lab.picture()
    lab.press("Play")
    lab.wait_for_status(r"Step \d+ of \d+.* · about .* left")
    sync_api.expect(lab.large).not_to_have_attribute("src", before)
    lab.press("Pause")
    lab.wait_for_status(r"Paused after step \d+")
    steps = lab.ask("lab.live_run.runner.branch.steps")
    assert f"step {steps - 1}" in lab.status()
    lab.page.wait_for_timeout(500)
    assert lab.ask("lab.live_run.runner.branch.steps") == steps, "it went on after Pause"
    lab.press("Step")
    lab.wait_for_status(f"Paused after step {steps}\\. Press Play to go on")
    assert lab.ask("len(lab.live_run.runner.branch.history['total'])") == steps + 1
    lab.keep(pages / "05_paused.png")


def test_weight_moved_by_keyboard_during_a_run_acts_at_the_next_step(style_lab, pages):
    lab = style_lab
    lab.press("Play")
    handle, readout = lab.slider("Style β")
    assert readout.inner_text() == "1000"
    handle.focus()
    lab.page.keyboard.press("ArrowRight")
    sync_api.expect(readout).to_have_text("10000")
    lab.page.wait_for_timeout(1500)
    lab.press("Pause")
    lab.wait_for_status("Paused")
    assert lab.ask("lab.live_run.runner.branch.transfer.style_weight") == 1e4
    sync_api.expect(lab.lab.locator("svg line.mark")).to_have_count(1)
    lab.keep(pages / "05_changed.png")


def test_scrubbing_back_and_a_branch_beside_the_first(style_lab, pages):
    lab = style_lab
    newest = lab.picture()
    handle, readout = lab.slider("Timeline")
    handle.focus()
    lab.page.keyboard.press("Home")
    sync_api.expect(readout).to_have_text("0")
    sync_api.expect(lab.large).not_to_have_attribute("src", newest)
    lab.page.keyboard.press("ArrowRight")
    lab.press("Continue from here")
    lab.wait_for_status("Picture B starts from step 1 of picture A")
    lab.press("Play")
    lab.page.wait_for_timeout(2000)
    lab.press("Pause")
    lab.wait_for_status("Paused")
    lab.choose("Compare with", "picture A")
    sync_api.expect(lab.large).to_have_attribute(
        "alt", re.compile(r"picture B, step \d+ · left of the line: picture A")
    )
    assert lab.ask("[b.name for b in lab.live_run.runner.timeline.branches]") == ["A", "B"]
    lab.keep(pages / "05_branches.png")
    lab.choose("Compare with", "nothing")


def test_line_between_photograph_and_picture_is_dragged_and_moved_by_keys(style_lab, pages):
    lab = style_lab
    lab.choose("Compare with", "the photograph")
    line = lab.lab.get_by_role("slider", name="Line between the two pictures")
    before = lab.lab.locator(".nst-picture img.nst-before")
    sync_api.expect(line).to_have_attribute("aria-valuenow", "50")
    sync_api.expect(before).to_have_attribute("alt", "the photograph")
    line.focus()
    for key in ("PageUp", "ArrowRight"):
        lab.page.keyboard.press(key)
    sync_api.expect(line).to_have_attribute("aria-valuenow", "72")
    lab.large.scroll_into_view_if_needed()
    box = lab.large.bounding_box()
    lab.page.mouse.move(box["x"] + 0.72 * box["width"], box["y"] + box["height"] / 2)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2, steps=4)
    lab.page.mouse.up()
    sync_api.expect(line).to_have_attribute("aria-valuenow", "25")
    assert before.evaluate("image => image.style.clipPath") == "inset(0px 75% 0px 0px)"
    lab.keep(pages / "05_line.png")
    lab.choose("Compare with", "nothing")
    sync_api.expect(line).to_be_hidden()


def test_picture_is_zoomed_to_its_pixels_shown_full_screen_and_downloaded(style_lab, tmp_path):
    lab = style_lab
    width = "image => [image.clientWidth, image.naturalWidth]"
    fitting, natural = lab.large.evaluate(width)
    zoom = lab.lab.locator(".nst-zoom")
    sync_api.expect(zoom).to_have_text(f"fit, {round(100 * fitting / natural)} %")
    lab.press("1:1")
    shown = [lab.large.evaluate(width)[0]]
    assert shown == [natural] and lab.button("−").is_disabled()  # it would fit twice or more
    while lab.button("+").is_enabled():
        lab.press("+")
        shown.append(lab.large.evaluate(width)[0])
    assert shown == sorted(shown) and fitting in shown and shown[-1] == 8 * natural
    while "fit" not in zoom.inner_text():
        lab.press("−")
    lab.press("Full screen")
    lab.page.wait_for_function("document.fullscreenElement !== null")
    sync_api.expect(lab.lab.locator(".nst-caption")).to_have_text(lab.large.get_attribute("alt"))
    lab.press("Close (Esc)")
    lab.page.wait_for_function("document.fullscreenElement === null")
    with lab.page.expect_download() as download:
        lab.lab.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "my_picture.png"
    download.value.save_as(tmp_path / "got.png")
    assert max(Image.open(tmp_path / "got.png").size) == natural


def test_artwork_is_chosen_by_its_picture_and_undone(style_lab):
    lab = style_lab
    chosen = lab.menu("Style").locator("option:checked")
    row = lab.lab.get_by_role("group", name="Artworks")
    sync_api.expect(row.get_by_role("button")).to_have_count(12)
    row.get_by_role("button", name="after spring").click()
    sync_api.expect(chosen).to_have_text("spring")
    lab.press("Undo")
    sync_api.expect(chosen).to_have_text("great wave")
    pressed = row.get_by_role("button", name="after great wave")
    sync_api.expect(pressed).to_have_attribute("aria-pressed", "true")


def test_tour_is_gone_through_and_does_not_start_again(style_lab, pages):
    lab = style_lab
    tour = lab.lab.get_by_role("region", name="Tour of this lab")
    sync_api.expect(tour).to_be_visible()  # a new browser: it has started by itself
    lab.keep(pages / "05_tour.png")
    steps = lab.ask("len(lab.tour())")
    for number in range(2, steps + 1):
        lab.press("Next")
        sync_api.expect(tour).to_contain_text(f"{number} of {steps}.")
        sync_api.expect(lab.lab.locator(".nst-here")).to_have_count(1)
    lab.press("Done")
    sync_api.expect(tour).to_be_hidden()
    sync_api.expect(lab.lab.locator(".nst-here")).to_have_count(0)


def test_uploads_good_and_bad(style_lab, tmp_path, pages):
    lab = style_lab
    bad = tmp_path / "notes.jpg"
    bad.write_text("these are no pixels")
    lab.upload("Upload a photo", bad)
    lab.wait_for_status("notes.jpg")
    assert "not a picture" in lab.status()
    icon = tmp_path / "icon.png"
    Image.new("RGB", (20, 20), "red").save(icon)
    lab.upload("Upload a photo", icon)
    lab.wait_for_status("20×20 pixels, which is too small")
    noise = tmp_path / "noise.jpg"
    noise.write_bytes(bytes(12 * 2**20))
    lab.upload("Upload a photo", noise)
    lab.wait_for_status("noise.jpg is large, and the browser cannot read it as a picture")
    photo = tmp_path / "large.jpg"
    coarse = np.random.default_rng(0).integers(0, 256, (1675, 2250, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((9000, 6700)).save(photo, quality=90)
    assert photo.stat().st_size > 10 * 2**20, "no more than what Jupyter takes anyway"
    lab.upload("Upload a photo", photo)
    content = lab.menu("Content")
    sync_api.expect(content.locator("option:checked")).to_have_text("large.jpg", timeout=MINUTE)
    lab.press("Reset")
    lab.press("Step")
    lab.wait_for_status("Paused after step 0")
    lab.keep(pages / "05_upload.png")
    shape = lab.ask("list(lab.live_run.runner.branch.transfer.content.shape)")
    assert shape in ([1, 3, 95, 128], [1, 3, 96, 128])


def test_photograph_is_dropped_or_taken_by_the_camera(style_lab, tmp_path):
    lab = style_lab
    content = lab.menu("Content").locator("option:checked")
    photo = tmp_path / "garden.png"
    Image.new("RGB", (120, 90), "green").save(photo)
    dropped = lab.page.evaluate_handle(
        """bytes => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "garden.png", { type: "image/png" }));
          return data;
        }""",
        list(photo.read_bytes()),
    )
    upload = lab.lab.locator(".nst-upload").first
    upload.dispatch_event("drop", {"dataTransfer": dropped})
    sync_api.expect(content).to_have_text("garden.png")
    upload.get_by_role("button", name="Camera").click()
    upload.get_by_role("button", name="Take the picture").click(timeout=MINUTE)
    sync_api.expect(content).to_have_text("camera.jpg")
    lab.press("Undo")
    sync_api.expect(content).to_have_text("garden.png")


def test_paint_it_large_is_a_branch_with_a_forecast(style_lab, pages):
    lab = style_lab
    lab.press("Paint it large")
    sync_api.expect(lab.lab.get_by_text("1024×")).to_be_visible(timeout=MINUTE)
    lab.wait_for_status(r"Step \d+ of \d+ at 181 of 1024 px · about .* left")
    lab.press("Pause")
    lab.wait_for_status("Paused")
    width, place = (lab.large.evaluate(f"image => image.{e}") for e in (
        "clientWidth", "closest('.nst-picture').clientWidth"
    ))  # fmt: skip
    assert width == place, "the picture does not fill its place"
    lab.keep(pages / "05_large.png")
    lab.choose("Size", "128 px")
    lab.press("Reset")
    lab.wait_for_status("Press Play")


def test_picture_animation_and_settings_are_saved(style_lab, jupyter):
    lab = style_lab
    lab.press("Play")
    lab.page.wait_for_timeout(2000)
    lab.press("Pause")
    lab.wait_for_status("Paused")
    folder = jupyter.folder / "course" / "notebooks"
    lab.press("Save picture")
    lab.wait_for_status("Saved my_picture.png, in the folder .*notebooks")
    with Image.open(folder / "my_picture.png") as saved:
        assert max(saved.size) == 128
    lab.press("Save animation")
    lab.wait_for_status("Saved .*my_picture.webp")
    with Image.open(folder / "my_picture.webp") as animation:
        assert animation.n_frames > 2
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.press("Copy settings")
    lab.wait_for_status("Copied")
    code = lab.page.evaluate("navigator.clipboard.readText()")
    assert "nst.multi_scale(" in code
    assert lab.lab.locator("textarea").first.input_value() == code
    handle, readout = lab.slider("Strength")
    handle.focus()
    lab.page.keyboard.press("End")
    sync_api.expect(readout).to_have_text("5")
    lab.lab.get_by_label("Paste settings").fill(code)
    lab.page.keyboard.press("Enter")
    sync_api.expect(readout).to_have_text("3")


def test_settings_copied_as_one_line_restore_the_lab(style_lab):
    lab, values = style_lab, "lab.controls.values()"
    lab.choose("Strokes", "fine")
    lab.choose("Optimizer", "adam")
    lab.choose("Style", "spring")
    wanted = lab.ask(values)
    lab.press("Copy as one line")
    lab.wait_for_status("Copied")
    line = lab.page.evaluate("navigator.clipboard.readText()")
    assert "\n" not in line and len(line) < 200
    for _ in range(3):
        lab.press("Undo")
    lab.choose("Pooling", "avg")
    assert lab.becomes(f"{values}['style'] == 'great_wave' and {values}['pooling'] == 'avg'")
    lab.lab.get_by_label("Paste settings").fill(line)
    lab.page.keyboard.press("Enter")
    assert lab.becomes(f"{values} == {wanted!r}")
    lab.press("Undo")  # the paste
    lab.press("Undo")  # the pooling


def test_earlier_picture_stays_when_a_setting_begins_another(style_lab, pages):
    lab = style_lab
    lab.choose_toggle("Main settings")
    lab.press("Reset")
    lab.press("Step")
    lab.wait_for_status("Paused after step 0")
    first = lab.picture()
    lab.choose("Strokes", "very large")
    lab.wait_for_status("Press Play to begin another picture .* stays, as picture A")
    lab.press("Step")
    lab.wait_for_status("Paused after step 0")
    sync_api.expect(lab.large).to_have_attribute("alt", "picture B, step 0")
    lab.keep(pages / "05_another_picture.png")
    lab.choose("Picture", "A · great wave · 128 px · strength 3")
    sync_api.expect(lab.large).to_have_attribute("src", first)
    assert lab.becomes("lab.controls.strokes.value == 'usual'")
    sync_api.expect(lab.menu("Compare with")).to_contain_text("picture B")
    lab.choose("Picture", "B · great wave · 128 px · strength 3 · very large strokes")
    lab.wait_for_status("This is picture B")
    lab.press("Undo")
    lab.wait_for_status("Picture A has these settings")
    sync_api.expect(lab.large).to_have_attribute("src", first)
    lab.choose_toggle("All settings")


def test_pressing_play_many_times_and_running_the_cell_again_leave_one_worker(style_lab):
    lab = style_lab
    workers = "[t.name for t in __import__('threading').enumerate() if 'nst_course' in t.name]"
    for _ in range(20):
        lab.press("Play")
    assert lab.ask(workers) == ["nst_course style transfer"]
    lab.run_cells(lab.cell)
    lab.press("Play")
    lab.wait_for_status(r"Step \d+ of")
    assert lab.ask(workers) == ["nst_course style transfer"]
    lab.press("Pause")
    lab.wait_for_status("Paused")
    lab.choose_toggle("Main settings")
    assert not lab.lab.get_by_text("Optimizer").is_visible()


def test_lab_works_again_after_a_restart_of_the_kernel(style_lab):
    lab = style_lab
    [kernel] = [session["kernel"]["id"] for session in lab.jupyter.sessions()]
    lab.jupyter.post(f"kernels/{kernel}/restart")
    lab.wait_until_idle()
    lab.run_cells(lab.page.locator(".jp-CodeCell").first, lab.cell)
    lab.press("Step")
    lab.wait_for_status("Paused after step 0")


def test_lab_fits_the_page_in_both_themes(style_lab, pages):
    assert style_lab.fills_the_page()
    assert style_lab.barriers() == []
    assert style_lab.faults_in_the_dark(pages) == []


def test_nothing_went_wrong_behind_the_page(style_lab, jupyter):
    assert style_lab.errors == []
    assert "Traceback" not in jupyter.messages()


# ---------------------------------------------------------------- the other labs


def test_feature_explorer(open_lab, pages):
    lab = open_lab("01_feature_visualization")
    sync_api.expect(lab.lab.locator("img")).to_have_count(18)
    lab.lab.locator("img").nth(5).click()  # the sixth strongest channel
    assert lab.becomes("lab.channel == lab.order[5]")
    photograph = lab.lab.get_by_alt_text(re.compile("^the photograph with the receptive field"))
    before = photograph.get_attribute("src")
    photograph.click(position={"x": 3, "y": 3})
    sync_api.expect(photograph).not_to_have_attribute("src", before)
    assert lab.becomes("[lab.row.value, lab.column.value] == [0, 0]")
    box = photograph.bounding_box()
    photograph.click(position={"x": box["width"] - 2, "y": box["height"] - 2})
    assert lab.becomes("lab.row.value == lab.row.max and lab.column.value == lab.column.max")
    lab.choose("Layer", "relu5_1")  # whose map is smaller
    assert lab.becomes("lab.layer.value == 'relu5_1' and len(lab.features) == 512")
    lab.page.wait_for_timeout(1000)  # what the page sends back
    place = "lab.features[lab.channel, lab.row.value, lab.column.value]"
    inside = "__import__('nst_course.labs.features', fromlist=['_']).inside"
    assert lab.ask(f"bool({place} == {inside}(lab.features[lab.channel], 'relu5_1').max())")
    lab.choose("Layer", "relu3_3")
    assert lab.becomes("len(lab.features) == 256")
    lab.page.wait_for_timeout(1000)
    lab.press("Maximize this channel")
    optimum = lab.lab.get_by_alt_text(re.compile("^the image that maximizes"))
    sync_api.expect(optimum).to_be_visible(timeout=3 * MINUTE)
    lab.press("Nine patches")
    patches = lab.lab.get_by_alt_text(re.compile("^patch of"))
    sync_api.expect(patches).to_have_count(9, timeout=MINUTE)
    lab.keep(pages / "01_lab.png")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


@contextlib.contextmanager
def on_the_way(lab: LabPage):
    """What is done here is done while the picture forms; afterwards the run pauses."""
    lab.press("Play")
    lab.wait_for_status(r"Step \d\d of")
    yield
    lab.page.wait_for_timeout(1500)
    lab.press("Pause")
    lab.wait_for_status("Paused")


def test_content_lab(open_lab, pages):
    lab = open_lab("02_content_loss")
    with on_the_way(lab):
        handle, readout = lab.slider("Layer")
        handle.focus()
        lab.page.keyboard.press("ArrowLeft")
        sync_api.expect(readout).to_have_text("relu3_3")
    assert lab.ask("list(lab.live_run.runner.branch.transfer.content_layers)") == ["relu3_3"]
    sync_api.expect(lab.lab.locator("svg line.mark")).to_have_count(1)
    lab.keep(pages / "02_lab.png")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


def test_gram_explorer(open_lab, pages):
    lab = open_lab("03_gram_matrix_style_loss")
    entries = lab.lab.locator("b")
    before = entries.all_inner_texts()
    assert len(before) == 2 and float(before[0]) == pytest.approx(float(before[1]), rel=1e-3)
    maps = lab.lab.get_by_role("img", name=re.compile("^map of"))
    sync_api.expect(maps).to_have_count(3)
    group = lab.lab.get_by_role("group", name=re.compile("^Two maps"))
    sync_api.expect(group).to_contain_text("Point at a position")
    maps.first.hover()
    sync_api.expect(group).to_contain_text(re.compile(r"Row \d+, column \d+: [\d.,]+ × [\d.,]+ = "))
    group.focus()
    lab.page.keyboard.press("ArrowDown")
    lab.keep(pages / "03_lab.png")
    pixels = "canvas => canvas.toDataURL()"
    pictures = [canvas.evaluate(pixels) for canvas in maps.all()]
    lab.press("Shuffle positions")
    sync_api.expect(lab.lab.get_by_text("Positions shuffled")).to_be_visible()
    after = [float(text) for text in entries.all_inner_texts()]
    assert after == pytest.approx([float(text) for text in before], rel=1e-3)
    lab.page.wait_for_timeout(2000)  # the positions move
    for canvas, old in zip(maps.all(), pictures, strict=True):
        assert canvas.evaluate(pixels) != old
    lab.keep(pages / "03_shuffled.png")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


def test_layer_mixer(open_lab, pages):
    lab = open_lab("04_layer_weighting")
    assert lab.fills_the_page()
    with on_the_way(lab):
        lab.choose("Preset", "deepest layer alone")
        sync_api.expect(lab.lab.get_by_text(re.compile("relu5_1\\s95 %"))).to_be_visible()
    assert lab.ask("list(lab.live_run.runner.branch.transfer.style_layers)") == ["relu5_1"]
    border = lab.lab.get_by_role("slider", name="Border between relu4_1 and relu5_1")
    border.focus()
    lab.page.keyboard.press("PageDown")
    sync_api.expect(border).to_have_attribute("aria-valuenow", "5")  # relu4_1 has none to give
    lab.choose("Preset", "equal shares")
    sync_api.expect(border).to_have_attribute("aria-valuenow", "81")
    lab.page.keyboard.press("PageDown")
    assert lab.becomes("[lab.shares[k].value for k in ('relu4_1', 'relu5_1')] == [9, 29]")
    lab.keep(pages / "04_lab.png")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


def test_clinic(open_lab, pages):
    lab = open_lab("06_when_it_goes_wrong")
    lab.wait_for_status("Patient 1. The curve is the total loss")
    assert lab.fills_the_page()
    lab.press("Check")
    lab.wait_for_status("Choose a diagnosis first")
    right = lab.ask("lab.patient.name")
    wrong = next(name for name in lab.ask("lab.diagnosis.options[1:]") if name != right)
    lab.choose("Diagnosis", wrong)
    lab.press("Check")
    lab.wait_for_status("Not this one")
    lab.choose("Diagnosis", right)
    lab.press("Check")
    lab.wait_for_status("Right.*At the first try: 0 of 1")
    lab.keep(pages / "06_lab.png")
    before = lab.picture()
    lab.press("Next patient")
    lab.wait_for_status("Patient 2. The curve")
    assert lab.picture() != before
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


# ---------------------------------------------------------------- the instant lab


def test_instant_lab_follows_a_slider_and_starts_a_real_run(open_lab, pages):
    lab = open_lab("10_fast_networks")
    lab.wait_for_status(r"One pass: \d+ ms")
    assert lab.fills_the_page()
    picture = lab.lab.locator("img").first
    before = picture.get_attribute("src")
    handle, _ = lab.slider("Between")
    handle.focus()
    for _ in range(30):
        handle.press("ArrowRight")
    assert lab.becomes("lab.place.value > 0.2 and not lab._worker.playing")
    sync_api.expect(picture).not_to_have_attribute("src", before)
    lab.keep(pages / "10_between.png")
    lab.press("Start a real run from here")
    lab.wait_for_status(r"Step \d+ of \d+", minutes=2)
    assert lab.becomes("lab._run is None", attempts=300)
    lab.keep(pages / "10_after_a_run.png")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


# ---------------------------------------------------------------- the sound lab


def test_sound_lab_forms_a_spectrogram_and_is_heard_on_the_way(open_lab, pages, tmp_path):
    lab = open_lab("09_video_and_sound", "SoundLab")
    stored = lab.page.locator(".jp-OutputArea audio").first  # of a run long ago
    assert 3 < stored.evaluate("audio => audio.duration") < 4
    lab.wait_for_status("Press Play")
    assert lab.fills_the_page()
    before = lab.picture()
    assert lab.lab.locator("audio").count() == 2  # the two sounds
    lab.press("Play")
    lab.wait_for_status(r"Step \d+ of \d+: style loss")
    lab.press("Hear it now")
    sound = lab.lab.locator("audio[autoplay]")
    sync_api.expect(sound).to_have_count(1, timeout=MINUTE)
    length = "audio => audio.duration"
    sync_api.expect(sound).to_have_js_property("readyState", 4, timeout=MINUTE)
    assert 2 < sound.evaluate(length) < 4  # Chromium has decoded it
    lab.wait_for_status("Done: 150 steps", minutes=3)
    assert lab.picture() != before
    lab.keep(pages / "09_sound.png")
    soundfile.write(tmp_path / "mine.wav", np.random.default_rng(0).normal(0, 0.1, 32_000), 16_000)
    lab.upload("Upload a sound as style", tmp_path / "mine.wav")
    assert lab.becomes("lab.style.label == 'mine.wav'")
    (tmp_path / "words.wav").write_text("no sound")
    lab.upload("Upload a sound as style", tmp_path / "words.wav")
    lab.wait_for_status("words.wav cannot be read as a sound")
    (tmp_path / "night.wav").write_bytes(bytes(9 * 2**20))
    lab.upload("Upload a sound as style", tmp_path / "night.wav")
    lab.wait_for_status("more than 8 MB")
    assert lab.barriers() == []
    assert lab.faults_in_the_dark(pages) == []
    assert lab.errors == []


# ---------------------------------------------------------------- the flicker lab


def test_flicker_lab_paints_both_films_and_plays_them(open_lab, pages):
    lab = open_lab("09_video_and_sound", "FlickerLab")
    clip = lab.picture()
    assert lab.fills_the_page()
    lab.press("Step")
    lab.wait_for_status("1 of 3 frames", minutes=2)
    assert lab.picture() != clip
    lab.press("Play")
    lab.wait_for_status(r"3 of 3 frames. Flicker in levels of 256: [\d.]+ by itself", minutes=3)
    last = lab.picture()
    lab.keep(pages / "09_films.png")
    handle, readout = lab.slider("Frame")
    handle.focus()
    handle.press("ArrowLeft")
    sync_api.expect(readout).to_have_text("2")
    sync_api.expect(lab.large).not_to_have_attribute("src", last)
    lab.press("As a film")
    sync_api.expect(lab.large).to_have_attribute("src", re.compile("^data:image/webp"))
    lab.keep(pages / "09_as_a_film.png")
    assert lab.faults_in_the_dark(pages) == []
    assert lab.barriers() == []
    assert lab.errors == []
