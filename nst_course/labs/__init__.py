"""Labs: live widgets that play with what a notebook built. Notebooks 01 to 05 end in one.

The last line of a cell shows it::

    nst.labs.StyleTransferLab("cat", "great_wave")

Where widgets do not update from a thread (Colab), ``lab.run(100)`` works in the cell itself.
"""

from .content import ContentLab
from .features import FeatureExplorer
from .gram import GramExplorer
from .layers import LayerMixer
from .style_transfer import StyleTransferLab

__all__ = ["ContentLab", "FeatureExplorer", "GramExplorer", "LayerMixer", "StyleTransferLab"]
