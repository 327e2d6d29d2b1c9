"""Nearest neighbors and STROTSS, against loops and other formulas in float64."""

from itertools import permutations

import pytest
import torch

import nst_course as nst
from nst_course.history import (
    LayerNeighbors,
    NearestNeighbors,
    Strotss,
    gram_distance,
    hypercolumns,
    metrics,
    nearest,
    nearest_neighbor_transfer,
    neighbors,
    perceptual_distance,
    strotss,
)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def pair():
    return nst.load_image("cat", 48), nst.load_image("great_wave", 48)


def test_neighbors_are_those_that_a_loop_finds():
    queries, keys = drawn(40, 6) + 3, drawn(30, 6, seed=1) - 2
    q, k = queries - queries.mean(0), keys - keys.mean(0)
    expected = []
    for row in q:
        cosines = [float(row @ other / (row.norm() * other.norm())) for other in k]
        expected.append(cosines.index(max(cosines)))
    assert nearest(queries, keys).tolist() == expected
    assert nearest(queries.float(), keys.float()).tolist() == expected


def test_neighbors_do_not_depend_on_the_size_of_the_parts(monkeypatch):
    queries, keys = drawn(40, 6), drawn(30, 6, seed=1)
    whole = nearest(queries, keys)
    monkeypatch.setattr(neighbors, "AT_ONCE", 7)
    assert torch.equal(nearest(queries, keys), whole)


def test_own_features_are_their_own_neighbors(backbone, pair):
    rows = neighbors.rows_of(hypercolumns(backbone, pair[0]))
    assert torch.equal(nearest(rows, rows), torch.arange(len(rows)))


def test_hypercolumns_are_the_features_of_all_layers(backbone, pair):
    columns = hypercolumns(backbone, pair[0])
    height, width = (side // 4 for side in pair[0].shape[2:])
    assert columns.shape == (1, 2 * 64 + 2 * 128 + 3 * 256 + 3 * 512, height, width)
    (exact,) = backbone(pair[0], ["relu3_1"]).values()  # has that size already
    assert torch.allclose(columns[:, 384 : 384 + 256], exact / 256, atol=1e-4)


def run(pair, backbone, term, **settings):
    settings = {"content_layers": {}, "style_layers": {}, "terms": [term], **settings}
    return nst.StyleTransfer(*pair, backbone, **settings)


def test_the_loss_is_the_mean_cosine_distance_to_the_chosen_columns(narrow_backbone, pair):
    content, style = pair
    term = NearestNeighbors(style)
    transfer = run(pair, narrow_backbone, term)
    with pytest.raises(nst.CourseError, match="call match"):
        transfer.losses(content)
    term.match(content, narrow_backbone)
    found = transfer.losses(content)["neighbors"]
    rows = neighbors.rows_of(hypercolumns(narrow_backbone, content)).double()
    turned = [torch.rot90(style, turns, (2, 3)) for turns in range(4)]
    maps = [neighbors.rows_of(hypercolumns(narrow_backbone, image)) for image in turned]
    keys = torch.cat(maps).double()
    chosen = keys[nearest(rows, keys)]
    cosines = (rows * chosen).sum(1) / (rows.norm(dim=1) * chosen.norm(dim=1)).clamp(min=1e-8)
    assert float(found) == pytest.approx(float(1 - cosines.mean()), abs=1e-4)


def test_another_match_starts_the_curvature_anew(narrow_backbone, pair):
    term = NearestNeighbors(pair[1])
    transfer = run(pair, narrow_backbone, term)
    term.match(pair[0], narrow_backbone)
    list(transfer.steps(2))
    before, optimizer = transfer.objective.settings(), transfer.safeguards.optimizer
    term.match(transfer.image, narrow_backbone)
    assert transfer.objective.settings() != before
    list(transfer.steps(1))
    assert transfer.safeguards.optimizer is not optimizer


@pytest.mark.parametrize("make", [NearestNeighbors, LayerNeighbors, Strotss])
def test_terms_lower_their_loss_and_refuse_tiles(narrow_backbone, pair, make):
    term = make(*pair) if make is Strotss else make(pair[1])
    transfer = run(pair, narrow_backbone, term, optimizer="adam", init="noise")
    if make is NearestNeighbors:
        term.match(pair[0], narrow_backbone)
    losses = [step.losses["total"] for step in transfer.steps(12)]
    assert min(losses) < 0.97 * losses[0]
    with pytest.raises(nst.CourseError, match="tile=None"):
        run(pair, narrow_backbone, term, tile=512)


def test_layer_neighbors_agree_with_a_loop(narrow_backbone, pair):
    content, style = pair
    term = LayerNeighbors(style, layers=["relu3_1"])
    transfer = run(pair, narrow_backbone, term)
    found = float(transfer.losses(content)["layer_neighbors/relu3_1"])

    def rows(image):
        (features,) = narrow_backbone(image, ["relu3_1"]).values()
        return features[0].flatten(1).T.double()

    keys = torch.cat([rows(torch.rot90(style, turns, (2, 3))) for turns in range(4)])
    keys, own = keys - keys.mean(0), rows(content) - rows(content).mean(0)
    lengths = own.norm(dim=1)[:, None] * keys.norm(dim=1)[None]
    assert found == pytest.approx(float(1 - (own @ keys.T / lengths).amax(1).mean()), abs=1e-4)


def test_relaxed_emd_lies_below_the_optimal_transport():
    """Of equally many points, the optimal transport is the best of all permutations."""
    for seed in range(5):
        rows, others = drawn(5, 3, seed=seed), drawn(5, 3, seed=seed + 50)
        distances = torch.cdist(rows, others)
        exact = min(distances[range(5), list(p)].mean() for p in permutations(range(5)))
        relaxed = strotss.relaxed_emd(distances)
        assert 0 < relaxed <= exact
        there = sum(float(min(row)) for row in distances) / 5
        back = sum(float(min(column)) for column in distances.T) / 5
        assert float(relaxed) == pytest.approx(max(there, back))
        assert torch.equal(strotss.relaxed_emd(distances.T), relaxed)
    assert strotss.relaxed_emd(torch.cdist(rows, rows.flip(0))) == 0


def test_self_similarity_knows_neither_length_nor_rotation():
    rows = drawn(12, 6)
    similarity = strotss.self_similarity(rows)
    assert torch.allclose(similarity.sum(0), torch.ones(12).double())
    turn = torch.linalg.qr(drawn(6, 6, seed=1)).Q
    assert float(strotss.self_similarity_loss(5 * rows @ turn, similarity)) < 1e-12
    expected = 0.0
    other = drawn(12, 6, seed=2)
    d = [[1 - torch.cosine_similarity(a, b, dim=0) for b in other] for a in other]
    for j in range(12):
        total = sum(d[i][j] for i in range(12))
        expected += sum(abs(float(d[i][j] / total - similarity[i, j])) for i in range(12))
    found = strotss.self_similarity_loss(other, similarity)
    assert float(found) == pytest.approx(expected / 12)


def test_moment_loss_vanishes_for_the_same_moments_only():
    rows = drawn(50, 4)
    assert float(strotss.moment_loss(rows[torch.randperm(50)], rows)) < 1e-12
    assert strotss.moment_loss(2 * rows, 2 * (rows + 1)) > 0.1
    twice = strotss.moment_loss(rows + 1, rows), strotss.moment_loss(9 * (rows + 1), 9 * rows)
    assert float(twice[0]) == pytest.approx(float(twice[1]))


def test_what_cannot_work_is_refused_in_a_sentence(backbone, pair):
    with pytest.raises(nst.CourseError, match="matrices"):
        nearest(drawn(3, 4), drawn(3, 5))
    with pytest.raises(nst.CourseError, match="alpha"):
        Strotss(*pair, alpha=-1)
    with pytest.raises(nst.CourseError, match="style"):
        NearestNeighbors("great_wave")
    with pytest.raises(nst.CourseError, match="too small"):
        hypercolumns(backbone, pair[0][:, :, :4, :4])


def test_the_schedule_paints_from_coarse_to_fine(narrow_backbone, pair):
    content, style = pair
    before = content.clone()
    stages = nearest_neighbor_transfer(content, style, narrow_backbone, steps=3, sharpening_steps=2)
    sides = [max(image.shape[2:]) for image in stages]
    assert sides == [12, 24, 48, 48] and stages[-1].shape == content.shape
    assert all(image.min() >= 0 and image.max() <= 1 for image in stages)
    assert torch.equal(content, before)
    means = [image.mean((0, 2, 3)) for image in (stages[-1], style)]
    assert (means[0] - means[1]).abs().max() < 0.1
    with pytest.raises(nst.CourseError, match="steps"):
        nearest_neighbor_transfer(content, style, narrow_backbone, steps=0)


def test_metrics_are_zero_for_the_same_and_follow_their_formulas(backbone, pair, monkeypatch):
    content, style = pair
    assert gram_distance(backbone, style, style) < 1e-5
    assert perceptual_distance(backbone, content, content) < 1e-6
    assert gram_distance(backbone, content, style) > 0.3

    maps, targets = (
        backbone(image, ["relu2_2"])["relu2_2"][0].flatten(1).T.double()
        for image in (content, content.flip(3))
    )
    cosines = [float(a @ b / (a.norm() * b.norm())) for a, b in zip(maps, targets, strict=True)]
    expected = sum(2 - 2 * cosine for cosine in cosines) / len(cosines)
    monkeypatch.setattr(metrics, "CONTENT_LAYERS", ("relu2_2",))
    found = perceptual_distance(backbone, content, content.flip(3))
    assert found == pytest.approx(expected, rel=1e-3)
