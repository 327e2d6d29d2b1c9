"""The luminance of one image with the colors of another."""

from __future__ import annotations

import torch

from ..cases import picture, tensor
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake

YIQ = tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def _through_yiq(inputs: Inputs) -> torch.Tensor:
    """To YIQ, exchange Y, and back with a matrix whose first column is one, as it should be."""
    photograph, painted = (inputs[name].double() for name in ("photograph", "painted"))
    matrix = YIQ - YIQ.sum(1, keepdim=True) / 3 * tensor([[0.0], [1], [1]])  # gray: I = Q = 0
    codes = [torch.einsum("ij,bjhw->bihw", matrix, image) for image in (photograph, painted)]
    mixed = torch.cat([codes[1][:, :1], codes[0][:, 1:]], dim=1)
    back = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(matrix), mixed)
    return back.to(inputs["photograph"].dtype)


EXERCISE = Exercise(
    name="luminance_transfer",
    notebook="08_control",
    title="Light from one picture, color from another",
    prompt="""
        The luminance of a pixel is Y = 0.299 R + 0.587 G + 0.114 B. Return the photograph with the
        luminance of the painted picture, and with its own color: I and Q of YIQ stay as they are.

        Gray has no color: adding the same number to R, G and B changes Y by that number, and
        neither I nor Q. Do not clamp.
    """,
    stub='''
        def my_luminance_transfer(photograph, painted):
            """The photograph with the luminance of another picture.

            photograph, painted: (1, 3, H, W), RGB
            returns: (1, 3, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_luminance_transfer(photograph, painted):
            weights = torch.tensor([0.299, 0.587, 0.114]).to(photograph).view(1, 3, 1, 1)
            before = (weights * photograph).sum(1, keepdim=True)
            after = (weights * painted).sum(1, keepdim=True)
            return photograph + after - before
    """,
    why="The three weights add up to 1, so the same number added to R, G and B raises Y by that"
    " number. It adds gray, and gray has I = Q = 0. There is no need to go to YIQ and back.",
    notice="A dark red can become pink, but a light blue cannot become dark without leaving 0…1. A"
    " picture is clamped at the end, and then its color does change.",
    hints=(
        "How much lighter or darker does each pixel have to become?",
        "Compute Y of both pictures, (1, 1, H, W): a weighted sum over the axis of the channels.",
        "Add the difference of the two luminances to the photograph; PyTorch repeats it for the"
        " three channels.",
    ),
    cases=(
        lambda: {
            "photograph": tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1),
            "painted": tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1),
        },
        lambda: {
            "photograph": picture(1, 3, 3, 3, seed=1),
            "painted": picture(1, 3, 3, 3, seed=2),
        },
        lambda: {
            "photograph": picture(1, 3, 4, 6, seed=3, dtype=torch.float32),
            "painted": picture(1, 3, 4, 6, seed=4, dtype=torch.float32),
        },
    ),
    definition="The result is the photograph, plus Y of the painted picture, minus its own Y.",
    properties=(
        agrees("To YIQ, the other Y, and back.", _through_yiq),
        relation(
            "The photograph itself as the painted picture changes nothing.",
            lambda i: {"painted": i["photograph"]},
            lambda r, i: i["photograph"],
        ),
        relation(
            "A lighter painted picture (0.1 added everywhere) makes the result as much lighter.",
            lambda i: {"painted": i["painted"] + 0.1},
            lambda r, i: r + 0.1,
        ),
        relation(
            "The photograph's own brightness has no effect.",
            lambda i: {"photograph": i["photograph"] + 0.1},
        ),
        holds(
            "The difference of two channels is that of the photograph.",
            lambda r, i: torch.allclose(
                r[:, 0] - r[:, 2], i["photograph"][:, 0] - i["photograph"][:, 2], atol=1e-5
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "the weights stand in the order of BGR",
            "Green counts most and blue least. The channels are red, green, blue here; OpenCV and"
            " the original VGG have them the other way round.",
            edits={"[0.299, 0.587, 0.114]": "[0.114, 0.587, 0.299]"},
        ),
        Mistake(
            "the luminance was taken as the mean of the channels",
            "To the eye green is much lighter than blue. The weights are 0.299, 0.587 and 0.114.",
            edits={"[0.299, 0.587, 0.114]": "[1 / 3, 1 / 3, 1 / 3]"},
        ),
        Mistake(
            "the weights of another standard were used",
            "0.2126, 0.7152 and 0.0722 are those of BT.709. YIQ goes with 0.299, 0.587 and 0.114.",
            edits={"[0.299, 0.587, 0.114]": "[0.2126, 0.7152, 0.0722]"},
        ),
        Mistake(
            "the roles of the two pictures were exchanged",
            "The color should come from the photograph, and the luminance from the painted"
            " picture.",
            edits={"photograph + after - before": "painted + before - after"},
        ),
        Mistake(
            "the photograph's own luminance was not subtracted",
            "The result is too light by the luminance that was there before.",
            edits={" - before": ""},
        ),
        Mistake(
            "the difference has the wrong sign",
            "Where the painted picture is lighter, the result has to become lighter.",
            edits={"+ after - before": "- after + before"},
        ),
        Mistake(
            "the channels were multiplied by the ratio of the luminances",
            "That keeps the ratios of the channels, and with them hue and saturation, not I and Q."
            " A dark pixel made bright would get a glaring color. Add the difference.",
            edits={"photograph + after - before": "photograph * after / before"},
        ),
        Mistake(
            "the difference was weighted again",
            "Y rises by the number that is added to all three channels. Add it as it is.",
            edits={"photograph + after - before": "photograph + weights * (after - before)"},
        ),
        Mistake(
            "only the luminance came back",
            "This picture is gray. Add the change of luminance to the photograph.",
            edits={"photograph + after - before": "after.expand_as(photograph)"},
        ),
        Mistake(
            "each channel was replaced by its own of the painted picture",
            "Luminance is one number for each pixel: sum over the channels.",
            edits={
                "(weights * photograph).sum(1, keepdim=True)": "weights * photograph",
                "(weights * painted).sum(1, keepdim=True)": "weights * painted",
            },
        ),
        Mistake(
            "the result was clamped",
            "Clamping changes the color of a pixel. It belongs to the place where a picture is"
            " shown or saved.",
            edits={"photograph + after - before": "(photograph + after - before).clamp(0, 1)"},
        ),
        Mistake(
            "only the mean luminance was matched",
            "The difference has to be taken at each pixel, not once for the whole picture.",
            edits={"after - before": "after.mean() - before.mean()"},
        ),
    ),
)
