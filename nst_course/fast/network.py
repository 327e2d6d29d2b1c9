"""A transformation network: a photograph in, its painting out, in one pass.

Johnson, Alahi and Fei-Fei 2016, with conditional instance normalization (Dumoulin, Shlens and
Kudlur 2017): all convolutions are shared, and a style is one vector γ and one vector β a layer.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (32, 64, 128)  # channels at full, half and quarter resolution
BLOCKS = 5  # residual blocks


class ConditionalInstanceNorm(nn.Module):
    """Every channel normalized over its own positions, then scaled and shifted by the style.

        y = γ_s (x − μ(x)) / σ(x) + β_s

    Ulyanov et al. 2017 normalize each image by itself; Dumoulin et al. 2017, eq. 5, choose γ and β
    by the style s.

    Args:
        styles: how many.
        channels: C.
    """

    def __init__(self, styles: int, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(styles, channels))
        self.beta = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """(B, C, H, W), normalized.

        Args:
            x: (B, C, H, W).
            mix: (B, S), how much of each style each image gets; rows that sum to 1 mix styles.
        """
        gamma, beta = mix @ self.gamma, mix @ self.beta
        normalized = F.instance_norm(x)
        return normalized * gamma[:, :, None, None] + beta[:, :, None, None]


class Layer(nn.Module):
    """A convolution with reflected borders, normalization, and a ReLU if wanted.

    Zeros around the picture would be an edge that the network sees, and paints. ``upsample``
    repeats each pixel 2×2 first: a transposed convolution covers pixels unevenly, which shows as a
    checkerboard (Odena, Dumoulin and Olah 2016).
    """

    def __init__(
        self,
        styles: int,
        channels_in: int,
        channels_out: int,
        kernel: int = 3,
        stride: int = 1,
        upsample: bool = False,
        relu: bool = True,
    ):
        super().__init__()
        self.conv = nn.Conv2d(
            channels_in, channels_out, kernel, stride, kernel // 2, padding_mode="reflect"
        )
        self.norm = ConditionalInstanceNorm(styles, channels_out)
        self.upsample, self.relu = upsample, relu

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.norm(self.conv(x), mix)
        return F.relu(x) if self.relu else x


class Residual(nn.Module):
    """x + two layers of x (He et al. 2016): the network starts near the identity."""

    def __init__(self, styles: int, channels: int):
        super().__init__()
        self.first = Layer(styles, channels, channels)
        self.second = Layer(styles, channels, channels, relu=False)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        return x + self.second(self.first(x, mix), mix)


class TransformationNetwork(nn.Module):
    """The network of Johnson et al. 2016 for several styles.

    Args:
        styles: how many.
        widths: channels at full, half and quarter resolution.
        blocks: residual blocks at quarter resolution.
    """

    def __init__(self, styles: int, widths: Sequence[int] = WIDTHS, blocks: int = BLOCKS):
        super().__init__()
        full, half, quarter = widths
        self.styles = styles
        self.layers = nn.ModuleList(
            [
                Layer(styles, 3, full, kernel=9),
                Layer(styles, full, half, stride=2),
                Layer(styles, half, quarter, stride=2),
                *(Residual(styles, quarter) for _ in range(blocks)),
                Layer(styles, quarter, half, upsample=True),
                Layer(styles, half, full, upsample=True),
            ]
        )
        self.last = Layer(styles, full, 3, kernel=9, relu=False)

    def forward(self, image: Tensor, mix: Tensor) -> Tensor:
        """The painting, (B, 3, H, W), 0…1.

        Args:
            image: photographs, (B, 3, H, W), 0…1, of any size from 16×16 pixels on.
            mix: (B, S), how much of each style.
        """
        height, width = image.shape[2:]
        # Two halvings need multiples of 4; what is added is cut off again.
        x = F.pad(image, (0, -width % 4, 0, -height % 4), mode="reflect") * 2 - 1
        for layer in self.layers:
            x = layer(x, mix)
        with torch.autocast(x.device.type, enabled=False):  # 16 bits would round the colors
            painting = torch.sigmoid(self.last(x.float(), mix.float()))
        return painting[:, :, :height, :width]
