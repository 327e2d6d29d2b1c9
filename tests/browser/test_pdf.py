"""Slides on paper. A file of its own: Playwright starts once in a thread."""

import shutil
from pathlib import Path

import pytest

from nst_course.classroom.slides.deck import BROWSERS, write_pdf, write_slides
from nst_course.errors import CourseError

FIRST = next((Path(__file__).parents[2] / "notebooks").glob("00*.ipynb"))

pytest.importorskip("playwright", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, BROWSERS)), reason="there is no Chromium on this machine"
)


def test_pdf_is_written_and_nothing_is_replaced(tmp_path):
    page = write_slides(FIRST, tmp_path)
    pdf = write_pdf(page)
    assert pdf.read_bytes().startswith(b"%PDF") and pdf.stat().st_size > 100_000
    with pytest.raises(CourseError, match="--overwrite"):
        write_pdf(page)
    with pytest.raises(CourseError, match="--overwrite"):
        write_slides(FIRST, tmp_path)
