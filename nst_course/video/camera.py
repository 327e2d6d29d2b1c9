"""A camera that pans and zooms over one large photograph: a clip whose flow is known exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from ..checks import check_count
from ..errors import CourseError
from ..images.io import from_pil, to_pil


@dataclass(frozen=True)
class Camera:
    """What a frame shows of a photograph.

    Attributes:
        x, y: the center of the view, as a share of the photograph's width and height.
        width: of the view, as a share of the photograph's width.
    """

    x: float = 0.5
    y: float = 0.5
    width: float = 0.5


def camera_clip(
    photograph: Tensor,
    start: Camera,
    end: Camera,
    count: int,
    size: tuple[int, int],
) -> tuple[list[Tensor], list[Camera]]:
    """The frames of a camera that moves evenly from one view to another.

    Args:
        photograph: (1, 3, H, W), 0…1, larger than the frames.
        start, end: the first and the last view.
        count: of frames.
        size: (height, width) of a frame, in pixels.

    Returns:
        The frames, each (1, 3, height, width), and the camera of each for `camera_flow`.

    Raises:
        CourseError: a view leaves the photograph.
    """
    check_count("count", count, least=1)
    shares = torch.linspace(0, 1, count).tolist()
    cameras = [
        Camera(
            start.x + share * (end.x - start.x),
            start.y + share * (end.y - start.y),
            start.width * (end.width / start.width) ** share,  # an even zoom is a constant factor
        )
        for share in shares
    ]
    picture = to_pil(photograph)
    return [take(picture, camera, size) for camera in cameras], cameras


def take(picture: Image.Image, camera: Camera, size: tuple[int, int]) -> Tensor:
    """One frame: the view, scaled down to the size of a frame."""
    height, width = size
    wide = camera.width * picture.width
    high = wide * height / width
    left, top = camera.x * picture.width - wide / 2, camera.y * picture.height - high / 2
    box = (left, top, left + wide, top + high)
    if left < 0 or top < 0 or box[2] > picture.width or box[3] > picture.height:
        raise CourseError(
            f"{camera} leaves the photograph; move its center inward, or use a smaller width."
        )
    return from_pil(picture.resize((width, height), Image.Resampling.LANCZOS, box))


def camera_flow(
    camera: Camera, earlier: Camera, size: tuple[int, int], photograph: Sequence[int]
) -> Tensor:
    """The exact flow from a frame to an earlier one, (1, 2, height, width), in pixels.

    Args:
        camera, earlier: of the two frames.
        size: (height, width) of a frame.
        photograph: (H, W) of the photograph.
    """
    height, width = size
    scales = [view.width * photograph[1] / width for view in (camera, earlier)]
    flow = []
    for center, before, side, pixels in (
        (camera.x, earlier.x, photograph[1], torch.arange(width).view(1, -1)),
        (camera.y, earlier.y, photograph[0], torch.arange(height).view(-1, 1)),
    ):
        middle = (pixels.numel() - 1) / 2
        place = center * side + scales[0] * (pixels - middle)  # in the photograph
        flow.append((middle + (place - before * side) / scales[1] - pixels).expand(size))
    return torch.stack(flow).unsqueeze(0)
