"""The sign and the target of activation maximization."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import finite_differences, relation
from ..spec import Exercise, Mistake

EXERCISE = Exercise(
    name="activation_loss",
    notebook="01_feature_visualization",
    title="A loss that raises the activation of a channel",
    minutes=6,
    difficulty="easy",
    prompt="""
        Activation maximization generates the image in which one channel is most active. An
        optimizer minimizes. Write the loss that it should minimize: the mean activation of that
        channel over all positions, with the sign that makes descent go the right way.
    """,
    stub='''
        def my_activation_loss(features, channel):
            """Loss whose minimization raises the activation of one channel.

            features: (1, C, H, W);  channel: int
            returns: a scalar tensor
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_activation_loss(features, channel):
            return -features[:, channel].mean()
    """,
    why="Descent on minus the activation is ascent on the activation. The mean over positions keeps"
    " the loss, and so the step size, independent of the image's size.",
    notice="Nothing in this loss limits the activation. What keeps the picture readable is the"
    " parameterization of the image: Fourier coefficients, small shifts, bounded colors.",
    hints=(
        "If the optimizer lowers the loss, what must happen to the activation?",
        "`features` has the axes picture, channel, row, column. Pick one channel and keep all its"
        " positions.",
        "Take the mean of `features[:, channel]`, and mind the sign.",
    ),
    cases=(
        lambda: {"features": tensor([[[[1.0, 3.0]], [[5.0, 6.0]]]]), "channel": 0},
        lambda: {"features": tensor([[[[1.0, 3.0]], [[5.0, 6.0]]]]), "channel": 1},
        lambda: {"features": drawn(1, 4, 5, 6, seed=1), "channel": 2},
        lambda: {"features": drawn(1, 4, 5, 6, seed=2, dtype=torch.float32), "channel": 3},
    ),
    gradient=("features",),
    definition="The loss is minus the mean of the chosen channel over all positions.",
    properties=(
        relation(
            "Raising every activation by 1 lowers the loss by 1.",
            lambda i: {"features": i["features"] + 1},
            lambda r, i: r - 1,
        ),
        relation(
            "A map that is twice as wide, with the same activations, has the same loss.",
            lambda i: {"features": i["features"].repeat(1, 1, 1, 2)},
        ),
        finite_differences("features"),
    ),
    sizes=lambda i: {
        "H·W": i["features"].shape[2] * i["features"].shape[3],
        "C": i["features"].shape[1],
    },
    mistakes=(
        Mistake(
            "the number was used for a column and not for a channel",
            "The axes are picture, channel, row, column. The channel is the second of them.",
            edits={
                "features[:, channel]": "features[..., channel]",
            },
            raises="out of bounds",
        ),
        Mistake(
            "only the unit in the middle counts",
            "This is the loss of a single unit. The text asks for the channel: its mean over all"
            " positions.",
            edits={
                "features[:, channel].mean()": (
                    "features[0, channel, features.shape[2] // 2, features.shape[3] // 2]"
                ),
            },
        ),
        Mistake(
            "only the unit in the corner counts",
            "This is the loss of a single unit. The text asks for the channel: its mean over all"
            " positions.",
            edits={
                "features[:, channel].mean()": "features[0, channel, 0, 0]",
            },
        ),
        Mistake(
            "the logarithm was taken",
            "The loss is minus the mean itself. A logarithm exists for positive means only.",
            edits={
                "features[:, channel].mean()": "features[:, channel].mean().log()",
            },
        ),
        Mistake(
            "the norm of the channel was taken",
            "The norm counts strongly negative activations as well. The loss is minus the mean.",
            edits={
                "features[:, channel].mean()": "features[:, channel].norm()",
            },
        ),
        Mistake(
            "descent would lower the activation",
            "The optimizer makes the loss smaller. With this sign it makes the activation smaller"
            " too.",
            edits={"return -": "return "},
        ),
        Mistake(
            "all channels were averaged",
            "`channel` has no effect. The picture would raise the mean over all channels.",
            edits={"features[:, channel]": "features"},
        ),
        Mistake(
            "the number was used for a row and not for a channel",
            "The axes are picture, channel, row, column. The channel is the second of them.",
            edits={"features[:, channel]": "features[:, :, channel]"},
            raises="out of bounds",
        ),
        Mistake(
            "the number was used for a picture and not for a channel",
            "The first axis counts the pictures of the batch; here there is one. The channel is the"
            " second axis.",
            edits={"features[:, channel]": "features[channel]"},
            raises="out of bounds",
        ),
        Mistake(
            "the sum instead of the mean",
            "The sum grows with the number of positions. The same step size would then be four"
            " times as large in an image of twice the width and height.",
            edits={".mean()": ".sum()"},
        ),
        Mistake(
            "the activation was squared",
            "A square rewards strongly negative activations as well. The aim is a high activation.",
            edits={"features[:, channel].mean()": "(features[:, channel] ** 2).mean()"},
        ),
        Mistake(
            "only the strongest position counts",
            "This is the loss of a single unit, the one that is most active. The text asks for the"
            " channel: its mean over all positions.",
            edits={".mean()": ".max()"},
        ),
    ),
)
