"""A VGG network whose layers have names: ``backbone(image, ["relu2_1", "relu4_2"])``."""

import copy
import difflib
from collections.abc import Callable, Collection, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..checks import check_callable, check_choice, check_images, names_of_layers, printable, shown
from ..device import as_device, with_gradients
from ..errors import CourseError
from .convolution import Convolution
from .weights import BLOCKS, MEANS, check_parameters, conv_names, load_parameters

POOLING = ("max", "avg")
# These stay in float32 in a network of reduced precision, at a fifth of its multiplications. They
# see the pixels, whose small steps would be rounded away, and the style losses at relu1_1 and
# relu2_1 make up most of the gradient. After 300 steps at 128 px, the last tenth in float32, the
# loss is 2 % above that of float32; with all layers rounded and 40 % in float32, it is 4 %.
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
    """The convolutional part of a VGG network (Simonyan and Zisserman 2014), frozen.

    ``conv4_2`` is the output of the convolution, which may be negative; ``relu4_2`` is the output
    of its ReLU. The "conv4_2" of Gatys et al. 2016 is ``relu4_2`` here, as in their own code.

    Args:
        network: ``"vgg16"`` or ``"vgg19"``.
        parameters: name → tensor, as returned by `weights.load_parameters`.
        pooling: ``"max"``, as the network was trained, or ``"avg"``, which gives slightly more
            appealing images according to Gatys et al. 2016.
    """

    mean: Tensor

    def __init__(self, network: str, parameters: dict[str, Tensor], pooling: str = "max"):
        super().__init__()
        check_choice("network", network, BLOCKS)
        check_choice("pooling", pooling, POOLING)
        check_parameters(network, parameters)
        self.network = network
        self.pooling = pooling
        self.layers = layer_names(network)
        self.convolutions = nn.ModuleDict()
        for name in conv_names(network):
            weight = parameters[f"{name}.weight"]
            conv = nn.utils.skip_init(Convolution, weight.shape[1], weight.shape[0], 3, padding=1)
            conv.weight.data = weight.contiguous(memory_format=torch.channels_last)
            conv.bias.data = parameters[f"{name}.bias"]
            self.convolutions[name] = conv
        self.register_buffer("mean", torch.tensor(MEANS[network]).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def forward(
        self,
        image: Tensor,
        layers: Iterable[str],
        then: Callable[[str, Tensor], object] = lambda layer, features: features,
    ) -> dict:
        """Features of an image: layer name → (1, C, H_l, W_l), in the order of the network.

        No layer past the deepest one wanted is computed.

        Args:
            image: (1, 3, H, W), RGB, 0…1, on any device; a batch works as well.
            layers: names such as ``"relu4_2"``, ``"conv4_2"`` or ``"pool4"``.
            then: a function of layer name and features, whose result is returned instead of the
                features. It is called as soon as they are computed, so that the backward pass
                reaches it just before that layer, and no gradient has to be kept.

        Raises:
            CourseError: a layer does not exist, or the image is too small for it.
        """
        wanted = set(names_of_layers("layers", layers))
        check_callable("then", then)
        self.check_image(image, wanted)
        return self.run(self.prepare(image), self.up_to(wanted), wanted, then)[1]

    def prepare(self, image: Tensor) -> Tensor:
        """The input of the first convolution: the image in 0…255 minus the mean color."""
        weight = self.get_parameter("convolutions.conv1_1.weight")
        x = image.to(weight).contiguous(memory_format=torch.channels_last)
        return x * 255 - self.mean

    def run(
        self,
        x: Tensor,
        names: Iterable[str],
        wanted: Collection[str],
        then: Callable[[str, Tensor], object] = lambda layer, features: features,
    ) -> tuple[Tensor, dict]:
        """Consecutive layers ``names`` on their input x; returns the output and what is wanted."""
        features = {}
        for name in names:
            if name.startswith("conv"):
                x = self.convolutions[name](x)
            elif name.startswith("relu"):
                # In place saves a copy, but must not overwrite a conv layer that is wanted.
                x = F.relu(x, inplace=name.replace("relu", "conv") not in wanted)
            else:
                x = F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2)
            if name in wanted:
                features[name] = then(name, x)
        return x, features

    def in_precision(self, dtype: torch.dtype) -> "Backbone":
        """A copy that computes in ``dtype``, except for `EXACT_LAYERS` if that has 16 bits."""
        # torch.autocast around the other layers gives the same losses, is 0 to 4 % slower, and
        # does not scale the inputs, which float16 needs.
        copied = copy.deepcopy(self)
        for name, conv in copied.convolutions.items():
            if dtype.itemsize > 2 or name not in EXACT_LAYERS:
                conv.to(dtype)
        return copied

    @property
    def device(self) -> torch.device:
        return self.mean.device

    def up_to(self, wanted: Iterable[str]) -> list[str]:
        """The layers up to the deepest one wanted, in the order of the network."""
        return self.layers[: 1 + max(map(self.layers.index, wanted), default=-1)]

    def channels(self, layer: str) -> int:
        """C, the number of channels of a layer."""
        self.check([layer])
        name = f"conv{layer[4]}_1" if layer.startswith("pool") else layer.replace("relu", "conv")
        return len(self.get_parameter(f"convolutions.{name}.weight"))

    def check(self, layers: Iterable[str]) -> None:
        """Raise a CourseError that suggests a name if a layer does not exist."""
        known = set(self.layers)
        for layer in layers:
            if isinstance(layer, str) and layer in known:
                continue
            name = printable(layer) if isinstance(layer, str) else shown(layer)
            near = difflib.get_close_matches(name, self.layers, n=1)
            hint = f'did you mean "{near[0]}"?' if near else "names look like relu4_2 or conv4_2."
            raise CourseError(f'{self.network.upper()} has no layer "{name}"; {hint}')

    def smallest_side(self, layers: Iterable[str]) -> int:
        """How many pixels an image needs on each side, so that these layers have a position."""
        return 2 ** sum(name.startswith("pool") for name in self.up_to(layers))

    def check_image(self, image: Tensor, layers: Collection[str]) -> None:
        """Raise a CourseError if this is not an image, or too small for one of the layers."""
        self.check(layers)
        check_images("An image", image)
        smallest = self.smallest_side(layers)
        if min(image.shape[2:]) < smallest:
            deepest = self.up_to(layers)[-1]
            raise CourseError(
                f"An image of {image.shape[3]}×{image.shape[2]} px is too small for {deepest}, "
                f"which needs at least {smallest} px on each side."
            )


@with_gradients
def load_backbone(
    network: str = "vgg16", pooling: str = "max", device: torch.device | str | None = None
) -> Backbone:
    """A frozen VGG in eval mode: ``"vgg16"`` is embedded, ``"vgg19"`` is downloaded once.

    Args:
        network: ``"vgg16"`` or ``"vgg19"``.
        pooling: ``"max"`` or ``"avg"``.
        device: where it runs; by default a GPU if there is one, else the CPU.

    Raises:
        CourseError: an unknown name or device, damaged weights, or a failed download.
    """
    check_choice("pooling", pooling, POOLING)  # before a download
    place = as_device(device)
    return Backbone(network, load_parameters(network), pooling).to(place)
