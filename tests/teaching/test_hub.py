"""The hub of `teaching/hub` with real processes: three students in Chromium at the same time.

It needs JupyterHub (`pip install -e .[hub]`), Node with the proxy (`npm install` in teaching/hub),
git and Chromium; without one of them it is skipped and says so. Started by root, the students have
accounts of their own, unless other accounts cannot read this Python or this folder.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from nst_course.classroom.edition import Choices, write_edition

ROOT = Path(__file__).parents[2]
HUB = ROOT / "teaching" / "hub"
PROXY = HUB / "node_modules" / ".bin" / "configurable-http-proxy"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
NOTEBOOK = "notebooks/02_content_loss.ipynb"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STUDENTS = ("ada", "ben", "cleo")
PASSWORD = "correct horse"
MINUTE = 60_000  # milliseconds

# What each student writes into the first exercise: a mark, a look at a neighbor's home, and more
# memory than there is. The kernel goes on after both.
WORK = """
# the work of {me}
import os
print("{me} has account", os.getuid())
try:
    print("reads a neighbor's home:", os.listdir("{neighbor}"))
except PermissionError:
    print("a neighbor's home is closed")
try:
    torch.ones(10**9)
except RuntimeError as error:
    print("limited:", "allocate memory" in str(error))
"""

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("jupyterhub", reason="JupyterHub is not installed: pip install -e .[hub]")
pytest.importorskip("nbgitpuller", reason="nbgitpuller is not installed: pip install -e .[hub]")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node on this machine"),
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on this machine"),
    pytest.mark.skipif(not PROXY.exists(), reason="run npm install in teaching/hub first"),
]


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


CAN_SEPARATE = os.geteuid() == 0 and all(map(open_to_all, (Path(sys.executable), HUB / "x")))


class Hub:
    """A hub on a folder, and the student edition that it hands out."""

    def __init__(self, folder: Path, separate: bool):
        self.folder, self.edition, self.separate = folder, folder / "edition", separate
        write_edition("student", self.edition, NOTEBOOKS, Choices(word="sepia"))
        self.publish()
        port, hub_port, proxy_port = free_ports(3)
        self.address = f"http://127.0.0.1:{port}"
        self.log = (folder / "hub.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(HUB / "jupyterhub_config.py")]
            + [f"--JupyterHub.bind_url={self.address}", f"--JupyterHub.hub_port={hub_port}"]
            + [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy_port}"],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "NST_COURSE_QUICK": "1",
                "NST_HUB_COURSE": str(folder / "course.git"),
                "NST_HUB_FOLDER": str(folder / "hub"),
                "NST_HUB_MEMORY": "2G",
                "NST_HUB_PASSWORD": PASSWORD,
                "NST_HUB_SHARED": "0" if separate else "1",
            },
            cwd=folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/hub/api", timeout=5)
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.messages()
                time.sleep(0.2)

    def publish(self) -> str:
        command = [HUB / "publish.sh", self.edition, self.folder / "course.git"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def home(self, name: str) -> Path:
        return self.folder / "hub" / "homes" / name

    def notebook(self, name: str) -> nbformat.NotebookNode:
        return nbformat.read(self.home(name) / "course" / NOTEBOOK, as_version=4)

    def messages(self) -> str:
        return (self.folder / "hub.log").read_text()

    def stop(self) -> None:
        self.process.terminate()  # the hub stops the proxy and every student's server
        self.process.wait(60)
        self.log.close()


@pytest.fixture(scope="module", params=["separate accounts", "one account"])
def hub(request):
    separate = request.param == "separate accounts"
    if separate and not CAN_SEPARATE:
        pytest.skip("only root can start servers under other accounts, in folders open to all")
    with tempfile.TemporaryDirectory(prefix="nst_hub_") as folder:  # pytest's are closed to others
        Path(folder).chmod(0o711)
        running = Hub(Path(folder), separate)
        yield running
        running.stop()
        print(running.messages())  # pytest shows it with a failure


@pytest.fixture(scope="module")
def chromium():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Student:
    """A student's browser, with cookies of its own."""

    def __init__(self, hub: Hub, chromium, name: str):
        self.hub, self.name = hub, name
        self.page = chromium.new_context(viewport={"width": 1200, "height": 1600}).new_page()

    def log_in(self) -> None:
        self.page.goto(f"{self.hub.address}/hub/login")
        self.page.fill("#username_input", self.name)
        self.page.fill("#password_input", PASSWORD)
        self.page.click("#login_submit", no_wait_after=True)

    def open_notebook(self) -> None:
        """From the page that JupyterLab opens by itself, the first notebook."""
        self.page.wait_for_url(re.compile("/lab/tree/"), timeout=3 * MINUTE)
        self.page.goto(f"{self.hub.address}/user/{self.name}/lab/tree/{NOTEBOOK}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=3 * MINUTE)
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        self.page.wait_for_selector("text=/\\| Idle/", timeout=3 * MINUTE)

    def cell(self, source: str):
        inside = self.page.locator(".jp-InputArea", has_text=source)
        return self.page.locator(".jp-CodeCell").filter(has=inside).first

    def write(self, text: str) -> None:
        """Append to the cell of the first exercise."""
        self.cell("def my_content_loss").locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.insert_text(text)

    def run_all(self) -> None:
        self.page.click("text=Run")
        self.page.click("text=Run All Cells")

    def wait_for_all(self) -> None:
        last = self.page.locator(".jp-CodeCell .jp-InputPrompt").last
        sync_api.expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=5 * MINUTE)
        self.wait_until_idle()

    def lab(self):
        return self.cell("nst.labs.ContentLab").locator(".jp-OutputArea")

    def picture(self) -> str:
        return self.lab().locator("img").first.get_attribute("src")

    def play(self) -> None:
        self.lab().locator("button").filter(has_text=re.compile(r"^\s*Play$")).click()

    def save(self) -> None:
        self.page.locator(".jp-Notebook").press("Escape")
        self.page.keyboard.press("Control+s")
        self.page.wait_for_selector(".jp-mod-dirty", state="detached", timeout=MINUTE)

    def stop_server(self) -> None:
        self.page.goto(f"{self.hub.address}/hub/home", wait_until="networkidle")
        with self.page.expect_response(lambda answer: answer.request.method == "DELETE"):
            self.page.click("#stop")
        self.page.wait_for_selector("#stop", state="hidden", timeout=MINUTE)

    def start_server(self) -> None:
        self.page.goto(f"{self.hub.address}/hub/spawn", wait_until="commit")


def test_three_students_work_stop_and_come_back(hub, chromium):
    students = [Student(hub, chromium, name) for name in STUDENTS]
    for student in students:
        student.log_in()
    for student in students:
        student.open_notebook()
    for student, neighbor in zip(students, [*students[1:], students[0]], strict=True):
        student.write(WORK.format(me=student.name, neighbor=hub.home(neighbor.name)))
        student.run_all()
    before = {}
    for student in students:
        student.wait_for_all()
        before[student.name] = student.picture()
    for student in students:
        student.play()
    for student in students:  # all three labs run by now
        image = student.lab().locator("img").first
        sync_api.expect(image).not_to_have_attribute("src", before[student.name], timeout=MINUTE)
        student.save()
    for student in students:
        student.stop_server()

    text = "A sentence that the instructor added."
    notebook = hub.edition / NOTEBOOK
    edited = nbformat.read(notebook, as_version=4)
    edited.cells[0].source += f"\n\n{text}"
    nbformat.write(edited, notebook)
    assert "Published" in hub.publish()
    for student in students:
        student.start_server()
    for student in students:
        student.open_notebook()
        sync_api.expect(student.cell(f"# the work of {student.name}")).to_be_visible()
        sync_api.expect(student.page.locator("p", has_text=text)).to_be_visible()

    accounts = set()
    for student in students:
        kept = hub.notebook(student.name)
        [cell] = [cell for cell in kept.cells if "# the work of" in cell.source]
        printed = "".join(output.get("text", "") for output in cell.outputs)
        assert set(re.findall(r"# the work of (\w+)", cell.source)) == {student.name}
        assert f"{student.name} has account" in printed
        assert "limited: True" in printed
        if hub.separate:
            assert "a neighbor's home is closed" in printed
        accounts.add(hub.home(student.name).stat().st_uid)
        assert text in kept.cells[0].source
        [lab] = [cell for cell in kept.cells if "nst.labs.ContentLab" in cell.source]
        assert lab.execution_count, "the lab was not run"
    assert len(accounts) == (len(STUDENTS) if hub.separate else 1)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash on this machine")
def test_a_pull_keeps_what_a_student_has_changed_added_and_deleted(tmp_path):
    edition, repository, home = (tmp_path / name for name in ("edition", "course.git", "home"))
    edition.mkdir()
    home.mkdir()
    lines = [f"line {n}\n" for n in range(30)]
    (edition / "a.txt").write_text("".join(lines))

    def publish_and_pull() -> None:
        subprocess.run([HUB / "publish.sh", edition, repository], check=True, capture_output=True)
        puller = [sys.executable, "-m", "nbgitpuller.pull", repository, "main", "course"]
        subprocess.run(puller, cwd=home, check=True, capture_output=True)

    publish_and_pull()
    course = home / "course"
    (course / "a.txt").write_text("".join(["mine\n", *lines[1:]]))
    (course / "new.txt").write_text("the student's")
    (edition / "a.txt").write_text("".join(["theirs\n", *lines[1:-1], "corrected\n"]))
    (edition / "new.txt").write_text("the instructor's")
    publish_and_pull()
    assert (course / "a.txt").read_text() == "".join(["mine\n", *lines[1:-1], "corrected\n"])
    assert (course / "new.txt").read_text() == "the instructor's"
    [kept] = course.glob("new__*.txt")
    assert kept.read_text() == "the student's"
