"""The temporal term, what is remembered of earlier frames, and flicker as a number."""

import pytest
import torch

import nst_course as nst
from nst_course.video import Temporal, flicker, remembered, warp
from nst_course.video.temporal import temporal_loss


def test_loss_is_the_weighted_mean_of_squares():
    torch.manual_seed(0)
    image, warped = torch.rand(1, 3, 5, 7), torch.rand(1, 3, 5, 7)
    weights = (torch.rand(1, 1, 5, 7) > 0.5).float()
    total = sum(
        weights[0, 0, y, x] * (image[0, c, y, x] - warped[0, c, y, x]) ** 2
        for c in range(3)
        for y in range(5)
        for x in range(7)
    )
    assert temporal_loss(image, warped, weights) == pytest.approx((total / 105).item(), rel=1e-5)
    with pytest.raises(nst.CourseError, match="weights has shape"):
        temporal_loss(image, warped, weights[..., :3])


def test_term_is_part_of_the_objective(narrow_backbone, photo):
    warped, weights = torch.rand_like(photo), (torch.rand_like(photo[:, :1]) > 0.3).float()
    term = Temporal(warped, weights, 7.0)
    transfer = nst.StyleTransfer(photo, photo.flip(3), narrow_backbone, terms=[term])
    without = nst.StyleTransfer(photo, photo.flip(3), narrow_backbone)
    losses, plain = transfer.losses(photo), without.losses(photo)
    value = temporal_loss(photo, warped, weights)
    assert losses["temporal"] == pytest.approx(value.item())
    assert losses["total"] == pytest.approx((plain["total"] + 7 * value).item(), rel=1e-5)
    in_tiles = nst.StyleTransfer(photo, photo.flip(3), narrow_backbone, terms=[term], tile=32)
    assert in_tiles.losses(photo)["temporal"] == pytest.approx(value.item())


def test_gradient_is_that_of_finite_differences():
    torch.manual_seed(1)
    warped, weights = torch.rand(1, 3, 4, 4).double(), (torch.rand(1, 1, 4, 4) > 0.4).double()
    image = torch.rand(1, 3, 4, 4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: temporal_loss(x, warped, weights), image)


def test_term_holds_what_is_visible_and_lets_go_of_the_rest(narrow_backbone, photo):
    weights = torch.zeros_like(photo[:, :1])
    weights[..., :48] = 1
    settings = {"style_weight": 1e3, "init": "noise", "terms": [Temporal(photo, weights, 1e3)]}
    run = nst.StyleTransfer(photo, photo.flip(3), narrow_backbone, **settings)
    apart = (run.run(20, progress=False).image - photo).abs().mean((0, 1))
    assert apart[:, :40].mean() < 0.2 * apart[:, 60:].mean()


def test_most_recent_frame_that_shows_a_point_is_remembered():
    def frame(value):
        return torch.full((1, 3, 1, 4), value)

    near = torch.tensor([1.0, 0, 0, 1]).view(1, 1, 1, 4)
    far = torch.tensor([1.0, 1, 0, 0]).view(1, 1, 1, 4)
    picture, weights = remembered([(frame(0.2), near), (frame(0.9), far)])
    assert torch.allclose(picture[0, 0, 0, [0, 1, 3]], torch.tensor([0.2, 0.9, 0.2]))
    assert weights.flatten().tolist() == [1, 1, 0, 1]
    with pytest.raises(nst.CourseError, match="no earlier frame"):
        remembered([])


def test_remembered_is_the_long_term_loss_of_the_paper():
    """Ruder et al. 2016, eq. 8 and 9, written as they stand there."""
    torch.manual_seed(2)
    image = torch.rand(1, 3, 6, 6)
    pairs = [(torch.rand(1, 3, 6, 6), (torch.rand(1, 1, 6, 6) > 0.5).float()) for _ in range(3)]
    expected = 0
    for number, (warped, weights) in enumerate(pairs):
        nearer = sum(w for _, w in pairs[:number])
        long_term = (weights - nearer).clamp(min=0)
        expected += temporal_loss(image, warped, long_term)
    assert temporal_loss(image, *remembered(pairs)) == pytest.approx(expected.item(), rel=1e-5)


def test_flicker_is_zero_for_a_painting_that_moves_with_the_scene():
    torch.manual_seed(3)
    flow = torch.zeros(1, 2, 20, 30)
    flow[:, 0] = -3
    first = torch.rand(1, 3, 20, 30)
    second, seen = warp(first, flow), torch.ones(1, 1, 20, 30)
    assert flicker([first, second], [flow], [seen]) == [pytest.approx(0, abs=1e-3)]
    off = second.clone()
    off[..., 10:] += 10 / 255
    half = seen.clone()
    half[..., :10] = 0
    assert flicker([first, off], [flow], [half]) == [pytest.approx(10, abs=1e-2)]
    assert flicker([first, off], [flow], [0 * seen]) == [0]
    with pytest.raises(nst.CourseError, match="2 frames have 1 flows"):
        flicker([first, second], [], [])
