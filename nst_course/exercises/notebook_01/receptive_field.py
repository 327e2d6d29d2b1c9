"""How many pixels one unit depends on."""

from __future__ import annotations

import torch
from torch.nn.functional import conv1d

from ..properties import agrees, relation
from ..spec import Exercise, Inputs, Mistake


def _measured(inputs: Inputs) -> tuple[int, int]:
    """Size and jump, counted in a real one-dimensional network whose weights are all one."""
    signal = torch.ones(1, 1, 64, dtype=torch.float64, requires_grad=True)
    units = signal
    for kernel, stride in inputs["layers"]:
        units = conv1d(units, torch.ones(1, 1, kernel, dtype=torch.float64), stride=stride)
    first, second = (
        torch.autograd.grad(units[0, 0, i], signal, retain_graph=True)[0].flatten().nonzero()
        for i in (0, 1)
    )
    return len(first), int(second[0] - first[0])


EXERCISE = Exercise(
    name="receptive_field",
    notebook="01_feature_visualization",
    title="Receptive field and jump",
    minutes=10,
    prompt="""
        How many pixels of the image does one unit of a layer depend on? Write a function that goes
        through the layers and returns the size of the receptive field and the jump: how many
        pixels lie between two neighboring units. Both are 1 in the image itself.
    """,
    stub='''
        def my_receptive_field(layers):
            """Size of the receptive field and jump of the last layer.

            layers: list of (kernel, stride), the first layer first
            returns: (size, jump), in pixels of the image
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_receptive_field(layers):
            size, jump = 1, 1
            for kernel, stride in layers:
                size = size + (kernel - 1) * jump
                jump = jump * stride
            return size, jump
    """,
    why="A kernel covers `kernel` units of the layer below. They lie `jump` pixels apart, so the"
    " patch grows by `(kernel - 1) * jump`. A stride then moves the units of this layer further"
    " apart.",
    notice="The jump multiplies. In VGG-16 a unit of conv5_1 already depends on 132 pixels, and"
    " its neighbor on nearly the same ones, 16 pixels further.",
    hints=(
        "Draw a row of pixels and two layers of 3×3 kernels above it. How many pixels does each"
        " layer add at the two ends together?",
        "Keep two numbers while you walk through the layers: `size` and `jump`, both 1 at the"
        " start. A layer widens the patch by the gaps between the units its kernel covers.",
        "A kernel of 3 has 2 gaps, each `jump` pixels long: `size` grows by `(kernel - 1) * jump`."
        " After that, `jump` is multiplied by the stride.",
    ),
    cases=(
        lambda: {"layers": [(3, 1)]},
        lambda: {"layers": [(2, 2)]},
        lambda: {"layers": [(3, 1), (3, 1)]},
        lambda: {"layers": [(3, 2), (3, 1)]},
        lambda: {"layers": [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2)]},
        lambda: {"layers": [(1, 1), (5, 3), (2, 2)]},
        lambda: {"layers": [(7, 2), (4, 1), (6, 3)]},
    ),
    properties=(
        relation(
            "A further layer with a 1×1 kernel and stride 1 changes nothing.",
            lambda i: {"layers": [*i["layers"], (1, 1)]},
        ),
        agrees("A real network of these layers gives the same count of pixels.", _measured),
    ),
    mistakes=(
        Mistake(
            "the jump was not returned",
            "Return two numbers: the size and the jump.",
            edits={
                "return size, jump": "return size",
            },
        ),
        Mistake(
            "the size and the jump are in the other order",
            "Return the size first, then the jump.",
            edits={
                "return size, jump": "return jump, size",
            },
        ),
        Mistake(
            "kernel and stride were exchanged",
            "Each layer is a pair (kernel, stride), the kernel first.",
            edits={
                "for kernel, stride": "for stride, kernel",
            },
        ),
        Mistake(
            "the size begins at 0",
            "A pixel of the image depends on itself alone: the size begins at 1.",
            edits={
                "size, jump = 1, 1": "size, jump = 0, 1",
            },
        ),
        Mistake(
            "the kernel was rounded to an odd number",
            "A kernel of 2 has one gap, and `2 * (kernel // 2)` counts two. The number of gaps is"
            " `kernel - 1` for every kernel.",
            edits={
                "(kernel - 1) * jump": "2 * (kernel // 2) * jump",
            },
        ),
        Mistake(
            "half the kernel was added",
            "A kernel reaches half of its gaps to each side, so both sides together add all of"
            " them: `kernel - 1`.",
            edits={
                "(kernel - 1) * jump": "(kernel - 1) // 2 * jump",
            },
        ),
        Mistake(
            "the stride of this layer was used in place of the jump",
            "The gaps between the units below are as long as all strides below together: the jump.",
            edits={
                "(kernel - 1) * jump": "(kernel - 1) * stride",
            },
        ),
        Mistake(
            "the jump was changed before it was used",
            "The units that a kernel covers belong to the layer below, so their distance is the"
            " jump from before this layer's stride.",
            edits={
                "size = size + (kernel - 1) * jump\n        jump = jump * stride": (
                    "jump = jump * stride\n        size = size + (kernel - 1) * jump"
                )
            },
        ),
        Mistake(
            "the whole kernel was added",
            "The unit in the middle of the kernel is already counted. Three units in a row have"
            " only two gaps between them.",
            edits={"(kernel - 1) * jump": "kernel * jump"},
        ),
        Mistake(
            "the jump has no effect on the size",
            "After a stride of 2 the units lie two pixels apart, so every gap that a later kernel"
            " spans counts for two pixels.",
            edits={"(kernel - 1) * jump": "(kernel - 1)"},
        ),
        Mistake(
            "the strides were added up",
            "Each stride stretches all distances that are there already. Two strides of 2 put the"
            " units four pixels apart, and three of them eight.",
            edits={"jump * stride": "jump + stride"},
        ),
        Mistake(
            "the `return` stands inside the loop",
            "The function ends at its first `return`, so only the first layer was looked at.",
            edits={
                "jump = jump * stride\n    return": "jump = jump * stride\n        return",
            },
        ),
        Mistake(
            "the kernel sizes were multiplied",
            "Patches of neighboring units overlap. Two 3×3 kernels on top of each other cover 5"
            " pixels in a row, and not 9.",
            edits={"size + (kernel - 1) * jump": "size * kernel"},
        ),
        Mistake(
            "the layers were taken from the last to the first",
            "This recurrence starts at the image. The jump has to hold the strides of the layers"
            " below, and those come first in the list.",
            edits={"in layers:": "in reversed(layers):"},
        ),
    ),
)
