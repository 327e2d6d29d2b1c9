"""Set up the course in .venv and start it, with nothing but Python's standard library.

python3 course.py         makes .venv, then opens JupyterLab, which gets all further arguments
python3 course.py test    makes .venv, then runs every test; further arguments are for pytest
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
FIRST = "/lab/tree/notebooks/00_start_here.ipynb"  # by path, only its folder would show
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PACKAGE_INDEX = "PyTorch comes from the package index instead, with CUDA."
CAUSES = [  # what pip, uv and venv write, and what it means; the first match counts
    (r"(Errno|os error) (28|122)\b|(WinError|os error) 112\b|No usable temporary directory",
     "The disk is full (this folder's, or that of temporary files): make room and run this again."),
    (r"Retry\(total=0|TimeoutError|ProtocolError|incomplete-d|error sending|response body|zip file",
     "The package index cannot be reached: check the network and run this again."),
    (r"distribution found for torch|torch(vision)?\S* has no wheels with a matching",
     "PyTorch has no package for this Python on this machine: try another Python, or conda."),
    (r"No module named '?(venv|ensurepip)", "This Python has no venv module; on Debian or Ubuntu: "
     "sudo apt install python{}.{}-venv".format(*sys.version_info)),
]  # fmt: skip


def run(*command):
    """Run a command and show its progress; return None, or why it failed."""
    said, quiet = [], False  # quiet from the first complaint on: the cause is said once, at the end
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:  # stdout: progress bars
        for line in (raw.decode("utf-8", "replace") for raw in process.stderr):
            said.append(line)
            quiet = quiet or re.match(r"\s*(error|trace|WARNING: Retry)|.*No module", line, re.I)
            print("" if quiet else line, end="", file=sys.stderr, flush=True)
    causes = [cause for pattern, cause in CAUSES if re.search(pattern, "".join(said))]
    causes.append("".join(said[-15:]) + "This command failed: " + " ".join(map(str, command)))
    return causes[0] if process.returncode else None


def output(*command, timeout=60):
    """What a command prints; nothing where it cannot be started, fails or takes too long."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(command, stderr=subprocess.DEVNULL, timeout=timeout)
    return b""


def basis():
    """What an installation rests on: .venv's Python, this folder and pyproject.toml."""
    python = output(PYTHON, "-c", "import sys; print(sys.version_info[:2])")
    return python + bytes(HERE) + b"\n" + Path("pyproject.toml").read_bytes()


def steps(usable, uv, pip):
    """The commands that make .venv, unless it is usable, and install the course into it."""
    if not usable:
        yield sys.executable, "-m", "venv", "--clear", "--without-pip", VENV
    if not (usable or uv):  # a step of its own, because venv hides why ensurepip fails
        yield PYTHON, "-m", "ensurepip", "--default-pip"
    gpu = os.path.exists("/proc/driver/nvidia") or output("nvidia-smi", "-L")
    ask = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=3).status)"
    if sys.platform.startswith("linux") and not gpu:  # elsewhere the default PyTorch fits
        if output(sys.executable, "-c", ask, CPU_INDEX + "/torch/", timeout=4):
            print(f"PyTorch comes from {CPU_INDEX}, without CUDA.", flush=True)
            only = "--default-index" if uv else "--index-url"  # each beats a configured index
            yield (*pip, only, CPU_INDEX, "torch", "torchvision")
        else:
            print(f"{CPU_INDEX} is out of reach.", PACKAGE_INDEX, flush=True)
    yield (*pip, "pip", "--editable", ".[test]")  # uv leaves out pip, which notebooks use as %pip


def set_up():
    """Make .venv and install the course, unless a stamp in .venv says that this is done."""
    stamp, uv = VENV / "course-installed", shutil.which("uv")
    if stamp.is_file() and stamp.read_bytes() == basis():
        return
    print(f"Setting up {VENV}: a few minutes, 0.4 GB to download, 3 GB with CUDA.", flush=True)
    pip = [uv, "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install"]
    usable = basis().startswith(b"(%d, %d)" % sys.version_info[:2]) and output(*pip, "--help")
    try:
        for command in steps(usable, uv, pip):
            failure = run(*command)
            if failure and CPU_INDEX not in command:
                break
            if failure:
                print(failure, PACKAGE_INDEX, flush=True)
    except KeyboardInterrupt:
        failure = "Stopped. Run the same command to start again."
    if failure and not usable:  # pip and uv cache what they download, so a new start costs little
        shutil.rmtree(VENV, ignore_errors=True)
    if failure:
        sys.exit(failure)
    stamp.write_bytes(basis())


def main(arguments):
    """Set up the course, then hand over to JupyterLab or pytest."""
    if sys.version_info < (3, 10):  # noqa: UP036, since an older Python can parse this file
        sys.exit(f"The course needs Python 3.10 or newer; this is {sys.version.split()[0]}.")
    os.chdir(HERE)
    os.environ.update(PIP_USER="0", PIP_TARGET="", PIP_PREFIX="", PIP_ROOT="", PYTHONHOME="")
    set_up()
    command = ["pytest", "-n=logical", "--maxprocesses=4", *arguments[1:]]
    if arguments[:1] != ["test"]:  # --allow-root, because in a container one often is root
        command = ["jupyterlab", "--allow-root", "--LabApp.default_url=" + FIRST, *arguments]
    os.environ["PATH"] = os.pathsep.join([str(PYTHON.parent), *os.get_exec_path()])  # for !pip
    if os.name != "nt":
        os.execv(PYTHON, [PYTHON, "-m", *command])
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is JupyterLab's
    sys.exit(subprocess.call([PYTHON, "-m", *command]))


if __name__ == "__main__":
    main(sys.argv[1:])
