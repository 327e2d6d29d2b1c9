"""One layer of random filters over time, in place of a trained network."""

import math
from collections.abc import Collection

import torch
from torch import Tensor, nn

from ..checks import check_count
from ..errors import CourseError
from ..network.vgg import Backbone
from .stft import FREQUENCIES, check_picture

LAYER = "relu1"
# Ulyanov and Lebedev have 4096 filters for 1025 frequencies. With as few filters as frequencies the
# Gram matrix does not determine the spectrum: 512 filters give half the power, 1024 most of it.
FILTERS, WIDTH = 1024, 11


class RandomFilters(Backbone):
    """A convolution over time with random weights, and a ReLU (Ulyanov and Lebedev 2016).

    The frequencies of a spectrogram are its channels: a filter has one weight for each frequency at
    each of ``width`` times, and moves along the time only. A pattern at other frequencies is
    another sound, unlike a pattern at another place of a picture.

    It takes the place of a VGG in an `Objective`: ``filters(spectrogram, ["relu1"])`` is a dict
    with features (1, N, 1, T). The end is continued by the beginning, so that no column is a
    border: with zeros there, a generated sound begins and ends with a burst.

    Args:
        count: N, the number of filters.
        width: in columns of the spectrogram, 16 ms each.
        seed: of the weights, normal with variance 2 / (513 · width) (He et al. 2015).
    """

    def __init__(self, count: int = FILTERS, width: int = WIDTH, seed: int = 0):
        nn.Module.__init__(self)
        check_count("count", count, least=1)
        check_count("width", width, least=1)
        self.network = "layer of random filters"
        self.layers = ["conv1", LAYER]
        shape = (count, FREQUENCIES, 1, width)
        weight = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        conv = nn.utils.skip_init(
            nn.Conv2d,
            FREQUENCIES,
            count,
            (1, width),
            bias=False,
            padding="same",
            padding_mode="circular",
        )
        conv.weight.data = weight * math.sqrt(2 / (FREQUENCIES * width))
        self.convolutions = nn.ModuleDict({"conv1": conv})
        self.register_buffer("mean", torch.zeros(()))  # a spectrogram is taken as it is
        self.requires_grad_(False)

    def prepare(self, image: Tensor) -> Tensor:
        """The spectrogram (1, 1, 513, T) with its frequencies as channels, (1, 513, 1, T)."""
        return image.transpose(1, 2)

    def check_image(self, image: Tensor, layers: Collection[str]) -> None:
        """Raise a CourseError if this is not a spectrogram, or a layer does not exist."""
        self.check(layers)
        check_picture("A spectrogram", image)
        width = self.get_parameter("convolutions.conv1.weight").shape[3]
        if image.shape[3] < width:
            raise CourseError(
                f"The sound has {image.shape[3]} columns and a filter {width}; take a longer sound."
            )
