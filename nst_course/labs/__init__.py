"""Labs: the knobs of the course as widgets, live. The last line of a cell shows one::

    nst.labs.StyleTransferLab("cat", "great_wave")

Where widgets do not update from a thread (Colab), ``lab.run(100)`` works in the cell itself.
"""

from .content import ContentLab
from .features import FeatureExplorer
from .gram import GramExplorer
from .layers import LayerMixer
from .style_transfer import StyleTransferLab

__all__ = ["ContentLab", "FeatureExplorer", "GramExplorer", "LayerMixer", "StyleTransferLab"]
