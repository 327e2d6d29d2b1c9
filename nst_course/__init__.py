"""Helpers for the course on neural style transfer.

import nst_course as nst

content = nst.load_image("cat", size=256)
style = nst.load_image("great_wave", size=256)
result = nst.StyleTransfer(content, style).run(150)
nst.save_image(result.image, "cat_wave.png")
"""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for editors and type checkers; at run time see `__getattr__`
    from .device import best_device, preset
    from .distributions import GaussianWasserstein, HistogramMatching, SlicedWasserstein
    from .errors import CourseError
    from .exhibition.blind_comparison import blind_comparison
    from .exhibition.gallery import gallery
    from .exhibition.votes import count_votes
    from .fast import stylize_fast
    from .glossary_entries import glossary
    from .images.io import bundled_images, load_image, read_recipe, save_image, to_pil
    from .losses import content_loss, gram_matrix, style_loss, total_variation
    from .network.vgg import Backbone, layer_names, load_backbone
    from .statistics import Statistic, covariance, mean_and_std, shifted_gram_matrix
    from .transfer.doodle import doodle
    from .transfer.style_transfer import StyleTransfer
    from .transfer.styles import Style
    from .transfer.stylize import multi_scale, stylize
    from .transfer.terms import StyleTerm, Term
    from .video.stylize import stylize_video

__version__ = "0.1.0"

# Everything is imported on first use: PyTorch takes two seconds, in which `nst-course --help` and a
# wrong option are answered, and matplotlib and the notebook parts take their time as well.
NAMES = {  # module → the names from it
    "device": ("best_device", "preset"),
    "distributions": ("GaussianWasserstein", "HistogramMatching", "SlicedWasserstein"),
    "errors": ("CourseError",),
    "exhibition.blind_comparison": ("blind_comparison",),
    "exhibition.gallery": ("gallery",),
    "exhibition.votes": ("count_votes",),
    "glossary_entries": ("glossary",),
    "fast": ("stylize_fast",),
    "images.io": ("bundled_images", "load_image", "read_recipe", "save_image", "to_pil"),
    "losses": ("content_loss", "gram_matrix", "style_loss", "total_variation"),
    "network.vgg": ("Backbone", "layer_names", "load_backbone"),
    "statistics": ("Statistic", "covariance", "mean_and_std", "shifted_gram_matrix"),
    "transfer.doodle": ("doodle",),
    "transfer.style_transfer": ("StyleTransfer",),
    "transfer.styles": ("Style",),
    "transfer.stylize": ("multi_scale", "stylize"),
    "transfer.terms": ("StyleTerm", "Term"),
    "video.stylize": ("stylize_video",),
}
# Modules that the notebooks and readers' own code use as `nst.NAME`, wherever they lie.
MODULES = {
    "animation": "images.animation",
    "color": "images.color",
    "conventions": "conventions",
    "device": "device",
    "distributions": "distributions",
    "doctor": "cli.doctor",
    "exercises": "exercises",
    "fast": "fast",
    "history": "history",
    "labs": "labs",
    "lbfgs": "optim.lbfgs",
    "losses": "losses",
    "maps": "images.maps",
    "plots": "plots",
    "sound": "sound",
    "statistics": "statistics",
    "transfer": "transfer",
    "video": "video",
    "visualize": "visualize",
    "weights": "network.weights",
}
RENAMED = {"machine": "device"}  # old name → new name

__all__ = [
    "Backbone",
    "CourseError",
    "GaussianWasserstein",
    "HistogramMatching",
    "SlicedWasserstein",
    "Statistic",
    "Style",
    "StyleTerm",
    "StyleTransfer",
    "Term",
    "best_device",
    "blind_comparison",
    "bundled_images",
    "content_loss",
    "count_votes",
    "covariance",
    "doodle",
    "gallery",
    "glossary",
    "gram_matrix",
    "layer_names",
    "load_backbone",
    "load_image",
    "mean_and_std",
    "multi_scale",
    "preset",
    "read_recipe",
    "save_image",
    "shifted_gram_matrix",
    "style_loss",
    "stylize",
    "stylize_fast",
    "stylize_video",
    "to_pil",
    "total_variation",
]


def __getattr__(name: str) -> Any:
    if name in RENAMED:
        new = RENAMED[name]
        warnings.warn(f"nst.{name} is now nst.{new}.", DeprecationWarning, stacklevel=2)
        name = new
    if name in MODULES:
        return importlib.import_module(f".{MODULES[name]}", __name__)
    for module, names in NAMES.items():
        if name in names:
            found = getattr(importlib.import_module(f".{module}", __name__), name)
            globals()[name] = found  # the next time it is found without this function
            return found
    raise AttributeError(f"nst_course has no {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *MODULES])
