"""The spectrogram: pieces of a sound, a window, and the loudness of each frequency."""

from __future__ import annotations

import cmath
import math

import torch

from ..cases import drawn, tensor
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _case(
    samples: int, width: int, hop: int, seed: int, dtype: torch.dtype = torch.float64
) -> Inputs:
    window = torch.hann_window(width + 2, periodic=False, dtype=dtype)[1:-1]
    return {"sound": drawn(samples, seed=seed, dtype=dtype), "window": window, "hop": hop}


def _by_definition(inputs: Inputs) -> torch.Tensor:
    sound, window, hop = inputs["sound"], inputs["window"], inputs["hop"]
    width = len(window)
    count = (len(sound) - width) // hop + 1
    rows = []
    for frequency in range(width // 2 + 1):
        row = []
        for column in range(count):
            piece = (sound[column * hop : column * hop + width] * window).tolist()
            waves = (cmath.exp(-2j * math.pi * frequency * t / width) for t in range(width))
            row.append(math.log1p(abs(sum(x * wave for x, wave in zip(piece, waves, strict=True)))))
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float64).to(sound.dtype)


EXERCISE = Exercise(
    name="sound_picture",
    notebook="09_video_and_sound",
    title="The spectrogram",
    minutes=10,
    difficulty="easy",
    prompt="""
        Cut the sound into pieces as long as the window, each beginning `hop` samples after the one
        before; what is left at the end is dropped. Multiply each piece by the window and take its
        Fourier transform. The picture is log(1 + |S|), a row a frequency and a column a piece.
    """,
    stub='''
        def my_sound_picture(sound, window, hop):
            """A sound as a picture.

            sound: (samples,);  window: (N,), its values;  hop: samples from piece to piece
            returns: log(1 + |S|), (N // 2 + 1, T), the lowest frequency in the first row
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_sound_picture(sound, window, hop):
            pieces = sound.unfold(0, len(window), hop)
            transform = torch.fft.rfft(pieces * window)
            return torch.log1p(transform.abs()).T
    """,
    why="A sound is real, so the frequencies above the middle repeat those below: `rfft` returns"
    " N // 2 + 1 of them. The window fades each piece in and out, so that its cut edges are not"
    " heard as clicks.",
    notice="The absolute value throws the phases away: half of the numbers. To go back, they have"
    " to be found again.",
    hints=(
        "`sound.unfold(0, length, hop)` has a row for each piece.",
        "`torch.fft.rfft` transforms along the last axis. Multiply by the window before, take the"
        " absolute value after.",
        "`torch.log1p(torch.fft.rfft(pieces * window).abs())` has a row for each piece; a picture"
        " has a row for each frequency.",
    ),
    cases=(
        lambda: {"sound": tensor([1.0, 2.0, 3.0, 4.0]), "window": tensor([1.0, 2.0]), "hop": 1},
        lambda: _case(17, 4, 2, seed=1),
        lambda: _case(23, 6, 4, seed=3),
        lambda: _case(40, 8, 3, seed=5, dtype=torch.float32),
    ),
    definition="log(1 + |S|), with S the Fourier transform of each piece times the window.",
    properties=(
        agrees("Every entry is the sum over the samples of a piece times a wave.", _by_definition),
        relation(
            "The sound with its sign turned has the same picture.",
            lambda i: {"sound": -i["sound"]},
        ),
        relation(
            "One hop later, every column is the next one.",
            lambda i: {"sound": i["sound"][i["hop"] :]},
            lambda r, i: r[:, 1:],
        ),
        holds("No value is negative.", lambda r, i: bool((r >= 0).all())),
    ),
    gradient=("sound",),
    sizes=lambda i: {"N": len(i["window"]), "the sum of the window": float(i["window"].sum())},
    mistakes=(
        Mistake(
            "the rows are times and the columns frequencies",
            "In the picture one row is one frequency. Transpose.",
            edits={".abs()).T": ".abs())"},
        ),
        Mistake(
            "the window was left out",
            "Without it each piece begins and ends with a jump, which is heard at all frequencies.",
            edits={"pieces * window": "pieces"},
        ),
        Mistake(
            "the frequencies stand twice",
            "`fft` returns N of them, and for a real sound the upper half mirrors the lower one."
            " Use `rfft`.",
            edits={"torch.fft.rfft": "torch.fft.fft"},
        ),
        Mistake(
            "the logarithm was left out",
            "Without it only the loudest frequencies can be seen.",
            edits={"torch.log1p(transform.abs())": "transform.abs()"},
        ),
        Mistake(
            "the logarithm is that of |S| without the 1",
            "It goes to minus infinity where a frequency is silent. `log1p(x)` is log(1 + x).",
            edits={"torch.log1p": "torch.log"},
        ),
        Mistake(
            "the power |S|² was taken",
            "The formula has the absolute value, without a square.",
            edits={"transform.abs()": "transform.abs() ** 2"},
        ),
        Mistake(
            "the real part was taken in place of the absolute value",
            "A frequency that is heard a quarter of a wave later would vanish. Use `.abs()`.",
            edits={"transform.abs()": "transform.real.abs()"},
        ),
        Mistake(
            "the pieces lie side by side, without overlap",
            "Each piece begins `hop` samples after the one before.",
            edits={"len(window), hop)": "len(window), len(window))"},
        ),
        Mistake(
            "each piece begins one sample after the one before",
            "Every `hop` samples are enough: the third argument of `unfold`.",
            edits={"len(window), hop)": "len(window), 1)"},
        ),
        Mistake(
            "the transform goes over the pieces, not over the samples of a piece",
            "`rfft` transforms the last axis unless told otherwise.",
            edits={"rfft(pieces * window)": "rfft(pieces * window, dim=0)"},
        ),
        Mistake(
            "the whole sound was transformed",
            "Then nobody can see when something happened. Transform each piece.",
            source="""
                def my_sound_picture(sound, window, hop):
                    return torch.log1p(torch.fft.rfft(sound).abs())[:, None]
            """,
        ),
        Mistake(
            "the window was applied after the transform",
            "It fades the samples of a piece. Multiply before `rfft`.",
            source="""
                def my_sound_picture(sound, window, hop):
                    pieces = sound.unfold(0, len(window), hop)
                    transform = torch.fft.rfft(pieces) * window[: len(window) // 2 + 1]
                    return torch.log1p(transform.abs()).T
            """,
        ),
    ),
)
