"""What the tests of the command line share."""

import pytest

from nst_course.transfer import style_transfer as transfer


@pytest.fixture
def quick(monkeypatch):
    """Steps that cost next to nothing: only the first layer of the network is computed."""
    build = transfer.StyleTransfer.__init__

    def shallow(self, *pictures, **settings):
        layers = {"content_layers": ["relu1_1"], "style_layers": ["relu1_1"]}
        build(self, *pictures, **{**settings, **layers})

    monkeypatch.setattr(transfer.StyleTransfer, "__init__", shallow)
