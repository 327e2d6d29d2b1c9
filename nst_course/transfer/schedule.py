"""The sizes that an image goes through, coarse to fine, and how many steps are taken at each."""

import math
from dataclasses import dataclass
from typing import Any

from ..checks import check_count
from ..errors import CourseError

# Pixels on the longer side. From 128, strokes and shapes are larger, and a face of a quarter of the
# picture's height is lost; from 181 it stays recognizable (four pairs, compared side by side).
FIRST_SIZE = 181
RATIO = 2**0.5  # of a size to the one before
LEAST_SHARE = 0.25  # of the steps of the first scale, at each other scale
# What every step costs, whatever the size, as the longer side of an image whose step costs that: on
# two cores, steps at 96, 181 and 512 px take 0.05, 0.11 and 0.74 s.
SMALLEST = 80


@dataclass(frozen=True)
class Scale:
    """Longer side in pixels, and how many steps are taken at this size."""

    size: int
    steps: int

    @property
    def step_cost(self) -> int:
        """The time of a step, in an arbitrary unit."""
        return self.size**2 + SMALLEST**2


def schedule(
    size: int,
    steps: int,
    first_size: int = FIRST_SIZE,
    count: int | None = None,
    least_size: int = 1,
) -> list[Scale]:
    """The sizes that an image goes through, coarse to fine, in equal ratios.

    Args:
        size: longer side of the final image, in pixels.
        steps: how many are taken at the first size; half as many at the second, and fewer at each
            further one, down to a quarter.
        first_size: longer side of the first image; no scale is larger than the final one.
        count: how many scales, in ratios of √2, in place of ``first_size``.
        least_size: no scale is smaller, in pixels.

    Raises:
        CourseError: a number that is none, or more scales than there are sizes.
    """
    for name, number in (("size", size), ("steps", steps), ("first_size", first_size)):
        check_count(name, number, least=1)
    growth = max(1.0, size / max(first_size, least_size))
    if count is None:
        count = 1 + round(math.log(growth, RATIO))
    else:
        check_count("scales", count, least=1)
        most = 1 + max(0, int(math.log(size / least_size, RATIO))) if size > least_size else 1
        if count > most:
            raise CourseError(
                f"{count} scales would begin at less than {least_size} px, the smallest size that "
                f"works; use at most {most}, or a larger size."
            )
        growth = RATIO ** (count - 1)
    sizes = [round(size * growth ** (k / max(1, count - 1) - 1)) for k in range(count - 1)]
    shares = [1.0, *(max(LEAST_SHARE, 0.5 - k / 12) for k in range(count - 1))]
    return [Scale(s, max(1, round(steps * x))) for s, x in zip([*sizes, size], shares, strict=True)]


def steps_at(scales: Any) -> str:
    """Scales in a few words, such as "300 steps at 96 px"."""
    text = " + ".join(f"{steps}" for _, steps in scales)
    return f"{text} steps at {', '.join(f'{size}' for size, _ in scales)} px"
