"""What every figure says of itself."""

import torch

from nst_course.plots import layer_bars, pictures
from nst_course.plots.figure import alt_text, new_figure


def test_alt_text_is_the_label_or_else_all_titles_and_axes_once():
    figure = new_figure(4, 3)
    left, right = figure.subplots(1, 2)
    assert alt_text(figure) == ""
    for axis in (left, right):
        axis.set_title("loss of\n a run")
        axis.set_xlabel("step")
        axis.set_ylabel("loss")
    figure.suptitle("two runs")
    assert alt_text(figure) == "two runs; loss of a run; loss over step"
    figure.set_label("Two falling curves")
    assert alt_text(figure) == "Two falling curves"


def test_figures_of_the_course_say_what_they_show():
    image = torch.zeros(1, 3, 8, 8)
    assert alt_text(pictures([image], ["a photograph"])) == "a photograph"
    assert "E" in alt_text(layer_bars({"E": {"relu1_1": 1.0, "relu2_1": 2.0}}, "loss"))
