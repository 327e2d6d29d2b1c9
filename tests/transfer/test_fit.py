"""Runs that do not fit into memory are refused before any picture is loaded."""

import re

import pytest
import torch

import nst_course as nst
from nst_course.transfer import fit, stylize
from nst_course.transfer.memory import bytes_of_run
from nst_course.transfer.style_transfer import describe
from nst_course.transfer.stylize import multi_scale


@pytest.fixture
def free(monkeypatch):
    """A function that says how many bytes of memory are free."""

    def choose(count: int) -> None:
        monkeypatch.setattr(fit, "available_memory", lambda device: count)

    return choose


@pytest.fixture
def nothing_loaded(monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("loaded or resized first")

    for name in ("load_image", "resized", "scaled"):
        monkeypatch.setattr(stylize, name, forbidden)


def refusal(*pictures, **settings) -> str:
    with pytest.raises(nst.CourseError) as caught:
        multi_scale(*pictures, **settings)
    return str(caught.value)


@pytest.mark.parametrize("tile", ["auto", None, 256])
@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_size_is_refused_before_anything_is_loaded(
    narrow_backbone, free, nothing_loaded, tile, precision, optimizer
):
    settings = {"tile": tile, "precision": precision, "optimizer": optimizer}
    free(10**9)
    said = refusal("cat", "great_wave", 16_000, backbone=narrow_backbone, **settings)
    found = re.fullmatch(
        r"size=16000 needs [\d.]+ GB of memory and 1.0 GB are free; choose size=(\d+) or less\.",
        said,
    )
    assert 16 < int(found[1]) < 16_000
    again = f"size={int(found[1]) * 5 // 4} needs"  # a tenth is kept in reserve
    assert again in refusal(
        "cat", "great_wave", int(found[1]) * 5 // 4, backbone=narrow_backbone, **settings
    )
    with pytest.raises(AssertionError, match="loaded"):  # it fits
        multi_scale("cat", "great_wave", int(found[1]), backbone=narrow_backbone, **settings)


def test_artwork_that_is_too_large_alone_is_named(narrow_backbone, free, nothing_loaded):
    free(10**9)
    sizes = {"size": 256, "style_size": 15_000}
    said = refusal("cat", "great_wave", backbone=narrow_backbone, **sizes)
    fitting = re.search(r"^style_size=15000 needs .* choose style_size=(\d+) or less\.$", said)
    assert 256 < int(fitting[1]) < 15_000
    with pytest.raises(AssertionError, match="loaded"):
        sizes["style_size"] = int(fitting[1])
        multi_scale("cat", "great_wave", backbone=narrow_backbone, **sizes)


def test_tensors_count_with_the_size_that_they_are_scaled_to(narrow_backbone, free, nothing_loaded):
    free(10**9)
    picture = torch.rand(1, 3, 40, 60)
    said = refusal(picture, [picture, nst.Style(picture)], 16_000, backbone=narrow_backbone)
    assert "size=16000 needs" in said


def test_every_artwork_counts(narrow_backbone, free, nothing_loaded):
    chosen = []
    for styles in (["great_wave"], ["great_wave"] * 4):
        free(10**9)
        said = refusal("cat", styles, 16_000, backbone=narrow_backbone)
        chosen.append(int(re.search(r"choose size=(\d+)", said)[1]))
    assert chosen[0] > chosen[1]


def test_pixels_beyond_the_limit_are_refused_before_anything_is_loaded(
    narrow_backbone, free, nothing_loaded
):
    free(10**15)
    for sizes in ({"size": 40_000}, {"size": 64, "style_size": 40_000}):
        said = refusal("cat", "great_wave", backbone=narrow_backbone, **sizes)
        assert said.startswith("At size=40000 the picture would have")


def test_memory_is_that_of_the_run_and_its_pictures(narrow_backbone, free):
    """The forecast of the finished run, and of the two images that it holds besides."""
    settings = {"steps": 20, "brush": 96, "tile": None, "backbone": narrow_backbone}
    transfer = multi_scale("cat", "great_wave", 96, **settings).make(96, None)
    needed = bytes_of_run(describe(transfer, 20)) + transfer.content.nbytes + transfer.style.nbytes
    free(needed)
    multi_scale("cat", "great_wave", 96, **settings)
    free(needed - 1)
    assert "size=96 needs" in refusal("cat", "great_wave", 96, **settings)
