"""A convolution of VGG: the same numbers everywhere, found in the way that is fastest here."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from . import float16, winograd


class Convolution(nn.Conv2d):
    """A 3×3 convolution with padding 1, as all of VGG are, that goes the faster way by itself.

    Its own number format decides: with weights in bfloat16, the input is converted and the output
    is bfloat16; with weights in float16, both are float32 (see `float16`).
    """

    def forward(self, x: Tensor) -> Tensor:
        if float16.pays(self):
            return Convolved.apply(x, self.weight, self.bias, float16.convolve)
        x = x.to(self.weight.dtype)
        if winograd.pays(self, x):
            return Convolved.apply(x, self.weight, self.bias, winograd.spatial_convolution)
        return super().forward(x)


class Convolved(torch.autograd.Function):
    """A 3×3 convolution with padding 1, by a function of input, kernels and bias (or None)."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, convolve: Callable) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.convolve = convolve
        return convolve(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        # The gradient to the input is a convolution as well: with the kernels turned by half a
        # circle, and input and output channels exchanged.
        (weight,) = ctx.saved_tensors
        turned = weight.flip(2, 3).transpose(0, 1)
        return ctx.convolve(gradient, turned, None), None, None, None
