"""Convolutions in float16, which ends at 65504 and knows nothing below 0.00000006.

GPUs from 2017 to 2020, such as those that are lent free of charge, multiply float16 several times
as fast as float32 and have no unit for bfloat16. The features and above all the gradients of style
transfer leave the range of float16, the gradients by a factor that depends on every weight of the
objective. So each convolution brings what it gets into that range, by a factor that it undoes
afterwards. Between the convolutions everything is float32.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LARGEST = 2.0**15  # of what goes in and of what can come out; float16 ends just below 2¹⁶


def pays(layer: nn.Conv2d) -> bool:
    """Whether this layer was put into float16; the device decides that, not the picture."""
    return layer.weight.dtype == torch.float16


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve numbers of any size, (B, C, H, W) in float32, with 3×3 kernels in float16."""
    lowest, highest = torch.aminmax(x)
    growth = weight.abs().sum((1, 2, 3), dtype=torch.float32).amax().clamp(min=1)
    # No sum of products is larger than this. It stays on the device: nobody waits for the number.
    bound = torch.maximum(-lowest, highest) * growth
    # A power of two rounds nothing.
    factor = LARGEST * torch.exp2(-bound.log2().ceil().clamp(min=-100))
    y = F.conv2d((x * factor).half(), weight, padding=1).float().div_(factor)
    return y if bias is None else y.add_(bias.float().view(-1, 1, 1))
