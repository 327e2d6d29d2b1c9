"""Maps of regions: one color for each, whatever a drawing program does at the edges."""

import pytest
import torch

import nst_course as nst
from nst_course.images.maps import MAPS, colors_of_map, load_map, regions_of_map

RED, BLUE, WHITE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0)


def painted(*colors: tuple[float, float, float], width: int = 20) -> torch.Tensor:
    """Stripes from left to right."""
    stripes = [torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, 12, width) for color in colors]
    return torch.cat(stripes, 3)


@pytest.mark.parametrize("name", ["village_street_in_auvers", "doodle"])
def test_bundled_maps_have_the_same_five_colors(name):
    found = load_map(name)
    assert len(colors_of_map(found)) == 5
    assert set(colors_of_map(found)) == set(colors_of_map(load_map("doodle")))
    assert f"{name}.png" in (MAPS.parent / "SOURCES.md").read_text("utf-8")


def test_map_of_the_painting_has_its_sides():
    painting = nst.load_image("village_street_in_auvers")
    assert load_map("village_street_in_auvers").shape == painting.shape


def test_scaled_map_has_no_new_colors():
    small = load_map("doodle", 50)
    assert max(small.shape) == 50
    assert set(map(tuple, small[0].flatten(1).T.tolist())) <= set(colors_of_map(load_map("doodle")))


def test_regions_fill_the_map_without_overlap():
    drawing = load_map("doodle", 64)
    regions = regions_of_map(drawing, colors_of_map(drawing))
    assert torch.equal(torch.stack(list(regions.values())).sum(0), torch.ones(drawing.shape[2:]))
    for color, region in regions.items():
        inside = drawing[0][:, region > 0]
        torch.testing.assert_close(inside, torch.tensor(color)[:, None].expand_as(inside))


def test_soft_edges_and_jpeg_noise_belong_to_the_nearest_color():
    clean = painted(RED, BLUE, WHITE)
    soft = torch.nn.functional.avg_pool2d(clean, 3, 1, 1, count_include_pad=False)
    noisy = soft + 0.03 * torch.rand(soft.shape, generator=torch.Generator().manual_seed(0))
    sharp = regions_of_map(clean, [RED, BLUE, WHITE])
    found = regions_of_map(noisy.clamp(0, 1), [RED, BLUE, WHITE])
    for color in (RED, BLUE, WHITE):
        assert (found[color] != sharp[color]).float().mean() < 0.06
    assert len(colors_of_map(soft)) >= 3 and set(colors_of_map(soft)[:3]) == {RED, BLUE, WHITE}


def test_colors_without_pixels_are_left_out():
    assert list(regions_of_map(painted(RED, RED), [RED, BLUE])) == [RED]


def test_photograph_is_no_map_and_a_foreign_color_is_named():
    with pytest.raises(nst.CourseError, match="one plain color for each region"):
        colors_of_map(torch.rand(1, 3, 40, 40))
    with pytest.raises(nst.CourseError, match=r"\(255, 255, 255\), are in none of the colors"):
        regions_of_map(painted(RED, WHITE), [RED, BLUE])
    with pytest.raises(nst.CourseError, match="no file and no bundled image"):
        load_map("nosuch")
