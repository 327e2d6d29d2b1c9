"""A convolution of VGG: the same numbers everywhere, found in the way that is fastest here."""

from torch import Tensor, nn

from . import float16, winograd


class Convolution(nn.Conv2d):
    """A 3×3 convolution with padding 1, as all of VGG are, that goes the faster way by itself.

    Its own number format decides: with weights in bfloat16, the input is converted and the output
    is bfloat16; with weights in float16, both are float32 (see `float16`).
    """

    def forward(self, x: Tensor) -> Tensor:
        if float16.pays(self):
            return float16.Convolved.apply(x, self.weight, self.bias)
        x = x.to(self.weight.dtype)
        if winograd.pays(self, x):
            return winograd.Convolved.apply(x, self.weight, self.bias)
        return super().forward(x)
