"""Convolutions with fewer multiplications, where those are what a CPU spends its time on.

Winograd's algorithm finds 6×6 outputs of a 3×3 convolution with 64 multiplications a channel in
place of 324 (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks"). PyTorch
has it in the library NNPACK, but never uses it for a single picture. On a CPU with AVX2, the usual
one in a laptop, large layers take half the time with it; with AVX-512 the plain convolution is
twice as fast, and with small layers the algorithm's own preparations cost more than they save.
"""

import torch
from torch import Tensor, nn

# Channels that come out → the side in positions from which on it pays: all but the fifth block of
# VGG together, in pictures of 352×352 pixels. The two ways keep their results in different orders,
# and to change from one to the other and back costs as much as is saved.
LEAST_SIDE = {64: 352, 128: 176, 256: 88, 512: 44}


def pays(layer: nn.Conv2d, x: Tensor) -> bool:
    """Whether Winograd's algorithm is there and the faster one for this layer."""
    least = LEAST_SIDE.get(layer.out_channels)
    return (
        least is not None
        and len(x) == 1
        and x.shape[2] * x.shape[3] >= least**2
        and x.dtype == torch.float32
        and x.device.type == "cpu"
        and not layer.weight.requires_grad
        and available()
    )


def available() -> bool:
    """Whether this CPU gains by it. A rule and no timing: a machine always computes the same."""
    return (
        torch.backends.cpu.get_cpu_capability() == "AVX2" and torch.backends.nnpack.is_available()
    )


def bytes_of_workspace(layer: nn.Conv2d, height: int, width: int) -> int:
    """What a convolution takes on the way: 64 numbers for each 6×6 that go in or come out."""
    x = layer.weight.new_empty(1).expand(1, layer.in_channels, height, width)
    numbers = height * width * (layer.in_channels + layer.out_channels) * 64 // 36
    return 4 * numbers if pays(layer, x) else 0


def spatial_convolution(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """NNPACK's convolution with padding 1 and stride 1; it reads the order (1, C, H, W) only."""
    return torch._nnpack_spatial_convolution(x.contiguous(), weight.contiguous(), bias, 1, 1)
