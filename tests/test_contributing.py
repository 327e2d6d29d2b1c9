"""The term that CONTRIBUTING.md shows does what the text says: in the loop, and in tiles."""

import re
from pathlib import Path

import pytest
import torch

GUIDE = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture(scope="module")
def golden():
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)
    return names["golden"]


def test_the_term_of_the_guide_acts_on_the_image(golden, narrow_backbone):
    content, style = torch.rand(2, 1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    transfer = golden(content, style, backbone=narrow_backbone, style_weight=0.0)
    gold = torch.tensor((0.8, 0.6, 0.2))
    first, *_, last = transfer.steps(20)
    for step in (first, last):
        expected = (step.image.mean((0, 2, 3)) - gold).square().mean().item()
        assert step.losses["color"] == pytest.approx(expected, rel=1e-4, abs=1e-7)
    assert last.losses["color"] < first.losses["color"] / 10


def test_the_term_of_the_guide_works_in_tiles(golden, narrow_backbone):
    content, style = torch.rand(2, 1, 3, 80, 96, generator=torch.Generator().manual_seed(0))
    whole, tiled = (
        next(iter(golden(content, style, backbone=narrow_backbone, tile=tile).steps(1))).losses
        for tile in (None, 64)
    )
    assert tiled == pytest.approx(whole, rel=1e-4)
