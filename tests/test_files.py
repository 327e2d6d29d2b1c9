"""Files appear whole or not at all, and killed writers leave nothing that stays."""

import pytest

from nst_course.files import write_atomically


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


def test_what_a_killed_process_has_left_is_cleared_and_other_files_stay(tmp_path):
    others = [".b[1].png.1.partial", ".a.png.partial", "a.png"]
    for name in [".b[1].png.99999999.partial", *others]:
        (tmp_path / name).write_text("half")
    write_atomically(tmp_path / "b[1].png", lambda partial: partial.write_text("whole"))
    assert names(tmp_path) == sorted([*others, "b[1].png"])
