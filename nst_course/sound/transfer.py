"""Textures of sounds from noise, and the content of one sound with the style of another.

The loop is that of `StyleTransfer`, on a spectrogram in place of an image, with `RandomFilters` in
place of VGG. The objective, its terms, the optimizer and the safeguards are the same objects.
"""

import torch
from torch import Tensor

from ..checks import check_count
from ..device import best_device, with_gradients
from ..errors import CourseError
from ..losses import gram_matrix
from ..network.vgg import Backbone
from ..transfer.objective import Objective
from ..transfer.optimizers import LEARNING_RATES, make_optimizer
from ..transfer.precision import Precision
from ..transfer.safeguards import Safeguards
from ..transfer.style_transfer import StyleTransfer
from ..transfer.styles import Style
from ..transfer.terms import ContentTerm, StyleTerm, Term
from .files import RATE, as_sound, check_seconds, limited
from .filters import LAYER, RandomFilters
from .stft import griffin_lim, spectrogram

# With the content of speech: under 1e3 mostly the content is heard, over 1e6 mostly the style.
STYLE_WEIGHT = 1e5


class SoundStyle(StyleTerm):
    """The style term for sounds: means over time, always of the whole sound."""

    def works_in_tiles(self, backbone: Backbone) -> bool:
        return False


class SoundTransfer(StyleTransfer):
    """Generate a sound with the texture of one sound and, if wanted, the content of another.

    Args:
        style: the sound whose texture is wanted, (samples,), at 16 kHz.
        content: the sound whose events are kept, or None for a texture from noise.
        seconds: how long the texture becomes; by default as long as ``style``. With a content, the
            result has its length.
        content_weight: α.
        style_weight: β.
        filters: the layer of random filters; by default 1024 of 11 columns.
        seed: of the white noise, as loud as ``style``, that the texture starts from.

    Raises:
        CourseError: a sound that is none, silent or too short.
    """

    @with_gradients
    def __init__(
        self,
        style: Tensor,
        content: Tensor | None = None,
        seconds: float | None = None,
        content_weight: float = 1.0,
        style_weight: float = STYLE_WEIGHT,
        filters: RandomFilters | None = None,
        seed: int = 0,
    ):
        check_seconds("seconds", seconds, least=0.2)
        check_count("seed", seed)
        self.filters = (RandomFilters() if filters is None else filters).to(best_device())
        style_picture = audible("style", style).to(self.filters.device)
        terms: list[Term] = [SoundStyle(gram_matrix, style_weight, [LAYER])]
        if content is None:
            count = len(style) if seconds is None else round(seconds * RATE)
            noise = torch.randn(count, generator=torch.Generator().manual_seed(seed))
            start = spectrogram(noise * style.float().std()).to(style_picture)
        else:
            start = audible("content", content).to(style_picture)
            terms.append(ContentTerm(start.clone(), [LAYER], content_weight))
        styles, size = [Style(style_picture)], (start.shape[2], start.shape[3])
        self.objective = Objective([term.of(styles, size) for term in terms], self.filters)
        self.content = start
        self.objective.check(start)
        self.safeguards = Safeguards(
            start,
            lambda *state: make_optimizer("lbfgs", None, *state),
            LEARNING_RATES["lbfgs"],
            Precision("float32", self.filters),
        )

    @property
    def spectrogram(self) -> Tensor:
        """The best spectrogram so far, (1, 1, 513, T), 0…1."""
        return self.image

    @property
    def sound(self) -> Tensor:
        """The best spectrogram so far as a sound, (samples,), by `griffin_lim`."""
        return limited(griffin_lim(self.spectrogram))


def synthesize(
    style: Tensor,
    seconds: float | None = None,
    steps: int = 150,
    seed: int = 0,
    progress: bool = True,
) -> Tensor:
    """A new sound with the texture of another, from noise (Ulyanov and Lebedev 2016).

    Args:
        style: the sound, (samples,), at 16 kHz.
        seconds: length of the result; by default that of ``style``.
        steps: of L-BFGS.
        seed: another seed gives another sound of the same texture.
        progress: show a bar.

    Returns:
        (samples,), −1…1.

    Raises:
        CourseError: a sound that is none, silent or too short.
    """
    transfer = SoundTransfer(style, seconds=seconds, seed=seed)
    transfer.run(steps, progress)
    return transfer.sound


def stylize(
    content: Tensor,
    style: Tensor,
    style_weight: float = STYLE_WEIGHT,
    steps: int = 150,
    progress: bool = True,
) -> Tensor:
    """The events of one sound with the texture of another (Grinstein et al. 2018).

    The optimization starts from the content. Arguments and errors are those of `SoundTransfer`.

    Returns:
        (samples,), −1…1, as long as ``content``.
    """
    transfer = SoundTransfer(style, content, style_weight=style_weight)
    transfer.run(steps, progress)
    return transfer.sound


def audible(name: str, sound: Tensor) -> Tensor:
    """The spectrogram of a sound that has something to hear.

    Raises:
        CourseError: it is no sound, too short, or silent.
    """
    sound = as_sound(name, sound)
    if sound.abs().max() < 1e-4:
        raise CourseError(f"{name} is silent; choose a sound, or a louder part of this one.")
    return spectrogram(sound)
