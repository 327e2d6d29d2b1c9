"""The parameters of a network: embedded, downloaded, from a local file, or random.

All sources are brought to one convention, so that the rest of the course need not know them:

- names are ``conv4_2.weight`` (C_out, C_in, 3, 3) and ``conv4_2.bias`` (C_out,), float32;
- the input is RGB on the scale 0…255 minus the mean color ``MEANS[network]``;
- activations are on that scale too.
"""

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import safetensors.torch
import torch
from torch import Tensor

from ..assets import WEIGHTS
from ..checks import check_choice, shown
from ..errors import CourseError
from ..files import expanded, write_atomically
from .download import VGG19_VARIABLE, cache_folder, download, first_line

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

# Convolutions in each block, and their channels (Simonyan and Zisserman 2014, table 1, D and E).
BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)

# The mean color subtracted in training, RGB, 0…255: of the Caffe model of VGG-16, and of
# torchvision's VGG-19, whose constants are these divided by 255.
MEANS = {
    "vgg16": (123.68, 116.779, 103.939),
    "vgg19": (0.485 * 255, 0.456 * 255, 0.406 * 255),
}
TORCHVISION_STD = (0.229, 0.224, 0.225)

EMBEDDED = WEIGHTS / "vgg16_hed.safetensors"
EMBEDDED_SHA256 = "ae84761a5b63a753f3e273460ae71f8c57dd82ba935bf771170ab5efb65a78df"


def conv_names(network: str) -> list[str]:
    """``["conv1_1", "conv1_2", "conv2_1", …]`` of ``"vgg16"`` or ``"vgg19"``, shallow to deep."""
    return [
        f"conv{block}_{number}"
        for block, count in enumerate(BLOCKS[network], start=1)
        for number in range(1, count + 1)
    ]


def parameter_shapes(
    network: str, widths: Sequence[int] | None = None
) -> dict[str, tuple[int, ...]]:
    """Name → shape of every parameter, with the published channels or those of five `widths`."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels_in = 3
    for name in conv_names(network):
        channels_out = (widths or WIDTHS)[int(name[4]) - 1]
        shapes[f"{name}.weight"] = (channels_out, channels_in, 3, 3)
        shapes[f"{name}.bias"] = (channels_out,)
        channels_in = channels_out
    return shapes


def load_parameters(network: str) -> dict[str, Tensor]:
    """The convolutions of ``"vgg16"`` (embedded, offline) or ``"vgg19"`` (a file, or a download).

    VGG-19 is read from the file that ``NST_COURSE_VGG19`` names, else from the course's cache, else
    it is downloaded once by torchvision.

    Raises:
        CourseError: there is no such network; or a file is damaged, is another network, or cannot
            be downloaded.
    """
    check_choice("network", network, BLOCKS)
    if network == "vgg16":
        return load_embedded()
    if local_file := os.environ.get(VGG19_VARIABLE):
        return read_vgg19_file(Path(local_file))
    from torchvision.models import VGG19_Weights  # here: importing torchvision takes a second

    return cached_vgg19(VGG19_Weights.IMAGENET1K_V1, cache_folder())


def check_parameters(network: str, parameters: Mapping[str, Tensor]) -> None:
    """Refuse what does not hold the convolutions of this network; they may be narrower."""
    if not isinstance(parameters, Mapping):
        raise CourseError(f"parameters maps names to tensors, unlike {shown(parameters)}.")
    channels = 3
    for name in conv_names(network):
        weight, bias = (parameters.get(f"{name}.{kind}") for kind in ("weight", "bias"))
        if not (
            isinstance(weight, Tensor)
            and isinstance(bias, Tensor)
            and weight.is_floating_point()
            and weight.dim() == 4
            and tuple(weight.shape[1:]) == (channels, 3, 3)
            and bias.shape == weight.shape[:1]
        ):
            raise CourseError(
                f"parameters has no {name}.weight (C, {channels}, 3, 3) with its bias (C,); "
                "weights.load_parameters gives all of them."
            )
        channels = weight.shape[0]


def random_parameters(
    network: str, seed: int = 0, widths: Sequence[int] | None = None
) -> dict[str, Tensor]:
    """Parameters of an untrained network, for ``Backbone(network, random_parameters(network))``.

    Weights are drawn from N(0, 2 / fan-in), which preserves the magnitude of the activations from
    layer to layer (He et al. 2015, eq. 10); biases are 0.

    Args:
        network: ``"vgg16"`` or ``"vgg19"``.
        seed: of the random numbers.
        widths: channels of the five blocks; None means the published ones. Few make a fast network.

    Raises:
        CourseError: there is no such network.
    """
    check_choice("network", network, BLOCKS)
    generator = torch.Generator().manual_seed(seed)
    parameters = {}
    for name, shape in parameter_shapes(network, widths).items():
        if name.endswith(".bias"):
            parameters[name] = torch.zeros(shape)
        else:
            deviation = math.sqrt(2 / math.prod(shape[1:]))
            parameters[name] = deviation * torch.randn(shape, generator=generator)
    return parameters


# ---------------------------------------------------------------- VGG-16


def load_embedded(path: Path = EMBEDDED, sha256: str = EMBEDDED_SHA256) -> dict[str, Tensor]:
    """Tensors that come with the course (float16 on disk, float32 here), by default VGG-16.

    Raises:
        CourseError: the file is missing, unreadable, or has another checksum.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"The embedded network {path} cannot be read ({error.strerror}); "
            "clone or install the course again."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CourseError(
            f"The embedded network {path} is damaged (its checksum differs); "
            "clone or install the course again."
        )
    return {name: tensor.float() for name, tensor in safetensors.torch.load(data).items()}


# ---------------------------------------------------------------- VGG-19


def cached_vgg19(source: "WeightsEnum", cache: Path) -> dict[str, Tensor]:
    """VGG-19 from the cache, or else downloaded from ``source`` and cached.

    Only the convolutions are kept: 80 of the 548 MB that are downloaded. The checksum stored beside
    the file is compared at every load; a file that does not match is downloaded again.
    """
    kept = cache / "vgg19.safetensors"
    checksum = kept.with_suffix(".sha256")
    try:
        data = kept.read_bytes()
        if hashlib.sha256(data).hexdigest().encode() == checksum.read_bytes().strip():
            return safetensors.torch.load(data)
        kept.unlink()
        print(f"The cached network {kept} was damaged and has been removed; fetching it again.")
    except FileNotFoundError:
        pass
    except OSError as error:
        print(f"The cached network {kept} cannot be used ({error.strerror}); fetching it again.")
    parameters = on_pixel_scale(named_by_layer(download(source, cache), source.url))
    data = safetensors.torch.save(parameters)
    try:
        digest = hashlib.sha256(data).hexdigest()
        write_atomically(checksum, lambda partial: partial.write_text(digest))
        write_atomically(kept, lambda partial: partial.write_bytes(data))
    except OSError as error:
        print(
            f"VGG-19 could not be kept in {cache} ({error.strerror}); "
            "the next session downloads it again."
        )
    return parameters


def read_vgg19_file(path: Path) -> dict[str, Tensor]:
    """VGG-19 from a local ``.pth`` (torchvision's state dict) or ``.safetensors`` file.

    Raises:
        CourseError: the file is missing, unreadable, or another network.
    """
    is_safetensors = path.suffix == ".safetensors"
    try:
        path = expanded(path)
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ValueError("it is not a regular file")
        if is_safetensors:
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CourseError(
            f"{VGG19_VARIABLE} names {path}, which does not exist; correct it or unset it."
        ) from error
    except Exception as error:  # a file of another kind fails in many ways
        raise CourseError(
            f"{VGG19_VARIABLE} names {path}, which is not a readable state dict "
            f"({first_line(error)}); download the file again."
        ) from error
    # The course's own cached file. A .pth with these names is Gatys' vgg_conv.pth, in BGR.
    if is_safetensors and set(state) == set(parameter_shapes("vgg19")):
        return checked(state, "vgg19", path)
    return on_pixel_scale(named_by_layer(state, path))


def named_by_layer(state: dict[str, Tensor], origin: Path | str) -> dict[str, Tensor]:
    """Torchvision's ``features.21.weight`` as ``conv4_2.weight``, without the classifier.

    Raises:
        CourseError: ``origin`` does not hold this network.
    """
    if not isinstance(state, dict):
        raise CourseError(f"{origin} holds a {type(state).__name__} and not a state dict.")
    renamed, index = {}, 0
    for block, count in enumerate(BLOCKS["vgg19"], start=1):
        for number in range(1, count + 1):
            for kind in ("weight", "bias"):
                key = f"features.{index}.{kind}"
                if isinstance(state.get(key), Tensor):
                    renamed[f"conv{block}_{number}.{kind}"] = state[key].float().contiguous()
            index += 2  # a convolution and its ReLU
        index += 1  # the pooling layer
    return checked(renamed, "vgg19", origin)


def checked(parameters: dict[str, Tensor], network: str, origin: Path | str) -> dict[str, Tensor]:
    """The same parameters, if all are there, finite, and of the right shape.

    Raises:
        CourseError: one is not.
    """
    for name, shape in parameter_shapes(network).items():
        found = tuple(parameters[name].shape) if name in parameters else "nothing"
        if found != shape:
            raise CourseError(
                f"{origin} is not {network.upper()}: {name} should have shape {shape} "
                f"and the file has {found}; use torchvision's {network} state dict."
            )
        if not parameters[name].isfinite().all():
            raise CourseError(
                f"{origin} holds numbers that are not finite in {name}; download it again."
            )
    return parameters


def on_pixel_scale(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Torchvision's network for inputs of RGB 0…255 minus the mean: the same function, times k.

    Torchvision's input is (x/255 − mean) / std, so that its activations are about k = 255·mean(std)
    = 58 times smaller than those of a network trained on 0…255. Multiplying every bias by k, and
    channel c of the first kernels by k / (255·std_c), multiplies every activation by k and changes
    nothing else, because convolution, ReLU and pooling are homogeneous. The same loss weights then
    suit both networks.
    """
    std = torch.tensor(TORCHVISION_STD, dtype=torch.float64)
    k = 255 * std.mean().item()
    scaled = {}
    for name, tensor in parameters.items():
        if name == "conv1_1.weight":
            scaled[name] = tensor * (k / (255 * std)).view(1, 3, 1, 1).to(tensor.dtype)
        else:
            scaled[name] = tensor * k if name.endswith(".bias") else tensor
    return scaled
