"""Every argument of the public API that is wrong gets one short sentence."""

import inspect
import math
import os

import numpy as np
import pytest
import torch
from matplotlib import pyplot

import nst_course as nst
from nst_course.network import weights

IMAGE = torch.rand((1, 3, 24, 32), generator=torch.Generator().manual_seed(0))
FEATURES = torch.rand((1, 4, 5, 6), generator=torch.Generator().manual_seed(1))
TWO = torch.ones(2, 3, 4, 4)
BLIND = {"a": ["cat"], "b": ["coffee"]}
GRAM = FEATURES.flatten(2) @ FEATURES.flatten(2).mT
NAN = math.nan


MAP = torch.ones(1, 3, 40, 40)
PARAMETERS = weights.random_parameters("vgg16", widths=(2, 2, 2, 2, 2))


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no words")


# What is wrong for every kind of argument, whatever it stands for.
ANYTHING = [None, "nosuch", b"bytes", 2.5, -1, True, [], {}, object(), Unprintable(), np.ones(3)]
ANYTHING += [10**400, NAN, math.inf, "x" * 9999, "line\nline", {1: 2}, [[1]], lambda: 0, nst]
TENSORS = [
    torch.zeros(()),
    torch.zeros(3),
    torch.zeros(1, 3, 0, 8),
    torch.zeros(2, 3, 8, 8, 8),
    torch.zeros(1, 3, 8, 8, dtype=torch.int64),
    torch.zeros(1, 3, 8, 8, dtype=torch.bool),
    torch.zeros(1, 3, 8, 8, dtype=torch.complex64),
    torch.zeros(1, 3, 8, 8, device="meta"),
    torch.zeros(1, 3, 8, 8).to_sparse(),
    np.zeros((1, 3, 8, 8)),
    [[1.0]],
]
NO_IMAGE = [*TENSORS, torch.zeros(1, 4, 8, 8), torch.zeros(2, 3, 8, 8), IMAGE * NAN, IMAGE * 255]
COMPUTED = [x for x in TENSORS if not getattr(x, "is_meta", False)]
WITHOUT_NAN = NO_IMAGE[:-2]
NUMBERS = [None, "1", -1.0, NAN, math.inf, 10**400, 1j, [1], IMAGE, np.ones(2), Unprintable()]
COUNTS = [None, "1", -1, 2.5, True, NAN, 2**63, 10**400, [1], IMAGE, np.ones(2), Unprintable()]
LAYERS = [None, 3, "relu9_9", ["relu1_1", "x"], [None], [["relu1_1"]], {"relu1_1": -1}, IMAGE]
LAYERS += [
    {"relu1_1": "1"},
    {"relu1_1": NAN},
    {1: 1.0},
    b"relu1_1",
    Unprintable(),
    {"relu1_1": IMAGE},
]
SOMETHING = [value for value in ANYTHING if value is not None]
NO_NAME = [value for value in ANYTHING if not isinstance(value, bool)]
NO_CALL = [value for value in ANYTHING if not callable(value) and value is not None]


def transfer(backbone, content=IMAGE, style=IMAGE, **settings):
    settings = {"content_layers": ["relu1_1"], "style_layers": ["relu1_1"], **settings}
    return nst.StyleTransfer(content, style, backbone, **settings)


def run(backbone, *arguments, **settings):
    return transfer(backbone).run(*arguments, **{"progress": False, **settings})


def stylize(backbone, content=IMAGE, style=IMAGE, **settings):
    return nst.stylize(
        content,
        style,
        **{"size": 32, "steps": 1, "progress": False, "backbone": backbone, **settings},
    )


def video(backbone, frames=(IMAGE, IMAGE), style=IMAGE, **settings):
    settings = {"size": 32, "steps": 1, "frame_steps": 1, "progress": False, **settings}
    return nst.stylize_video(frames, style, backbone=backbone, **settings)


# Function of (backbone, wrong value) → the values that are wrong there. One entry an argument.
WRONG = {
    "content_loss features": (lambda b, x: nst.content_loss(x, FEATURES), [*ANYTHING, *COMPUTED]),
    "content_loss target": (lambda b, x: nst.content_loss(FEATURES, x), [*ANYTHING, *COMPUTED]),
    "content_loss both": (
        lambda b, x: nst.content_loss(x, x),
        [*ANYTHING, *COMPUTED[4:]],
    ),
    "style_loss gram": (lambda b, x: nst.style_loss(x, GRAM), [*ANYTHING, *COMPUTED]),
    "style_loss target_gram": (lambda b, x: nst.style_loss(GRAM, x), [*ANYTHING, *COMPUTED]),
    "gram_matrix": (lambda b, x: nst.gram_matrix(x), [*ANYTHING, *COMPUTED]),
    "mean_and_std": (
        lambda b, x: nst.mean_and_std(x),
        [*ANYTHING, *COMPUTED, TWO],
    ),
    "covariance": (lambda b, x: nst.covariance(x), [*ANYTHING, *COMPUTED, TWO]),
    "shifted_gram_matrix": (
        lambda b, x: nst.shifted_gram_matrix(x),
        [*ANYTHING, *COMPUTED, TWO],
    ),
    "total_variation": (
        lambda b, x: nst.total_variation(x),
        [*ANYTHING, *COMPUTED, IMAGE[..., :1]],
    ),
    "layer_names": (lambda b, x: nst.layer_names(x), [*ANYTHING, *TENSORS]),
    "load_backbone network": (lambda b, x: nst.load_backbone(x), [*ANYTHING, *TENSORS]),
    "load_backbone pooling": (lambda b, x: nst.load_backbone("vgg16", x), [*ANYTHING, *TENSORS]),
    "load_backbone device": (
        lambda b, x: nst.load_backbone("vgg16", "max", x),
        ["nonsense", "meta", "cuda:99", "cpu:x", 3.5, [], {}, object(), IMAGE, Unprintable()],
    ),
    "Backbone network": (lambda b, x: nst.Backbone(x, PARAMETERS), [*ANYTHING, *TENSORS, "vgg19"]),
    "Backbone parameters": (
        lambda b, x: nst.Backbone("vgg16", x),
        [*ANYTHING, *TENSORS, {**PARAMETERS, "conv3_2.weight": IMAGE}, {"conv1_1.weight": 3}],
    ),
    "Backbone pooling": (lambda b, x: nst.Backbone("vgg16", PARAMETERS, x), [*ANYTHING, *TENSORS]),
    "backbone image": (lambda b, x: b(x, ["relu2_1"]), [*ANYTHING, *TENSORS, IMAGE[..., :1]]),
    "backbone layers": (
        lambda b, x: b(IMAGE, x),
        [x for x in LAYERS if not isinstance(x, dict) or 1 in x] + [nst, object()],
    ),
    "backbone then": (lambda b, x: b(IMAGE, ["relu1_1"], x), [None, *NO_CALL]),
    "backbone channels": (lambda b, x: b.channels(x), NO_NAME),
    "load_image name": (lambda b, x: nst.load_image(x), [*ANYTHING, *TENSORS, "a\0b", "a\ud800"]),
    "load_image size": (lambda b, x: nst.load_image("cat", x), [0, *COUNTS[1:], *TENSORS]),
    "to_pil": (lambda b, x: nst.to_pil(x), [*ANYTHING, *WITHOUT_NAN, IMAGE * NAN]),
    "save_image image": (lambda b, x: nst.save_image(x, "p.png"), [*ANYTHING, *WITHOUT_NAN]),
    "save_image path": (
        lambda b, x: nst.save_image(IMAGE, x),
        [*ANYTHING, *TENSORS, "a\0.png", "~nosuch/p.png", "p.gif", "n" * 300 + ".png", ""],
    ),
    "save_image recipe": (
        lambda b, x: nst.save_image(IMAGE, "p.png", recipe=x),
        [b"bytes", 2.5, -1, True, [], object(), Unprintable(), np.ones(3), [[1]], nst, *TENSORS],
    ),
    "read_recipe": (lambda b, x: nst.read_recipe(x), [*ANYTHING, *TENSORS, "a\0b"]),
    "gallery folder": (lambda b, x: nst.gallery(x), [*ANYTHING, *TENSORS, "a\0b"]),
    "gallery title": (lambda b, x: nst.gallery(".", x), ANYTHING),
    "gallery statement": (lambda b, x: nst.gallery(".", "", x), ANYTHING),
    "gallery path": (lambda b, x: nst.gallery(".", path=x), ANYTHING),
    "blind_comparison pictures": (
        lambda b, x: nst.blind_comparison(x),
        [
            *ANYTHING,
            *TENSORS,
            {"a": 1, "b": 2},
            {"a": ["cat"], "b": [1]},
            {1: ["cat"], 2: [IMAGE * NAN]},
        ],
    ),
    "blind_comparison path": (
        lambda b, x: nst.blind_comparison({"a": ["nosuch"], "b": ["cat"]}, x),
        [*ANYTHING, "a\0b"],
    ),
    "blind_comparison originals": (
        lambda b, x: nst.blind_comparison(BLIND, originals=x),
        [v for v in ANYTHING if not (isinstance(v, (list, dict)) and not v)],
    ),
    "blind_comparison seed": (
        lambda b, x: nst.blind_comparison(BLIND, seed=x),
        COUNTS,
    ),
    "count_votes key": (lambda b, x: nst.count_votes(x, []), [*ANYTHING, *TENSORS, "a\0b"]),
    "count_votes votes": (
        lambda b, x: nst.count_votes("../key.json", x),
        [v for v in ANYTHING if not (isinstance(v, (list, dict)) and not v)],
    ),
    "Style weight": (lambda b, x: nst.Style(IMAGE, x), NUMBERS),
    "Style image": (lambda b, x: transfer(b, style=nst.Style(x)), [*ANYTHING, *NO_IMAGE]),
    "Style region": (
        lambda b, x: transfer(b, style=nst.Style(IMAGE, region=x)).run(1, progress=False),
        [
            *[x for x in ANYTHING if x is not None],
            *TENSORS[:4],
            *TENSORS[6:],
            IMAGE,
            IMAGE[0, 0] * 2,
        ]
        + [torch.zeros(8, 8), IMAGE[0, 0] * NAN],
    ),
    "Style source_region": (
        lambda b, x: transfer(b, style=nst.Style(IMAGE, source_region=x)).run(1, progress=False),
        [*SOMETHING, *TENSORS[:4], *TENSORS[6:], torch.zeros(8, 8)],
    ),
    "Style layers": (
        lambda b, x: transfer(b, style=nst.Style(IMAGE, layers=x)),
        [x for x in LAYERS if x is not None],
    ),
    "GaussianWasserstein": (lambda b, x: nst.GaussianWasserstein()(x), [*ANYTHING, *COMPUTED, TWO]),
    "HistogramMatching": (lambda b, x: nst.HistogramMatching()(x), [*ANYTHING, *COMPUTED, TWO]),
    "SlicedWasserstein": (lambda b, x: nst.SlicedWasserstein()(x), [*ANYTHING, *COMPUTED, TWO]),
    "SlicedWasserstein seed": (lambda b, x: nst.SlicedWasserstein(x), COUNTS),
    "Statistic distance": (lambda b, x: nst.Statistic(len, len, x), [None, *NO_CALL]),
    "StyleTerm statistic": (lambda b, x: nst.StyleTerm(x), [None, *NO_CALL, nst.SlicedWasserstein]),
    "StyleTerm weight": (lambda b, x: nst.StyleTerm(weight=x), NUMBERS),
    "StyleTerm layers": (
        lambda b, x: transfer(b, terms=[nst.StyleTerm(layers=x, name="other")]),
        [x for x in LAYERS if x is not None],
    ),
    "Statistic means": (lambda b, x: nst.Statistic(x), [None, *NO_CALL]),
    "Statistic summary": (lambda b, x: nst.Statistic(nst.gram_matrix, x), [None, *NO_CALL]),
    "Term weight": (lambda b, x: nst.Term(x), NUMBERS),
    "Term layers": (
        lambda b, x: transfer(b, terms=[nst.Term(1.0, x)]),
        [x for x in LAYERS if x is not None],
    ),
    "StyleTransfer content": (lambda b, x: transfer(b, content=x), [*ANYTHING, *NO_IMAGE]),
    "StyleTransfer style": (
        lambda b, x: transfer(b, style=x),
        [*ANYTHING, *NO_IMAGE, [None], [IMAGE, 3], {"a": IMAGE}],
    ),
    "StyleTransfer backbone": (
        lambda b, x: nst.StyleTransfer(IMAGE, IMAGE, x),
        [*SOMETHING, *TENSORS],
    ),
    "StyleTransfer content_layers": (lambda b, x: transfer(b, content_layers=x), LAYERS),
    "StyleTransfer style_layers": (lambda b, x: transfer(b, style_layers=x), LAYERS),
    "StyleTransfer content_weight": (lambda b, x: transfer(b, content_weight=x), NUMBERS),
    "StyleTransfer style_weight": (lambda b, x: transfer(b, style_weight=x), NUMBERS),
    "StyleTransfer tv_weight": (lambda b, x: transfer(b, tv_weight=x), NUMBERS),
    "StyleTransfer init": (
        lambda b, x: transfer(b, init=x),
        [*ANYTHING, *NO_IMAGE, IMAGE[..., 1:]],
    ),
    "StyleTransfer optimizer": (lambda b, x: transfer(b, optimizer=x), [*ANYTHING, *TENSORS]),
    "StyleTransfer seed": (lambda b, x: transfer(b, seed=x), COUNTS),
    "StyleTransfer learning_rate": (lambda b, x: transfer(b, learning_rate=x), NUMBERS[1:]),
    "StyleTransfer precision": (lambda b, x: transfer(b, precision=x), [*ANYTHING, *TENSORS]),
    "StyleTransfer tile": (lambda b, x: transfer(b, tile=x), [0, "all", *COUNTS[1:]]),
    "StyleTransfer statistic": (lambda b, x: transfer(b, statistic=x), [None, *NO_CALL, *TENSORS]),
    "StyleTransfer terms": (
        lambda b, x: transfer(b, terms=x),
        [None, 3, object(), [3], [IMAGE], "ab", IMAGE, [nst.Term], [nst.Term()], Unprintable()],
    ),
    "run steps": (lambda b, x: run(b, x), COUNTS),
    "run on_step": (lambda b, x: run(b, 1, on_step=x), NO_CALL),
    "steps count": (lambda b, x: next(transfer(b).steps(x)), COUNTS),
    "estimate steps": (lambda b, x: transfer(b).estimate(x), COUNTS),
    "losses image": (lambda b, x: transfer(b).losses(x), [*ANYTHING, *TENSORS, IMAGE[..., 1:]]),
    "stylize content": (lambda b, x: stylize(b, content=x), [*ANYTHING, *NO_IMAGE]),
    "stylize style": (lambda b, x: stylize(b, style=x), [*ANYTHING, *NO_IMAGE, [None], [IMAGE, 3]]),
    "stylize size": (lambda b, x: stylize(b, size=x), [0, *COUNTS, 10**6]),
    "stylize strength": (lambda b, x: stylize(b, strength=x), [0.5, 5.5, *NUMBERS]),
    "stylize brush": (lambda b, x: stylize(b, brush=x), [0, *COUNTS[1:]]),
    "stylize steps": (lambda b, x: stylize(b, steps=x), [0, *COUNTS]),
    "stylize style_size": (lambda b, x: stylize(b, style_size=x), [0, *COUNTS[1:]]),
    "stylize backbone": (
        lambda b, x: stylize(x),
        [*SOMETHING, *TENSORS],
    ),
    "stylize checkpoint": (
        lambda b, x: stylize(b, checkpoint=x),
        [2.5, True, [], {}, object(), IMAGE, Unprintable(), "~nosuch/c", "a\0b"],
    ),
    "stylize color": (lambda b, x: stylize(b, color=x), [*ANYTHING, *TENSORS]),
    "doodle artwork": (lambda b, x: nst.doodle(x, MAP, MAP, 32), [*ANYTHING, *NO_IMAGE]),
    "doodle artwork_map": (lambda b, x: nst.doodle(IMAGE, x, MAP, 32), [*ANYTHING, *NO_IMAGE]),
    "doodle drawing": (lambda b, x: nst.doodle(IMAGE, MAP, x, 32), [*ANYTHING, *NO_IMAGE]),
    "doodle size": (lambda b, x: nst.doodle(IMAGE, MAP, MAP, x), [0, *COUNTS]),
    "stylize on_step": (lambda b, x: stylize(b, on_step=x), NO_CALL),
    "multi_scale size": (
        lambda b, x: nst.multi_scale(IMAGE, IMAGE, x, steps=1, backbone=b),
        COUNTS,
    ),
    "multi_scale scales": (
        lambda b, x: nst.multi_scale(IMAGE, IMAGE, 32, scales=x, backbone=b),
        [0, -1, 2.5, "2"],
    ),
    "glossary term": (lambda b, x: nst.glossary(x), [3, b"a", "zebra", "", object()]),
    "stylize_fast content": (
        lambda b, x: nst.stylize_fast(x, "spring", 32),
        [*ANYTHING, *NO_IMAGE],
    ),
    "stylize_fast style": (
        lambda b, x: nst.stylize_fast(IMAGE, x, 32),
        [*ANYTHING, {}, {"spring": -1}, {"spring": None}, {"spring": 0}, {3: 1}, IMAGE],
    ),
    "stylize_fast size": (lambda b, x: nst.stylize_fast(IMAGE, "spring", x), [0, 31, *COUNTS]),
    "stylize_fast strength": (
        lambda b, x: nst.stylize_fast(IMAGE, "spring", 32, x),
        [0.5, 5.5, *NUMBERS],
    ),
    "stylize_fast device": (
        lambda b, x: nst.stylize_fast(IMAGE, "spring", 32, device=x),
        ["gpu", 2.5, object(), "meta"],
    ),
    "stylize_video frames": (
        lambda b, x: video(b, frames=x),
        [*ANYTHING, *NO_IMAGE, [], [3], [IMAGE, IMAGE[..., :20]]],
    ),
    "stylize_video style": (lambda b, x: video(b, style=x), [*ANYTHING, *NO_IMAGE, [None]]),
    "stylize_video size": (lambda b, x: video(b, size=x), [0, *COUNTS]),
    "stylize_video strength": (lambda b, x: video(b, strength=x), [0.5, 5.5, *NUMBERS]),
    "stylize_video steps": (lambda b, x: video(b, steps=x), [0, *COUNTS]),
    "stylize_video frame_steps": (lambda b, x: video(b, frame_steps=x), [0, *COUNTS]),
    "stylize_video temporal_weight": (lambda b, x: video(b, temporal_weight=x), NUMBERS),
    "stylize_video distances": (
        lambda b, x: video(b, distances=x),
        [None, 3, "1", [0], [1.5], [None], object(), IMAGE],
    ),
    "stylize_video fps": (lambda b, x: video(b, fps=x), [0, -1, "12", IMAGE, object()]),
    "stylize_video checkpoint": (
        lambda b, x: video(b, checkpoint=x),
        [2.5, True, [], {}, object(), IMAGE, Unprintable(), "~nosuch/c", "a\0b"],
    ),
    "stylize_video on_frame": (lambda b, x: video(b, on_frame=x), NO_CALL),
}
WITHOUT_ARGUMENTS = {"best_device", "bundled_images", "preset", "CourseError"}


def test_every_public_name_has_its_wrong_arguments():
    tried = {name.split()[0] for name in WRONG}
    assert set(nst.__all__) <= tried | WITHOUT_ARGUMENTS


@pytest.mark.parametrize("argument", WRONG)
def test_wrong_argument_is_one_short_sentence(narrow_backbone, tmp_path, monkeypatch, argument):
    monkeypatch.chdir(tmp_path)
    key = tmp_path.parent / "key.json"
    key.write_text('{"page": "1", "pictures": [["a", 0], ["b", 0]]}')
    call, values = WRONG[argument]
    for value in values:
        kind = f"{type(value).__name__} {str(getattr(value, 'shape', ''))}"
        try:
            call(narrow_backbone, value)
        except nst.CourseError as error:
            text = str(error)
            assert len(text) < 400 and "\n" not in text and text.endswith((".", "?")), (kind, text)
            assert "tensor([" not in text and "array([" not in text and "object at 0x" not in text
        except Exception as error:
            pytest.fail(f"{argument} = {kind}: {type(error).__name__}: {error}")
        else:
            pytest.fail(f"{argument} = {kind} was taken")
    assert os.listdir(tmp_path) == []


FIGURES = [getattr(nst.plots, name) for name in nst.plots.__all__ if name != "LiveView"]
MEASURES = [
    nst.conventions.convert_weight,
    nst.device.describe,
    nst.device.fast_dtype,
    nst.device.readable_time,
    nst.visualize.PatchSearch,
    nst.visualize.deep_dream,
    nst.visualize.effective_receptive_field,
    nst.visualize.estimate_seconds,
    nst.visualize.maximize,
    nst.visualize.measured_receptive_field,
    nst.visualize.receptive_field,
    nst.visualize.spread,
    nst.visualize.unit_card,
    nst.labs.ClinicLab,
    nst.labs.ContentLab,
    nst.labs.FeatureExplorer,
    nst.labs.GramExplorer,
    nst.labs.LayerMixer,
    nst.labs.Doodle,
    nst.labs.StyleMixer,
    nst.labs.StyleTransferLab,
]


@pytest.mark.parametrize("function", [*FIGURES, *MEASURES], ids=lambda f: f.__qualname__)
def test_what_notebooks_call_takes_anything_or_says_a_sentence(function):
    """Every argument without a default is the same wrong value."""
    parameters = inspect.signature(function).parameters.values()
    count = max(1, sum(p.default is p.empty and p.kind < p.VAR_POSITIONAL for p in parameters))
    values = [value for value in ANYTHING if not (isinstance(value, str) and len(value) > 99)]
    for value in [*values, *TENSORS[:3], *TENSORS[7:], IMAGE, [IMAGE], {"a": IMAGE}]:
        try:
            function(*[value] * count)
        except nst.CourseError as error:
            text = str(error)
            assert len(text) < 500 and "\n" not in text and "tensor([" not in text, text
        finally:
            pyplot.close("all")


# ---------------------------------------------------------------- right arguments in odd places


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_losses_of_every_float_type_are_the_right_number(dtype):
    large = torch.full((1, 2, 3, 3), 300.0, dtype=dtype)
    for value, right in (
        (nst.content_loss(large, torch.zeros_like(large)), 90000.0),
        (nst.style_loss(large[0, :, :, 0], torch.zeros_like(large[0, :, :, 0])), 90000.0),
        (nst.gram_matrix(large)[0, 0, 1], 90000.0),
        (nst.total_variation(large * torch.tensor([0, 1, 0], dtype=dtype)), 90000.0),
    ):
        assert value.item() == pytest.approx(right, rel=0.01)


MODES = [torch.no_grad, torch.inference_mode, lambda: torch.set_grad_enabled(False)]


@pytest.mark.parametrize("mode", MODES, ids=["no_grad", "inference_mode", "set_grad_enabled"])
def test_a_run_works_in_every_mode_of_gradients(narrow_backbone, mode):
    layers = {"content_layers": ["relu2_1"], "style_layers": ["relu1_1", "relu2_1"]}

    def images():
        photo, artwork = nst.load_image("cat", 32), nst.load_image("great_wave", 32)
        region = torch.ones(8, 8).tril()
        return photo, nst.Style(artwork, region=region)

    expected = nst.StyleTransfer(*images(), narrow_backbone, **layers).run(3, progress=False)
    with mode():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        found = nst.StyleTransfer(*images(), narrow_backbone, **layers)
        found.estimate(3)
        steps = found.steps(3)
        for _ in steps:
            assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before
        copy = nst.StyleTransfer(*images(), narrow_backbone, **layers, init=found.image)
        copy.run(1, progress=False)
    assert torch.equal(found.image, expected.image)
    inside = nst.StyleTransfer(*images(), narrow_backbone, **layers)
    inside.run(1, progress=False)
    with mode():
        inside.run(2, progress=False)
    assert inside.iteration == 3
    torch.set_grad_enabled(True)


def test_network_loaded_in_inference_mode_has_gradients_later():
    with torch.inference_mode():
        backbone = nst.load_backbone("vgg16", device="cpu")
    image = IMAGE.clone().requires_grad_()
    backbone(image, ["relu1_2"])["relu1_2"].sum().backward()
    assert image.grad.abs().sum() > 0
