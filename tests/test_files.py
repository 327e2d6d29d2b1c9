"""Files appear whole or not at all, and killed writers leave nothing that stays."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from nst_course import files
from nst_course.files import check_place, write_atomically

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files, or no root")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_writing_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "new" / "file.txt"
    write_atomically(path, lambda partial: partial.write_text("old"))

    def half(partial):
        partial.write_text("ne")
        raise error

    with pytest.raises(error):
        write_atomically(path, half)
    assert names(path.parent) == ["file.txt"] and path.read_text() == "old"


def killed_while_writing(path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from nst_course.files import write_atomically\n"
        "write_atomically(Path(sys.argv[1]), lambda p: (p.write_text('half'), os._exit(9)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code, path], env=environment).returncode == 9


def test_what_a_killed_process_has_left_is_cleared_and_other_files_stay(tmp_path):
    path, other = tmp_path / "b[1].png", tmp_path / "b1.png"
    for killed in (path, other):
        killed_while_writing(killed)
    assert len(names(tmp_path)) == 2
    write_atomically(path, lambda partial: partial.write_text("whole"))
    left = names(tmp_path)
    assert len(left) == 2 and left[1] == "b[1].png" and left[0].endswith(".partial")
    write_atomically(other, lambda partial: partial.write_text("whole"))
    assert names(tmp_path) == ["b1.png", "b[1].png"]


def test_leftover_of_a_dead_process_whose_number_runs_again_is_cleared(tmp_path):
    path = tmp_path / "a.png"
    leftover = tmp_path / f"{files.partial_prefix(path)}00.{os.getpid()}.partial"
    leftover.mkdir()
    (leftover / "a.png").write_text("half")
    before = psutil.Process().create_time() - 1000
    os.utime(leftover, (before, before))  # written before this process began
    write_atomically(path, lambda partial: partial.write_text("new"))
    assert names(tmp_path) == ["a.png"]


def test_two_writers_at_a_time_give_a_whole_file_of_one_of_them(tmp_path):
    path, torn, errors = tmp_path / "a.txt", [], []

    def write(letter):
        try:
            for _ in range(60):
                write_atomically(path, lambda partial: partial.write_text(letter * 200_000))
        except OSError as error:
            errors.append(error)

    write("a")
    threads = [threading.Thread(target=write, args=[letter]) for letter in "bcd"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        text = path.read_text()
        torn += [] if len(text) == 200_000 and len(set(text)) == 1 else [text[:10]]
    assert not torn and not errors and names(tmp_path) == ["a.txt"]


@posix
def test_link_is_followed_and_the_mode_of_its_target_kept(tmp_path):
    (tmp_path / "disk").mkdir()
    target, link, chain = tmp_path / "disk" / "t.txt", tmp_path / "l.txt", tmp_path / "c.txt"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    chain.symlink_to("l.txt")
    write_atomically(chain, lambda partial: partial.write_text("new"))
    assert chain.is_symlink() and link.is_symlink() and target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o600 and names(target.parent) == ["t.txt"]
    (tmp_path / "dangling").symlink_to(tmp_path / "disk" / "later")
    write_atomically(tmp_path / "dangling", lambda partial: partial.write_text("new"))
    assert names(target.parent) == ["later", "t.txt"] and (tmp_path / "dangling").is_symlink()


@posix
@pytest.mark.parametrize(
    "place", ["folder", "device", "pipe", "loop", "file/below", "n" * 256, "ü" * 128]
)
def test_what_is_no_place_for_a_file_is_refused_and_stays_as_it_is(tmp_path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to(os.devnull)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    before = names(tmp_path)
    for refuse in (
        lambda path: check_place(path, 10),
        lambda path: write_atomically(path, lambda partial: partial.write_text("x")),
    ):
        with pytest.raises(OSError):
            refuse(tmp_path / place)
    assert names(tmp_path) == before and not Path(os.devnull).is_file()


@posix
def test_name_as_long_as_names_go_is_written(tmp_path):
    path = tmp_path / ("n" * 255)
    check_place(path, 10)
    write_atomically(path, lambda partial: partial.write_text("x"))
    assert path.read_text() == "x" and len(names(tmp_path)) == 1


@posix
def test_write_protected_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everything
    for refuse in (lambda: check_place(path, 1), lambda: write_atomically(path, Path.touch)):
        with pytest.raises(PermissionError, match="write-protected"):
            refuse()


@posix
def test_missing_room_is_found_before_and_leaves_nothing(tmp_path):
    """A limit on the size of files is met in the same way as a full disk."""
    code = (
        "import resource, sys; from pathlib import Path; from nst_course.files import check_place\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "check_place(Path(sys.argv[1]), 4000)\n"
        "try: check_place(Path(sys.argv[1]), 6000)\n"
        "except OSError: print('refused')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[1])}
    command = [sys.executable, "-c", code, tmp_path / "a"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "refused\n" and names(tmp_path) == []
