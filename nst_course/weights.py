"""Where a network's parameters come from: embedded, downloaded, or a local file; always verified.

Both networks are brought to one convention, so that everything above this module can forget
where the numbers came from:

- names are ``conv4_2.weight`` (C_out, C_in, 3, 3) and ``conv4_2.bias`` (C_out,), float32;
- the input is RGB on the 0…255 scale with the mean colour ``MEANS[name]`` subtracted;
- activations live on that scale too.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.error import URLError

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from .assets import WEIGHTS
from .errors import CourseError

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
    shapes, channels_in = {}, 3
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
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "nst_course"
    return Path(os.environ.get("NST_COURSE_CACHE", default)).expanduser()


def cached_vgg19(source, cache: Path) -> dict[str, Tensor]:
    """VGG-19 from the cache, or from ``source`` (a torchvision weights entry), then cached.

    Only the convolutions are kept: 80 MB of the 548 MB that are downloaded. The checksum beside
    the file is compared at every load; a file that fails it is removed and fetched again.
    """
    kept = cache / "vgg19.safetensors"
    checksum = kept.with_suffix(".sha256")
    if kept.exists() and checksum.exists():
        data = kept.read_bytes()
        if hashlib.sha256(data).hexdigest() == checksum.read_text().strip():
            return safetensors.torch.load(data)
        kept.unlink()
        print(f"The cached network {kept} was damaged and has been removed; fetching it again.")
    parameters = on_pixel_scale(named_by_layer(download(source, cache), source.url))
    data = safetensors.torch.save(parameters)
    write_atomically(checksum, hashlib.sha256(data).hexdigest().encode())
    write_atomically(kept, data)
    return parameters


def download(source, cache: Path) -> dict[str, Tensor]:
    """The state dict of a torchvision weights entry: progress bar, hash check, no unpickled code.

    A file that torch's own cache already holds is used from there. Otherwise the download goes
    into a folder that disappears with it, so an interruption leaves nothing behind.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        hub = Path(torch.hub.get_dir()) / "checkpoints"
        if (hub / Path(source.url).name).exists():
            return source.get_state_dict(model_dir=str(hub), check_hash=True, weights_only=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=cache) as folder:
            return source.get_state_dict(model_dir=folder, check_hash=True, weights_only=True)
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise CourseError(
            f"VGG-19 could not be downloaded ({reason}): connect to the network and try again, "
            f'or name a local file in {VGG19_VARIABLE}; "vgg16" works now, without a network.'
        ) from error
    except RuntimeError as error:  # torch's word for a wrong hash
        raise CourseError(
            f"The download of VGG-19 was damaged and has been removed ({error}): try again; "
            '"vgg16" works now, without a network.'
        ) from error


def read_vgg19_file(path: Path) -> dict[str, Tensor]:
    """VGG-19 from a local ``.pth`` (torchvision's state dict) or ``.safetensors`` file."""
    try:
        if path.suffix == ".safetensors":
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CourseError(
            f"{VGG19_VARIABLE} names {path}, which does not exist; correct it or unset it."
        ) from error
    except (OSError, SafetensorError, RuntimeError, EOFError, pickle_error()) as error:
        raise CourseError(
            f"{VGG19_VARIABLE} names {path}, which is not a readable state dict "
            f"({str(error).splitlines()[0]}); download the file again."
        ) from error
    if set(state) == set(parameter_shapes("vgg19")):  # a copy of the course's own cached file
        return checked(state, "vgg19", path)
    return on_pixel_scale(named_by_layer(state, path))


def pickle_error() -> type[Exception]:
    from pickle import UnpicklingError

    return UnpicklingError


def named_by_layer(state: dict[str, Tensor], origin) -> dict[str, Tensor]:
    """Torchvision's ``features.21.weight`` as ``conv4_2.weight``, without the classifier."""
    renamed, index = {}, 0
    for block, count in enumerate(BLOCKS["vgg19"], start=1):
        for number in range(1, count + 1):
            for kind in ("weight", "bias"):
                key = f"features.{index}.{kind}"
                if key in state:
                    renamed[f"conv{block}_{number}.{kind}"] = state[key].float().contiguous()
            index += 2  # a convolution and its ReLU
        index += 1  # the pooling layer
    return checked(renamed, "vgg19", origin)


def checked(parameters: dict[str, Tensor], network: str, origin) -> dict[str, Tensor]:
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
    std = torch.tensor(TORCHVISION_STD)
    k = 255 * std.mean()
    scaled = {}
    for name, tensor in parameters.items():
        if name == "conv1_1.weight":
            scaled[name] = tensor * (k / (255 * std)).view(1, 3, 1, 1)
        else:
            scaled[name] = tensor * k if name.endswith(".bias") else tensor
    return scaled


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(data)
    os.replace(partial, path)
