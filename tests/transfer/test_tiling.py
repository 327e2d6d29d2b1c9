"""Tiles against the whole picture: equal sums and equal gradients, whatever the sizes.

The network has few and random channels, more of them in deeper layers, so that all segments have
several tiles.
"""

import copy

import pytest
import torch

import nst_course as nst
from nst_course.network import weights
from nst_course.statistics import fast_gram_matrix
from nst_course.transfer import tiling
from nst_course.transfer.tiling import TiledNetwork

STYLE = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
CONTENT = ["relu4_2"]
# Relative to the largest gradient there is; float64 leaves no room for a seam.
BOUNDS = {torch.float64: 1e-13, torch.float32: 1e-5}


@pytest.fixture(autouse=True)
def one_thread():
    """Convolutions as small as these take longer to share out than to compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(pooling: str = "max", dtype: torch.dtype = torch.float64, name: str = "vgg16"):
    parameters = weights.random_parameters(name, widths=(4, 8, 16, 64, 64))
    parameters["conv1_1.weight"] /= 50  # 0…255 in, about one out
    return nst.Backbone(name, parameters, pooling).in_precision(dtype)


def picture(height: int, width: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(height)
    return torch.rand((1, 3, height, width), generator=generator).to(dtype).requires_grad_()


def targets_for(backbone, image, layers) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return {name: found * 0.5 + 0.1 for name, found in backbone(image.flip(3), layers).items()}


def measure(network, image, targets: dict, style) -> tuple[dict, dict]:
    """Content losses and Gram matrices by layer, as the terms measure them."""

    def content(layer):
        return lambda features, part: nst.content_loss(features, part.of(targets[layer]))

    measurements = [(layer, content(layer)) for layer in targets]
    measurements += [(layer, lambda features, part: fast_gram_matrix(features)) for layer in style]
    found = network.measure(image, measurements)
    contents = dict(zip(targets, found, strict=False))
    return contents, dict(zip(style, found[len(targets) :], strict=True))


def gradient(contents: dict, grams: dict, image: torch.Tensor) -> torch.Tensor:
    """Of a sum to which every layer adds about as much as any other."""
    total = sum(loss / loss.detach() for loss in contents.values())
    for gram in grams.values():
        slope = torch.linspace(-1, 2, gram.numel(), dtype=gram.dtype).view_as(gram)  # no symmetry
        total = total + (gram * slope / gram.detach().norm()).sum()
    return torch.autograd.grad(total, image)[0]


def compare(backbone, image, tile: int, content=CONTENT, style=STYLE) -> None:
    targets = targets_for(backbone, image, content)
    features = backbone(image, [*content, *style])
    whole = (
        {name: nst.content_loss(features[name], targets[name]) for name in content},
        {name: nst.gram_matrix(features[name]) for name in style},
    )
    tiled = measure(TiledNetwork(backbone, tile), image, targets, style)
    bound = BOUNDS[image.dtype]
    for expected, found in zip(whole, tiled, strict=True):
        assert list(found) == list(expected)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=bound, atol=bound)
    expected, found = gradient(*whole, image), gradient(*tiled, image)
    assert found.shape == image.shape and found.dtype == image.dtype
    assert (found - expected).abs().max() < bound * expected.abs().max()
    assert (found - expected).norm() < bound * expected.norm()


def count_tiles(backbone, image, tile: int) -> list[int]:
    """How many tiles each segment has, so that a test knows that it tested something."""
    counts, size = [], image.shape[2:]
    for segment in TiledNetwork(backbone, tile).segments(STYLE):
        counts.append(len(list(segment.tiles(*size))))
        size = [side // segment.multiple for side in size]
    return counts


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize(
    ("size", "tile", "counts"),
    [
        ((64, 96), 16, [24, 6, 6, 2]),
        ((75, 53), 20, [12, 4, 4, 1]),
        ((33, 101), 16, [21, 3, 3, 2]),
        ((97, 16), 25, [5, 2, 2, 1]),
        ((64, 96), 1000, [1, 1, 1, 1]),
    ],
)
def test_tiles_equal_the_whole(dtype, pooling, size, tile, counts):
    backbone, image = network(pooling, dtype), picture(*size, dtype)
    assert count_tiles(backbone, image, tile) == counts
    compare(backbone, image, tile)


@pytest.mark.parametrize(
    ("content", "style"),
    [
        ([], ["relu1_1"]),
        (["relu1_1"], []),
        (["conv1_1", "relu1_2"], ["relu1_1"]),
        (["pool1", "conv2_2", "pool2"], ["conv2_2", "relu2_2", "pool2"]),
        (["conv3_3", "pool3"], ["relu4_3", "pool4"]),
        (["conv5_1", "relu5_3", "pool5"], ["relu1_2", "relu5_3"]),
        (["relu5_2"], []),
    ],
)
@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_layers_at_any_depth(content, style, name):
    compare(network(name=name), picture(83, 70), tile=24, content=content, style=style)


def test_smallest_picture_that_reaches_the_deepest_layer():
    compare(network(), picture(16, 19), tile=1)
    compare(network(), picture(32, 47), tile=6, content=["pool5"])


def test_real_network_in_float32():
    compare(nst.load_backbone(device="cpu"), picture(75, 101, torch.float32), tile=40)


def test_features_are_put_together_from_tiles():
    backbone, image = network(), picture(75, 53)
    layers = ["relu1_2", "conv3_1", "pool4", "relu5_1"]
    expected, found = backbone(image, layers), TiledNetwork(backbone, 16).features(image, layers)
    assert list(found) == layers
    for layer in layers:
        torch.testing.assert_close(found[layer], expected[layer], rtol=1e-12, atol=1e-12)


def test_bfloat16_is_as_near_as_without_tiles_and_adds_up_in_float32():
    image, gradients = picture(75, 53, torch.float32), []
    for dtype, tile in ((torch.float32, 1000), (torch.bfloat16, 1000), (torch.bfloat16, 16)):
        backbone = network(dtype=dtype)
        targets = targets_for(network(dtype=torch.float32), image, CONTENT)
        contents, grams = measure(TiledNetwork(backbone, tile), image, targets, STYLE)
        assert all(gram.dtype == torch.float32 for gram in grams.values())
        gradients.append(gradient(contents, grams, image))
    exact, whole, tiled = gradients
    assert 0 < (tiled - exact).norm() < 1.2 * (whole - exact).norm()


def test_no_tile_is_larger_than_asked_for_and_all_cover_the_picture_once():
    backbone = network()
    for segment in TiledNetwork(backbone, 40).segments(STYLE):
        for size in (64, 75, 97):
            seen = torch.zeros(1, 1, size, size)
            for tile in segment.tiles(size, size):
                tile.inner(seen, 0).add_(1)
                assert max(tile.inner(seen, 0).shape) <= segment.side + 2 * segment.multiple
            assert (seen == 1).all()


def test_graph_can_be_gone_through_once():
    backbone, image = network(), picture(32, 32)
    _, grams = measure(TiledNetwork(backbone, 16), image, {}, STYLE)
    total = sum(gram.sum() for gram in grams.values())
    total.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="one backward pass"):
        total.backward()


def test_what_is_kept_is_the_inputs_of_the_segments_only():
    """56 bytes a pixel between the passes, as the module says, and nothing of any tile."""
    image = picture(64, 96, torch.float32)
    backbone = nst.load_backbone(device="cpu")
    inputs = TiledNetwork(backbone, 32).forward(image.detach(), set(STYLE), lambda *_: None)
    assert [found.shape[1] for found in inputs] == [3, 128, 256, 512]
    assert sum(found.nbytes for found in inputs[1:]) == 56 * 64 * 96
    assert tiling.CUTS == ("pool2", "pool3", "pool4")


def test_preparation_that_is_replaced_is_replaced_in_tiles_as_well():
    """Notebook 05 replaces it, and an artwork larger than the photograph is measured in tiles."""
    careful = network()
    careless = copy.deepcopy(careful)
    careless.prepare = lambda image: image
    image = picture(85, 128).detach()
    whole = careless(image, STYLE)
    tiled = TiledNetwork(careless, 32).features(image, STYLE)
    for layer in STYLE:
        torch.testing.assert_close(tiled[layer], whole[layer])
        assert not torch.allclose(whole[layer], careful(image, STYLE)[layer])
