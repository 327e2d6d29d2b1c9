"""Small runs of `nst.stylize`."""

import pytest

import nst_course as nst

SMALL = {
    "size": 48,
    "brush": 24,
    "steps": 6,
    "progress": False,
    "content_layers": ["relu2_2"],
    "style_layers": ["relu1_1", "relu2_1"],
}


@pytest.fixture
def stylize(narrow_backbone):
    """`nst.stylize` from 24 to 48 px with a narrow network; 6, 3 and 2 steps."""

    def call(content="cat", style="great_wave", **settings):
        return nst.stylize(content, style, **{**SMALL, "backbone": narrow_backbone, **settings})

    return call


@pytest.fixture
def stopped(stylize, tmp_path, monkeypatch):
    """A function: stops a run at the second size, and gives its result and its checkpoint."""
    monkeypatch.setattr("nst_course.transfer.multiscale.CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr("nst_course.transfer.multiscale.WRITING_SHARE", float("inf"))

    def call(**settings):
        seen = []

        def interrupt(step):
            seen.append(step)
            if len(seen) == 8:
                raise KeyboardInterrupt

        checkpoint = tmp_path / "run"
        return stylize(checkpoint=checkpoint, on_step=interrupt, **settings), checkpoint

    return call
