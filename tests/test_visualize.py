"""What the network sees: receptive fields, patches, optimised images, and their figures."""

import itertools
import math

import pytest
import torch
from torch import Tensor

import nst_course as nst
from nst_course import device as machine
from nst_course.exercises.judge import judge
from nst_course.visualize import maximize as activation
from nst_course.visualize import parameterization as canvas
from nst_course.visualize.patches import scaled

visualize = nst.visualize
SMALL = {"size": 48, "steps": 6}


@pytest.fixture(scope="module")
def backbone() -> nst.Backbone:
    return nst.load_backbone("vgg16", device="cpu")


@pytest.fixture(scope="module")
def photo() -> Tensor:
    return nst.load_image("cat", size=96)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


# Receptive fields.


@pytest.mark.parametrize(
    "network, layer, size, jump",
    [
        ("vgg16", "conv1_1", 3, 1),
        ("vgg16", "conv2_1", 10, 2),
        ("vgg16", "conv3_1", 24, 4),
        ("vgg16", "conv4_1", 60, 8),
        ("vgg16", "conv4_2", 76, 8),
        ("vgg16", "conv5_1", 132, 16),
        ("vgg16", "pool5", 212, 32),
        ("vgg19", "conv4_2", 84, 8),
        ("vgg19", "conv5_1", 156, 16),
        ("vgg19", "conv5_4", 252, 16),
    ],
)
def test_receptive_fields_have_the_published_values(network, layer, size, jump):
    field = visualize.receptive_field(layer, network)
    assert (field.layer, field.size, field.jump) == (layer, size, jump)


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_recurrence_agrees_with_the_gradient_for_every_layer(network):
    for layer in nst.layer_names(network):
        assert visualize.receptive_field(layer, network) == visualize.measured_field(layer, network)


@pytest.mark.parametrize(
    "layer, row, column", [("conv2_2", 9, 4), ("relu3_1", 6, 8), ("pool3", 3, 4)]
)
def test_a_unit_depends_on_every_part_of_its_box_and_on_nothing_else(backbone, layer, row, column):
    image = noise(72, 88)
    top, left, bottom, right = visualize.receptive_field(layer).box(row, column)
    assert min(top, left) >= 0 and bottom <= 72 and right <= 88
    before = backbone(image, [layer])[layer][0, :, row, column]
    outside = noise(72, 88, seed=1)
    outside[..., top:bottom, left:right] = image[..., top:bottom, left:right]
    after = backbone(outside, [layer])[layer][0, :, row, column]
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-3)
    for edge in ((top, slice(left, right)), (bottom - 1, slice(left, right))):
        changed = image.clone()
        changed[(..., *edge)] = 1 - changed[(..., *edge)]
        assert not torch.equal(backbone(changed, [layer])[layer][0, :, row, column], before)


def test_the_box_is_what_the_exercise_asks_for():
    def answer(row, column, size, jump, first_centre):
        return visualize.ReceptiveField("", size, jump, first_centre).box(row, column)

    assert judge(nst.exercises.unit_patch, answer).solved


def test_the_effective_field_lies_in_the_box_and_is_narrower(backbone, photo):
    field = visualize.receptive_field("conv3_1")
    row, column = 8, 11
    strength = visualize.effective_field(backbone, "conv3_1", photo, (row, column))
    top, left, bottom, right = field.box(row, column)
    assert strength.shape == photo.shape[2:]
    assert strength.max() == 1 and strength.min() == 0
    inside = torch.zeros_like(strength)
    inside[top:bottom, left:right] = 1
    assert torch.equal(strength * inside, strength)
    assert 0 < 4 * visualize.spread(strength) < field.size


def test_spread_is_the_standard_deviation_of_a_gaussian():
    places = torch.arange(61.0) - 30
    gaussian = torch.exp(-places.square() / (2 * 5**2))
    assert visualize.spread(gaussian[:, None] * gaussian) == pytest.approx(5, rel=1e-3)


def test_an_image_smaller_than_the_receptive_field_is_fine(backbone):
    strength = visualize.effective_field(backbone, "conv5_1", noise(40, 40))
    assert strength.shape == (40, 40) and strength.max() == 1


def test_impossible_layers_and_positions_are_named(backbone, photo):
    with pytest.raises(nst.CourseError, match="conv4_3"):
        visualize.receptive_field("conv4_4")
    with pytest.raises(nst.CourseError, match='choose "vgg16" or "vgg19"'):
        visualize.receptive_field("conv4_1", "vgg11")
    with pytest.raises(nst.CourseError, match="8 rows and 12 columns"):
        visualize.effective_field(backbone, "conv4_1", photo, (8, 0))


# The network underneath.


def test_a_conv_layer_returns_negative_values_and_a_relu_layer_none(backbone, photo):
    layers = [name for name in backbone.layers if name.startswith(("conv", "relu"))]
    for name, features in backbone(photo, layers).items():
        assert (features.min() < 0) == name.startswith("conv"), name
        if name.startswith("conv"):
            relu = backbone(photo, [name.replace("conv", "relu")])
            assert torch.equal(relu[name.replace("conv", "relu")], features.relu())


def test_nothing_is_left_behind_on_the_network(photo):
    backbone = nst.load_backbone("vgg16", device="cpu")
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    search = visualize.PatchSearch(backbone, ["relu2_1"], {"cat": photo}, sizes=(64,))
    visualize.unit_card(backbone, "relu2_1", 3, photo, search, size=32, steps=2)
    visualize.deep_dream(backbone, photo, "relu2_1", octaves=1, steps=1)
    visualize.effective_field(backbone, "conv2_1", photo, draws=1)
    for module in backbone.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert not module._backward_hooks and not module._backward_pre_hooks
    assert all(p.grad is None and not p.requires_grad for p in backbone.parameters())
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())


# Patches.


def test_patches_equal_a_brute_force_search(backbone):
    images = {"a": noise(50, 70, 1), "b": noise(64, 41, 2), "c": noise(33, 33, 3)}
    sizes, layers = (32, 64), ("conv1_2", "relu3_1")
    search = visualize.PatchSearch(backbone, layers, images, sizes)
    for layer, channel in itertools.product(layers, (0, 5, 30)):
        expected = []
        for name, image in images.items():
            places = []
            for side in {min(size, max(image.shape[2:])) for size in sizes}:
                values = backbone(scaled(image, side), [layer])[layer][0, channel].tolist()
                for row, line in enumerate(values):
                    places += [(value, side, row, column) for column, value in enumerate(line)]
            expected.append((name, *max(places)))
        expected.sort(key=lambda found: -found[1])
        found = search.top(layer, channel)
        for patch, (name, value, side, row, column) in zip(found, expected, strict=True):
            assert patch.activation == pytest.approx(value, rel=1e-4, abs=1e-3)
            if value > 0:  # a unit that is silent after its ReLU is 0 everywhere, at every scale
                assert (patch.picture, max(patch.whole.shape[2:])) == (name, side)
                assert patch.box == visualize.receptive_field(layer).box(row, column)


def test_a_patch_shows_what_hangs_over_the_picture():
    whole = noise(20, 30)
    patch = visualize.Patch("noise", 1.0, whole, (-4, 22, 12, 38))
    assert patch.image.shape == (1, 3, 16, 16)
    assert patch.inside == (4, 0, 16, 8)
    top, left, bottom, right = patch.inside
    assert torch.equal(patch.image[..., top:bottom, left:right], whole[..., 0:12, 22:30])
    assert (patch.image[..., :4, :] == 0.5).all() and (patch.image[..., 8:] == 0.5).all()


def test_of_equal_activations_the_first_place_on_the_smallest_copy_counts(backbone):
    search = visualize.PatchSearch(
        backbone, ["relu3_1"], {"noise": noise(50, 70, 1)}, sizes=(32, 64)
    )
    [patch] = search.top("relu3_1", 30)  # silent on noise
    assert patch.activation == 0 and max(patch.whole.shape[2:]) == 32
    assert patch.box == visualize.receptive_field("relu3_1").box(0, 0)


def test_nine_patches_come_from_nine_pictures(backbone):
    search = visualize.PatchSearch(backbone, ["relu3_2"], sizes=(48,))
    found = search.top("relu3_2", 84)
    assert len(found) == len({patch.picture for patch in found}) == 9
    activations = [patch.activation for patch in found]
    assert activations == sorted(activations, reverse=True)
    assert {patch.picture for patch in found} <= set(nst.bundled_images())


def test_a_picture_smaller_than_the_receptive_field_gives_a_whole_patch(backbone):
    search = visualize.PatchSearch(backbone, ["conv5_1"], {"tiny": noise(40, 56)}, sizes=(56, 500))
    [patch] = search.top("conv5_1", 0)
    assert patch.image.shape == (1, 3, 132, 132)
    top, left, bottom, right = patch.inside
    assert (bottom - top, right - left) == (40, 56)


def test_a_search_names_what_it_can_be_asked(backbone):
    search = visualize.PatchSearch(backbone, ["relu1_2"], {"noise": noise(32, 32)})
    with pytest.raises(nst.CourseError, match="covers relu1_2"):
        search.top("relu2_2", 0)
    with pytest.raises(nst.CourseError, match="did you mean"):
        search.top("relu2_9", 0)
    with pytest.raises(nst.CourseError, match="channels 0 to 63, not 64"):
        search.top("relu1_2", 64)


# Activation maximisation.


def test_activation_loss_passes_its_own_exercise():
    assert judge(nst.exercises.activation_loss, visualize.activation_loss).solved


def test_maximise_excites_and_inhibits(backbone):
    settings = {"channels": 84, "size": 64, "steps": 16}
    [up] = visualize.maximise(backbone, "conv3_2", **settings)
    [down] = visualize.maximise(backbone, "conv3_2", sign=-1, **settings)
    assert up.objective[-1] > 5 * abs(up.objective[0]) and len(up.objective) == 16
    assert down.objective[-1] > 5 * abs(down.objective[0])
    answers = {
        name: backbone(optimum.image, ["conv3_2"])["conv3_2"][0, 84]
        for name, optimum in (("up", up), ("down", down))
    }
    assert answers["up"].mean() > 0 > answers["down"].mean()
    assert up.strongest == pytest.approx(answers["up"].max().item(), rel=1e-4)
    assert down.strongest == pytest.approx(answers["down"].min().item(), rel=1e-4)


def test_an_image_depends_on_its_seed_and_not_on_its_neighbours(backbone):
    together = visualize.maximise(backbone, "conv2_2", [3, 21], **SMALL)
    [alone] = visualize.maximise(backbone, "conv2_2", [21], **SMALL)
    [again] = visualize.maximise(backbone, "conv2_2", [21], **SMALL)
    [other] = visualize.maximise(backbone, "conv2_2", [21], seed=1, **SMALL)
    assert [optimum.channel for optimum in together] == [3, 21]
    assert torch.equal(alone.image, again.image)
    torch.testing.assert_close(together[1].image, alone.image, rtol=0, atol=2e-3)
    assert (other.image - alone.image).abs().max() > 0.05


def test_a_relu_layer_means_the_same_units_as_its_conv_layer(backbone):
    [conv] = visualize.maximise(backbone, "conv2_2", 3, **SMALL)
    [relu] = visualize.maximise(backbone, "relu2_2", 3, **SMALL)
    assert torch.equal(conv.image, relu.image) and relu.layer == "conv2_2"


@pytest.mark.parametrize("fast", [torch.float32, torch.bfloat16, torch.float16])
def test_precision_is_what_is_fast_on_the_device(backbone, monkeypatch, fast):
    monkeypatch.setattr(machine, "fast_dtype", lambda device: fast)
    network = activation.in_precision(backbone, "auto")
    assert network.convolutions["conv5_1"].weight.dtype == fast


def test_the_precision_of_the_transfer_is_taken(backbone):
    exact, *short = (
        visualize.maximise(backbone, "conv3_1", 12, size=48, steps=12, precision=precision)[0]
        for precision in ("float32", "bfloat16", "float16")
    )
    for found in short:
        assert found.image.dtype == torch.float32
        assert found.objective[-1] == pytest.approx(exact.objective[-1], rel=0.1)
    with pytest.raises(nst.CourseError, match="'float32', 'bfloat16'"):
        visualize.maximise(backbone, "conv3_1", 12, precision="float8")


# Measured on the embedded network: on the faint start this unit is silent at every position.
SILENT_AT_THE_START = ("conv2_2", 9)


def test_a_dead_unit_is_reported_and_cured(backbone):
    layer, channel = SILENT_AT_THE_START
    [dead] = visualize.maximise(backbone, layer, channel, leak=0, **SMALL)
    assert not dead.moved and "no gradient" in dead.title
    noise_only = canvas.paint(
        canvas.start("fourier", SMALL["size"], 0), "fourier", "decorrelated", SMALL["size"]
    )
    assert torch.equal(dead.image, noise_only)
    [before] = visualize.maximise(backbone, layer, channel, leak=1, size=48, steps=64)
    [cured] = visualize.maximise(backbone, layer, channel, size=48, steps=64)
    assert before.moved and cured.moved
    assert cured.strongest > max(100, 5 * before.strongest)


def test_no_unit_is_left_out(backbone):
    channels = list(range(0, 128, 8))
    found = visualize.maximise(backbone, "relu2_2", channels, leak=0, size=32, steps=2)
    assert [optimum.channel for optimum in found] == channels
    assert {optimum.moved for optimum in found} == {True, False}


@pytest.mark.parametrize("size", [50, 33, 16])
def test_sizes_need_not_be_divisible_by_16(backbone, size):
    for image in canvas.DESCRIPTIONS:
        [optimum] = visualize.maximise(backbone, "conv5_1", 1, size=size, steps=2, image=image)
        assert optimum.image.shape == (1, 3, size, size)


@pytest.mark.parametrize(
    "change, says",
    [
        ({"layer": "conv6_1"}, "has no layer"),
        ({"channels": 512}, "channels 0 to 511, not 512"),
        ({"channels": [-1]}, "channels 0 to 511, not -1"),
        ({"channels": [1.5]}, "not 1.5"),
        ({"image": "waves"}, "'fourier', 'pixels'"),
        ({"colours": "grey"}, "'decorrelated', 'plain'"),
        ({"sign": 0}, "sign is one of"),
        ({"size": 7}, "needs at least 8 px"),
    ],
)
def test_what_is_impossible_is_said_in_a_sentence(backbone, change, says):
    arguments = {"layer": "conv4_2", "channels": 0, "steps": 1, **change}
    with pytest.raises(nst.CourseError, match=says):
        visualize.maximise(backbone, **arguments)


def test_the_forecast_counts_steps_and_not_the_start(backbone, monkeypatch):
    """On a clock that a start moves by 3 s and a step by 0.5 s."""
    clock = [0.0]

    def run(*arguments, steps, **settings):
        clock[0] += 3 + 0.5 * steps

    monkeypatch.setattr("nst_course.visualize.maximize.maximise", run)
    monkeypatch.setattr("nst_course.transfer.estimate.time.perf_counter", lambda: clock[0])
    assert visualize.seconds_for(backbone, "conv1_1", steps=96) == pytest.approx(3 + 48)


def test_no_channels_give_no_images(backbone):
    assert visualize.maximise(backbone, "conv1_1", [], **SMALL) == []


# The image as waves.


def test_waves_are_weighted_by_one_over_their_frequency():
    size = 32
    weights = canvas.wave_weights(size)
    for row, column in itertools.product(range(size), range(size // 2 + 1)):
        vertical = min(row, size - row) / size
        expected = 1 / max(math.hypot(vertical, column / size), 1 / size)
        assert weights[row, column].item() == pytest.approx(expected, rel=1e-5)


def test_one_coefficient_paints_one_wave():
    size, row, column = 32, 3, 5
    parameters = torch.zeros(1, 3, size, size // 2 + 1, 2)
    parameters[0, :, row, column, 0] = 0.01
    image = canvas.paint(parameters, "fourier", "plain", size)
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    wave = torch.cos(2 * math.pi * (row * y + column * x) / size)
    values = torch.logit(image[0, 0])
    amplitude = 2 * 0.01 * size / math.hypot(row, column) / size / 4  # both halves of the spectrum
    torch.testing.assert_close(values, amplitude * wave, rtol=1e-3, atol=1e-5)


def test_decorrelated_colours_vary_as_in_photographs():
    """Equal noise on the three colour axes becomes mostly brightness: red, green and blue agree."""
    parameters = canvas.start("pixels", 64, 0) * 10
    plain, colours = (
        torch.logit(canvas.paint(parameters, "pixels", kind, 64))[0].flatten(1)
        for kind in ("plain", "decorrelated")
    )
    assert torch.corrcoef(plain)[0, 1].abs() < 0.1
    assert torch.corrcoef(colours)[0, 1] > 0.8 and torch.corrcoef(colours)[1, 2] > 0.8


# Dreams.


def test_a_dream_excites_the_layer_and_keeps_the_shape(backbone, photo):
    image = photo[..., :61]
    dream = visualize.deep_dream(backbone, image, "relu3_1", octaves=2, steps=3)
    assert dream.shape == image.shape and dream.min() >= 0 and dream.max() <= 1
    answers = backbone(torch.cat([image, dream]), ["relu3_1"])["relu3_1"].square().mean((1, 2, 3))
    assert answers[1] > 1.5 * answers[0]
    again = visualize.deep_dream(backbone, image, "relu3_1", octaves=2, steps=3)
    assert torch.equal(dream, again)


def test_a_dream_of_chosen_channels_excites_those(backbone, photo):
    dream = visualize.deep_dream(backbone, photo, "relu3_2", [84], octaves=1, steps=4)
    means = backbone(torch.cat([photo, dream]), ["relu3_2"])["relu3_2"].mean((2, 3))
    growth = means[1] / means[0].clamp(min=1)
    assert growth[84] > growth.median() * 2


def test_impossible_dreams_are_refused(backbone, photo):
    with pytest.raises(nst.CourseError, match="channels 0 to 255"):
        visualize.deep_dream(backbone, photo, "relu3_1", [256])
    with pytest.raises(nst.CourseError, match="did you mean"):
        visualize.deep_dream(backbone, photo, "relu_3_1")
    with pytest.raises(nst.CourseError, match="too small"):
        visualize.deep_dream(backbone, noise(20, 20), "relu5_1")


# Figures.


def test_every_figure_is_drawn_and_closed(backbone, photo):
    import matplotlib.pyplot as plt

    layers = ["relu1_2", "relu3_1"]
    search = visualize.PatchSearch(backbone, layers, sizes=(48,))
    card = visualize.unit_card(backbone, "relu3_1", 5, photo, search, **SMALL)
    fields = [visualize.receptive_field(layer) for layer in layers]
    effective = [visualize.effective_field(backbone, layer, photo, draws=1) for layer in layers]
    maps = nst.plots.activation_maps(
        backbone(photo, layers), {layer: [0, 1, 2] for layer in layers}
    )
    figures = {
        "network": (nst.plots.network(backbone), 1),
        "filters": (nst.plots.filters(backbone), 64),
        "maps": (maps, 6),
        "fields": (nst.plots.receptive_fields(photo, fields, effective), 4),
        "patches": (nst.plots.patches(search.top("relu3_1", 5)), 9),
        "true size": (nst.plots.true_size([photo] * 3, ["a", "b", "c"], columns=2), 3),
        "card": (nst.plots.unit_card(card), 2 + 9 + 9 + 1),
        "profile": (nst.plots.layer_profile({"a": {"relu1_1": 1.0, "relu2_1": 2.0}}, "b"), 1),
    }
    for name, (figure, axes) in figures.items():
        assert len(figure.axes) == axes, name
        figure.canvas.draw()
    assert not plt.get_fignums()


def test_a_silent_channel_is_drawn_black_and_named():
    features = {"conv1_1": torch.stack([-torch.ones(4, 6), torch.ones(4, 6)])[None]}
    figure = nst.plots.activation_maps(features, {"conv1_1": [0, 1]})
    figure.canvas.draw()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["channel 0, silent", "channel 1, up to 1"]


def test_the_network_is_drawn_with_its_numbers(backbone):
    axis = nst.plots.network(backbone, size=224).axes[0]
    words = "\n".join(text.get_text() for text in axis.texts)
    for expected in ("conv5_3", "pool1", "14×14 units\n512 channels\n1 unit every 16 px"):
        assert expected in words
