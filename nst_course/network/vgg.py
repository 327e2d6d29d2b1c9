"""A VGG network whose layers have names: ``backbone(image, ["relu2_1", "relu4_2"])``."""

import copy
import difflib
from collections.abc import Callable, Collection, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..checks import check_choice
from ..device import best_device
from ..errors import CourseError
from .convolution import Convolution
from .weights import BLOCKS, MEANS, conv_names, load_parameters

POOLING = ("max", "avg")
# These stay in float32 in a network of reduced precision, at a fifth of its multiplications. They
# see the pixels, whose small moves would be rounded away, and the style losses of relu1_1 and
# relu2_1 make most of the gradient. At 128 px, 300 steps, the loss ends 4 % above that of float32
# with all layers in bfloat16 and the last 40 % of the steps in float32; like this, and with the
# last tenth of the steps, 2 % above it.
EXACT_LAYERS = ("conv1_1", "conv1_2", "conv2_1")


def layer_names(network: str = "vgg16") -> list[str]:
    """Every layer in the order of the network: conv1_1, relu1_1, conv1_2, relu1_2, pool1, …"""
    check_choice("network", network, BLOCKS)
    names = []
    for block, count in enumerate(BLOCKS[network], start=1):
        for number in range(1, count + 1):
            names += [f"conv{block}_{number}", f"relu{block}_{number}"]
        names.append(f"pool{block}")
    return names


class Backbone(nn.Module):
    """The convolutions of a VGG network, frozen, with every layer reachable by its name.

    ``conv4_2`` is the output of the convolution, which may be negative; ``relu4_2`` is what comes
    after its ReLU. The paper's "conv4_2" is ``relu4_2`` here, as in its authors' code.

    Args:
        network: ``"vgg16"`` or ``"vgg19"``.
        parameters: name → tensor, as `weights.load_parameters` returns them.
        pooling: ``"max"``, as the network was trained, or ``"avg"``, which Gatys et al. 2016
            found to give slightly more appealing pictures.
    """

    def __init__(self, network: str, parameters: dict[str, Tensor], pooling: str = "max"):
        super().__init__()
        check_choice("pooling", pooling, POOLING)
        self.network = network
        self.pooling = pooling
        self.layers = layer_names(network)
        self.convolutions = nn.ModuleDict()
        for name in conv_names(network):
            weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
            convolution = nn.utils.skip_init(
                Convolution, weight.shape[1], weight.shape[0], 3, padding=1
            )
            convolution.weight.data = weight.contiguous(memory_format=torch.channels_last)
            convolution.bias.data = bias
            self.convolutions[name] = convolution
        self.register_buffer("mean", torch.tensor(MEANS[network]).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def in_precision(self, dtype: torch.dtype) -> "Backbone":
        """A copy that multiplies in ``dtype``, all but `EXACT_LAYERS` where that is a short one."""
        copied = copy.deepcopy(self)
        for name, convolution in copied.convolutions.items():
            if dtype.itemsize > 2 or name not in EXACT_LAYERS:
                convolution.to(dtype)
        return copied

    @property
    def device(self) -> torch.device:
        return self.mean.device

    def channels(self, layer: str) -> int:
        """C, the number of channels of a layer."""
        self.check([layer])
        if layer.startswith("pool"):
            layer = f"conv{layer[4]}_1"
        return self.convolutions[layer.replace("relu", "conv")].out_channels

    def check(self, layers: Iterable[str]) -> None:
        """Raise a CourseError that names what is possible if a layer does not exist."""
        for layer in layers:
            if layer not in self.layers:
                near = difflib.get_close_matches(str(layer), self.layers, n=1)
                hint = (
                    f'did you mean "{near[0]}"?' if near else "names look like relu4_2 or conv4_2."
                )
                raise CourseError(f'{self.network.upper()} has no layer "{layer}"; {hint}')

    def forward(
        self,
        image: Tensor,
        layers: Iterable[str],
        then: Callable[[str, Tensor], object] = lambda layer, features: features,
    ) -> dict[str, Tensor]:
        """Features of an image, layer name → (1, C, H_l, W_l), in the order of the network.

        No layer past the deepest one asked for is run.

        Args:
            image: (1, 3, H, W), RGB, 0…1, on any device; a batch works as well.
            layers: names such as ``"relu4_2"``, ``"conv4_2"`` or ``"pool4"``.
            then: what to make of the features of a layer; its results are returned in their place.
                It is called as soon as they are there, and so the gradients go through it just
                before that layer and need not wait in memory.

        Raises:
            CourseError: a layer does not exist, or the image is too small to reach it.
        """
        wanted = set([layers] if isinstance(layers, str) else layers)
        self.check_image(image, wanted)
        return self.run(self.prepare(image), self.up_to(wanted), wanted, then)[1]

    def up_to(self, wanted: Iterable[str]) -> list[str]:
        """The layers up to the deepest one wanted, in the order of the network."""
        return self.layers[: 1 + max(map(self.layers.index, wanted), default=-1)]

    def prepare(self, image: Tensor) -> Tensor:
        """What the first convolution gets: the image in 0…255 minus the network's mean."""
        x = image.to(self.device).contiguous(memory_format=torch.channels_last)
        return x * 255 - self.mean

    def run(
        self,
        x: Tensor,
        names: Iterable[str],
        wanted: Collection[str],
        then: Callable[[str, Tensor], object] = lambda layer, features: features,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Some layers in a row: the output of the last, and the features of those wanted.

        Args:
            x: what the first of the layers gets, (1, C, h, w).
            names: the layers, in the order of the network.
            wanted: names of layers; those that are not among ``names`` are ignored.
            then: as in `forward`.
        """
        features = {}
        for name in names:
            if name.startswith("conv"):
                x = self.convolutions[name](x)
            elif name.startswith("relu"):
                # In place saves a copy; a conv layer that was asked for must keep its negatives.
                x = F.relu(x, inplace=name.replace("relu", "conv") not in wanted)
            else:
                x = F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2)
            if name in wanted:
                features[name] = then(name, x)
        return x, features

    def check_image(self, image: Tensor, layers: Collection[str]) -> None:
        """Raise a CourseError if this is no image, or too small to reach one of the layers."""
        self.check(layers)
        if not isinstance(image, Tensor) or not image.is_floating_point():
            kind = image.dtype if isinstance(image, Tensor) else type(image).__name__
            raise CourseError(
                f"An image is a tensor of floats, 0…1, and not {kind}; nst.load_image gives one."
            )
        if image.dim() != 4 or image.shape[1] != 3:
            raise CourseError(
                f"An image has shape (1, 3, H, W) and this one has {tuple(image.shape)}; "
                "nst.load_image gives the right shape."
            )
        deepest = max((self.layers.index(layer) for layer in layers), default=0)
        smallest = 2 ** sum(name.startswith("pool") for name in self.layers[: deepest + 1])
        if min(image.shape[2:]) < smallest:
            raise CourseError(
                f"An image of {image.shape[3]}×{image.shape[2]} px is too small for "
                f"{self.layers[deepest]}, which needs at least {smallest} px on each side."
            )


def load_backbone(
    network: str = "vgg16", pooling: str = "max", device: torch.device | str | None = None
) -> Backbone:
    """A frozen VGG in eval mode: ``"vgg16"`` is embedded, ``"vgg19"`` is downloaded once.

    Args:
        network: ``"vgg16"`` or ``"vgg19"``.
        pooling: ``"max"`` or ``"avg"``.
        device: where it runs; by default a GPU if there is one, else the CPU.

    Raises:
        CourseError: an unknown name, damaged weights, or a download that failed.
    """
    check_choice("pooling", pooling, POOLING)  # now, and not after a download
    return Backbone(network, load_parameters(network), pooling).to(device or best_device())
