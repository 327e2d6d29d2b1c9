"""Where a network's parameters come from: embedded, downloaded, or a local file; always verified.

Both networks are brought to one convention, so that everything above this module can forget
where the numbers came from:

- names are ``conv4_2.weight`` (C_out, C_in, 3, 3) and ``conv4_2.bias`` (C_out,), float32;
- the input is RGB on the 0…255 scale with the mean colour ``MEANS[name]`` subtracted;
- activations live on that scale too.
"""

import hashlib
import math
import os
import shutil
import tempfile
import time
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

import safetensors.torch
import torch
from torch import Tensor

from ..assets import WEIGHTS
from ..errors import CourseError
from ..files import write_atomically

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

# Convolutions per block (Simonyan and Zisserman 2014, table 1, columns D and E).
BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)

# The mean colours that were subtracted in training, RGB, on the 0…255 scale. VGG-16 comes from
# the Caffe model, VGG-19 from torchvision, whose constants are these divided by 255.
MEANS = {
    "vgg16": (123.68, 116.779, 103.939),
    "vgg19": (0.485 * 255, 0.456 * 255, 0.406 * 255),
}
TORCHVISION_STD = (0.229, 0.224, 0.225)

EMBEDDED = WEIGHTS / "vgg16_hed.safetensors"
EMBEDDED_SHA256 = "ae84761a5b63a753f3e273460ae71f8c57dd82ba935bf771170ab5efb65a78df"

VGG19_VARIABLE = "NST_COURSE_VGG19"


def conv_names(network: str) -> list[str]:
    """``["conv1_1", "conv1_2", "conv2_1", …]`` of ``"vgg16"`` or ``"vgg19"``, shallow to deep."""
    return [
        f"conv{block}_{number}"
        for block, count in enumerate(BLOCKS[network], start=1)
        for number in range(1, count + 1)
    ]


def parameter_shapes(network: str) -> dict[str, tuple[int, ...]]:
    """Name → shape of every parameter that `load_parameters` returns."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels_in = 3
    for name in conv_names(network):
        channels_out = WIDTHS[int(name[4]) - 1]
        shapes[f"{name}.weight"] = (channels_out, channels_in, 3, 3)
        shapes[f"{name}.bias"] = (channels_out,)
        channels_in = channels_out
    return shapes


def load_parameters(network: str) -> dict[str, Tensor]:
    """The convolutions of ``"vgg16"`` (embedded, offline) or ``"vgg19"`` (a file, or a download).

    VGG-19 is looked for in the file that ``NST_COURSE_VGG19`` names, then in the course's cache,
    and is downloaded once by torchvision otherwise.

    Raises:
        CourseError: a file is damaged, is not this network, or cannot be downloaded.
    """
    if network == "vgg16":
        return load_embedded()
    if network != "vgg19":
        raise CourseError(
            f'There is no network "{network}"; choose "vgg16" (works offline) or "vgg19".'
        )
    if local_file := os.environ.get(VGG19_VARIABLE):
        return read_vgg19_file(Path(local_file).expanduser())
    from torchvision.models import VGG19_Weights  # here: importing torchvision takes a second

    return cached_vgg19(VGG19_Weights.IMAGENET1K_V1, cache_folder())


def random_parameters(network: str, seed: int = 0) -> dict[str, Tensor]:
    """Parameters of an untrained network, for ``Backbone(network, random_parameters(network))``.

    Weights are drawn from N(0, 2 / fan-in), which keeps the size of the activations from layer to
    layer (He et al. 2015, eq. 10); biases are 0.

    Args:
        network: ``"vgg16"`` or ``"vgg19"``.
        seed: the same seed draws the same network.
    """
    if network not in BLOCKS:
        raise CourseError(f'There is no network "{network}"; choose {" or ".join(BLOCKS)}.')
    generator = torch.Generator().manual_seed(seed)
    parameters = {}
    for name, shape in parameter_shapes(network).items():
        if name.endswith(".bias"):
            parameters[name] = torch.zeros(shape)
        else:
            spread = math.sqrt(2 / math.prod(shape[1:]))
            parameters[name] = spread * torch.randn(shape, generator=generator)
    return parameters


# ---------------------------------------------------------------- VGG-16, embedded


def load_embedded(path: Path = EMBEDDED, sha256: str = EMBEDDED_SHA256) -> dict[str, Tensor]:
    """The 13 convolutions of VGG-16 that travel with the course (float16 on disk, float32 here)."""
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


# ---------------------------------------------------------------- VGG-19, from torchvision


def cache_folder() -> Path:
    """Where downloaded parameters are kept; ``NST_COURSE_CACHE`` names another folder."""
    if named := os.environ.get("NST_COURSE_CACHE"):
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nst_course"


def cached_vgg19(source: "WeightsEnum", cache: Path) -> dict[str, Tensor]:
    """VGG-19 from the cache, or from ``source`` (a torchvision weights entry), then cached.

    Only the convolutions are kept: 80 MB of the 548 MB that are downloaded. The checksum beside
    the file is compared at every load; a file that fails it is fetched again.
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
        print(f"VGG-19 could not be kept in {cache}: {error.strerror}. It is downloaded next time.")
    return parameters


def download(source: "WeightsEnum", cache: Path) -> dict[str, Tensor]:
    """The state dict of a torchvision weights entry: progress bar, hash check, no unpickled code.

    A file that torch's own cache already holds is used from there. Otherwise the download goes
    into a folder that disappears with it, so an interruption leaves nothing behind.
    """
    try:
        hub = Path(torch.hub.get_dir()) / "checkpoints"
        if is_intact(hub / Path(source.url).name):
            return source.get_state_dict(model_dir=str(hub), weights_only=True)
        cache.mkdir(parents=True, exist_ok=True)
        remove_leftovers(cache)
        with tempfile.TemporaryDirectory(prefix="download-", dir=cache) as folder:
            return source.get_state_dict(model_dir=folder, check_hash=True, weights_only=True)
    except (URLError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise CourseError(
            f"VGG-19 could not be downloaded ({reason}): connect to the network and try again, "
            f'or name a local file in {VGG19_VARIABLE}; "vgg16" works now, without a network.'
        ) from error
    except Exception as error:  # a wrong hash, or a file that torch.load will not have
        raise CourseError(
            f"The download of VGG-19 was damaged and has been removed ({first_line(error)}): "
            'try again; "vgg16" works now, without a network.'
        ) from error


def remove_leftovers(cache: Path) -> None:
    """Drop the downloads of processes that were killed: nothing was written to them for an hour."""
    for folder in cache.glob("download-*"):
        written = max(path.stat().st_mtime for path in [folder, *folder.iterdir()])
        if time.time() - written > 3600:
            shutil.rmtree(folder, ignore_errors=True)


def is_intact(file: Path) -> bool:
    """Whether the file is there and has the SHA-256 that its name promises: vgg19-dcbb9e9d.pth."""
    try:
        with open(file, "rb") as stream:
            digest = hashlib.sha256()
            for block in iter(lambda: stream.read(2**20), b""):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest().startswith(file.stem.rpartition("-")[2])


def read_vgg19_file(path: Path) -> dict[str, Tensor]:
    """VGG-19 from a local ``.pth`` (torchvision's state dict) or ``.safetensors`` file."""
    own = path.suffix == ".safetensors"  # what the cache holds, and perhaps torchvision's as such
    try:
        if own:
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CourseError(
            f"{VGG19_VARIABLE} names {path}, which does not exist; correct it or unset it."
        ) from error
    except Exception as error:  # a file that is something else fails in many ways
        raise CourseError(
            f"{VGG19_VARIABLE} names {path}, which is not a readable state dict "
            f"({first_line(error)}); download the file again."
        ) from error
    # Only the course's own cached file. Gatys' vgg_conv.pth has the same names, with BGR inside.
    if own and set(state) == set(parameter_shapes("vgg19")):
        return checked(state, "vgg19", path)
    return on_pixel_scale(named_by_layer(state, path))


def first_line(error: Exception) -> str:
    """What an error says, without the advice that may follow in further lines."""
    return str(error).partition("\n")[0] or type(error).__name__


def named_by_layer(state: dict[str, Tensor], origin: Path | str) -> dict[str, Tensor]:
    """Torchvision's ``features.21.weight`` as ``conv4_2.weight``, without the classifier."""
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
    """The same parameters, if every one is there in the right shape and finite."""
    for name, shape in parameter_shapes(network).items():
        found = tuple(parameters[name].shape) if name in parameters else "nothing"
        if found != shape:
            raise CourseError(
                f"{origin} is not {network.upper()}: {name} should have shape {shape} "
                f"and the file has {found}; use torchvision's {network} state dict."
            )
        if not parameters[name].isfinite().all():
            raise CourseError(
                f"{origin} holds numbers that are not finite in {name}; fetch it again."
            )
    return parameters


def on_pixel_scale(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Torchvision's network rewritten for RGB 0…255 minus the mean: the same function, times k.

    Torchvision feeds (x/255 − mean) / std, so its activations are about k = 255·mean(std) = 58
    times smaller than those of a network that was trained on 0…255. Multiplying every bias by k,
    and channel c of the first kernels by k / (255·std_c), multiplies every activation by k and
    changes nothing else: convolution, ReLU and pooling are homogeneous. One set of loss weights
    then serves both networks.
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
