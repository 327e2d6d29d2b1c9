"""Give values the histogram of others and keep their order."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(count: int, dtype: torch.dtype = torch.float64) -> Inputs:
    target = 2 * drawn(count, seed=count, dtype=dtype).exp() + 1
    return {"values": drawn(count, seed=count + 1, dtype=dtype), "target": target}


EXERCISE = Exercise(
    name="matched_histogram",
    notebook="11_history_and_gallery",
    title="Match a histogram",
    minutes=8,
    prompt="""
        Change the values such that they have exactly the histogram of the target: the smallest
        value becomes the smallest of the target, the second smallest the second smallest, and so
        on. Each value stays at its place.
    """,
    stub='''
        def my_matched_histogram(values, target):
            """Values with the histogram of others (Heeger and Bergen 1995).

            values, target: (N,), as many of each, no two of them equal
            returns: (N,)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_matched_histogram(values, target):
            ranked = target.sort().values
            matched = torch.empty_like(values)
            matched[values.argsort()] = ranked
            return matched
    """,
    why="`values.argsort()` lists the places from the smallest value to the largest. Written to"
    " these places in this order, the sorted target keeps the order of the values.",
    notice="Any two pictures can be given the same histogram, exactly and in one step. What a"
    " histogram of pixels says of a picture cannot be much; of the bands of a pyramid it is more.",
    hints=(
        "Which value of the target belongs to the smallest of the values?",
        "`values.argsort()` says where the smallest value is, then where the second smallest is, …",
        "Make an empty tensor, and write `target.sort().values` to the places `values.argsort()`.",
    ),
    cases=(
        lambda: {
            "values": tensor([3.0, 1.0, 2.0, 4.0]),
            "target": tensor([40.0, 10.0, 25.0, 30.0]),
        },
        lambda: _case(9),
        lambda: _case(20),
        lambda: _case(12, torch.float32),
    ),
    definition="The value of rank r becomes the target's value of rank r, at the same place.",
    properties=(
        holds(
            "The result has the values of the target.",
            lambda r, i: torch.equal(r.sort().values, i["target"].sort().values),
        ),
        relation(
            "Only the order of the values counts, and not how large they are.",
            lambda i: {"values": i["values"].exp()},
        ),
        relation(
            "The order of the target does not count.",
            lambda i: {"target": i["target"].flip(0)},
        ),
        relation(
            "Values in another order give the same result in that order.",
            lambda i: {"values": i["values"].flip(0)},
            lambda r, i: r.flip(0),
        ),
    ),
    mistakes=(
        Mistake(
            "the order of the values was lost",
            "You return the sorted target. Each value has to stay at its place.",
            edits={"return matched": "return ranked"},
        ),
        Mistake(
            "the sorted target was read where it should be written",
            "`ranked[order]` takes from the places in `order`; what is wanted goes *to* them:"
            " `matched[order] = ranked`.",
            edits={"matched[values.argsort()] = ranked": "matched[:] = ranked[values.argsort()]"},
        ),
        Mistake(
            "the target was not sorted",
            "The smallest value gets the first one of the target. Sort the target, too.",
            edits={"target.sort().values": "target.clone()"},
        ),
        Mistake(
            "the order was turned around",
            "The smallest value got the largest one of the target: a negative.",
            edits={"target.sort().values": "target.sort(descending=True).values"},
        ),
        Mistake(
            "only mean and deviation were matched",
            "They are two numbers of a histogram. Its shape should be that of the target as well.",
            source="""
                def my_matched_histogram(values, target):
                    return (values - values.mean()) / values.std() * target.std() + target.mean()
            """,
        ),
        Mistake(
            "only the range was matched",
            "The ends fit now. Every value in between has to be one of the target, too.",
            source="""
                def my_matched_histogram(values, target):
                    share = (values - values.min()) / (values.max() - values.min())
                    return target.min() + share * (target.max() - target.min())
            """,
        ),
        Mistake(
            "the places of the target were used",
            "You take the places of the target's values in place of those of the values.",
            edits={"matched[values.argsort()]": "matched[target.argsort()]"},
        ),
    ),
)
