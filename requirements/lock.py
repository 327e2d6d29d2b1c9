"""List the dependencies that pip would install here, with their versions and hashes.

python3 requirements/lock.py                                      writes the list of this machine
python3 -m pip install --require-hashes -r requirements/FILE      installs exactly what it names
python3 -m pip install --no-deps --editable .                     and the course itself

Advisory: nothing reads these lists but who wants to. The default stays unpinned.
"""

import json
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main():
    ask = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", "."]
    report = subprocess.check_output([sys.executable, "-m", "pip", *ask], cwd=HERE.parent)
    lines = []
    for found in json.loads(report)["install"]:
        name, version = found["metadata"]["name"].lower(), found["metadata"]["version"]
        hashes = found["download_info"].get("archive_info", {}).get("hashes")
        if hashes:  # the course itself has none
            lines.append(f"{name}=={version} --hash=sha256:{hashes['sha256']}\n")
    system = f"{platform.system()}-{platform.machine()}".lower()
    python = "".join(platform.python_version_tuple()[:2])
    path = HERE / f"{system}-python{python}.txt"
    path.write_text("".join(sorted(lines)), "utf-8")
    print(f"{path}: {len(lines)} packages")


if __name__ == "__main__":
    main()
