"""The backbone against the same layers written out with torch's functions, in float64."""

import pytest
import torch
import torch.nn.functional as F

import nst_course as nst
from nst_course.network import weights
from nst_course.network.vgg import Backbone

NETWORKS = ("vgg16", "vgg19")
POOLS = {"max": F.max_pool2d, "avg": F.avg_pool2d}


def parameters(network: str = "vgg16", dtype: torch.dtype = torch.float64) -> dict:
    """Of networks with all their layers and few channels."""
    drawn = weights.random_parameters(network, widths=(4, 5, 6, 7, 8))
    generator = torch.Generator().manual_seed(1)
    return {
        name: (torch.randn(value.shape, generator=generator) if "bias" in name else value).to(dtype)
        for name, value in drawn.items()
    }


def random_image(height: int, width: int, batch: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float64)


def written_out(network: str, image: torch.Tensor, pooling: str) -> dict[str, torch.Tensor]:
    """Every layer, one after the other, each in memory of its own."""
    given = parameters(network)
    mean = torch.tensor(weights.MEANS[network]).double().view(1, 3, 1, 1)
    x = image * 255 - mean
    features = {}
    for block, convolutions in enumerate(weights.BLOCKS[network], start=1):
        for number in range(1, convolutions + 1):
            name = f"{block}_{number}"
            kernel, bias = given[f"conv{name}.weight"], given[f"conv{name}.bias"]
            features[f"conv{name}"] = F.conv2d(x, kernel, bias, padding=1)
            features[f"relu{name}"] = x = features[f"conv{name}"].clamp(min=0)
        features[f"pool{block}"] = x = POOLS[pooling](x, 2)
    return features


# ---------------------------------------------------------------- what it computes


@pytest.mark.parametrize("pooling", POOLS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_layer_equals_the_network_written_out(network, pooling):
    image = random_image(37, 33)
    expected = written_out(network, image, pooling)
    found = Backbone(network, parameters(network), pooling)(image, expected)
    assert list(found) == list(expected) == nst.layer_names(network)
    for name, features in expected.items():
        torch.testing.assert_close(found[name], features, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("layer", nst.layer_names("vgg16"))
def test_layer_is_the_same_asked_for_alone_or_with_all(layer):
    backbone, image = Backbone("vgg16", parameters()), random_image(32, 32)
    assert torch.equal(backbone(image, [layer])[layer], backbone(image, backbone.layers)[layer])


def test_conv_layer_keeps_its_negatives_beside_its_relu():
    backbone = Backbone("vgg16", parameters())
    found = backbone(random_image(16, 16), ["relu2_1", "conv2_1"])
    assert found["conv2_1"].min() < 0
    assert torch.equal(found["relu2_1"], found["conv2_1"].clamp(min=0))


def test_names_in_any_order_repeated_or_as_one_string():
    backbone, image = Backbone("vgg16", parameters()), random_image(16, 16)
    found = backbone(image, ("pool2", "conv1_1", "pool2"))
    assert list(found) == ["conv1_1", "pool2"]
    assert list(backbone(image, "pool2")) == ["pool2"] and backbone(image, []) == {}


@pytest.mark.parametrize("layer", ["conv1_1", "relu2_2", "pool3", "conv5_1"])
def test_no_layer_past_the_deepest_one_is_run(layer):
    backbone = Backbone("vgg19", parameters("vgg19"))
    run = []
    for name, convolution in backbone.convolutions.items():
        convolution.register_forward_hook(lambda *_, name=name: run.append(name))
    backbone(random_image(16, 16), ["conv1_1", layer])
    deepest = backbone.layers.index(layer)
    assert run == [name for name in backbone.layers[: deepest + 1] if name.startswith("conv")]


def test_batch_gives_the_features_of_each_image():
    backbone, batch = Backbone("vgg16", parameters()), random_image(20, 24, batch=3)
    together = backbone(batch, ["relu3_1"])["relu3_1"]
    for image, features in zip(batch, together, strict=True):
        alone = backbone(image[None], ["relu3_1"])["relu3_1"][0]
        torch.testing.assert_close(features, alone)


@pytest.mark.parametrize("network", NETWORKS)
def test_image_of_the_mean_color_becomes_zeros(network):
    mean = torch.tensor(weights.MEANS[network]).view(1, 3, 1, 1) / 255
    given = parameters(network, torch.float32)
    found = Backbone(network, given)(mean.expand(1, 3, 8, 8), ["conv1_1"])["conv1_1"]
    expected = given["conv1_1.bias"].view(1, -1, 1, 1).expand_as(found)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_image_and_parameters_are_left_as_they_were():
    given, image = parameters(), random_image(16, 16)
    copies, copied_image = {name: value.clone() for name, value in given.items()}, image.clone()
    backbone = Backbone("vgg16", given)
    backbone(image.requires_grad_(), ["relu4_1"])["relu4_1"].sum().backward()
    assert torch.equal(image, copied_image)
    assert all(torch.equal(given[name], copy) for name, copy in copies.items())


def test_gradient_of_the_image_agrees_with_finite_differences():
    backbone = Backbone("vgg16", parameters(), "avg")
    image = random_image(6, 6).requires_grad_()

    def features(picture):
        return torch.cat([x.flatten() for x in backbone(picture, ["relu1_2", "conv2_1"]).values()])

    assert torch.autograd.gradcheck(features, image, eps=1e-7, atol=1e-3, fast_mode=True)


def test_network_is_frozen_and_in_eval_mode():
    backbone = Backbone("vgg16", parameters())
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert not backbone.training
    assert not backbone(random_image(8, 8), ["relu1_1"])["relu1_1"].requires_grad


# ---------------------------------------------------------------- types and devices


def test_copy_in_bfloat16_is_close_and_leaves_the_original():
    backbone = Backbone("vgg16", parameters(dtype=torch.float32))
    image = random_image(32, 32).float()
    exact, coarse = (
        network(image, ["relu3_1"])["relu3_1"]
        for network in (backbone, backbone.in_precision(torch.bfloat16))
    )
    assert exact.dtype == torch.float32 and coarse.dtype == torch.bfloat16
    assert 0 < (coarse - exact).norm() / exact.norm() < 0.03


def test_shallow_layers_of_a_copy_in_bfloat16_stay_exact():
    """Two images that bfloat16 cannot tell apart differ in relu2_1, and the gradient is float32."""
    backbone = Backbone("vgg16", parameters(dtype=torch.float32))
    coarse = backbone.in_precision(torch.bfloat16)
    image = random_image(32, 32).float().requires_grad_()
    layers = ["relu1_1", "relu2_1", "relu2_2"]
    found, expected = coarse(image, layers), backbone(image, layers)
    assert torch.equal(found["relu2_1"], expected["relu2_1"])
    assert found["relu2_2"].dtype == torch.bfloat16
    (gradient,) = torch.autograd.grad(found["relu2_2"].float().square().mean(), image)
    assert not torch.equal(gradient, gradient.bfloat16().float())
    assert {layer.weight.dtype for layer in backbone.convolutions.values()} == {torch.float32}


def test_image_goes_to_the_device_of_the_network():
    backbone = Backbone("vgg16", parameters()).to("meta")
    found = backbone(random_image(16, 16), ["pool2"])["pool2"]
    assert backbone.device.type == found.device.type == "meta" and found.shape == (1, 5, 4, 4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_gpu_computes_what_the_cpu_computes():
    backbone, image = Backbone("vgg16", parameters()), random_image(32, 32)
    on_cpu = backbone(image, ["relu4_1"])["relu4_1"]
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        on_gpu = backbone.to("cuda")(image, ["relu4_1"])["relu4_1"]
    assert on_gpu.device.type == "cuda"
    torch.testing.assert_close(on_gpu.cpu(), on_cpu)


# ---------------------------------------------------------------- names and sizes


@pytest.mark.parametrize(("network", "count"), [("vgg16", 13), ("vgg19", 16)])
def test_layer_names_are_those_of_the_paper(network, count):
    names = nst.layer_names(network)
    assert len(set(names)) == len(names) == 2 * count + 5
    assert names[:5] == ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"]
    assert names[-1] == "pool5"
    for conv, relu in zip(names, names[1:], strict=False):
        assert not conv.startswith("conv") or relu == conv.replace("conv", "relu")


@pytest.mark.parametrize("network", NETWORKS)
def test_channels_are_those_of_the_features(network):
    backbone = Backbone(network, parameters(network))
    for name, features in backbone(random_image(32, 32), backbone.layers).items():
        assert backbone.channels(name) == features.shape[1]


@pytest.mark.parametrize("layer", ["conv1_1", "pool1", "relu2_1", "pool3", "conv4_2", "pool5"])
def test_smallest_image_works_and_the_next_smaller_one_says_so(layer):
    backbone = Backbone("vgg16", parameters())
    side = 2 ** (int(layer[4]) - (not layer.startswith("pool")))
    assert backbone(random_image(side, side + 3), [layer])[layer].shape[2] == 1
    if side > 1:
        with pytest.raises(nst.CourseError, match=f"too small for {layer}.*at least {side} px"):
            backbone(random_image(side + 3, side - 1), [layer])


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("asked", "meant"), [("relu4_22", "relu4_2"), ("Relu1_1", "relu1_1"), ("conv3_4", "conv3_3")]
)
def test_unknown_layer_suggests_a_near_one(asked, meant):
    backbone = Backbone("vgg16", parameters())
    for use in (lambda: backbone(random_image(8, 8), [asked]), lambda: backbone.channels(asked)):
        with pytest.raises(nst.CourseError, match=f'no layer "{asked}"; did you mean "{meant}"'):
            use()


@pytest.mark.parametrize("layer", ["42", "features.21", 7])
def test_unknown_layer_without_a_near_one_shows_how_names_look(layer):
    with pytest.raises(nst.CourseError, match="names look like relu4_2|did you mean"):
        Backbone("vgg16", parameters())(random_image(8, 8), [layer])


@pytest.mark.parametrize(
    "image",
    [
        torch.zeros(3, 8, 8),
        torch.zeros(1, 1, 8, 8),
        torch.zeros(1, 3, 8, 8, dtype=torch.uint8),
        "cat",
    ],
    ids=["no batch", "gray", "whole numbers", "a name"],
)
def test_anything_but_an_image_is_refused(image):
    with pytest.raises(nst.CourseError, match="An image"):
        Backbone("vgg16", parameters(dtype=torch.float32))(image, ["relu1_1"])


def test_unknown_pooling_and_network_are_refused_before_anything_is_loaded(monkeypatch):
    def forbidden(network):
        raise AssertionError("loaded")

    monkeypatch.setattr("nst_course.network.vgg.load_parameters", forbidden)
    with pytest.raises(nst.CourseError, match="'max', 'avg'"):
        nst.load_backbone("vgg19", pooling="sum")
    with pytest.raises(nst.CourseError, match="'vgg16', 'vgg19'"):
        nst.layer_names("resnet")


# ---------------------------------------------------------------- the real one


def test_embedded_network_is_frozen_and_varies_more_over_a_photograph_than_over_gray(backbone):
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    photo, gray = nst.load_image("cat", size=64), torch.full((1, 3, 43, 64), 0.5)
    varied, flat = (backbone(image, ["relu4_2"])["relu4_2"] for image in (photo, gray))
    assert varied.shape == flat.shape == (1, 512, 5, 8)
    # Away from the border, a channel is constant over a gray image, and not over a cat.
    assert varied[..., 2, 2:-2].std(-1).mean() > 5 * flat[..., 2, 2:-2].std(-1).mean()


def test_a_conv_layer_returns_negative_values_and_a_relu_layer_none(backbone, photo):
    layers = [name for name in backbone.layers if name.startswith(("conv", "relu"))]
    for name, features in backbone(photo, layers).items():
        assert (features.min() < 0) == name.startswith("conv"), name
        if name.startswith("conv"):
            relu = backbone(photo, [name.replace("conv", "relu")])
            assert torch.equal(relu[name.replace("conv", "relu")], features.relu())
