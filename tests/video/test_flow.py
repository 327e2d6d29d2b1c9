"""Flow against a camera whose flow is known; warping; visibility; cuts."""

import pytest
import torch

import nst_course as nst
from nst_course.video import (
    Camera,
    camera_clip,
    camera_flow,
    optical_flow,
    scene_cuts,
    visible,
    warp,
)
from nst_course.video.flow import disoccluded, inside, motion_borders

SIZE = (90, 120)


@pytest.fixture(scope="module")
def photograph():
    return nst.load_image("summer_palace")


def shifted(image, right, down):
    """The content moved right and down by whole pixels, torn from what wraps around."""
    return image.roll((down, right), dims=(2, 3))


def constant(right, down, size=SIZE):
    return torch.tensor([right, down], dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, *size)


def test_warp_fetches_from_where_the_flow_points():
    earlier = torch.rand(1, 3, *SIZE)
    now = shifted(earlier, 5, -2)  # what was at (x, y) is now at (x + 5, y - 2)
    flow = constant(-5, 2)
    inner = (..., slice(4, -4), slice(8, -8))
    assert torch.allclose(warp(earlier, flow)[inner], now[inner], atol=1e-5)
    assert not torch.allclose(warp(earlier, -flow)[inner], now[inner], atol=0.1)
    assert torch.allclose(warp(earlier, flow, "bicubic")[inner], now[inner], atol=1e-5)


def test_warp_interpolates_between_pixels_and_holds_the_border():
    ramp = torch.arange(8.0).view(1, 1, 1, 8).expand(1, 1, 5, 8)
    assert torch.allclose(
        warp(ramp, constant(0.25, 0, (5, 8)))[0, 0, 2, :7], torch.arange(7) + 0.25
    )
    assert torch.allclose(warp(ramp, constant(100, 0, (5, 8))), torch.full((1, 1, 5, 8), 7.0))


def test_warp_and_flow_refuse_other_sizes(photograph):
    image = photograph[..., :64, :64]
    with pytest.raises(nst.CourseError, match="64×64 px cannot be warped by a flow of 120×90"):
        warp(image, constant(0, 0))
    with pytest.raises(nst.CourseError, match="shape"):
        warp(image, torch.zeros(1, 64, 64, 2))
    with pytest.raises(nst.CourseError, match="one size"):
        optical_flow(image, image[..., :32])
    with pytest.raises(nst.CourseError, match="at least 16 pixels"):
        optical_flow(image[..., :8], image[..., :8])


def test_flow_of_the_camera_leads_to_the_same_place_of_the_photograph(photograph):
    views = Camera(0.5, 0.5, 0.5), Camera(0.45, 0.56, 0.42)
    frames, cameras = camera_clip(photograph, *views, 5, SIZE)
    assert [cameras[0], cameras[-1]] == [views[0], pytest.approx(views[1])] or cameras[0] == views[
        0
    ]
    flow = camera_flow(cameras[4], cameras[0], SIZE, photograph.shape[2:])
    seen = visible(flow)
    assert 0.5 < seen.mean() <= 1
    error = ((warp(frames[0], flow, "bicubic") - frames[4]).abs() * seen).mean() / seen.mean()
    still = (frames[0] - frames[4]).abs().mean()
    assert error < 0.25 * still
    # There and back again is where one was.
    back = camera_flow(cameras[0], cameras[4], SIZE, photograph.shape[2:])
    assert ((flow + warp(back, flow)) * inside(flow)).abs().max() < 0.01


def test_flow_of_the_library_is_near_that_of_the_camera(photograph):
    frames, cameras = camera_clip(photograph, Camera(0.4), Camera(0.45, 0.52, 0.45), 4, SIZE)
    flow = optical_flow(frames[3], frames[2])
    exact = camera_flow(cameras[3], cameras[2], SIZE, photograph.shape[2:])
    apart = (flow - exact).square().sum(1).sqrt()[..., 8:-8, 8:-8]
    assert exact.square().sum(1).sqrt().mean() > 1.5
    assert apart.mean() < 0.4
    assert torch.equal(flow, optical_flow(frames[3], frames[2]))


def test_camera_stays_in_the_photograph(photograph):
    with pytest.raises(nst.CourseError, match="leaves the photograph"):
        camera_clip(photograph, Camera(0.2), Camera(0.5), 3, SIZE)


def test_point_outside_the_earlier_frame_is_not_visible():
    flow = constant(-10, 0)
    assert visible(flow)[0, 0, 0, :10].sum() == 0 and visible(flow)[0, 0, :, 10:].min() == 1


def test_square_that_moves_uncovers_what_was_behind_it():
    """A square moves 8 pixels right over a background at rest."""
    flow, forward = torch.zeros(1, 2, 40, 60), torch.zeros(1, 2, 40, 60)
    flow[:, 0, 10:30, 28:48] = -8  # where the square is now, it came from the left
    forward[:, 0, 10:30, 20:40] = 8
    hidden = disoccluded(flow, forward)[0, 0]
    assert hidden[12:28, 21:27].min() == 1  # the trail: it was behind the square
    assert hidden[:8].max() == 0 and hidden[12:28, 30:46].max() == 0
    borders = motion_borders(flow)[0, 0]
    assert borders[15, 27] == 1 and borders[15, 35] == 0 and borders[5].max() == 0
    seen = visible(flow, forward)[0, 0]
    assert (
        seen[12:28, 21:27].max() == 0
        and seen[15, 35] == 1
        and set(seen.unique().tolist()) == {0, 1}
    )


def test_disocclusion_follows_its_formula():
    torch.manual_seed(0)
    flow, forward = torch.randn(1, 2, 12, 14), torch.randn(1, 2, 12, 14)
    back = warp(forward, flow)
    for y, x in [(0, 0), (3, 7), (11, 13)]:
        w, b = flow[0, :, y, x], back[0, :, y, x]
        expected = (w + b).square().sum() > 0.01 * (w @ w + b @ b) + 0.5
        assert disoccluded(flow, forward)[0, 0, y, x] == expected


def test_cut_is_found_and_motion_flash_and_fade_are_none(photograph):
    frames, _ = camera_clip(photograph, Camera(0.4), Camera(0.6), 5, SIZE)
    other, _ = camera_clip(
        nst.load_image("village_street_in_auvers"), Camera(), Camera(0.52), 3, SIZE
    )
    frames[2] = (frames[2] * 1.5 + 0.2).clamp(0, 1)  # a flash
    dark = [frame * share for frame, share in zip(frames, (1, 0.7, 0.4, 0.2, 0.1), strict=True)]
    assert scene_cuts(frames) == [0]
    assert scene_cuts(dark) == [0]
    assert scene_cuts([*frames, *other, *frames[:2]]) == [0, 5, 8]
    assert scene_cuts(frames[:1]) == [0] and scene_cuts([]) == []
    assert scene_cuts([torch.zeros(1, 3, *SIZE)] * 3) == [0]
