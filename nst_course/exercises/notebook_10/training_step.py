"""One step of training a transformation network."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from ..properties import holds
from ..spec import Exercise, Inputs, Mistake
from .painter import training_case


def _two_steps(call: Callable, inputs: Inputs) -> dict[str, Any]:
    """What two steps return, and the parameters of the network after them."""
    network = inputs["network"]
    losses = [call(*inputs.values()) for _ in range(2)]
    return {
        "losses": losses,
        "parameters": network.colors.detach().clone(),
        "in training mode": network.training,
        "the losses are numbers": all(isinstance(loss, numbers.Real) for loss in losses),
    }


EXERCISE = Exercise(
    name="training_step",
    notebook="10_fast_networks",
    title="One step of training",
    prompt="""
        Take one step of training a network that paints. The objective is the one of the loop:
        content against the photographs that went in, style against the Gram matrix of the artwork,
        and their sum, content + style_weight · style. Both are means of squares. Now the parameters
        of the network move, and not the pixels.
    """,
    stub='''
        def my_training_step(
            network, photographs, describe, target_gram, style_weight, optimizer
        ):
            """One step; the optimizer changes the parameters of the network.

            network: photographs (B, 3, H, W) → paintings (B, 3, H, W)
            describe: images → their features (B, C, H, W) and Gram matrices (B, C, C), by the VGG
            target_gram: of the artwork, (1, C, C);  optimizer: made for the network's parameters
            returns: the loss before the step, a number; the network is left in training mode
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_training_step(
            network, photographs, describe, target_gram, style_weight, optimizer
        ):
            network.train()
            with torch.no_grad():
                wanted, _ = describe(photographs)
            paintings = network(photographs)
            features, grams = describe(paintings)
            content = (features - wanted).square().mean()
            style = (grams - target_gram).square().mean()
            loss = content + style_weight * style
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item()
    """,
    why="The gradient goes through the frozen VGG, through the painting, and into the parameters of"
    " the network. The target of the content are the photographs that went in; they need no"
    " gradient.",
    notice="Compare it with the loop of notebook 05: only the tensors that the optimizer holds are"
    " different ones.",
    hints=(
        "Paint first. Which image has to have the content, and which Gram matrix the style?",
        "`describe(photographs)` gives what the content is compared with, `describe(paintings)` the"
        " rest. Then clear the gradients, `backward`, `step`.",
        "`network.train()`; `features, grams = describe(network(photographs))`; the loss is"
        " the mean square of `features - wanted` plus `style_weight` times that of"
        " `grams - target_gram`.",
    ),
    cases=(
        lambda: training_case(1, 1, 0.0),
        lambda: training_case(2, 2, 3.0),
        lambda: training_case(3, 3, 0.5),
    ),
    may_change=("network", "optimizer"),
    observe=_two_steps,
    definition="The loss is content + style_weight · style of the network's paintings.",
    properties=(
        holds("The network is in training mode.", lambda r, i: r["in training mode"]),
        holds("The step returns a number.", lambda r, i: r["the losses are numbers"]),
    ),
    mistakes=(
        Mistake(
            "the network paints in eval mode",
            "A network in eval mode normalizes with statistics that it has stored, and learns"
            " nothing about them. Call `network.train()` before it paints.",
            edits={"    network.train()\n": ""},
        ),
        Mistake(
            "the content is compared with the painting itself",
            "Both sides are the features of the output, so their difference is 0 and any painting"
            " will do. The target are the features of the photographs that went in.",
            edits={
                "    with torch.no_grad():\n        wanted, _ = describe(photographs)\n": "",
                "    features, grams = describe(paintings)\n": (
                    "    features, grams = describe(paintings)\n    wanted = features.detach()\n"
                ),
            },
        ),
        Mistake(
            "the pixels are compared in place of the features",
            "The loop compares features. Pixels would hold every detail of the photograph.",
            edits={
                "content = (features - wanted)": "content = (paintings - photographs)",
            },
        ),
        Mistake(
            "the style is the one of the photographs",
            "The Gram matrices have to be those of the paintings: only they can change.",
            edits={
                "style = (grams - target_gram)": "style = (describe(photographs)[1] - target_gram)"
            },
        ),
        Mistake(
            "the target of the style are the photographs",
            "The painting shall have the Gram matrix of the artwork, `target_gram`.",
            edits={
                "style = (grams - target_gram)": "style = (grams - describe(photographs)[1])",
            },
        ),
        Mistake(
            "the weight of the style was left out",
            "The loss is content + style_weight · style.",
            edits={"style_weight * style": "style"},
        ),
        Mistake(
            "the weight went to the content",
            "`style_weight` multiplies the style.",
            edits={"content + style_weight * style": "style_weight * content + style"},
        ),
        Mistake(
            "the style was left out",
            "Without it the network learns to give the photograph back. Add style_weight · style.",
            edits={" + style_weight * style": ""},
        ),
        Mistake(
            "the Gram matrices of the batch were averaged first",
            "Then a pale painting may make up for a gaudy one. Each has to have the style.",
            edits={"(grams - target_gram)": "(grams.mean(0, keepdim=True) - target_gram)"},
        ),
        Mistake(
            "the gradients are never cleared",
            "`backward` adds to the gradient of the step before: `optimizer.zero_grad()` first.",
            edits={"    optimizer.zero_grad()\n": ""},
        ),
        Mistake(
            "the parameters do not move",
            "Either `loss.backward()` or `optimizer.step()` is missing, or the gradients are"
            " cleared between the two.",
            edits={"    optimizer.step()\n": ""},
        ),
        Mistake(
            "the loss is returned as a tensor",
            "It keeps the whole graph alive. `.item()` makes a number of it.",
            edits={"return loss.item()": "return loss.detach()"},
        ),
    ),
)
