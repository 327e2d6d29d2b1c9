"""What a run keeps of the photograph: its colors, and the place where no style rules."""

import pytest
import torch

import nst_course as nst
from nst_course.images.color import gray, luminance, match_colors
from nst_course.transfer.initial import recolored
from nst_course.transfer.kept import prepared
from nst_course.transfer.styles import as_styles
from nst_course.transfer.stylize import multi_scale


@pytest.fixture
def left() -> torch.Tensor:
    region = torch.zeros(32, 48)
    region[:, :24] = 1
    return region


def is_shade_of(image: torch.Tensor, photograph: torch.Tensor) -> bool:
    """Whether each pixel is the photograph's, lighter or darker; clamped ones are left out."""
    inside = ((image > 1e-3) & (image < 1 - 1e-3)).all(1, keepdim=True)
    added = (image - photograph) * inside
    return (added - gray(added) * inside).abs().max().item() < 1e-4


# ---------------------------------------------------------------- color


def test_color_of_the_photograph_stays_in_every_picture_that_a_run_shows(stylize):
    cat, steps = nst.load_image("cat", 48), []
    result = stylize(cat, color="photograph", on_step=steps.append)
    assert is_shade_of(result.image, cat) and is_shade_of(steps[-1].image, cat)
    assert (luminance(result.image) - luminance(cat)).abs().mean() > 0.01
    assert not is_shade_of(stylize(cat).image, cat)
    small = torch.nn.functional.interpolate(
        cat, steps[0].image.shape[2:], mode="bicubic", antialias=True
    )
    assert (steps[0].image - gray(steps[0].image) - small + gray(small)).abs().max() < 0.15


def test_artworks_take_the_palette_of_the_photograph():
    cat, wave = nst.load_image("cat", 64), nst.load_image("great_wave", 64)
    same, (style,) = prepared("palette", cat, as_styles(wave, cat.device))
    assert same is cat
    assert torch.equal(style.image, match_colors(wave, cat).clamp(0, 1))
    dark, (style,) = prepared("photograph", cat, as_styles(wave, cat.device))
    assert torch.equal(dark, gray(cat)) and (style.image - gray(style.image)).abs().max() < 1e-2
    assert style.image.mean().item() == pytest.approx(dark.mean().item(), abs=0.01)


def test_artwork_of_a_region_takes_the_palette_of_that_region(left):
    cat, wave = nst.load_image("cat", 48), nst.load_image("great_wave", 48)
    styles = as_styles([nst.Style(wave, region=left), wave], cat.device)
    _, (first, second) = prepared("palette", cat, styles)
    assert torch.equal(first.image, match_colors(wave, cat, like_region=left).clamp(0, 1))
    assert torch.equal(second.image, match_colors(wave, cat, like_region=1 - left).clamp(0, 1))


def test_run_goes_on_with_its_color_and_is_refused_another(stylize, stopped):
    result, checkpoint = stopped(color="photograph")
    assert result.interrupted and checkpoint.exists()
    with pytest.raises(nst.CourseError, match="color 'photograph', not 'palette'"):
        stylize(checkpoint=checkpoint, color="palette")
    resumed = stylize(checkpoint=checkpoint, color="photograph")
    assert torch.equal(resumed.image, stylize(color="photograph").image)


def test_start_given_as_a_picture_is_gray_where_the_run_is(narrow_backbone):
    start = nst.load_image("coffee", 48)[:, :, :32]
    run = multi_scale(
        "cat", "great_wave", 48, backbone=narrow_backbone, color="photograph", init=start
    )
    first = next(iter(run.make(48, None).steps(1)))
    assert (first.image - gray(first.image)).abs().max() < 1e-5


def test_another_word_for_color_is_refused(stylize):
    with pytest.raises(nst.CourseError, match="color is one of 'artwork', 'palette', 'photograph'"):
        stylize(color="keep")


# ---------------------------------------------------------------- no style


@pytest.mark.parametrize("color", ["artwork", "palette", "photograph"])
@pytest.mark.parametrize("init", ["noise", "recolored"])
def test_photograph_stays_where_no_style_rules(stylize, left, color, init):
    cat = nst.load_image("cat", 48)
    soft = left.clone()
    soft[:, 20:24] = 0.5
    style = nst.Style(nst.load_image("great_wave", 48), region=soft)
    steps = []
    image = stylize(cat, style, color=color, init=init, on_step=steps.append).image
    assert torch.equal(image[..., 24:], cat[..., 24:])
    assert (image[..., :20] - cat[..., :20]).abs().mean() > 0.02
    inner = (image[..., 20:24] - cat[..., 20:24]).abs().mean()
    assert 0 < inner < (image[..., 16:20] - cat[..., 16:20]).abs().mean()
    assert torch.equal(steps[-1].image[..., 24:], cat[..., 24:])


def test_everything_is_generated_where_every_place_has_a_style(stylize, left):
    wave = nst.load_image("great_wave", 48)
    cat = nst.load_image("cat", 48)
    both = stylize(cat, [nst.Style(wave, region=left), nst.Style(wave, region=1 - left)])
    rest = stylize(cat, [nst.Style(wave, region=left), wave])
    for result in (both, rest):
        assert (result.image - cat)[..., 30:].abs().mean() > 0.02


def test_recolored_start_has_each_artwork_where_it_rules(left):
    cat = nst.load_image("cat", 48)
    wave, street = nst.load_image("great_wave", 48), nst.load_image("summertime", 48)
    styles = as_styles([nst.Style(wave, region=left), street], cat.device)
    found = recolored(cat, styles)
    for half, artwork in ((slice(0, 24), wave), (slice(24, 48), street)):
        expected = match_colors(cat[..., half], artwork)
        torch.testing.assert_close(found[..., half], expected, atol=1e-5, rtol=0)
    alone = recolored(cat, as_styles([nst.Style(wave, region=left)], cat.device))
    assert torch.equal(alone[..., 24:], cat[..., 24:])
