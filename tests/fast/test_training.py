"""The script that trains the fast network: a resumed run is the run that was not interrupted."""

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "weights" / "train_fast_network.py"
OPTIONS = {
    "steps": 4,
    "batch": 3,
    "size": 64,
    "style_size": 64,
    "rate": 1e-3,
    "style_share": 0.6,
    "tv_weight": 0.0,
    "seed": 0,
    "log_every": 1,
}


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("train_fast_network", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def photographs(script, tmp_path):
    chance = np.random.default_rng(0)
    for number in range(2):
        pixels = chance.integers(0, 256, (90, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.jpg")
    return script.read_photographs(tmp_path, torch.device("cpu"))


def training(script):
    return script.Training(argparse.Namespace(**OPTIONS), torch.device("cpu"))


@pytest.mark.slow
def test_resumed_run_is_the_uninterrupted_run(script, photographs, tmp_path):
    whole, first, second = training(script), training(script), training(script)
    before = {name: tensor.clone() for name, tensor in first.network.state_dict().items()}
    for _ in range(3):
        whole.train(photographs)
    first.train(photographs)
    first.save(tmp_path / "checkpoint.pt")
    second.restore(tmp_path / "checkpoint.pt")
    for _ in range(2):
        second.train(photographs)
    assert second.step == 3 and len(second.rows) == 3
    for name, tensor in whole.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[name], tensor)
    changed = second.network.state_dict()
    assert any(not torch.equal(before[name], changed[name]) for name in before)
    torch.testing.assert_close(second.running, whole.running)


def test_crops_are_pictures_of_the_size_that_was_asked_for(script, photographs):
    found = script.crops(photographs, 4, 200, np.random.default_rng(0))
    assert found.shape == (4, 3, 200, 200)
    assert found.min() >= 0 and found.max() <= 1
    again = script.crops(photographs, 4, 200, np.random.default_rng(0))
    assert torch.equal(found, again)
