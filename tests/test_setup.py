"""Set-up: course.py against real failures, and environment.yml against pyproject.toml.

The real runs happen in a copy of course.py whose "course" is a tiny project, with package indexes
that are folders served on this machine, so that everything from `venv` to `pip install` is true and
nothing needs a network.
"""

import ast
import functools
import http.server
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import yaml  # JupyterLab's server depends on PyYAML

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest depends on tomli
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
CLOSED = "http://127.0.0.1:9/simple"  # the discard port, where nothing listens

# Starts course.py as it is, except for what depends on the machine: the CPU index's address, the
# NVIDIA driver, the operating system's name and whether uv is there.
START = """
import sys
import course
course.CPU_INDEX, uv = sys.argv[1:3]
course.shutil.which = lambda name: uv or None
course.sys.platform = "linux"
ask, exists = course.output, course.os.path.exists
course.output = lambda *command, **rest: "smi" not in str(command[0]) and ask(*command, **rest)
course.os.path.exists = lambda path: path != "/proc/driver/nvidia" and exists(path)
course.main(sys.argv[3:])
"""

BACKEND = """
import os, shutil
def build_editable(folder, *_, **__):
    return os.path.basename(shutil.copy("nst_course-0.1.0-py3-none-any.whl", folder))
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "nst-course"
version = "0.1.0"
optional-dependencies = { test = ["pytest"] }
dependencies = """

SHOW = "import os, sys; print('RAN', __package__, sys.argv[1:], 'in', os.getcwd()); sys.exit({})"


def load_course():
    """A module of its own, whose names a test may set."""
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course():
    return load_course()


def write_wheel(folder, name, version, files, metadata=""):
    """The smallest wheel that pip and uv install."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/RECORD", "")


def write_project(folder, *needs):
    """The tiny course: uv reads its requirements in pyproject.toml, pip in the wheel it builds."""
    (folder / "pyproject.toml").write_text(PYPROJECT + repr(list(needs)))
    (folder / "backend.py").write_text(BACKEND)
    lines = [f"Requires-Dist: {name}" for name in [*needs, "pytest; extra == 'test'"]]
    metadata = "\n".join(["Provides-Extra: test", *lines, ""])
    write_wheel(folder, "nst_course", "0.1.0", {"nst_course.pth": str(folder)}, metadata)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def indexes(tmp_path_factory):
    """Serve two package indexes, `simple` and PyTorch's own `cpu`; yield their address."""
    folder = tmp_path_factory.mktemp("indexes")
    for index, name, version, code in [
        ("simple", "torch", "2.9", 'print("with CUDA")'),
        ("simple", "torchvision", "0.24", ""),
        ("simple", "pip", "99.0", ""),
        ("simple", "jupyterlab", "4.9", SHOW.format(0)),
        ("simple", "pytest", "9.0", SHOW.format(3)),
        ("cpu", "torch", "2.9+cpu", 'print("CPU only")'),
        ("cpu", "torchvision", "0.24+cpu", ""),
    ]:
        files = {f"{name}/__init__.py": "", f"{name}/__main__.py": code}
        write_wheel(folder / index / name, name, version, files)
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def clones(tmp_path_factory):
    """Make a fresh clone of the tiny course, in a folder with a space in its name."""

    def make():
        folder = tmp_path_factory.mktemp("clones") / "my course"
        folder.mkdir()
        shutil.copy(ROOT / "course.py", folder)
        write_project(folder, "torch", "torchvision", "jupyterlab")
        return folder

    return make


def command(*arguments, cpu=CLOSED, uv=""):
    return [sys.executable, "-c", START, cpu, uv, *arguments]


def settings(clone, index=CLOSED, stub=None):
    """An environment in which pip and uv know this index only; `stub` is a folder of modules."""
    ours = {
        "PYTHONPATH": os.pathsep.join(map(str, [stub, clone] if stub else [clone])),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index,
        "PIP_RETRIES": "1",
        "PIP_CACHE_DIR": str(clone.parent / "pip-cache"),
        "UV_NO_CONFIG": "1",
        "UV_DEFAULT_INDEX": index,
        "UV_HTTP_RETRIES": "0",
        "UV_CACHE_DIR": str(clone.parent / "uv-cache"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    rest = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "PYTHON"))}
    return {**rest, **ours}


def start(clone, *arguments, cpu=CLOSED, uv="", **options):
    """Run course.py from another folder; return the finished process, its output in one text."""
    return subprocess.run(
        command(*arguments, cpu=cpu, uv=uv),
        cwd=clone.parent,
        env=settings(clone, **options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )


def assert_stops(result, sentence, clone):
    """Exit code 1, one sentence at the end, no traceback, and no .venv left."""
    assert result.returncode == 1, result.stdout
    assert re.search(sentence, result.stdout.splitlines()[-1]), result.stdout
    assert "Traceback" not in result.stdout and "WARNING" not in result.stdout
    assert not (clone / ".venv").exists()


# The file itself


def test_course_py_is_short_and_needs_only_the_standard_library():
    source = (ROOT / "course.py").read_text("utf-8")
    assert len(source.splitlines()) <= 120
    names = re.findall(r"^\s*(?:import|from) (\w+)", source, re.MULTILINE)
    assert names and set(names) <= sys.stdlib_module_names


def test_set_up_is_not_for_a_user_or_another_folder(course, monkeypatch):
    for name in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME"):
        monkeypatch.setenv(name, "1")
    seen = {}
    monkeypatch.setattr(course, "set_up", lambda: seen.update(os.environ))
    monkeypatch.setattr(course.os, "execv", lambda *_: None)
    monkeypatch.setattr(course.subprocess, "call", lambda *_: 0)
    monkeypatch.setattr(course.os, "chdir", lambda *_: None)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    with pytest.raises(SystemExit):
        course.main([])
    assert seen["PIP_USER"] == "0"  # pip takes an empty variable for none
    assert [seen[f"PIP_{name}"] for name in ("TARGET", "PREFIX", "ROOT")] == ["", "", ""]


def test_course_py_names_no_package_index_but_pytorchs():
    addresses = re.findall(r"https?://[^\s\"')]+", (ROOT / "course.py").read_text("utf-8"))
    assert addresses == ["https://download.pytorch.org/whl/cpu"]


def test_an_old_python_can_parse_it_and_ends_in_a_sentence(course, monkeypatch):
    ast.parse((ROOT / "course.py").read_text("utf-8"), feature_version=(3, 6))
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    with pytest.raises(SystemExit, match=r"^The course needs Python 3\.10 or newer; this is .*\.$"):
        course.main([])


@pytest.mark.parametrize("name", ["python3.6", "python3.8", "python3.9"])
def test_a_real_old_python(name, tmp_path):
    python = shutil.which(name)
    if not python or subprocess.run([python, "-V"], capture_output=True).returncode:
        pytest.skip(f"no {name} here")
    result = subprocess.run([python, ROOT / "course.py"], stderr=subprocess.PIPE, encoding="utf-8")
    assert result.returncode == 1
    sentence = r"The course needs Python 3\.10 or newer; this is 3\.\d.*\.\n"
    assert re.fullmatch(sentence, result.stderr)


# Set-up that succeeds


@pytest.fixture(scope="module")
def installed(clones, indexes):
    """A clone that is set up with pip, over what a killed first run left; and what was said."""
    clone = clones()
    (clone / ".venv" / "lib").mkdir(parents=True)
    (clone / ".venv" / "lib" / "half-made").touch()
    return clone, start(clone, "--port=1", cpu=f"{indexes}/cpu", index=f"{indexes}/simple")


def test_set_up_takes_pytorch_from_the_cpu_index_and_opens_the_first_notebook(installed, indexes):
    clone, result = installed
    assert result.returncode == 0, result.stdout
    assert f"PyTorch comes from {indexes}/cpu, without CUDA." in result.stdout
    first = "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"
    opened = f"['--allow-root', '{first}', '--port=1']"
    assert f"RAN jupyterlab {opened} in {clone}\n" in result.stdout
    assert not (clone / ".venv" / "lib" / "half-made").exists()
    python = load_course().PYTHON.relative_to(ROOT)
    assert subprocess.check_output([clone / python, "-m", "torch"]) == b"CPU only\n"


def test_a_second_start_needs_no_index_and_installs_nothing(installed):
    clone, _ = installed
    result = start(clone)
    assert result.stdout.startswith("RAN jupyterlab"), result.stdout


def test_the_tests_get_their_arguments_and_return_their_exit_code(installed):
    clone, _ = installed
    result = start(clone, "test", "-k", "losses and gram")
    given = ["-n=logical", "--maxprocesses=4", "-k", "losses and gram"]
    assert result.stdout == f"RAN pytest {given} in {clone}\n"
    assert result.returncode == 3


def test_a_changed_pyproject_installs_again_and_a_failure_keeps_what_worked(installed, indexes):
    clone, _ = installed
    stamp = (clone / ".venv" / "course-installed").read_bytes()
    write_project(clone, "torch", "jupyterlab")
    (clone / "backend.py").write_text("raise SystemError('a broken backend')")
    result = start(clone, index=f"{indexes}/simple")
    assert result.returncode == 1
    assert "a broken backend" in result.stdout
    assert re.match("This command failed: .* --editable", result.stdout.splitlines()[-1])
    assert (clone / ".venv" / "course-installed").read_bytes() == stamp

    write_project(clone, "torch", "jupyterlab")
    result = start(clone, index=f"{indexes}/simple")
    assert result.returncode == 0, result.stdout
    assert (clone / ".venv" / "course-installed").read_bytes() != stamp


@pytest.mark.skipif(not shutil.which("uv"), reason="no uv here")
def test_uv_makes_the_same_environment_with_pip_in_it(clones, indexes):
    clone = clones()
    uv = shutil.which("uv")
    result = start(clone, cpu=f"{indexes}/cpu", index=f"{indexes}/simple", uv=uv)
    assert result.returncode == 0, result.stdout
    assert f"PyTorch comes from {indexes}/cpu, without CUDA." in result.stdout
    python = clone / load_course().PYTHON.relative_to(ROOT)
    assert subprocess.check_output([python, "-m", "torch"]) == b"CPU only\n"
    assert subprocess.run([python, "-m", "pip"]).returncode == 0


@pytest.fixture
def dry(course, tmp_path, monkeypatch):
    """course.py in an empty folder, with `ran` in the place of the commands it would run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".venv").mkdir()
    course.VENV = tmp_path / ".venv"
    monkeypatch.setattr(course.shutil, "which", lambda name: None)
    monkeypatch.setattr(course.sys, "platform", "linux")
    monkeypatch.setattr(course.os.path, "exists", lambda path: False)
    this = str(sys.version_info[:2]).encode()
    course.answers = {"nvidia-smi": b"", sys.executable: b"", course.PYTHON: this}
    course.output = lambda *command, **_: course.answers[command[0]]
    course.ran, course.failures = [], {}

    def run(*command):
        course.ran.append(" ".join(str(part) for part in command[1:]))
        return next((say for word, say in course.failures.items() if word in command), None)

    course.run = run
    return course


PROJECT = "-m pip install pip --editable .[test]"
FROM_CPU_INDEX = "-m pip install --index-url https://download.pytorch.org/whl/cpu torch torchvision"


@pytest.mark.parametrize(
    ("platform", "gpu", "reachable", "expected"),
    [
        ("linux", False, True, [FROM_CPU_INDEX, PROJECT]),
        ("linux", False, False, [PROJECT]),
        ("linux", True, True, [PROJECT]),
        ("darwin", False, True, [PROJECT]),
        ("win32", False, True, [PROJECT]),
    ],
)
def test_where_pytorch_comes_from(dry, monkeypatch, platform, gpu, reachable, expected):
    monkeypatch.setattr(dry.sys, "platform", platform)
    dry.answers.update({"nvidia-smi": b"GPU 0" * gpu, sys.executable: b"200" * reachable})
    dry.set_up()
    assert dry.ran == expected


def test_a_cpu_index_that_answers_but_fails_is_left_for_the_package_index(dry, capsys):
    dry.answers[sys.executable] = b"200"
    dry.failures[dry.CPU_INDEX] = "It broke."
    dry.set_up()
    assert dry.ran == [FROM_CPU_INDEX, PROJECT]
    assert "It broke. PyTorch comes from the package index instead" in capsys.readouterr().out
    assert (dry.VENV / "course-installed").exists()


def test_an_index_is_reachable_or_not_within_seconds(course, indexes, capsys, monkeypatch):
    monkeypatch.setattr(course.sys, "platform", "linux")
    monkeypatch.setattr(course.os.path, "exists", lambda path: False)
    ask, patience = course.output, []

    def output(*command, timeout=60):
        if command[0] == "nvidia-smi":
            return b""
        patience.append(timeout)
        return ask(*command, timeout=timeout)

    course.output = output
    for index, commands in [(f"{indexes}/cpu", 2), (f"{indexes}/nothing", 1), (CLOSED, 1)]:
        course.CPU_INDEX = index
        assert len(list(course.steps(True, None, ["pip"]))) == commands
        assert index in capsys.readouterr().out
    assert max(patience) <= 5  # seconds, where an index neither answers nor refuses


@pytest.mark.parametrize("change", ["pyproject.toml", "folder", "Python"])
def test_the_stamp_notices_what_an_installation_depends_on(dry, change, tmp_path):
    dry.set_up()
    dry.ran.clear()
    dry.set_up()
    assert dry.ran == []
    if change == "pyproject.toml":
        (tmp_path / change).write_text("new")
    elif change == "folder":
        dry.HERE = tmp_path / "moved"
    else:
        dry.answers[dry.PYTHON] = b"(3, 9)"
    dry.set_up()
    assert dry.ran[-1] == PROJECT
    made_anew = ["-m venv --clear --without-pip", "-m ensurepip --default-pip"]
    assert [text.partition(" /")[0] for text in dry.ran[:-1]] == made_anew * (change == "Python")


# Set-up that fails


def test_without_a_network(installed):
    clone, _ = installed
    before = (clone / "pyproject.toml").read_text()
    write_project(clone, "torch", "jupyterlab", "absent")
    result = start(clone)
    (clone / "pyproject.toml").write_text(before)
    assert result.returncode == 1
    assert f"{CLOSED} is out of reach. PyTorch comes from the package index" in result.stdout
    assert "Traceback" not in result.stdout and "WARNING" not in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last == "The package index cannot be reached: check the network and run this again."
    assert start(clone).returncode == 0  # what an earlier run installed still works


@pytest.mark.skipif(not shutil.which("uv"), reason="no uv here")
def test_without_a_network_with_uv(clones):
    clone = clones()
    result = start(clone, uv=shutil.which("uv"))
    assert_stops(result, "^The package index cannot be reached: .*again[.]$", clone)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (
            "ModuleNotFoundError(\"No module named 'ensurepip'\")",
            "sudo apt install python3.*-venv$",
        ),
        ("OSError(28, 'No space left on device')", "^The disk is full .*again[.]$"),
        ("OSError(122, 'Disk quota exceeded')", "^The disk is full .*again[.]$"),
        ("SystemExit('something else')", "^This command failed: .* -m ensurepip"),
    ],
)
def test_a_failing_ensurepip(clones, tmp_path, failure, sentence):
    (tmp_path / "ensurepip.py").write_text(f"raise {failure}")
    clone = clones()
    result = start(clone, stub=tmp_path)
    assert_stops(result, sentence, clone)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches a process group otherwise there")
def test_ctrl_c_leaves_nothing_half_made(clones, tmp_path):
    code = "import os, time\nos.write(2, b'busy\\n')\ntime.sleep(60)"
    (tmp_path / "ensurepip.py").write_text(code)
    clone = clones()
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    env = settings(clone, stub=tmp_path)
    with subprocess.Popen(command(), cwd=clone, env=env, start_new_session=True, **pipe) as process:
        assert any(line == "busy\n" for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        process.stdout, said = None, process.stdout.read()
    assert_stops(subprocess.CompletedProcess([], process.returncode, said), "^Stopped[.]", clone)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space", "The disk is"),
        ("OSError: [WinError 112] Es steht nicht genug Speicherplatz", "The disk is full"),
        ("cause: failed to copy file: No space left on device (os error 28)", "The disk is full"),
        ("WARNING: Retrying (Retry(total=0, connect=None", "The package index cannot"),
        ("urllib3.exceptions.ReadTimeoutError: Read timed out.", "The package index cannot"),
        ("error: incomplete-download", "The package index cannot"),
        ("hint: invalid:\n  Failed to read from zip file", "The package index cannot"),
        ("cause: error sending request for url (http://", "The package index cannot"),
        ("ERROR: No matching distribution found for torch>=2.4", "PyTorch has no package"),
        (
            "cause: Because torch>=2.4.0 has no wheels with a matching platform tag",
            "PyTorch has no",
        ),
        ("/x/.venv/bin/python: No module named ensurepip", "This Python has no venv module"),
        ("WARNING: Retrying (Retry(total=4, connect=None\nERROR: other", "WARNING: Retrying"),
    ],
)
def test_what_pip_and_uv_write_when_they_fail(course, capfd, said, sentence):
    code = "import sys; print(sys.argv[1], file=sys.stderr); sys.exit({})"
    assert course.run(sys.executable, "-c", code.format(2), said).startswith(sentence)
    assert course.run(sys.executable, "-c", code.format(0), said) is None


def test_a_command_shows_its_progress_up_to_the_first_complaint(course, capfd):
    code = "import os; os.write(1, b'bar'); os.write(2, b'Resolved 3\\nerror: late\\nmore\\n\\xff')"
    course.run(sys.executable, "-c", code)
    assert capfd.readouterr() == ("bar", "Resolved 3\n")


# conda and Binder


def test_environment_yml_lists_what_pyproject_toml_lists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    conda_names = {
        "torch": "pytorch",
        "matplotlib": "matplotlib-base",
        "soundfile": "pysoundfile",
        "opencv-python-headless": "py-opencv",
    }
    expected = {f"python{project['requires-python']}", "pip"}
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement).group()
        expected.add(conda_names.get(name, name) + requirement.removeprefix(name))
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *packages, last = environment["dependencies"]
    assert len(packages) == len(set(packages)) and set(packages) == expected
    assert last == {"pip": ["-e .[test]"]}
    assert environment["channels"] == ["conda-forge"]
