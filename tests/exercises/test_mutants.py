"""No wrong answer passes: right answers are changed in one place, and those that still pass are
compared with the solution on inputs that the check does not have."""

import inspect
import math
from collections.abc import Callable

import pytest
import torch

import nst_course as nst
from nst_course.exercises import registry
from nst_course.exercises.cases import drawn, picture
from nst_course.exercises.compare import difference, near, tensors
from nst_course.exercises.grader.sandbox import Sandbox
from nst_course.exercises.grader.trial import Trial
from nst_course.exercises.notebook_06.guarded_run import run_case
from nst_course.exercises.notebook_09.griffin_lim_step import sound_case
from nst_course.exercises.notebook_10.painter import training_case
from nst_course.exercises.spec import Exercise
from tests.exercises.mutants import mutants
from tests.exercises.right_answers import RIGHT_ANSWERS

EXERCISES = {name: session.exercise for name, session in registry().items()}
SAMPLE = 9  # one in so many is tried in the default run


def grams(seed: int) -> dict[str, torch.Tensor]:
    return {f"relu{n}_1": drawn(1, 2 + n, 2 + n, seed=seed + n) for n in range(1, 5)}


def losses_of_an_image() -> dict:
    image = picture(1, 3, 3, 5, seed=8).requires_grad_(True)
    losses = {f"relu{n}_1": (image**n * drawn(1, 3, 3, 5, seed=n)).sum() for n in range(1, 5)}
    return {"losses": losses, "image": image}


def step_of(optimizer: Callable, **settings) -> dict:
    image = picture(1, 3, 2, 2, seed=4).requires_grad_(True)
    target = 3 * drawn(1, 3, 2, 2, seed=5)

    def objective(image):
        return ((image - target) ** 2).sum() + image.sum() ** 2 / 10

    return {"image": image, "objective": objective, "optimizer": optimizer([image], **settings)}


def start_of(init: str) -> dict:
    content = picture(1, 3, 40, 24, seed=6, dtype=torch.float32)
    return {"content": content, "init": init, "generator": torch.Generator().manual_seed(9)}


FRESH = {  # inputs of another size and with other numbers than those of the check
    "receptive_field": [lambda: {"layers": [(7, 2), (3, 3), (4, 1), (5, 2), (2, 2)]}],
    "unit_patch": [lambda: dict(row=5, column=11, size=46, jump=8, first_center=4.5)],
    "activation_loss": [lambda: {"features": drawn(1, 6, 3, 7, seed=9), "channel": 4}],
    "content_loss": [lambda: {k: drawn(1, 5, 3, 2, seed=n) for n, k in enumerate("FP")}],
    "content_gradient": [lambda: {k: drawn(1, 5, 3, 2, seed=n).relu() for n, k in enumerate("FP")}],
    "invert_features": [
        lambda: {
            "extract": lambda image: torch.tanh(image).cumsum(3),
            "content": picture(1, 3, 4, 6, seed=3),
            "start": picture(1, 3, 4, 6, seed=4),
            "steps": 6,
            "step_size": 0.7,
        }
    ],
    "gram_matrix": [lambda: {"features": drawn(3, 5, 4, 2, seed=9)}],
    "style_loss": [lambda: {k: drawn(1, 6, 6, seed=n) for n, k in enumerate("GA")}],
    "mended_style_loss": [
        lambda: dict(G=drawn(1, 5, 5, seed=1), A=drawn(1, 5, 5, seed=2), height=7, width=3)
    ],
    "convert_weight": [lambda: dict(weight=12.5, channels=7, positions=11)],
    "shuffle_positions": [
        lambda: {
            "features": drawn(1, 3, 2, 4, seed=2),
            "order": torch.tensor([5, 2, 0, 7, 1, 6, 3, 4]),
        }
    ],
    "weighted_style_loss": [
        lambda: dict(G=grams(0), A=grams(9), weights={"relu4_1": 3.0, "relu2_1": 0.1, "relu1_1": 7})
    ],
    "layer_shares": [
        lambda: dict(losses={"a": 0.3, "b": 7.0, "c": 0.02}, weights={"b": 0.5, "c": 90, "a": 2})
    ],
    "equal_gradient_weights": [losses_of_an_image],
    "total_loss": [
        lambda: {
            "features": {f"relu{n}_1": drawn(1, 2 + n, 4, 3, seed=n) for n in range(1, 5)},
            "content": {f"relu{n}_1": drawn(1, 2 + n, 4, 3, seed=5 + n) for n in (4, 1, 2)},
            "grams": grams(20),
            "layers": {"relu3_1": 0.2, "relu1_1": 3.0, "relu4_1": 1.5},
            "alpha": 0.7,
            "beta": 11.0,
        }
    ],
    "total_variation": [lambda: {"image": picture(1, 3, 4, 7, seed=9)}],
    "initial_image": [lambda: start_of("content"), lambda: start_of("noise")],
    "optimization_step": [
        lambda: step_of(torch.optim.LBFGS, lr=0.5, max_iter=6),
        lambda: step_of(torch.optim.Adam, lr=0.3),
    ],
    "mended_loop": [
        lambda: {**step_of(torch.optim.LBFGS, lr=0.5, max_iter=6), "steps": 3},
        lambda: {**step_of(torch.optim.Adam, lr=0.3), "steps": 4},
    ],
    "network_input": [
        lambda: {"image": picture(1, 3, 5, 2, seed=7), "mean": 100 * picture(3, seed=8)}
    ],
    "layer_name": [
        lambda index=index: {
            "kinds": ["conv", "relu", "pool", *["conv", "relu"] * 3],
            "index": index,
        }
        for index in (0, 4, 7)
    ],
    "guarded_run": [
        lambda: run_case([3.0, 8.0, 2.0, 31.0, 1.0], 5),
        lambda: run_case([3.0, 2.5, 2.8, 1.0], 3),
        lambda: run_case([4.0, 39.0, float("nan"), 1.0], 4),
    ],
    "mixed_gram": [
        lambda: {
            "grams": [drawn(1, 5, 5, seed=n) for n in range(4)],
            "weights": [0.3, 2.0, 0.0, 5.0],
        }
    ],
    "mixed_covariance": [
        lambda: {
            "covariances": [drawn(5, 3, seed=n) @ drawn(5, 3, seed=n).T for n in range(4)],
            "means": [drawn(5, seed=10 + n) for n in range(4)],
            "weights": [0.1, 0.2, 0.3, 0.4],
        }
    ],
    "sliced_wasserstein": [
        lambda size=size: {
            "features": drawn(1, 4, *size, seed=1),
            "style_features": 2 + drawn(1, 4, 3, 5, seed=2),
            "directions": 2 * drawn(6, 4, seed=3),
        }
        for size in ((3, 5), (2, 3), (6, 4))
    ],
    "color_matching": [
        lambda: {
            "image": picture(1, 3, 6, 4, seed=11) ** 2,
            "like": picture(1, 3, 3, 8, seed=12).cumsum(1) / 3,
        }
    ],
    "luminance_transfer": [
        lambda: {
            "photograph": picture(1, 3, 5, 2, seed=1),
            "painted": picture(1, 3, 5, 2, seed=9),
        }
    ],
    "guided_gram": [
        lambda: {"features": drawn(1, 5, 3, 2, seed=8), "mask": picture(9, 6, seed=9)},
        lambda: {"features": drawn(1, 3, 4, 4, seed=10), "mask": picture(8, 8, seed=11).round()},
    ],
    "training_step": [lambda: training_case(11, 4, 1.7, lr=0.01)],
    "instance_norm": [
        lambda: {
            "x": drawn(3, 5, 4, 2, seed=8) * 4 + drawn(3, 5, 1, 1, seed=9),
            "gamma": drawn(5, seed=10),
            "beta": drawn(5, seed=11),
        }
    ],
    "style_parameters": [
        lambda: {
            "gammas": drawn(3, 6, seed=8),
            "betas": drawn(3, 6, seed=9),
            "mix": picture(5, 3, seed=10).softmax(1),
        }
    ],
    "adain": [
        lambda: {
            "features": drawn(1, 5, 2, 6, seed=8) * 3,
            "style_features": drawn(1, 5, 4, 4, seed=9) - 2,
        }
    ],
    "matched_histogram": [lambda: {"values": drawn(15, seed=8), "target": drawn(15, seed=9) ** 3}],
    "copied_share": [
        lambda: {
            "origin": torch.stack(
                [
                    (2 * picture(6, 8, seed=7)).long(),
                    ((4 * picture(6, 8, seed=8)).long() - 1).cumsum(1),
                ]
            )
        }
    ],
    "nearest_features": [
        lambda: {
            "features": 3 * drawn(1, 4, 3, 4, seed=8) + 2,
            "style_features": drawn(1, 4, 2, 5, seed=9) - 1,
        }
    ],
    "vote_interval": [lambda: {"wins": 5, "votes": 17}],
    "warp_by_flow": [
        lambda: {"earlier": picture(1, 2, 6, 5, seed=7), "flow": 2 * drawn(1, 2, 6, 5, seed=8)}
    ],
    "disoccluded_pixels": [
        lambda: {
            "flow": 5 * drawn(1, 2, 9, 7, seed=7),
            "forward": drawn(1, 2, 9, 7, seed=8) - 5 * drawn(1, 2, 9, 7, seed=7),
        }
    ],
    "temporal_loss": [
        lambda: {
            **{k: picture(1, 3, 3, 5, seed=n) for n, k in enumerate(("image", "warped"))},
            "weights": picture(1, 1, 3, 5, seed=9),
        }
    ],
    "sound_picture": [
        lambda: {"sound": drawn(31, seed=8), "window": 0.5 + picture(6, seed=9), "hop": 5}
    ],
    "sound_gram": [
        lambda: {
            "spectrogram": picture(5, 11, seed=8),
            "filters": drawn(7, 5, 4, seed=9),
        }
    ],
    "griffin_lim_step": [lambda: sound_case(8, 40, seed=9)],
}


def passes(exercise: Exercise, answer: Callable) -> bool:
    with Sandbox(seconds=2) as sandbox:
        trial = Trial(exercise, answer, answer, sandbox)
        try:
            return not trial.wrong and trial.failing_property() is None
        except Exception:  # the check's own sentence for it is tested elsewhere
            return False


def computed(exercise: Exercise, answer: Callable, case: Callable[[], dict]) -> list:
    """Result, and gradient of a mixture of its entries, on fresh inputs."""
    inputs = case()
    if exercise.name == "optimization_step":
        losses = [answer(*inputs.values()) for _ in range(4)]
        return [losses, inputs["image"].detach()]
    if exercise.name == "mended_loop":
        return [answer(*inputs.values()), inputs["image"].detach()]
    if exercise.name == "training_step":
        return [[answer(*inputs.values()) for _ in range(4)], inputs["network"].colors.detach()]
    leaves = [
        t.requires_grad_() for t in tensors(inputs) if exercise.gradient and t.is_floating_point()
    ]
    result = answer(*inputs.values())
    if not leaves:
        return [tuple(result) if isinstance(result, list) else result]
    mixed = (result * torch.cos(torch.arange(result.numel()).view(result.shape))).sum()
    return [result, *torch.autograd.grad(mixed, leaves[:1], allow_unused=True)]


def agree(got, expected) -> bool:
    if isinstance(expected, torch.Tensor) and isinstance(got, torch.Tensor):
        return near(got.reshape(expected.shape), expected, loosely=True)
    return difference(got, expected) is None


def function(exercise: Exercise, source: str) -> Callable | None:
    names = {"torch": torch, "nst": nst, "math": math}
    try:
        exec(source, names)
    except Exception:
        return None
    found = names.get("f") or names.get(exercise.function_name)
    return found if callable(found) and not isinstance(found, type) else None


def survivors(exercise: Exercise, every: int) -> tuple[int, list[str]]:
    """How many mutants were tried, and those that pass although they compute something else."""
    sources = [exercise.code, *map(inspect.cleandoc, RIGHT_ANSWERS.get(exercise.name, []))]
    sources = [source for source in sources if "torch.compile" not in source]  # each takes seconds
    programs = [mutant for source in sources for mutant in mutants(source)][::every]
    found = []
    right = function(exercise, exercise.code)
    for program in programs:
        answer = function(exercise, program)
        if answer is None or not passes(exercise, answer):
            continue
        for case in FRESH[exercise.name]:
            expected, got = (computed(exercise, a, case) for a in (right, answer))
            if not all(map(agree, got, expected)):
                found.append(program)
    return len(programs), found


@pytest.mark.parametrize("name", EXERCISES)
def test_no_mutant_passes_that_computes_something_else(name):
    count, found = survivors(EXERCISES[name], SAMPLE)
    assert count >= 2 and not found, "\n\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXERCISES)
def test_no_mutant_at_all_passes_that_computes_something_else(name):
    count, found = survivors(EXERCISES[name], 1)
    assert count >= 12 and not found, "\n\n".join(found)


def test_the_comparison_sees_what_square_images_hide():
    """One mean over both directions is the same as two means where H = W."""
    exercise = EXERCISES["total_variation"]
    both = """
def f(image):
    across, down = image.diff(dim=3), image.diff(dim=2)
    return 2 * torch.cat([across.flatten(), down.flatten()]).square().mean()
"""
    answer = function(exercise, both)
    right = function(exercise, exercise.code)
    (case,) = FRESH["total_variation"]
    assert not passes(exercise, answer)
    assert difference(computed(exercise, answer, case)[0], computed(exercise, right, case)[0])
