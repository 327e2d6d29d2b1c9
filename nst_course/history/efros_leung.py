"""Texture by copying: each new pixel is one of the texture, chosen by what is around it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import as_image, check_count
from ..errors import CourseError

SEED = 3  # side of the square that is copied first
NEAR_BEST = 1.1  # candidates have an error at most so many times the smallest one
ROUNDING = 1e-5  # of such an error
SHARPNESS = 6.4  # side of the window / standard deviation of the weights in it


@dataclass(frozen=True)
class Grown:
    """A texture that was grown pixel by pixel.

    Attributes:
        image: (1, 3, size, size), 0…1.
        origin: row and column in the source of every pixel, (2, size, size).
    """

    image: Tensor = field(repr=False)
    origin: Tensor = field(repr=False)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for PyTorch: thousands of small products spend their time waiting for a second."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@one_thread()
@torch.no_grad()
def efros_leung(texture: Tensor, size: int, window: int = 11, seed: int = 0) -> Grown:
    """Grow a texture from a seed, one pixel after another (Efros and Leung 1999).

    The pixel with the most known neighbors comes next. What is known in the window around it is
    compared with all windows of the texture, by a sum of squared differences that counts the
    center more than the border. The middle of one of the best windows, picked at random, is
    the new pixel.

    Args:
        texture: the source, (1, 3, H, W), 0…1. Time grows with its area.
        size: side of the square result, in pixels.
        window: side of the window, an odd number: about that of the largest regular structure.
        seed: of the random choices.

    Raises:
        CourseError: no image, or a window that is even or larger than the texture.
    """
    texture = as_image("texture", texture).cpu()
    check_count("size", size, least=SEED)
    check_count("seed", seed)
    check_count("window", window, least=SEED)
    if window % 2 == 0 or window > min(texture.shape[2:]):
        raise CourseError(
            f"window is an odd number up to the texture's {min(texture.shape[2:])} pixels, "
            f"not {window}."
        )
    generator = torch.Generator().manual_seed(seed)
    margin = window // 2
    columns = texture.shape[3] - window + 1  # windows in a row of the texture
    candidates = F.unfold(texture, window)[0].T.contiguous()  # (windows, 3 · window²)
    squares = candidates.square().view(-1, 3, window**2).sum(1)
    falloff = gaussian(window).flatten()

    padded = size + 2 * margin
    image, known = torch.zeros(3, padded, padded), torch.zeros(padded, padded)
    origin = torch.zeros(2, size, size, dtype=torch.long)

    def place(row: int, column: int, source_row: int, source_column: int) -> None:
        image[:, row + margin, column + margin] = texture[0, :, source_row, source_column]
        known[row + margin, column + margin] = 1
        origin[:, row, column] = torch.tensor([source_row, source_column])

    top, left = (
        int(torch.randint(n - SEED + 1, (), generator=generator)) for n in texture.shape[2:]
    )
    begin = (size - SEED) // 2
    for number in range(SEED**2):
        down, right = divmod(number, SEED)
        place(begin + down, begin + right, top + down, left + right)

    while places := frontier(
        known[margin : margin + size, margin : margin + size], window, generator
    ):
        for row, column in places:
            here = (slice(row, row + window), slice(column, column + window))
            weights = falloff * known[here].flatten()
            around = image[:, here[0], here[1]].reshape(3, -1)
            wanted = (weights * around).flatten()
            # Σ w (s − t)² without Σ w t², which is the same for all windows.
            errors = squares @ weights - 2 * (candidates @ wanted)
            errors += wanted @ around.flatten()
            near = errors <= NEAR_BEST * errors.min().clamp(min=0) + ROUNDING
            best = near.nonzero()[:, 0]
            chosen = int(best[torch.randint(len(best), (), generator=generator)])
            place(row, column, chosen // columns + margin, chosen % columns + margin)
    inside = slice(margin, margin + size)
    return Grown(image[None, :, inside, inside].clone(), origin)


def frontier(known: Tensor, window: int, generator: torch.Generator) -> list[list[int]]:
    """The unknown pixels beside known ones, those with the most known ones in the window first.

    Pixels with equally many are in random order.
    """
    beside = F.max_pool2d(known[None, None], 3, stride=1, padding=1)[0, 0] - known
    counts = F.avg_pool2d(known[None, None], window, 1, window // 2, divisor_override=1)[0, 0]
    places = beside.nonzero()
    places = places[torch.randperm(len(places), generator=generator)]
    order = counts[places[:, 0], places[:, 1]].argsort(descending=True, stable=True)
    return places[order].tolist()


def gaussian(side: int) -> Tensor:
    """Weights (side, side) that fall off from the middle."""
    distance = torch.arange(side) - side // 2
    bell = torch.exp(-0.5 * (distance * SHARPNESS / side).square())
    return torch.outer(bell, bell)
