"""A doodle and a painting with a map become a new painting."""

import pytest
import torch

import nst_course as nst
from nst_course.images.maps import load_map
from nst_course.transfer.doodle import styles_of_doodle

VILLAGE = "village_street_in_auvers"
SMALL = {"size": 48, "brush": 24, "steps": 4, "progress": False, "style_layers": ["relu1_1"]}


def test_each_color_takes_its_style_from_the_region_of_that_color():
    painting, source, drawing = nst.load_image(VILLAGE), load_map(VILLAGE), load_map("doodle")
    styles = styles_of_doodle(painting, source, drawing)
    assert len(styles) == 5
    for style in styles:
        inside = drawing[0][:, style.region > 0]
        there = source[0][:, style.source_region > 0]
        assert torch.equal(inside.amin(1), there.amax(1))


def test_new_painting_has_the_colors_of_the_painting_in_the_regions_of_the_doodle(narrow_backbone):
    image = nst.doodle(VILLAGE, VILLAGE, "doodle", backbone=narrow_backbone, **SMALL).image
    painting, source = nst.load_image(VILLAGE), load_map(VILLAGE)
    drawing = load_map("doodle", 48)
    assert image.shape == drawing.shape
    for style in styles_of_doodle(painting, source, drawing):
        found = image[0][:, style.region > 0].mean(1)
        expected = painting[0][:, style.source_region > 0].mean(1)
        assert (found - expected).abs().max() < 0.15


def test_files_and_tensors_are_taken_too(narrow_backbone, tmp_path):
    nst.save_image(load_map("doodle"), tmp_path / "mine.png")
    settings = {"backbone": narrow_backbone, **SMALL}
    by_file = nst.doodle(VILLAGE, VILLAGE, tmp_path / "mine.png", **settings)
    by_tensor = nst.doodle(VILLAGE, load_map(VILLAGE), load_map("doodle", 48), **settings)
    assert torch.equal(by_file.image, by_tensor.image)


def test_picture_that_is_no_map_is_refused(narrow_backbone):
    with pytest.raises(nst.CourseError, match="one plain color"):
        nst.doodle(VILLAGE, "cat", "doodle", backbone=narrow_backbone, **SMALL)
    with pytest.raises(nst.CourseError, match="in none of the colors"):
        nst.doodle(VILLAGE, VILLAGE, "cat", backbone=narrow_backbone, **SMALL)
