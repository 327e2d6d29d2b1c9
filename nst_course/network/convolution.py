"""The 3×3 convolutions of VGG: the same values on every machine, computed in the fastest way there.

Three ways: PyTorch's own convolution; Winograd's algorithm, on CPUs with AVX2; and float16 with
scaled inputs, on GPUs without a bfloat16 unit. The method does not depend on this file.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class Convolution(nn.Conv2d):
    """A 3×3 convolution with padding 1, as all of VGG are.

    The type of the weights decides: with bfloat16 weights, the input is converted and the output is
    bfloat16; with float16 weights, input and output are float32 (see `scaled_convolution`).
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.dtype == torch.float16:
            return _Convolved.apply(x, self.weight, self.bias, scaled_convolution)
        x = x.to(self.weight.dtype)
        if self.uses_winograd(x):
            return _Convolved.apply(x, self.weight, self.bias, winograd_convolution)
        return super().forward(x)

    def uses_winograd(self, x: Tensor) -> bool:
        """Whether Winograd's algorithm is available, and faster for this input."""
        side = WINOGRAD_SIDE.get(self.out_channels)
        return (
            side is not None
            and len(x) == 1
            and x.shape[2] * x.shape[3] >= side**2
            and x.dtype == torch.float32
            and x.device.type == "cpu"
            and not self.weight.requires_grad
            and winograd_is_faster()
            and winograd_works()
        )

    def workspace_bytes(self, height: int, width: int) -> int:
        """Temporary memory for one image of this size: Winograd turns 6×6 numbers into 64."""
        x = self.weight.new_empty(1).expand(1, self.in_channels, height, width)
        numbers = height * width * (self.in_channels + self.out_channels) * 64 // 36
        return 4 * numbers if self.uses_winograd(x) else 0


class _Convolved(torch.autograd.Function):
    """A 3×3 convolution with padding 1, by a function of input, kernels and bias (or None)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, convolve: Callable) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.convolve = convolve
        return convolve(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        # The gradient of the input is a convolution too: with the kernels rotated by 180°, and
        # input and output channels exchanged.
        (weight,) = ctx.saved_tensors
        rotated = weight.flip(2, 3).transpose(0, 1)
        return ctx.convolve(gradient, rotated, None), None, None, None


# ---------------------------------------------------------------- Winograd's algorithm
#
# It computes 6×6 outputs of a 3×3 convolution with 64 multiplications a channel instead of 324
# (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks"). PyTorch has it in the
# library NNPACK, but does not use it for a single image. On a CPU with AVX2, the usual one in a
# laptop, it halves the time of large layers. With AVX-512, the plain convolution is twice as fast.

# Output channels → the side, in positions, from which on it is faster: at an image of 352×352
# pixels for all blocks but the fifth. The two ways keep their outputs in different memory layouts,
# and switching back and forth costs as much as it saves.
WINOGRAD_SIDE = {64: 352, 128: 176, 256: 88, 512: 44}


def winograd_is_faster() -> bool:
    """Whether this CPU gains by it. A rule, not a timing, so that a machine repeats its results."""
    return torch.backends.cpu.get_cpu_capability() == "AVX2"


@functools.cache
def winograd_works() -> bool:
    """Whether NNPACK is there and correct: PyTorch's function for it is private and may change."""
    x, weight = torch.linspace(-1, 1, 64).view(1, 1, 8, 8), torch.arange(9.0).view(1, 1, 3, 3)
    try:
        if not torch.backends.nnpack.is_available():  # this call also initializes the library
            return False
        found = winograd_convolution(x, weight, None)
    except (AttributeError, RuntimeError, TypeError):
        return False
    return torch.allclose(found, F.conv2d(x, weight, padding=1), atol=1e-4)


def winograd_convolution(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """NNPACK's convolution, (1, C, H, W) in float32; it reads contiguous tensors only."""
    return torch._nnpack_spatial_convolution(x.contiguous(), weight.contiguous(), bias, 1, 1)


# ---------------------------------------------------------------- float16
#
# GPUs from 2017 to 2020, such as those of free cloud notebooks, multiply float16 several times as
# fast as float32 and have no bfloat16 unit. float16 ends at 65504 and below 6e-8. The features of
# style transfer leave that range, and so do the gradients, by a factor that depends on the weights
# of the objective. So each convolution scales its own input; between them everything is float32.

LARGEST = 2.0**15  # of the inputs and of a sum of products; float16 ends just below 2¹⁶


def scaled_convolution(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve float32 inputs of any magnitude, (B, C, H, W), with 3×3 kernels in float16."""
    lowest, highest = torch.aminmax(x)
    gain = weight.abs().sum((1, 2, 3), dtype=torch.float32).amax().clamp(min=1)
    # No sum of products is larger. The number stays on the device: reading it would block.
    bound = torch.maximum(-lowest, highest) * gain
    scale = LARGEST * torch.exp2(-bound.log2().ceil().clamp(min=-100))  # a power of two: exact
    y = F.conv2d((x * scale).half(), weight, padding=1).float().div_(scale)
    return y if bias is None else y.add_(bias.float().view(-1, 1, 1))
