"""Who handed in what: a folder as Moodle, Canvas, nbgitpuller, nbgrader or a mailbox leave it.

Nothing is unpacked to the disk and nothing is written: of an archive only the notebooks and the
progress files are read, up to a size, into memory.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ...errors import CourseError

LARGEST = 30_000_000  # bytes of one file; a notebook of the course has at most 1.5 million
MOST_FILES = 60  # of one student
_MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_\w*?file_?(?P<file>.*)$")
_CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)$")
_COURSE_NOTEBOOK = re.compile(r"^\d\d_\w+\.ipynb$")
_SKIPPED = (".ipynb_checkpoints", "__MACOSX", ".git", ".local", ".cache", "feedback")


@dataclass(frozen=True)
class File:
    """A notebook as it was handed in; its content is empty where `fault` says why."""

    name: str
    content: bytes = b""
    fault: str = ""


@dataclass
class Submission:
    """What one student handed in."""

    student: str
    notebooks: list[File] = field(default_factory=list)
    progress: list[bytes] = field(default_factory=list)


def find_submissions(folder: Path) -> list[Submission]:
    """The submissions in a folder or a zip archive, by the names of the students.

    Raises:
        CourseError: there is no such folder, or nobody handed in anything.
    """
    if not folder.exists():
        raise CourseError(f"There is no folder {folder}.")
    if folder.is_file() and not zipfile.is_zipfile(folder):
        raise CourseError(f"{folder} is neither a folder nor a zip archive.")
    entries = list(_in_archive(folder.read_bytes()) if folder.is_file() else _in_folder(folder))
    if not entries:
        raise CourseError(f"There are no submissions in {folder}.")
    if len({path.parts[0] for path, _ in entries}) == 1:
        entries = _below_what_all_share(entries)
    if all(len(path.parts) == 1 and _COURSE_NOTEBOOK.match(path.name) for path, _ in entries):
        entries = [(PurePosixPath(folder.stem) / path, file) for path, file in entries]
    return _grouped(entries)


Entry = tuple[PurePosixPath, File]


def _in_folder(folder: Path) -> Iterator[Entry]:
    """Files and, so that a student without files is not forgotten, empty folders."""
    for path in sorted(folder.rglob("*")):
        inside = PurePosixPath(path.relative_to(folder).as_posix())
        if _is_skipped(inside) or path.is_symlink():  # a link may lead to anything
            continue
        if path.is_dir():
            if not any(path.iterdir()):
                yield inside / "nothing", File("")
            continue
        if not path.is_file():  # a pipe would wait for ever
            continue
        try:
            too_large = path.stat().st_size > LARGEST
            if path.suffix.lower() == ".zip" and not too_large:
                yield from _unpacked(inside, path.read_bytes())
            elif _is_wanted(path.name):
                content = b"" if too_large else path.read_bytes()
                yield inside, File(path.name, content, _size_fault(too_large))
            else:
                yield inside, File("")
        except OSError as error:
            yield inside, File(path.name, b"", f"it cannot be read ({error.strerror})")


def _in_archive(content: bytes) -> Iterator[Entry]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if member.is_dir() or _is_skipped(path):
                continue
            if not _is_wanted(path.name):
                yield path, File("")
                continue
            try:
                with archive.open(member) as stream:  # the header may lie about the size
                    read = stream.read(LARGEST + 1)
            except (RuntimeError, OSError, zipfile.BadZipFile, NotImplementedError, EOFError):
                yield path, File(path.name, b"", "it cannot be unpacked")
                continue
            too_large = len(read) > LARGEST
            yield path, File(path.name, b"" if too_large else read, _size_fault(too_large))


def _unpacked(place: PurePosixPath, content: bytes) -> Iterator[Entry]:
    """What is in an archive inside the folder, as if it were a folder of that name."""
    name = _MOODLE.match(place.name) or _CANVAS.match(place.name)
    top = place if name else place.with_suffix("")
    try:
        for path, file in _in_archive(content):
            yield top / path.name, file
    except (zipfile.BadZipFile, OSError):
        yield top / place.name, File(place.name, b"", "the archive is damaged")


def _size_fault(too_large: bool) -> str:
    return f"it has more than {LARGEST // 10**6} MB" if too_large else ""


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((".ipynb", ".jsonl"))


def _is_skipped(path: PurePosixPath) -> bool:
    return ".." in path.parts or any(part in _SKIPPED for part in path.parts)


def _below_what_all_share(entries: list[Entry]) -> list[Entry]:
    """Without the folders around those of the students, as archives have them."""
    below = entries
    while all(len(path.parts) > 2 for path, _ in below):
        below = [(PurePosixPath(*path.parts[1:]), file) for path, file in below]
        tops = {path.parts[0] for path, _ in below}
        if len(tops) > 1:
            return entries if "notebooks" in tops else below  # one student's own folders
    return entries


def _grouped(entries: Iterable[Entry]) -> list[Submission]:
    found: dict[tuple[str, str], Submission] = {}
    for path, file in entries:
        name, number, own = _student(path)
        submission = found.setdefault((name, number), Submission(name))
        if file.name.lower().endswith(".jsonl"):
            submission.progress.append(file.content)
        elif file.name and len(submission.notebooks) < MOST_FILES:
            submission.notebooks.append(File(own or file.name, file.content, file.fault))
    by_name = defaultdict(list)
    for (name, number), submission in found.items():
        by_name[name].append((number, submission))
    for name, same in by_name.items():
        for number, submission in same:
            submission.student = f"{name} ({number})" if len(same) > 1 and number else name
    return sorted(found.values(), key=lambda submission: submission.student.lower())


def _student(path: PurePosixPath) -> tuple[str, str, str]:
    """(name, number, the file's own name) of a student from the path inside the folder."""
    first = path.parts[0]
    if found := _MOODLE.match(first):
        own = path.name if len(path.parts) > 1 else found["file"]
        return found["name"].replace("_", " ").strip(), found["id"], own
    if len(path.parts) > 1:
        return first, "", path.name
    if found := _CANVAS.match(first):
        return found["name"], found["id"], found["file"]
    return PurePosixPath(first).stem, "", path.name
