"""Find pixels that were hidden before: where the way back and the way forward do not meet."""

from __future__ import annotations

import torch

from ..cases import drawn, tensor
from ..properties import relation
from ..spec import Exercise, Inputs, Mistake


def _case(height: int, width: int, seed: int, dtype: torch.dtype = torch.float64) -> Inputs:
    """Flows of some ten pixels; the way forward misses by about one."""
    flow = 8 * drawn(1, 2, height, width, seed=seed, dtype=dtype)
    return {"flow": flow, "forward": 0.8 * drawn(*flow.shape, seed=seed + 1, dtype=dtype) - flow}


EXERCISE = Exercise(
    name="disoccluded_pixels",
    notebook="09_video_and_sound",
    title="Find what was hidden",
    prompt="""
        Follow a pixel back to the earlier frame and from there forward again. Where you do not come
        home, the point was hidden: |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5. |w|² is u² + v².
        Return 1 there and 0 elsewhere.
    """,
    stub='''
        def my_disoccluded(flow, forward):
            """Pixels whose point the earlier frame does not show (Ruder et al. 2016, eq. 5).

            flow: ŵ, from the new frame to the earlier one, in pixels, (1, 2, H, W)
            forward: w̃, the flow from the earlier frame to the new one, at the places that ŵ
                leads to, (1, 2, H, W)
            returns: 1.0 for what was hidden, else 0.0, (1, 1, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_disoccluded(flow, forward):
            def squared(w):
                return w.square().sum(dim=1, keepdim=True)

            apart = squared(forward + flow)
            allowed = 0.01 * (squared(forward) + squared(flow)) + 0.5
            return (apart > allowed).to(flow.dtype)
    """,
    why="The way back and the way forward cancel where both see the same point, so their *sum* is"
    " small. A fast motion may miss by more: a hundredth of the squares, and half a square pixel.",
    notice="Nobody said which object is in front. The two flows disagree where one of them had to"
    " guess, and it had to guess where something was hidden.",
    hints=(
        "What is w̃ + ŵ for a point that was visible, when the flow is exact?",
        "Compute u² + v² of three flows: of the sum, of w̃ and of ŵ; `keepdim=True` keeps the shape"
        " (1, 1, H, W).",
        "`apart = (forward + flow).square().sum(1, keepdim=True)`; compare it with `0.01 * (…) +"
        " 0.5`, and turn the result into numbers with `.to(flow.dtype)`.",
    ),
    cases=(
        lambda: {
            "flow": tensor([[[[-3.0, -3.0, 30.0]], [[0.0, 4.0, 0.0]]]]),
            "forward": tensor([[[[3.0, 3.0, -27.0]], [[0.5, -2.0, 0.0]]]]),
        },
        lambda: _case(3, 4, seed=1),
        lambda: _case(6, 5, seed=3),
        lambda: _case(8, 8, seed=5, dtype=torch.float32),
    ),
    definition="1 where |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5, else 0.",
    properties=(
        relation(
            "Where both ways cancel, nothing was hidden.",
            lambda i: {"forward": -i["flow"]},
            lambda result, i: torch.zeros_like(result),
        ),
        relation(
            "Left and right may be mirrored.",
            lambda i: {name: i[name].flip(3) for name in ("flow", "forward")},
            lambda result, i: result.flip(3),
        ),
    ),
    mistakes=(
        Mistake(
            "the two flows were subtracted",
            "They point in opposite directions, so it is their sum that vanishes for a point that"
            " both see.",
            edits={"forward + flow": "forward - flow"},
        ),
        Mistake(
            "what is visible was marked",
            "The result is 1 where the point was *hidden*.",
            edits={"apart > allowed": "apart <= allowed"},
        ),
        Mistake(
            "the mean over u and v was taken",
            "|w|² is the sum u² + v².",
            edits={".sum(dim=1": ".mean(dim=1"},
        ),
        Mistake(
            "lengths were compared in place of their squares",
            "The criterion and its constants are for the squares, without a root.",
            edits={"w.square().sum(dim=1, keepdim=True)": "w.norm(dim=1, keepdim=True)"},
        ),
        Mistake(
            "one threshold stands for slow and fast",
            "A fast motion may miss by more: add 0.01 (|w̃|² + |ŵ|²).",
            edits={"0.01 * (squared(forward) + squared(flow)) + 0.5": "0.5 + 0 * squared(flow)"},
        ),
        Mistake(
            "the half square pixel was left out",
            "Without it, a point at rest counts as hidden for the smallest error of its flow.",
            edits={" + 0.5": ""},
        ),
        Mistake(
            "only one of the two flows makes the threshold",
            "It has the squares of both, |w̃|² and |ŵ|².",
            edits={"(squared(forward) + squared(flow))": "squared(flow)"},
        ),
        Mistake(
            "u and v were tested one by one",
            "A way has two parts, and its length is what counts: sum over axis 1 first.",
            source="""
                def my_disoccluded(flow, forward):
                    apart = (forward + flow).square()
                    allowed = 0.01 * (forward.square() + flow.square()) + 0.5
                    return (apart > allowed).any(dim=1, keepdim=True).to(flow.dtype)
            """,
        ),
    ),
)
