"""Style transfer of sounds: textures from noise, and content and style of two sounds.

    fire = nst.sound.load("fire")
    nst.sound.save(nst.sound.synthesize(fire, seconds=10), "more_fire.wav")

Notebook 09 uses it. Ulyanov and Lebedev 2016; Grinstein et al. 2018.
"""

from .classifier import Classifier
from .files import RATE, bundled, load, save
from .filters import RandomFilters
from .player import play
from .stft import griffin_lim, magnitude, spectrogram
from .transfer import SoundTransfer, stylize, synthesize

__all__ = [
    "RATE",
    "Classifier",
    "RandomFilters",
    "SoundTransfer",
    "bundled",
    "griffin_lim",
    "load",
    "magnitude",
    "play",
    "save",
    "spectrogram",
    "stylize",
    "synthesize",
]
