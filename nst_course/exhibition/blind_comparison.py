"""A blind comparison: a page that asks which of two pictures is better, and the count of votes."""

import json
import os
import random
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from torch import Tensor

from ..checks import check_count, shown
from ..errors import CourseError
from ..images.io import load_image, to_pil
from .page import embedded, free_place, render, write_text

LONGER_SIDE = 640  # pixels of a picture on the page
Picture = Tensor | str | os.PathLike


def blind_comparison(
    pictures: Mapping[str, Sequence[Picture]],
    path: str | os.PathLike = "blind_comparison.html",
    question: str = "Which painting is better?",
    originals: Sequence[Sequence[Picture]] = (),
    seed: int = 0,
    overwrite: bool = False,
) -> Path:
    """Make one HTML file that shows pictures in pairs and asks which is better.

    The page works offline and says nowhere which method made which picture. Every visit has the
    pairs in another order, and the sides of each pair by chance. At the end it gives a line of text
    to send back, for `count_votes`. What the pictures are stands in a second file, beside it, which
    you keep: ``blind_comparison_key.json``.

    Args:
        pictures: method → its pictures, of the same scenes in the same order. Each pair of methods
            is compared on each scene.
        path: of the page.
        question: above each pair.
        originals: for each scene the pictures to show above the pair, such as photograph and
            artwork; or nothing.
        seed: of the numbers that stand for the pictures.
        overwrite: whether files that are there may be replaced.

    Returns:
        The path of the page.

    Raises:
        CourseError: fewer than two methods, unequal numbers of pictures, or a file that is to be
            kept.
    """
    check_count("seed", seed)
    scenes = checked(pictures, originals)
    place = free_place(path, overwrite)
    key_place = free_place(place.with_name(f"{place.stem}_key.json"), overwrite)

    chance = random.Random(seed)
    made = [(method, scene) for method in pictures for scene in range(scenes)]
    chance.shuffle(made)
    numbers = {entry: number for number, entry in enumerate(made)}
    page = f"{chance.getrandbits(40):010x}"
    asked = {
        "page": page,
        "pictures": [source(pictures[method][scene]) for method, scene in made],
        "originals": [list(map(source, around)) for around in originals],
        "pairs": [
            {"scene": scene, "pair": [numbers[one, scene], numbers[other, scene]]}
            for scene in range(scenes)
            for one, other in combinations(pictures, 2)
        ],
    }
    write_text(key_place, json.dumps({"page": page, "pictures": made}, indent=1))
    write_text(place, render("blind_comparison.html", question=question, asked=asked))
    return place


def checked(
    pictures: Mapping[str, Sequence[Picture]], originals: Sequence[Sequence[Picture]]
) -> int:
    """The number of scenes, if every method has a picture of each."""
    if not isinstance(pictures, Mapping) or len(pictures) < 2:
        raise CourseError(
            "pictures names at least two methods, each with its list of pictures, "
            f"not {shown(pictures)}."
        )
    if not all(map(is_list, [*pictures.values(), originals])) or not all(map(is_list, originals)):
        raise CourseError("Each method has a list of pictures, and so has each of the originals.")
    counts = {name: len(made) for name, made in pictures.items()}
    scenes = max(counts.values())
    if scenes == 0 or set(counts.values()) != {scenes} or len(originals) not in (0, scenes):
        found = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        raise CourseError(
            f"Each method has one picture of each scene, and originals an entry for each; {found}"
            f"{f', and there are {len(originals)} originals' if len(originals) else ''}."
        )
    return scenes


def is_list(pictures: object) -> bool:
    return isinstance(pictures, Sequence) and not isinstance(pictures, (str, bytes))


def source(picture: Picture) -> str:
    """The data URL of a picture that is given as an image, by name or by path."""
    image = picture if isinstance(picture, Tensor) else load_image(picture)
    return embedded(to_pil(image), LONGER_SIDE)


def read_key(path: str | os.PathLike) -> tuple[str, list[tuple[str, int]]]:
    """The page's number, and method and scene of each picture, from the key of a comparison.

    Raises:
        CourseError: it is not such a file.
    """
    try:
        key: Any = json.loads(Path(path).read_text("utf-8"))
        return key["page"], [(str(method), int(scene)) for method, scene in key["pictures"]]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise CourseError(
            f"{shown(path)} is not the key of a blind comparison; it ends in _key.json and was "
            "written beside the page."
        ) from error
