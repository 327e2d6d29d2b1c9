"""DeepDream: which activations grow, and what is refused."""

import pytest
import torch
from torch import Tensor

import nst_course as nst

visualize = nst.visualize


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_a_dream_activates_the_layer_and_keeps_the_shape(backbone, photo):
    image = photo[..., :61]
    dream = visualize.deep_dream(backbone, image, "relu3_1", octaves=2, steps=3)
    assert dream.shape == image.shape and dream.min() >= 0 and dream.max() <= 1
    activations = (
        backbone(torch.cat([image, dream]), ["relu3_1"])["relu3_1"].square().mean((1, 2, 3))
    )
    assert activations[1] > 1.5 * activations[0]
    again = visualize.deep_dream(backbone, image, "relu3_1", octaves=2, steps=3)
    assert torch.equal(dream, again)


def test_a_dream_of_chosen_channels_activates_those(backbone, photo):
    dream = visualize.deep_dream(backbone, photo, "relu3_2", [84], octaves=1, steps=4)
    means = backbone(torch.cat([photo, dream]), ["relu3_2"])["relu3_2"].mean((2, 3))
    growth = means[1] / means[0].clamp(min=1)
    assert growth[84] > growth.median() * 2


def test_impossible_dreams_are_refused(backbone, photo):
    with pytest.raises(nst.CourseError, match="channels 0 to 255"):
        visualize.deep_dream(backbone, photo, "relu3_1", [256])
    with pytest.raises(nst.CourseError, match="did you mean"):
        visualize.deep_dream(backbone, photo, "relu_3_1")
    with pytest.raises(nst.CourseError, match="too small"):
        visualize.deep_dream(backbone, noise(20, 20), "relu5_1")


def test_rate_is_the_old_name_of_the_step_size(backbone, photo):
    settings = {"octaves": 1, "steps": 1, "precision": "float32"}
    with pytest.warns(DeprecationWarning, match="rate is now step_size"):
        old = visualize.deep_dream(backbone, photo, "relu1_2", rate=0.1, **settings)
    new = visualize.deep_dream(backbone, photo, "relu1_2", step_size=0.1, **settings)
    assert torch.equal(old, new)
