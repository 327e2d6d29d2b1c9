"""The whole method in one call: pictures of all kinds, the dials, one bar, resuming."""

import pytest
import torch

import nst_course as nst
from nst_course.images.io import resized
from nst_course.transfer.stylize import STRENGTHS, dial, multi_scale


def test_goes_through_the_sizes_and_returns_the_last(stylize):
    sizes = []
    result = stylize(on_step=lambda step: sizes.append(max(step.image.shape)))
    assert sizes == [24] * 6 + [34] * 3 + [48] * 2
    assert result.image.shape == (1, 3, 32, 48) and len(result.history["total"]) == 2
    assert not result.interrupted and result.seconds > 0


def test_names_files_and_tensors_are_the_same_picture(stylize, tmp_path):
    content, style = nst.load_image("cat", 48), nst.load_image("great_wave", 48)
    nst.save_image(content, tmp_path / "cat.png")
    by_name, by_file = stylize(), stylize(tmp_path / "cat.png", style)
    by_tensor = stylize(content, nst.Style(style))
    assert torch.equal(by_name.image, by_tensor.image)
    assert torch.equal(by_file.image, by_tensor.image)


def test_several_styles_and_regions_go_along_through_the_sizes(stylize):
    region = torch.zeros(32, 48)
    region[:, :24] = 1
    styles = [nst.Style(nst.load_image("great_wave", 48), region=region), "summertime"]
    mixed, alone = stylize(style=styles), stylize()
    assert mixed.image.shape == alone.image.shape
    assert (mixed.image - alone.image)[..., 30:].abs().mean() > 0.01


def test_artworks_shrink_with_the_image_but_stay_visible_to_the_network(narrow_backbone):
    run = multi_scale("cat", "great_wave", 256, style_size=512, backbone=narrow_backbone)
    for size, side in ((256, 512), (128, 256), (32, 64)):
        assert max(run.make(size, None).styles[0].image.shape) == side


def test_strength_is_a_dial_for_style_weight_and_strokes(stylize):
    assert [dial(mark) for mark in STRENGTHS] == [
        (pytest.approx(weight), side) for weight, side in STRENGTHS.values()
    ]
    weights, sides = zip(*(dial(1 + step / 10) for step in range(41)), strict=True)
    assert list(weights) == sorted(set(weights))
    assert list(sides) == sorted(sides, reverse=True)
    content = nst.load_image("cat", 48)
    distances = [(stylize(strength=mark).image - content).abs().mean() for mark in (1, 3, 5)]
    assert distances == sorted(distances)


def test_brush_and_weight_may_be_given_in_place_of_the_strength(narrow_backbone):
    by_strength = multi_scale("cat", "great_wave", 256, strength=5, backbone=narrow_backbone)
    assert [scale.size for scale in by_strength.scales] == [96, 133, 185, 256]
    given = multi_scale(
        "cat", "great_wave", 256, brush=128, style_weight=7.0, backbone=narrow_backbone
    )
    assert [scale.size for scale in given.scales] == [128, 181, 256]
    assert given.make(256, None).style_weight == 7.0


@pytest.mark.parametrize("strength", [0, 5.1, -1, float("nan")])
def test_strength_outside_the_dial_is_refused(strength):
    with pytest.raises(nst.CourseError, match="strength is a number from 1 to 5"):
        dial(strength)


def test_interrupted_run_returns_the_image_so_far_and_goes_on_from_its_checkpoint(stylize, stopped):
    result, checkpoint = stopped()
    assert result.interrupted and max(result.image.shape) == 34 and checkpoint.exists()
    resumed = stylize(checkpoint=checkpoint)
    assert torch.equal(resumed.image, stylize().image) and not checkpoint.exists()


def test_checkpoint_of_other_pictures_is_refused(stylize, tmp_path, monkeypatch):
    monkeypatch.setattr("nst_course.transfer.multiscale.CHECKPOINT_SECONDS", 0)

    def interrupt(step):
        raise KeyboardInterrupt

    checkpoint = tmp_path / "run"
    stylize(checkpoint=checkpoint, on_step=interrupt)
    with pytest.raises(nst.CourseError, match="belongs to a run with pictures"):
        stylize("dahlia", checkpoint=checkpoint)


TERM = nst.StyleTerm(nst.HistogramMatching(), 1e3, ["relu1_1"], name="histogram")
OTHER = nst.StyleTerm(nst.HistogramMatching(), 1e5, ["relu1_1"], name="histogram")
WAVE = nst.load_image("great_wave", 48)


@pytest.mark.parametrize(
    ("settings", "others", "said"),
    [
        (
            {"statistic": nst.SlicedWasserstein(1)},
            {"statistic": nst.SlicedWasserstein(2)},
            "statistic",
        ),
        ({"statistic": nst.GaussianWasserstein()}, {"statistic": nst.covariance}, "statistic"),
        ({"terms": [TERM]}, {"terms": [OTHER]}, "terms"),
        ({"terms": [TERM]}, {}, "terms"),
        ({"style": nst.Style(WAVE, layers=["relu1_1"])}, {"style": WAVE}, "layers"),
    ],
)
def test_statistics_and_terms_go_through_the_sizes_and_belong_to_the_checkpoint(
    stylize, stopped, settings, others, said
):
    result, checkpoint = stopped(**settings)
    assert result.interrupted
    with pytest.raises(nst.CourseError, match=f"belongs to a run with {said}"):
        stylize(checkpoint=checkpoint, **others)
    resumed = stylize(checkpoint=checkpoint, **settings)
    assert torch.equal(resumed.image, stylize(**settings).image)
    assert (resumed.image - stylize(**others).image).abs().mean() > 1e-3


def test_what_cannot_be_computed_in_tiles_is_refused_by_its_size(stylize, monkeypatch):
    monkeypatch.setattr("nst_course.transfer.fit.available_memory", lambda device: 25_000_000)
    with pytest.raises(nst.CourseError, match=r"size=400 needs .*; choose size=\d+ or less"):
        stylize(size=400, statistic=nst.SlicedWasserstein())


def test_forecast_is_one_line(stylize, capsys):
    stylize(progress=True)
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("48×32 px after 24, 34, 6 + 3 + 2 steps on ") and "of memory" in line


def test_coarse_start_has_larger_shapes_than_a_fine_one(stylize):
    """What is left of the image after it was made small: more where the first size was small."""
    rough = {}
    for brush in (16, 48):
        image = stylize(brush=brush, init="noise", content_weight=0.0, steps=20).image
        small = resized(image, (8, 12))
        rough[brush] = small.std().item()
    assert rough[16] > rough[48]
