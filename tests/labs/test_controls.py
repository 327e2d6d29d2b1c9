"""Controls that depend on one another: any order of changes leaves every lab usable."""

import random

import ipywidgets as widgets
import pytest

import nst_course as nst
from nst_course.labs.clickable import ClickablePicture
from nst_course.labs.lab import parts
from tests.labs.small import SMALL


@pytest.fixture(params=nst.labs.__all__)
def lab(request):
    made = getattr(nst.labs, request.param)(**SMALL[request.param])
    yield made
    made.close()


def turn(control: widgets.Widget, chance: random.Random) -> None:
    """Give a control another value, often its first or its last one."""
    if isinstance(control, ClickablePicture):
        control.position = tuple(chance.choice([0.0, 0.5, 1.0]) for _ in range(2))
    elif isinstance(control, (widgets.Dropdown, widgets.SelectionSlider, widgets.ToggleButtons)):
        last = len(control.options) - 1
        control.index = chance.choice([0, last, chance.randint(0, last)])
    elif hasattr(control, "max"):
        control.value = chance.choice([control.min, control.max, (control.min + control.max) // 2])


def test_controls_are_turned_in_any_order(lab):
    chance = random.Random(0)
    controls = []
    for widget in parts(lab.widget):
        if widget.trait_values().get("description") in ("Size", "Large size"):
            widget.options = [("64 px", 64), ("96 px", 96)]
        controls.append(widget)
    for _ in range(400):
        turn(chance.choice(controls), chance)


def test_explorer_keeps_to_the_positions_and_pages_of_each_layer():
    lab = nst.labs.FeatureExplorer(size=256, layer="relu1_2")
    lab.view.position = (1.0, 1.0)
    lab.page.value = lab.page.max
    lab.layer.value = "relu5_1"
    lab.page.value = lab.page.max
    lab.layer.value = "relu2_2"
    channels, height, width = lab.features.shape
    assert (lab.page.max, lab.row.max, lab.column.max) == (channels // 16, height - 1, width - 1)
    assert lab.page.value == lab.page.max and lab.channel == lab.order[-16]
    assert f"channel {lab.channel}" in lab.caption.value
    lab.close()


def test_gram_explorer_keeps_to_the_channels_of_each_layer():
    lab = nst.labs.GramExplorer(size=32, layer="relu5_1")
    lab.first.value = lab.second.value = 511
    lab.layer.value = "relu1_1"
    assert lab.first.max == lab.second.max == 63
    assert (lab.first.value, lab.second.value) == lab.pair.options[0][1]
    lab.close()
