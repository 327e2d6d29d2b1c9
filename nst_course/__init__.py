"""Helpers for the course on neural style transfer.

import nst_course as nst

content = nst.load_image("cat", size=256)
style = nst.load_image("great_wave", size=256)
result = nst.StyleTransfer(content, style).run(150)
nst.save_image(result.image, "cat_wave.png")
"""

import importlib

from .backbone import Backbone, layer_names, load_backbone
from .errors import CourseError
from .images import bundled_images, load_image, save_image, to_pil
from .losses import content_loss, gram_matrix, style_loss, total_variation
from .machine import best_device, preset
from .transfer import StyleTransfer

__version__ = "0.1.0"

# Imported on first use: matplotlib and the notebook parts take their time.
_ON_FIRST_USE = ("doctor", "exercises", "labs", "plots", "visualize")

__all__ = [
    "Backbone",
    "CourseError",
    "StyleTransfer",
    "best_device",
    "bundled_images",
    "content_loss",
    "gram_matrix",
    "layer_names",
    "load_backbone",
    "load_image",
    "preset",
    "save_image",
    "style_loss",
    "to_pil",
    "total_variation",
]


def __getattr__(name: str):
    if name in _ON_FIRST_USE:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"nst_course has no {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ON_FIRST_USE])
