"""One step of the method of Griffin and Lim: phases that fit each other a little better."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..cases import drawn, generator, picture
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _transforms(window: int, samples: int) -> tuple[Callable, Callable]:
    """A short-time Fourier transform and its inverse, for sounds of so many samples."""

    def stft(sound: Tensor) -> Tensor:
        shape = torch.hann_window(window, dtype=sound.dtype)
        return torch.stft(sound, window, window // 4, window=shape, return_complex=True)

    def istft(transform: Tensor) -> Tensor:
        shape = torch.hann_window(window, dtype=transform.real.dtype)
        return torch.istft(transform, window, window // 4, window=shape, length=samples)

    return stft, istft


def sound_case(window: int, samples: int, seed: int, dtype: torch.dtype = torch.float64) -> Inputs:
    """Magnitudes and phases that fit no sound, with transforms of these sizes."""
    stft, istft = _transforms(window, samples)
    shape = stft(drawn(samples, seed=seed, dtype=dtype)).shape
    angles = 6.28 * torch.rand(shape, generator=generator(seed), dtype=torch.float64).to(dtype)
    return {
        "magnitude": 0.1 + picture(*shape, seed=seed + 1, dtype=dtype),
        "phases": torch.polar(torch.ones_like(angles), angles),
        "stft": stft,
        "istft": istft,
    }


def _by_angles(inputs: Inputs) -> Tensor:
    transform = inputs["stft"](inputs["istft"](inputs["magnitude"] * inputs["phases"]))
    return torch.polar(torch.ones_like(inputs["magnitude"]), transform.angle())


def _exact(inputs: Inputs) -> Inputs:
    """The inputs in float64: where a magnitude is near zero, float32 does not know its phase."""
    doubles = {"magnitude": torch.float64, "phases": torch.complex128}
    return {**inputs, **{name: inputs[name].to(dtype) for name, dtype in doubles.items()}}


def _of_a_sound(inputs: Inputs) -> Inputs:
    transform = inputs["stft"](inputs["istft"](inputs["magnitude"] * inputs["phases"]))
    return {"magnitude": transform.abs(), "phases": _by_angles(inputs)}


EXERCISE = Exercise(
    name="griffin_lim_step",
    notebook="09_video_and_sound",
    title="One step of Griffin and Lim",
    minutes=8,
    difficulty="medium",
    importance="useful",
    prompt="""
        One step: give the wanted magnitudes the present phases, compute the sound, transform that
        sound again, and keep only the phases of the result. A phase is a complex number of
        absolute value 1.
    """,
    stub='''
        def my_griffin_lim_step(magnitude, phases, stft, istft):
            """Phases that fit together better (Griffin and Lim 1984).

            magnitude: |S| that is wanted, (F, T), real and positive
            phases: the present ones, (F, T), complex with absolute value 1
            stft: sound → its transform (F, T), complex;  istft: transform → sound
            returns: the new phases, (F, T), complex with absolute value 1
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_griffin_lim_step(magnitude, phases, stft, istft):
            sound = istft(magnitude * phases)
            transform = stft(sound)
            return transform / transform.abs()
    """,
    why="`istft` finds the sound whose transform is nearest to the one given. Its own transform has"
    " phases that belong to a real sound, and magnitudes that are a little off.",
    notice="Each step brings the magnitudes of the sound closer to those wanted, or leaves them. It"
    " finds a nearby answer and not the best one.",
    hints=(
        "There are three steps: to the sound, back to a transform, and away with its magnitudes.",
        "`magnitude * phases` is a transform with the wanted magnitudes. What sound does it make?",
        "With `transform = stft(istft(magnitude * phases))` return `transform / transform.abs()`.",
    ),
    cases=(
        lambda: sound_case(4, 8, seed=1),
        lambda: sound_case(8, 24, seed=3),
        lambda: sound_case(8, 32, seed=5, dtype=torch.float32),
    ),
    definition="The phases of stft(istft(magnitude · phases)).",
    properties=(
        holds(
            "Every phase has the absolute value 1.",
            lambda r, i: bool(torch.allclose(r.abs(), torch.ones_like(r.abs()), atol=1e-5)),
        ),
        agrees("The angles are those of the new transform.", _by_angles),
        relation(
            "Twice as loud magnitudes have the same phases.",
            lambda i: {"magnitude": 2 * i["magnitude"]},
        ),
        relation(
            "The phases of a real sound with its own magnitudes stay as they are.",
            lambda i: _of_a_sound(_exact(i)),
            lambda r, i: _by_angles(_exact(i)),
        ),
    ),
    mistakes=(
        Mistake(
            "the new transform was returned with its magnitudes",
            "Only its phases are wanted. Divide by its absolute values.",
            edits={"transform / transform.abs()": "transform"},
        ),
        Mistake(
            "the new phases were multiplied by the wanted magnitudes already",
            "That is the first line of the next step. Return phases of absolute value 1.",
            edits={"transform / transform.abs()": "magnitude * transform / transform.abs()"},
        ),
        Mistake(
            "the magnitudes were left out",
            "The sound is that of `magnitude * phases`. Phases alone give every frequency the same"
            " loudness.",
            edits={"istft(magnitude * phases)": "istft(phases)"},
        ),
        Mistake(
            "the phases did not change",
            "Go through the sound: `stft(istft(magnitude * phases))` has other phases.",
            source="""
                def my_griffin_lim_step(magnitude, phases, stft, istft):
                    return phases.clone()
            """,
        ),
        Mistake(
            "the present phases were left out",
            "Without them every step starts from the same sound. Begin with `magnitude * phases`.",
            edits={"istft(magnitude * phases)": "istft(magnitude + 0 * phases)"},
        ),
        Mistake(
            "the angles were returned in place of complex numbers",
            "A phase is exp(i·angle) here. Divide the transform by its absolute values.",
            edits={"transform / transform.abs()": "transform.angle()"},
        ),
        Mistake(
            "the phases have the opposite sign",
            "`conj` turns every phase around. Divide the transform itself by its absolute values.",
            edits={"transform / transform.abs()": "transform.conj() / transform.abs()"},
        ),
        Mistake(
            "the transform was divided by the wanted magnitudes",
            "Its own magnitudes are a little different. Divide by `transform.abs()`, so that the"
            " absolute value is 1.",
            edits={"transform / transform.abs()": "transform / magnitude"},
        ),
        Mistake(
            "the step was made twice",
            "One call is one step.",
            edits={
                "transform = stft(sound)": "transform = stft(sound)\n"
                "    transform = stft(istft(magnitude * transform / transform.abs()))"
            },
        ),
    ),
)
