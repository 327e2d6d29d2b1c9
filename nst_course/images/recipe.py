"""How a picture was made, as a tag of its file."""

import json
import os
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

from ..checks import shown
from ..errors import CourseError

KEY = "nst_course"  # tells a recipe from what cameras write
Recipe = Mapping[str, Any] | str


def recipe_tags(recipe: Recipe) -> Image.Exif:
    """A recipe as the EXIF description of a picture.

    Raises:
        CourseError: it is neither a text nor a mapping of names to texts and numbers.
    """
    tags = Image.Exif()
    kept = dict(recipe) if isinstance(recipe, Mapping) else recipe
    try:
        if not isinstance(kept, (dict, str)):
            raise TypeError
        # JSON is ASCII, and so is all that the tag may hold.
        tags[ExifTags.Base.ImageDescription] = json.dumps({KEY: kept}, default=os.fspath)
    except (TypeError, ValueError) as error:
        raise CourseError(
            "A recipe is a text, or a mapping of names to texts and numbers such as "
            f'{{"content": "cat", "style": "great_wave"}}, not {shown(recipe)}.'
        ) from error
    return tags


def recipe_in(tags: Image.Exif) -> Recipe | None:
    """The recipe in the tags of a picture, None if there is none."""
    try:
        found = json.loads(tags[ExifTags.Base.ImageDescription])
        return found[KEY] if isinstance(found[KEY], (dict, str)) else None
    except (TypeError, ValueError, LookupError):  # no description, or that of a camera
        return None
