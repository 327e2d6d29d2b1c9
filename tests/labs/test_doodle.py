"""The doodle lab without a browser: painting, undo, files, and what a run makes of the regions."""

import time

import numpy as np
import pytest
import torch

import nst_course as nst
from nst_course.labs import doodle
from nst_course.labs.doodle import numbers
from nst_course.labs.region_map import load_regions, mask_of, save_regions


@pytest.fixture
def lab(narrow_backbone, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doodle, "shared_backbone", lambda: narrow_backbone)
    made = nst.labs.Doodle(size=64, steps=3)
    yield made
    made.close()


def paint(painter, regions: np.ndarray) -> None:
    painter.regions = regions.astype(np.uint8).tobytes()


def half(painter, first: int, second: int) -> np.ndarray:
    """The first number on the left, the second on the right."""
    regions = np.full(numbers(painter).shape, second)
    regions[:, : regions.shape[1] // 2] = first
    return regions


def status(lab) -> str:
    return lab.live_run.status.value


def test_begins_with_two_regions_of_the_photograph(lab):
    regions = numbers(lab.painter)
    assert regions.shape == (43, 64) and set(regions.flat) == {1, 2}
    assert regions[2, 50] == 1  # the sky
    assert [style.source_region for style in lab.styles(lab.settings())] == [None, None]


def test_painted_regions_rule_in_the_run(lab):
    paint(lab.painter, half(lab.painter, 1, 0))
    lab.softness.value = 0
    lab.run(3)
    image = lab.live_run.runner.branch.frames[-1].image
    photo = nst.load_image("summer_palace", 64)
    assert torch.equal(image[..., 32:], photo[..., 32:])
    assert (image[..., :30] - photo[..., :30]).abs().mean() > 0.02


def test_part_of_an_artwork_may_be_painted(lab):
    paint(lab.sources[1], half(lab.sources[1], 2, 0))
    first, second = lab.styles(lab.settings())
    assert first.source_region is None
    assert second.source_region[:, 0].all() and not second.source_region[:, -1].any()


def test_nothing_painted_is_a_sentence(lab):
    lab.clear.click()
    assert not numbers(lab.painter).any()
    lab.run(1)
    assert "No region is painted" in status(lab)


def test_undo_takes_back_stroke_by_stroke(lab):
    before = numbers(lab.painter).copy()
    paint(lab.painter, half(lab.painter, 1, 0))
    paint(lab.sources[0], half(lab.sources[0], 1, 0))
    lab.clear.click()
    lab.undo.click()
    assert np.array_equal(numbers(lab.painter), half(lab.painter, 1, 0))
    lab.painter.undone += 1  # the key
    assert not numbers(lab.sources[0]).any()
    lab.undo.click()
    assert np.array_equal(numbers(lab.painter), before)
    lab.undo.click()
    assert "no stroke to take back" in status(lab)


def test_rest_is_filled_with_the_present_region(lab):
    paint(lab.painter, half(lab.painter, 0, 1))
    lab.region.value = 2
    lab.fill.click()
    assert np.array_equal(numbers(lab.painter), half(lab.painter, 2, 1))


def test_keys_of_a_painter_move_the_controls(lab):
    lab.painter.region = 2
    assert lab.region.value == 2
    lab.painter.brush = 1000
    assert lab.brush.value == lab.brush.max == lab.painter.brush
    lab.shown.value = 1
    shown = [p for p in lab.canvas.children if p.layout.display != "none"]
    assert shown == [lab.sources[0]] and lab.sources[0].region == 1
    lab.sources[0].region = 2  # an artwork has one region
    assert lab.sources[0].region == 1
    lab.sources[0].region = 0
    assert lab.region.value == 0


def test_soft_edge_is_as_wide_as_the_slider_says(lab):
    paint(lab.painter, half(lab.painter, 1, 2))
    lab.softness.value = 5
    first, second = lab.styles(lab.settings())
    torch.testing.assert_close(first.region + second.region, torch.ones(43, 64))
    soft = (first.region[20] > 0) & (first.region[20] < 1)
    assert soft.sum() == 10


def test_masks_are_saved_and_loaded_and_never_replaced(lab):
    regions = half(lab.painter, 1, 0)
    paint(lab.painter, regions)
    lab.softness.value = 0
    lab.save.click()
    assert "Saved my_regions.png, my_regions-1.png" in status(lab)
    mask = nst.maps.load_mask("my_regions-1.png")
    assert torch.equal(mask, mask_of(regions, 1, 0))
    lab.save.click()
    assert "exists already" in status(lab)
    paint(lab.painter, half(lab.painter, 2, 2))
    lab.load.click()
    assert np.array_equal(numbers(lab.painter), regions)


def test_map_of_another_size_is_scaled(lab, tmp_path):
    regions = np.zeros((20, 30), np.uint8)
    regions[10:] = 2
    save_regions(regions, 0, "small.png")
    found = load_regions(tmp_path / "small.png", (90, 60), 2)
    assert found.shape == (60, 90) and not found[:30].any() and (found[30:] == 2).all()


def test_what_is_no_map_is_a_sentence(lab):
    lab.file.value = "nosuch.png"
    lab.load.click()
    assert "no file" in status(lab)
    nst.save_image(nst.load_image("dahlia", 64), "photo.png")
    lab.file.value = "photo.png"
    lab.load.click()
    assert "in none of the colors" in status(lab)
    save_regions(np.full((20, 30), 5, np.uint8), 0, "five.png")
    lab.file.value = "five.png"
    lab.load.click()
    assert "has a region 5, and this lab has 2" in status(lab)
    lab.file.value = "mask.jpg"
    lab.save.click()
    assert "saved as PNG" in status(lab)


def test_another_photograph_has_a_map_of_its_own(lab):
    paint(lab.painter, half(lab.painter, 1, 0))
    lab.content.value = "astronaut"
    assert numbers(lab.painter).shape == (64, 64) and "astronaut" in lab.painter.alt
    assert lab.live_run.runner.branch.steps == 0
    lab.menus[0].value = "mona_lisa"
    assert numbers(lab.sources[0]).shape == (64, 42)


def test_another_photograph_during_a_run_waits_for_reset(lab):
    lab.run(2)
    lab.content.value = "astronaut"
    assert "Press Reset" in status(lab) and lab.live_run.runner.branch.steps == 2
    lab.live_run.reset.click()
    assert lab.live_run.runner.settings["content"] == "astronaut"


def test_stroke_during_a_run_waits_for_reset(lab):
    lab.run(2)
    paint(lab.painter, half(lab.painter, 1, 0))
    assert "Press Reset" in status(lab)
    lab.live_run.reset.click()
    assert lab.live_run.runner.branch.steps == 0
    assert np.array_equal(lab.live_run.runner.settings["regions"], half(lab.painter, 1, 0))


def test_runs_in_the_background_too(lab):
    lab.live_run.play.click()
    end = time.monotonic() + 30
    while lab.live_run.runner.branch.steps < 3:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_wrong_numbers_of_artworks_are_a_sentence():
    with pytest.raises(nst.CourseError, match="one to 9 artworks"):
        nst.labs.Doodle(styles=())
