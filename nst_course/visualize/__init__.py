"""What a network responds to: optimized images, patches of real pictures, receptive fields.

    backbone = nst.load_backbone()
    [optimum] = nst.visualize.maximize(backbone, "conv4_2", [17])
    nst.visualize.receptive_field("conv4_2").size                  # 76 pixels
    search = nst.visualize.PatchSearch(backbone, ["conv4_2"])
    nst.visualize.deep_dream(backbone, photo)

Notebook 01 uses it. Zeiler and Fergus 2014; Mahendran and Vedaldi 2015; Olah, Mordvintsev and
Schubert 2017.
"""

from ..checks import renamed_names
from ..network.receptive_field import (
    ReceptiveField,
    effective_receptive_field,
    measured_receptive_field,
    plain_network,
    receptive_field,
    spread,
)
from .deep_dream import deep_dream
from .maximize import Optimum, activation_loss, estimate_seconds, maximize
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
    "effective_receptive_field",
    "estimate_seconds",
    "maximize",
    "measured_receptive_field",
    "plain_network",
    "receptive_field",
    "spread",
    "unit_card",
]

__getattr__ = renamed_names(
    __name__,
    effective_field="effective_receptive_field",
    maximise="maximize",
    measured_field="measured_receptive_field",
    seconds_for="estimate_seconds",
)
