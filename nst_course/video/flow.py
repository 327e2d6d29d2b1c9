"""Where each pixel of a frame was in an earlier one: optical flow, warping, visibility, cuts.

A flow is (1, 2, H, W), in pixels: first to the right, then down. It belongs to the pixels of the
*later* frame and leads back in time: the point at p was at p + flow(p) in the earlier frame.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_floats
from ..errors import CourseError
from ..images.color import gray, luminance
from ..images.io import scaled

CUT_SIZE = 128  # longer side in pixels at which cuts are looked for
# A new scene begins where a frame and the warped one before it correlate less, and fewer pixels
# come home that go back and forth. At 100 cuts between unrelated pictures at most 0.81 and 0.23
# were seen, in 350 pairs of moving frames at least 0.8 and 0.52.
LEAST_CORRELATION, LEAST_AT_HOME = 0.9, 0.35
LEAST_SIDE = 16  # pixels; DIS compares patches of 8 pixels


def optical_flow(image: Tensor, earlier: Tensor) -> Tensor:
    """The flow from a frame back to an earlier one, by OpenCV's DIS (Kroeger et al. 2016).

    DIS matches small patches of gray values, coarse to fine, and smooths the result.

    Args:
        image, earlier: (1, 3, H, W), 0…1.

    Returns:
        (1, 2, H, W), in pixels: where each pixel of ``image`` was, relative to where it is.

    Raises:
        CourseError: the frames differ in size, or have less than 16 pixels on a side.
    """
    image, earlier = as_image("image", image), as_image("earlier", earlier)
    if image.shape != earlier.shape:
        raise CourseError(
            f"The frames have the shapes {tuple(image.shape)} and {tuple(earlier.shape)}; "
            "all frames of a clip have one size."
        )
    if min(image.shape[2:]) < LEAST_SIDE:
        raise CourseError(f"A frame needs at least {LEAST_SIDE} pixels on each side for its flow.")
    found = by_dis(gray_levels(image), gray_levels(earlier))
    return torch.from_numpy(found).permute(2, 0, 1).unsqueeze(0).contiguous().to(image.device)


def by_dis(image: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """The flow between two pictures of 256 gray levels, (H, W, 2), by OpenCV."""
    import cv2  # on first use: it takes a while

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # the result would depend on their number
    try:
        method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        return method.calc(image, earlier, np.zeros((*image.shape, 2), np.float32))
    finally:
        cv2.setNumThreads(threads)


def gray_levels(image: Tensor) -> np.ndarray:
    """The luminance of an image in 256 levels, (H, W)."""
    return (luminance(image)[0, 0].clamp(0, 1) * 255).round().byte().cpu().numpy()


def warp(earlier: Tensor, flow: Tensor, mode: str = "bilinear") -> Tensor:
    """An earlier frame, moved to where its points are now: result(p) = earlier(p + flow(p)).

    Between pixels it is interpolated; outside the picture, the pixel at the border counts.

    Args:
        earlier: (1, C, H, W).
        flow: (1, 2, H, W), in pixels, from the later frame to the earlier one.
        mode: ``"bilinear"``, or ``"bicubic"``, which blurs less.

    Raises:
        CourseError: the two differ in size.
    """
    check_flow(flow)
    height, width = flow.shape[2:]
    if earlier.shape[2:] != flow.shape[2:]:
        raise CourseError(
            f"A frame of {earlier.shape[3]}×{earlier.shape[2]} px cannot be warped by a flow of "
            f"{width}×{height} px; both have one size."
        )
    rows = torch.arange(height, device=flow.device).view(-1, 1)
    columns = torch.arange(width, device=flow.device).view(1, -1)
    x, y = columns + flow[0, 0], rows + flow[0, 1]
    # grid_sample counts from -1 at the center of the first pixel to 1 at that of the last one.
    grid = torch.stack([2 * x / max(1, width - 1) - 1, 2 * y / max(1, height - 1) - 1], dim=-1)
    return F.grid_sample(
        earlier, grid[None].to(earlier), mode=mode, padding_mode="border", align_corners=True
    )


def check_flow(flow: Tensor) -> None:
    """Refuse what is no flow, (1, 2, H, W)."""
    check_floats("flow", flow)
    if flow.dim() != 4 or flow.shape[:2] != (1, 2):
        raise CourseError(f"flow has shape (1, 2, H, W), not {tuple(flow.shape)}.")


def visible(flow: Tensor, forward: Tensor | None = None) -> Tensor:
    """Where the earlier frame shows the same point: 1, and 0 where it does not or may not.

    A point is lost where its place lies outside the earlier frame; where it is *disoccluded*, so
    that the way back and the way forward do not meet,

        |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5

    and at *motion borders*, where flow is blurred,

        |∇û|² + |∇v̂|² > 0.01 |ŵ|² + 0.002

    with the flow ŵ = (û, v̂) and w̃ the forward flow, warped by ŵ (Ruder et al. 2016, eq. 5 and 6;
    Sundaram et al. 2010).

    Args:
        flow: (1, 2, H, W), from the later frame to the earlier one.
        forward: the same from the earlier frame to the later one. Without it only the first
            criterion counts, as for a camera over a flat picture.

    Returns:
        (1, 1, H, W), of zeros and ones.
    """
    seen = inside(flow)
    if forward is None:
        return seen
    return seen * (1 - disoccluded(flow, forward)) * (1 - motion_borders(flow))


def inside(flow: Tensor) -> Tensor:
    """1 where the place of a point lies inside the earlier frame, (1, 1, H, W)."""
    check_flow(flow)
    height, width = flow.shape[2:]
    x = torch.arange(width, device=flow.device).view(1, -1) + flow[:, :1]
    y = torch.arange(height, device=flow.device).view(-1, 1) + flow[:, 1:]
    # A pixel at the border reaches half a pixel further: flow at rest is not exactly 0.
    return ((x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)).float()


def disoccluded(flow: Tensor, forward: Tensor) -> Tensor:
    """1 where the way back and the way forward do not meet, (1, 1, H, W)."""
    back = warp(forward, flow)
    apart = squared(back + flow)
    return (apart > 0.01 * (squared(back) + squared(flow)) + 0.5).float()


def motion_borders(flow: Tensor) -> Tensor:
    """1 where the flow changes fast from pixel to pixel, (1, 1, H, W)."""
    check_flow(flow)
    right = F.pad(flow, (0, 1, 0, 0), mode="replicate").diff(dim=3)
    down = F.pad(flow, (0, 0, 0, 1), mode="replicate").diff(dim=2)
    return (squared(right) + squared(down) > 0.01 * squared(flow) + 0.002).float()


def squared(flow: Tensor) -> Tensor:
    """|w|² at each pixel, (1, 1, H, W)."""
    return flow.square().sum(1, keepdim=True)


def scene_cuts(frames: Sequence[Tensor]) -> list[int]:
    """The numbers of the frames at which a new scene begins, the first frame (0) included.

    A cut is where a frame has little to do with the frame before it even after that has been
    warped to it, and most pixels do not come home that go back and forth. The first is measured by
    the correlation, so that a flash or a fade to darkness is no cut.

    Args:
        frames: each (1, 3, H, W), 0…1.
    """
    small = [scaled(frame, CUT_SIZE) for frame in frames]
    cuts = [0] if small else []
    for number in range(1, len(small)):
        frame, before = small[number], small[number - 1]
        flow = optical_flow(frame, before)
        if correlation(frame, warp(before, flow)) < LEAST_CORRELATION:
            hidden = disoccluded(flow, optical_flow(before, frame))
            if 1 - hidden.mean() < LEAST_AT_HOME:
                cuts.append(number)
    return cuts


def correlation(image: Tensor, other: Tensor) -> float:
    """The correlation of the gray values of two images, from -1 to 1; of flat ones, 1."""
    one, two = (gray(part)[0, 0].flatten() for part in (image, other))
    one, two = one - one.mean(), two - two.mean()
    lengths = (one.norm() * two.norm()).item()
    return 1.0 if lengths < 1e-6 else (one @ two).item() / lengths
