"""Labs: the parameters of the course as live widgets, in notebooks 01 to 10.

The last line of a cell shows one::

    nst.labs.StyleTransferLab("cat", "great_wave")

Where a thread cannot update widgets (Colab), ``lab.run(100)`` runs in the cell.
"""

from .clinic import ClinicLab
from .content import ContentLab
from .doodle import Doodle
from .features import FeatureExplorer
from .flicker import FlickerLab
from .gram import GramExplorer
from .instant import Instant
from .layers import LayerMixer
from .sound import SoundLab
from .style_mixer import StyleMixer
from .style_transfer import StyleTransferLab

__all__ = [
    "ClinicLab",
    "ContentLab",
    "Doodle",
    "FeatureExplorer",
    "FlickerLab",
    "GramExplorer",
    "Instant",
    "LayerMixer",
    "SoundLab",
    "StyleMixer",
    "StyleTransferLab",
]
