"""The input that a network from Caffe expects."""

from __future__ import annotations

import torch

from ..cases import picture, tensor
from ..properties import finite_differences, relation
from ..spec import Exercise, Mistake

_RIGHT = "255 * image.flip(1) - mean.view(1, 3, 1, 1)"

EXERCISE = Exercise(
    name="network_input",
    notebook="06_when_it_goes_wrong",
    title="The input of the network",
    minutes=6,
    difficulty="easy",
    prompt="""
        Repair the preprocessing. The weights of this network were made with Caffe, as those of the
        paper: they expect blue, green and red in this order, in 0…255, minus the mean color of the
        training images. Images of the course are RGB in 0…1. No error appears as it is.
    """,
    stub='''
        def my_network_input(image, mean):
            """The input of a network from Caffe. Something is wrong.

            image: (1, 3, H, W), RGB, 0…1
            mean: (3,), the mean blue, green and red of the training images, in 0…255
            returns: (1, 3, H, W), BGR, in 0…255 minus the mean
            """
            return image - mean.view(1, 3, 1, 1)  # REPAIR THIS LINE
    ''',
    code=f"""
        def my_network_input(image, mean):
            return {_RIGHT}
    """,
    why="`flip(1)` reverses the three channels. The image is scaled before the mean is subtracted,"
    " because the mean is given in 0…255.",
    notice="torchvision's VGG wants another input: RGB in 0…1, minus a mean, divided by a standard"
    " deviation. Preprocessing belongs to the weights, so the best place for it is inside the"
    " network.",
    hints=(
        "Compare the docstring's two descriptions, of `image` and of the result. What differs"
        " besides the mean?",
        "Two things: the range and the order of the channels. The mean already has the order of"
        " the result.",
        "`image.flip(1)` reverses the channels, `255 *` changes the range. Subtract the mean last.",
    ),
    cases=(
        lambda: {
            "image": tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1),
            "mean": tensor([100.0, 110.0, 120.0]),
        },
        lambda: {"image": picture(1, 3, 2, 3, seed=1), "mean": tensor([104.0, 117.0, 123.0])},
        lambda: {
            "image": picture(1, 3, 4, 2, seed=2, dtype=torch.float32),
            "mean": torch.tensor([90.0, 95.0, 130.0]),
        },
    ),
    gradient=("image",),
    definition="BGR in 0…255, minus the mean: 255 · (B, G, R) − mean.",
    properties=(
        relation(
            "An image of twice the brightness differs by 255 times the image, in BGR.",
            lambda i: {"image": 2 * i["image"]},
            lambda r, i: r + 255 * i["image"].flip(1),
        ),
        relation(
            "A mean that is 1 larger makes every entry 1 smaller.",
            lambda i: {"mean": i["mean"] + 1},
            lambda r, i: r - 1,
        ),
        finite_differences("image"),
    ),
    mistakes=(
        Mistake(
            "the channels are still in the order red, green, blue",
            "The range is right now. The network expects blue first: reverse the second axis.",
            edits={"image.flip(1)": "image"},
        ),
        Mistake(
            "the image is still in 0…1",
            "The channels are in the right order. The mean is given in 0…255, so the image has to"
            " be scaled to that range.",
            edits={"255 * image.flip(1)": "image.flip(1)"},
        ),
        Mistake(
            "the mean is subtracted before the image is scaled",
            "The mean is in 0…255. Scale the image first, then subtract.",
            edits={_RIGHT: "255 * (image.flip(1) - mean.view(1, 3, 1, 1))"},
        ),
        Mistake(
            "the mean has the wrong order",
            "It is given as blue, green, red: subtract it, as it is, from the reversed image.",
            edits={"mean.view(": "mean.flip(0).view("},
        ),
        Mistake(
            "the picture is upside down",
            "`flip(2)` reverses the rows. The channels are axis 1.",
            edits={"flip(1)": "flip(2)"},
        ),
        Mistake(
            "the picture is mirrored",
            "`flip(3)` reverses the columns. The channels are axis 1.",
            edits={"flip(1)": "flip(3)"},
        ),
        Mistake(
            "the mean is added",
            "The network expects the mean to be subtracted: its inputs are about 0 on average.",
            edits={" - mean": " + mean"},
        ),
        Mistake(
            "the mean is divided by 255",
            "The image was scaled to 0…255, and the mean is in that range already.",
            edits={"mean.view(1, 3, 1, 1)": "mean.view(1, 3, 1, 1) / 255"},
        ),
        Mistake(
            "the mean is missing",
            "Subtract it, one number for each channel.",
            edits={" - mean.view(1, 3, 1, 1)": ""},
        ),
        Mistake(
            "the image is divided by 255",
            "It is in 0…1 and has to become 0…255: multiply.",
            edits={"255 * image.flip(1)": "image.flip(1) / 255"},
        ),
    ),
)
