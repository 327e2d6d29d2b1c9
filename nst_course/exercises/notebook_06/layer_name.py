"""The name of a layer of VGG, given its number."""

from __future__ import annotations

from ..properties import holds, relation
from ..spec import Exercise, Mistake

_PAIR = ["conv", "relu"]
_VGG16 = [*(_PAIR * 2), "pool"] * 2 + [*(_PAIR * 3), "pool"] * 3
_VGG19 = [*(_PAIR * 2), "pool"] * 2 + [*(_PAIR * 4), "pool"] * 3

EXERCISE = Exercise(
    name="layer_name",
    notebook="06_when_it_goes_wrong",
    title="Names in place of numbers",
    minutes=8,
    prompt="""
        torchvision's VGG is a list of layers without names. Write a function that finds the name
        of the layer with a given number: `conv4_2` is the second convolution of the fourth block,
        and `relu4_2` the ReLU after it. A block ends with its pooling layer.
    """,
    stub='''
        def my_layer_name(kinds, index):
            """The name of a convolution or of a ReLU.

            kinds: the layers in order, "conv", "relu" or "pool"; a ReLU follows each convolution
            index: which layer, counted from 0; not a pooling layer
            returns: a string such as "conv4_2" or "relu4_2"
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_layer_name(kinds, index):
            block, number = 1, 0
            for kind in kinds[: index + 1]:
                if kind == "conv":
                    number = number + 1
                elif kind == "pool":
                    block, number = block + 1, 0
            return f"{kinds[index]}{block}_{number}"
    """,
    why="Every convolution counts one up, every pooling layer begins a new block. A ReLU has the"
    " number of the convolution before it.",
    notice="The same name is at different places in different networks: relu4_2 is layer 20 of"
    " VGG-16 and layer 22 of VGG-19. So a number says nothing without its network.",
    hints=(
        "Walk through the layers up to the one that is asked for. What happens at a convolution,"
        " and what at a pooling layer?",
        "Keep two numbers, the block and the number within it. The block begins at 1, the number"
        " at 0.",
        "A pooling layer adds 1 to the block and sets the number to 0. The name begins with"
        " `kinds[index]`.",
    ),
    cases=(
        lambda: {"kinds": ["conv", "relu"], "index": 0},
        lambda: {"kinds": ["conv", "relu", "conv", "relu"], "index": 3},
        lambda: {"kinds": ["conv", "relu", "pool", "conv", "relu"], "index": 3},
        lambda: {"kinds": _VGG16, "index": 19},
        lambda: {"kinds": _VGG19, "index": 22},
        lambda: {"kinds": _VGG19, "index": 28},
    ),
    definition="The kind, the block counted from 1, and the number within the block, from 1.",
    properties=(
        relation(
            "Layers behind the one that is asked for do not matter.",
            lambda i: {"kinds": i["kinds"][: i["index"] + 1]},
        ),
        holds("The name begins with the kind.", lambda r, i: r.startswith(i["kinds"][i["index"]])),
    ),
    mistakes=(
        Mistake(
            "the convolutions are numbered through",
            "That is the mistake of this section: the fourth convolution is conv2_2. Start again"
            " at each pooling layer.",
            edits={"block, number = block + 1, 0": "block = block + 1"},
        ),
        Mistake(
            "all is called conv",
            "A ReLU's name begins with `relu`: use `kinds[index]`.",
            edits={'f"{kinds[index]}{block}': 'f"conv{block}'},
        ),
        Mistake(
            "the blocks are counted from 0",
            "The names of the papers begin with block 1.",
            edits={"block, number = 1, 0": "block, number = 0, 0"},
        ),
        Mistake(
            "the layers of a block are counted from 0",
            "The names of the papers begin with conv1_1.",
            edits={"{block}_{number}": "{block}_{number - 1}"},
        ),
        Mistake(
            "the last layer is left out",
            "`kinds[:index]` ends before the layer that is asked for.",
            edits={"kinds[: index + 1]": "kinds[:index]"},
        ),
        Mistake(
            "the ReLUs are counted as well",
            "Only convolutions count. A ReLU shares the number of the convolution before it.",
            edits={'if kind == "conv":': 'if kind in ("conv", "relu"):'},
        ),
        Mistake(
            "all layers of the list are counted",
            "Stop at the layer that is asked for.",
            edits={"kinds[: index + 1]": "kinds"},
        ),
        Mistake(
            "block and number are exchanged",
            "The block comes first: conv4_2 is in block 4.",
            edits={"{block}_{number}": "{number}_{block}"},
        ),
    ),
)
