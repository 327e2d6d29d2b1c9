"""The losses and the conventions of the literature, against formulas by hand, in float64."""

import math

import pytest
import torch

import nst_course as nst
from nst_course import conventions

CHANNELS, HEIGHT, WIDTH = 5, 3, 4
POSITIONS = HEIGHT * WIDTH


def features(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = shape or (1, CHANNELS, HEIGHT, WIDTH)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def gram_by_loops(maps: torch.Tensor) -> list[list[float]]:
    """Σ over positions of F_i F_j, in Python numbers, of the features (C, H, W) of an image."""
    channels = [channel.flatten().tolist() for channel in maps]
    return [
        [math.fsum(a * b for a, b in zip(i, j, strict=True)) for j in channels] for i in channels
    ]


def sum_of_squares(a: torch.Tensor, b: torch.Tensor) -> float:
    """Σ (G − A)² of raw Gram matrices, in Python numbers."""
    pairs = zip(sum(gram_by_loops(a[0]), []), sum(gram_by_loops(b[0]), []), strict=True)
    return math.fsum((g - t) ** 2 for g, t in pairs)


# What each source prints, copied from it: constant · Σ (G − A)² of raw Gram matrices.
N, M = CHANNELS, POSITIONS
PRINTED = {
    "course": lambda total: total / M**2 / N**2,
    "gatys_2016": lambda total: total / (4 * N**2 * M**2),
    "coursera_2017": lambda total: total / (2 * HEIGHT * WIDTH * N) ** 2,
    "johnson_2016": lambda total: total / (N * M) ** 2,
    "neural_style_2015": lambda total: total / (N * M) ** 2 / N**2,
    "notes_2022": lambda total: total / 4 * N**2 * M**2,
}
PRINTED_CONTENT = {
    "course": lambda total: total / (N * M),
    "gatys_2016": lambda total: total / 2,
    "cs231n": lambda total: total,
    "coursera_2017": lambda total: total / (4 * HEIGHT * WIDTH * N),
}


def test_every_convention_has_its_printed_formula():
    assert PRINTED.keys() == conventions.CONVENTIONS.keys()
    assert PRINTED_CONTENT.keys() == conventions.CONTENT_CONVENTIONS.keys()


@pytest.mark.parametrize("name", conventions.CONVENTIONS)
def test_style_convention_is_what_its_source_prints(name):
    f, a = features(1), features(2)
    expected = PRINTED[name](sum_of_squares(f, a))
    assert conventions.CONVENTIONS[name].loss(f, a).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", conventions.CONTENT_CONVENTIONS)
def test_content_convention_is_what_its_source_prints(name):
    f, p = features(1), features(2)
    total = math.fsum(
        (x - y) ** 2 for x, y in zip(f.flatten().tolist(), p.flatten().tolist(), strict=True)
    )
    loss = conventions.CONTENT_CONVENTIONS[name].loss(f, p)
    assert loss.item() == pytest.approx(PRINTED_CONTENT[name](total), rel=1e-12)


@pytest.mark.parametrize("shape", [(1, 5, 3, 4), (1, 2, 7, 3), (1, 8, 1, 1)])
@pytest.mark.parametrize("table", [conventions.CONVENTIONS, conventions.CONTENT_CONVENTIONS])
def test_factor_is_the_ratio_to_the_courses_loss(table, shape):
    f, a = features(3, *shape), features(4, *shape)
    channels, positions = shape[1], shape[2] * shape[3]
    course = table["course"].loss(f, a).item()
    for convention in table.values():
        expected = convention.factor(channels, positions) * course
        assert convention.loss(f, a).item() == pytest.approx(expected, rel=1e-12)


def test_a_converted_weight_gives_the_same_gradient():
    f, a = features(5), features(6)
    for source, here in conventions.CONVENTIONS.items():
        for target, there in conventions.CONVENTIONS.items():
            weight = conventions.convert_weight(3.0, source, target, CHANNELS, POSITIONS)
            gradients = []
            for w, convention in ((3.0, here), (weight, there)):
                image = f.clone().requires_grad_()
                (w * convention.loss(image, a)).backward()
                gradients.append(image.grad)
            assert torch.allclose(*gradients, rtol=1e-10)


def test_only_the_misprint_changes_when_the_image_is_repeated():
    f, a = features(7), features(8)
    repeated = [x.repeat(1, 1, 2, 2) for x in (f, a)]
    for name, convention in conventions.CONVENTIONS.items():
        growth = (convention.loss(*repeated) / convention.loss(f, a)).item()
        assert growth == pytest.approx(4**4 if name == "notes_2022" else 1, rel=1e-12)


def test_raw_conventions_refuse_images_of_different_sizes():
    f, larger = features(1), features(2, 1, CHANNELS, HEIGHT, 2 * WIDTH)
    assert (
        conventions.CONVENTIONS["course"].loss(f, larger) > 0
    )  # a mean does not depend on the size
    for name in conventions.CONVENTIONS.keys() - {"course"}:
        with pytest.raises(nst.CourseError, match="same size"):
            conventions.CONVENTIONS[name].loss(f, larger)


def test_unknown_convention_is_named():
    with pytest.raises(nst.CourseError, match="gatys_2061.*gatys_2016"):
        conventions.convert_weight(1.0, "gatys_2061", "course", 64, 100)


# ---------------------------------------------------------------- properties of the losses


def test_gram_matrix_against_loops():
    f = features(9, 2, CHANNELS, HEIGHT, WIDTH)
    expected = torch.tensor([gram_by_loops(maps) for maps in f], dtype=torch.float64) / POSITIONS
    assert torch.allclose(nst.gram_matrix(f), expected, rtol=1e-12)
    assert torch.allclose(conventions.raw_gram_matrix(f), expected * POSITIONS, rtol=1e-12)


def test_gram_matrix_is_symmetric_and_positive_semi_definite():
    for shape in [(1, 3, 4, 5), (2, 6, 2, 2), (1, 9, 1, 3)]:  # the last two have rank below C
        gram = nst.gram_matrix(features(10, *shape))
        assert torch.allclose(gram, gram.mT, rtol=1e-14, atol=1e-14)
        assert torch.linalg.eigvalsh(gram).min() > -1e-12


def test_gram_matrix_ignores_the_positions_and_the_content_loss_does_not():
    f = features(11)
    order = torch.randperm(POSITIONS, generator=torch.Generator().manual_seed(0))
    shuffled = f.flatten(2)[:, :, order].view_as(f)
    assert torch.allclose(nst.gram_matrix(shuffled), nst.gram_matrix(f), rtol=1e-12)
    assert nst.content_loss(shuffled, f) > 0.1
    rotation, _ = torch.linalg.qr(features(12, POSITIONS, POSITIONS))
    mixed = (f.flatten(2) @ rotation).view_as(f)  # a permutation is a special case
    assert torch.allclose(nst.gram_matrix(mixed), nst.gram_matrix(f), rtol=1e-12)


def test_gram_matrix_does_not_depend_on_the_memory_layout():
    f = features(13, 2, CHANNELS, HEIGHT, WIDTH)
    last = f.contiguous(memory_format=torch.channels_last)
    assert torch.allclose(nst.gram_matrix(last), nst.gram_matrix(f), rtol=1e-14)


def test_batches_never_mix():
    batch = features(14, 3, CHANNELS, HEIGHT, WIDTH)
    for gram in (nst.gram_matrix, conventions.raw_gram_matrix):
        alone = torch.cat([gram(batch[i : i + 1]) for i in range(3)])
        assert torch.allclose(gram(batch), alone, rtol=1e-14)
    watched = batch.clone().requires_grad_()
    nst.gram_matrix(watched)[1].sum().backward()
    assert watched.grad[1].abs().min() > 0
    assert watched.grad[[0, 2]].abs().max() == 0


def test_gradients_against_finite_differences():
    f, a = features(15, 1, 3, 2, 3), features(16, 1, 3, 2, 3)
    inputs = f.requires_grad_()
    assert torch.autograd.gradcheck(nst.gram_matrix, inputs)
    assert torch.autograd.gradcheck(nst.total_variation, inputs)
    tables = [*conventions.CONVENTIONS.values(), *conventions.CONTENT_CONVENTIONS.values()]
    for convention in tables:
        # Scaled, so that one tolerance fits a loss that is 10⁶ times the others.
        scale = convention.factor(3, 6)
        assert torch.autograd.gradcheck(lambda x, c=convention, s=scale: c.loss(x, a) / s, inputs)


def test_gradients_by_hand():
    """Gatys et al. 2016, eq. 2 and 6, for positive activations."""
    f, a = features(17).abs().requires_grad_(), features(18).abs()
    conventions.content_loss_gatys_2016(f, a).backward()
    assert torch.allclose(f.grad, (f - a).detach(), rtol=1e-12)
    f.grad = None
    conventions.style_loss_gatys_2016(f, a).backward()
    rows = f.detach().flatten(2)
    difference = conventions.raw_gram_matrix(f.detach()) - conventions.raw_gram_matrix(a)
    by_hand = (difference.mT @ rows) / (CHANNELS**2 * POSITIONS**2)
    assert torch.allclose(f.grad.flatten(2), by_hand, rtol=1e-12)


def test_gram_matching_is_a_mean_discrepancy_with_a_quadratic_kernel():
    """Li et al. 2017: with k(x, y) = (xᵀy)², MMD² = ‖G − A‖², also for different sizes."""
    f, a = features(19), features(20, 1, CHANNELS, 2, 3)
    x, y = f.flatten(2)[0].T, a.flatten(2)[0].T  # a row for each position

    def mean_kernel(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return (one @ other.T).square().mean()

    discrepancy = mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y)
    loss = nst.style_loss(nst.gram_matrix(f), nst.gram_matrix(a))
    assert discrepancy.item() == pytest.approx(CHANNELS**2 * loss.item(), rel=1e-12)
