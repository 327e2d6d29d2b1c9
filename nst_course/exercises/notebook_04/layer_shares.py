"""Which layer the style loss is made of."""

from __future__ import annotations

from ..properties import holds, relation
from ..spec import Exercise, Mistake

EXERCISE = Exercise(
    name="layer_shares",
    notebook="04_layer_weighting",
    title="Which layer the loss is made of",
    minutes=6,
    difficulty="easy",
    importance="useful",
    prompt="""
        You have the style loss E_l of every layer and its weight w_l. What share of the weighted
        sum comes from each layer? The shares add up to 1.
    """,
    stub='''
        def my_layer_shares(losses, weights):
            """Each layer's share of Σ w_l E_l.

            losses: layer name → E_l, a number;  weights: layer name → w_l
            returns: layer name → share, a number between 0 and 1
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_layer_shares(losses, weights):
            weighted = {layer: weights[layer] * loss for layer, loss in losses.items()}
            total = sum(weighted.values())
            return {layer: part / total for layer, part in weighted.items()}
    """,
    why="A share compares one part with the sum of all parts, and the parts are the weighted"
    " losses. The raw losses are what the layers measure; the weighted ones are what the"
    " optimizer minimizes.",
    notice="With equal weights one or two layers often hold nearly the whole loss. The other"
    " layers are in the formula and hardly influence the picture.",
    hints=(
        "What does one layer add to the sum?",
        "It adds `weights[layer] * losses[layer]`. Compute this for all layers first.",
        "Divide each of these numbers by their sum.",
    ),
    cases=(
        lambda: {"losses": {"relu1_1": 3.0}, "weights": {"relu1_1": 2.0}},
        lambda: {
            "losses": {"relu1_1": 3.0, "relu2_1": 1.0},
            "weights": {"relu1_1": 1.0, "relu2_1": 2.0},
        },
        lambda: {
            "losses": {"relu1_1": 4e-3, "relu2_1": 0.5, "relu3_1": 20.0},
            "weights": {"relu3_1": 0.25, "relu1_1": 60.0, "relu2_1": 4.0},
        },
    ),
    definition="The share of layer l is w_l E_l, divided by the sum of w_l E_l over all layers.",
    properties=(
        holds("The shares add up to 1.", lambda r, i: abs(sum(r.values()) - 1) < 1e-6),
        relation(
            "Ten times all weights leaves the shares as they are.",
            lambda i: {"weights": {name: 10 * weight for name, weight in i["weights"].items()}},
        ),
    ),
    mistakes=(
        Mistake(
            "a softmax was taken",
            "Softmax takes exponentials. A share is the part itself, divided by the sum of the"
            " parts.",
            edits={
                "total = sum(weighted.values())": (
                    "total = sum(2.718281828459045**part for part in weighted.values())"
                ),
                "{layer: part / total for": "{layer: 2.718281828459045**part / total for",
            },
        ),
        Mistake(
            "the sum was not complete when it was used",
            "Each part was divided by the sum so far. Compute the whole sum first, in a loop of"
            " its own.",
            source="""
                def my_layer_shares(losses, weights):
                    total, shares = 0.0, {}
                    for layer, loss in losses.items():
                        total += weights[layer] * loss
                        shares[layer] = weights[layer] * loss / total
                    return shares
            """,
        ),
        Mistake(
            "the shares were rounded",
            "Rounded shares need not add up to 1. Round when you print them.",
            edits={
                "part / total": "round(part / total, 2)",
            },
        ),
        Mistake(
            "the shares were rounded to three digits",
            "Rounded shares need not add up to 1. Round when you print them.",
            edits={
                "part / total": "round(part / total, 3)",
            },
        ),
        Mistake(
            "the weighted parts were divided by the sum of the weights",
            "Part and whole are counted alike: divide by the sum of the weighted losses.",
            edits={
                "sum(weighted.values())": "sum(weights.values())",
            },
        ),
        Mistake(
            "each part was divided by the largest one",
            "A share compares a part with the sum of all parts, not with the largest of them.",
            edits={
                "sum(weighted.values())": "max(weighted.values())",
            },
        ),
        Mistake(
            "each part was divided by the number of layers",
            "A share compares a part with the sum of all parts.",
            edits={
                "sum(weighted.values())": "len(weighted)",
            },
        ),
        Mistake(
            "the weights were left out",
            "These are the shares of the raw losses. The optimizer minimizes each loss times its"
            " weight.",
            edits={"weights[layer] * loss for": "loss for"},
        ),
        Mistake(
            "these are the shares of the weights",
            "A large weight on a small loss may still be a small part. Multiply by the layer's"
            " loss.",
            edits={"weights[layer] * loss for": "weights[layer] for"},
        ),
        Mistake(
            "the parts were not divided by their sum",
            "These are the weighted losses themselves. A share is a part of the whole: divide by"
            " the sum.",
            edits={"part / total": "part"},
        ),
        Mistake(
            "percent instead of shares",
            "The shares should add up to 1, and yours add up to 100.",
            edits={"part / total": "100 * part / total"},
        ),
        Mistake(
            "the weighted part was divided by the sum of the raw losses",
            "Part and whole have to be counted alike. Weight every layer in the sum too.",
            edits={"sum(weighted.values())": "sum(losses.values())"},
        ),
        Mistake(
            "losses and weights were matched by their order",
            "The two dictionaries may list the layers in different orders. Look the weight up by"
            " the layer's name.",
            source="""
                def my_layer_shares(losses, weights):
                    parts = [w * e for w, e in zip(weights.values(), losses.values())]
                    return {layer: part / sum(parts) for layer, part in zip(losses, parts)}
            """,
        ),
    ),
)
