"""The timeline of notebook 11."""

import pytest

import nst_course as nst
from nst_course.plots import timeline

EVENTS = [
    ("1962", "texture", "Julesz asks", "a journal"),
    ("1995", "texture", "Heeger and Bergen", "SIGGRAPH"),
    ("2016", "people", "Prisma", "a newspaper"),
]


def test_every_event_has_a_row_with_date_and_source_in_the_color_of_its_kind():
    figure = timeline(EVENTS)
    (axis,) = figure.axes
    texts = {text.get_text(): text for text in axis.texts}
    assert set(texts) >= {part for event in EVENTS for part in event}
    rows = [texts[what].get_position()[1] for _, _, what, _ in EVENTS]
    assert rows == sorted(set(rows)) and axis.yaxis_inverted()
    colors = [texts[what].get_color() for _, _, what, _ in EVENTS]
    assert colors[0] == colors[1] != colors[2]
    for date, _, what, source in EVENTS:
        assert len({texts[t].get_position()[1] for t in (date, what, source)}) == 1


def test_texts_of_a_row_do_not_overlap():
    event = "Efros and Freeman: image quilting, copy patch by patch"
    figure = timeline([("Aug 2015", "people", event, "IRE Trans. Information Theory")] * 3)
    figure.canvas.draw()
    (axis,) = figure.axes
    boxes = [text.get_window_extent() for text in axis.texts[:3]]
    for left, right in zip(boxes, boxes[1:], strict=False):
        assert left.x1 <= right.x0


def test_alt_text_tells_the_events():
    assert timeline(EVENTS).get_label().startswith("1962: Julesz asks; 1995: ")


def test_what_is_no_list_of_events_is_a_sentence():
    with pytest.raises(nst.CourseError):
        timeline([("1962", "texture")])
