"""What a network sees: the image that excites a unit, the patches that do, and a dream.

    backbone = nst.load_backbone()
    [optimum] = nst.visualize.maximise(backbone, "conv4_2", [17])
    nst.visualize.receptive_field("conv4_2").size                  # 76 pixels
    search = nst.visualize.PatchSearch(backbone, ["conv4_2"])
    nst.visualize.deep_dream(backbone, photo)

Notebook 01 uses it. Zeiler and Fergus 2014; Mahendran and Vedaldi 2015; Olah, Mordvintsev and
Schubert 2017.
"""

from ..network.receptive_field import (
    ReceptiveField,
    effective_field,
    measured_field,
    plain_network,
    receptive_field,
    spread,
)
from .deep_dream import deep_dream
from .maximize import Optimum, activation_loss, maximise, seconds_for
from .patches import Patch, PatchSearch
from .unit_card import UnitCard, unit_card

__all__ = [
    "Optimum",
    "Patch",
    "PatchSearch",
    "ReceptiveField",
    "UnitCard",
    "activation_loss",
    "deep_dream",
    "effective_field",
    "maximise",
    "measured_field",
    "plain_network",
    "receptive_field",
    "seconds_for",
    "spread",
    "unit_card",
]
