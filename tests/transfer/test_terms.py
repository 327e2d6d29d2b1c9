"""Terms, styles and regions: alone, in tiles, in a run, and a reader's own."""

import copy

import pytest
import torch

import nst_course as nst
from nst_course.transfer.checkpoint import load_checkpoint, save_checkpoint
from nst_course.transfer.styles import group_by_region
from nst_course.transfer.terms import PIXELS

LAYERS = {"relu1_1": 0.5, "relu2_1": 2.0, "relu3_1": 1.0}


class Mirror(nst.Term):
    """The image should be its own mirror image: a term of the pixels."""

    name = "mirror"

    def measure(self, layer, image, part):
        return (image - image.flip(3)).square().mean()


class Quiet(nst.Term):
    """Some features should be weak: a term that is a mean over positions."""

    name = "quiet"
    layers = ("relu2_2",)

    def measure(self, layer, features, part):
        return features.square().mean()


class Peak(Quiet):
    """The largest activation: no mean over positions, and it says so."""

    name = "peak"
    mean_over_positions = False

    def measure(self, layer, features, part):
        return features.amax()


@pytest.fixture(scope="module")
def pictures():
    names = {"content": ("cat", 64), "wave": ("great_wave", 72), "street": ("summertime", 56)}
    return {name: nst.load_image(*which) for name, which in names.items()}


@pytest.fixture
def make(narrow_backbone, pictures):
    def build(style=None, **settings):
        defaults = {"content_layers": ["relu2_2"], "style_layers": LAYERS, "style_weight": 10.0}
        style = pictures["wave"] if style is None else style
        return nst.StyleTransfer(
            pictures["content"], style, narrow_backbone, **{**defaults, **settings}
        )

    return build


def totals(steps) -> list[float]:
    return [step.losses["total"] for step in steps]


def half(image: torch.Tensor, left: bool) -> torch.Tensor:
    """The region of the left or the right half, (H, W)."""
    mask = torch.zeros(image.shape[2:])
    mask[:, : mask.shape[1] // 2] = 1
    return mask if left else 1 - mask


# ---------------------------------------------------------------- a reader's own terms


@pytest.mark.parametrize("term", [Mirror, Quiet])
def test_new_term_runs_through_loop_tiles_and_checkpoint(make, term, tmp_path):
    weight = {Mirror: 1e4, Quiet: 100.0}[term]
    run = make(terms=[term(weight)])
    first, *_, last = run.steps(12)
    name = term.name
    assert last.losses[name] < 0.7 * first.losses[name]
    parts = [run.objective[n].weight * last.losses[n] for n in ("content", "style", "tv", name)]
    assert sum(parts) == pytest.approx(last.losses["total"], rel=1e-5)

    tiled = make(terms=[term(weight)], tile=16)
    for losses in (tiled.losses(last.image), run.losses(last.image)):
        found = {key: value.item() for key, value in losses.items()}
        assert found == pytest.approx(last.losses, rel=1e-4)

    save_checkpoint(tmp_path / "run", run.state_dict())
    other = make(terms=[term(weight)])
    other.load_state_dict(load_checkpoint(tmp_path / "run"))
    assert totals(other.steps(3)) == totals(run.steps(3))


def test_gradient_of_every_term_is_the_same_in_tiles(make, pictures):
    settings = {"terms": [Mirror(2.0), Quiet(3.0)], "tv_weight": 7.0, "content_weight": 5.0}
    gradients = []
    for tile in (None, 16):
        image = pictures["content"].flip(3).requires_grad_()
        make(tile=tile, **settings).losses(image)["total"].backward()
        gradients.append(image.grad)
    whole, tiled = gradients
    assert (tiled - whole).abs().max() < 1e-4 * whole.abs().max()


def test_weight_of_a_term_may_be_changed_between_steps(make):
    run = make(terms=[Mirror()])
    list(run.steps(5))
    run.objective["mirror"].weight = 1e4
    first, *_, last = run.steps(10)
    assert last.losses["mirror"] < 0.5 * first.losses["mirror"]
    assert run.safeguards.first_total == first.losses["total"]  # another objective


def test_what_is_no_mean_over_positions_is_refused_in_tiles(make):
    assert make(terms=[Peak()]).losses(make().content)["peak"] > 0
    with pytest.raises(nst.CourseError, match="'peak' is no mean over positions"):
        make(terms=[Peak()], tile=16)
    with pytest.raises(nst.CourseError, match="'style' is no mean over positions"):
        make(statistic=lambda features: features.amax((2, 3)), tile=16)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ([Mirror(), Mirror()], "Two terms have the name 'mirror'"),
        ([3], "nst.Term"),
        ([Mirror], "nst.Term"),
        ([Quiet(layers=["relu9_9"])], "relu9_9"),
    ],
)
def test_terms_that_cannot_work_are_refused_in_a_sentence(make, terms, said):
    with pytest.raises(nst.CourseError, match=said):
        make(terms=terms)


def test_weight_of_a_term_has_to_be_a_number_from_0_up():
    with pytest.raises(nst.CourseError, match="mirror_weight"):
        Mirror(weight=-1)
    assert Mirror().layers == {PIXELS: 1.0}


# ---------------------------------------------------------------- statistics


STATISTICS = [
    nst.gram_matrix,
    nst.mean_and_std,
    nst.covariance,
    nst.shifted_gram_matrix,
    nst.GaussianWasserstein(),
    lambda features: features.pow(3).mean((2, 3)),
]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_any_statistic_is_optimized_and_the_same_in_tiles(make, pictures, statistic):
    regions = [
        nst.Style(pictures["wave"], region=half(pictures["content"], left=True)),
        nst.Style(pictures["street"], source_region=half(pictures["street"], left=False)),
    ]
    for style in (pictures["wave"], regions):
        runs = [make(style, statistic=statistic, tile=tile) for tile in (None, 16)]
        losses, gradients = [], []
        for run in runs:
            image = pictures["content"].flip(2).requires_grad_()
            found = run.losses(image)
            found["total"].backward()
            losses.append({name: value.item() for name, value in found.items()})
            gradients.append(image.grad)
        assert losses[0] == pytest.approx(losses[1], rel=2e-4)
        whole, tiled = gradients
        assert (tiled - whole).norm() < 1e-3 * whole.norm()
    assert totals(runs[0].steps(10))[-1] < 0.8 * losses[0]["total"]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_style_loss_is_0_for_the_artwork_itself(make, pictures, statistic, narrow_backbone):
    artwork = pictures["wave"]
    run = nst.StyleTransfer(
        artwork, artwork, narrow_backbone, style_layers=LAYERS, statistic=statistic
    )
    assert (
        run.losses(artwork)["style"]
        < 1e-9 * make(statistic=statistic).losses(pictures["content"])["style"] + 1e-12
    )


@pytest.mark.parametrize("precision", ["bfloat16", "auto"])
def test_short_formats_and_statistics_go_together(make, precision, fast_at):
    fast_at(torch.bfloat16)
    for statistic in STATISTICS:
        coarse, exact = (make(statistic=statistic, precision=p) for p in (precision, "float32"))
        ends = [min(totals(run.steps(20))) for run in (coarse, exact)]
        assert ends[0] == pytest.approx(ends[1], rel=0.5)


# ---------------------------------------------------------------- several styles


def test_styles_without_regions_are_averaged_by_weight(make, pictures, narrow_backbone):
    wave, street = pictures["wave"], pictures["street"]
    run = make([nst.Style(wave, weight=3.0), nst.Style(street, weight=1.0)])
    image = pictures["content"]
    features, *targets = (narrow_backbone(x, LAYERS) for x in (image, wave, street))
    losses = run.losses(image)
    for layer in LAYERS:
        mixed = sum(
            w * nst.gram_matrix(x[layer]) for w, x in zip((0.75, 0.25), targets, strict=True)
        )
        expected = nst.style_loss(nst.gram_matrix(features[layer]), mixed)
        torch.testing.assert_close(losses[f"style/{layer}"], expected, rtol=1e-4, atol=0)


def test_covariance_of_a_mixture_is_that_of_all_positions(make, pictures, narrow_backbone):
    """Not the average of two covariances: the means differ, and that difference is variance."""
    wave, street = pictures["wave"], pictures["street"]
    run = make([nst.Style(wave, weight=0.0), nst.Style(street)], statistic=nst.covariance)
    alone = make(street, statistic=nst.covariance)
    image = pictures["content"]
    assert run.losses(image)["style"].item() == pytest.approx(
        alone.losses(image)["style"].item(), rel=1e-4
    )
    both = make([wave, street], statistic=nst.covariance)
    features = [narrow_backbone(x, ["relu1_1"])["relu1_1"][0].flatten(1) for x in (wave, street)]
    means = [x.mean(1, keepdim=True) for x in features]
    second = sum(x @ x.T / x.shape[1] for x in features) / 2
    mean = sum(means) / 2
    own = nst.covariance(narrow_backbone(image, ["relu1_1"])["relu1_1"])
    expected = nst.style_loss(own, (second - mean @ mean.T)[None])
    torch.testing.assert_close(both.losses(image)["style/relu1_1"], expected, rtol=1e-3, atol=1e-6)


def test_mixture_moves_with_the_weights_while_the_run_goes_on(make, pictures):
    styles = [nst.Style(pictures["wave"]), nst.Style(pictures["street"], weight=0.0)]
    run, street = make(styles), make(pictures["street"])
    list(run.steps(15))
    before = street.losses(run.image)["style"].item()
    run.styles[0].weight, run.styles[1].weight = 0.0, 1.0
    list(run.steps(25))
    assert street.losses(run.image)["style"].item() < 0.5 * before


def test_one_style_in_a_list_is_that_style(make, pictures):
    runs = [make(style) for style in (pictures["wave"], [pictures["wave"]])]
    runs.append(make(nst.Style(pictures["wave"], weight=7.0)))
    ends = [totals(run.steps(6)) for run in runs]
    assert ends[0] == ends[1] and ends[2] == pytest.approx(ends[0], rel=1e-4)


def test_artworks_at_layers_of_their_own(make, pictures):
    wave, street = pictures["wave"], pictures["street"]
    shallow = nst.Style(wave, layers=["relu1_1"])
    split = make([shallow, nst.Style(street, layers={"relu2_1": 1, "relu3_1": 2})])
    runs = {name: make(style) for name, style in (("wave", wave), ("street", street))}
    image = pictures["content"]
    found, of_wave, of_street = (run.losses(image) for run in (split, *runs.values()))
    assert found["style/relu1_1"] == of_wave["style/relu1_1"]
    for layer in ("relu2_1", "relu3_1"):
        torch.testing.assert_close(found[f"style/{layer}"], of_street[f"style/{layer}"])
    shallow.layers = ["relu3_1"]  # from now on nobody counts at relu1_1, and two at relu3_1
    found = split.losses(image)
    assert found["style/relu1_1"] == 0
    assert found["style/relu3_1"] not in (of_wave["style/relu3_1"], of_street["style/relu3_1"])


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["relu9_9"], "relu9_9"),
        ({"relu1_1": -1}, "the layers of a?.?style"),
        (["relu2_2"], "weight 0 at the layers of 'style'"),
    ],
)
def test_layers_of_a_style_that_cannot_work_are_refused(make, pictures, layers, said):
    with pytest.raises(nst.CourseError, match=said):
        make(nst.Style(pictures["wave"], layers=layers))


# ---------------------------------------------------------------- distributions


DISTRIBUTIONS = [nst.HistogramMatching(), nst.SlicedWasserstein()]


@pytest.mark.parametrize("statistic", DISTRIBUTIONS, ids=lambda s: s.name)
def test_distributions_are_optimized_with_artworks_of_any_size_and_regions(
    make, pictures, statistic, tmp_path
):
    left = half(pictures["content"], left=True)
    for style in (
        [pictures["wave"], nst.Style(pictures["street"], 0.5)],
        [nst.Style(pictures["wave"], region=left), pictures["street"]],
    ):
        run, other = (make(style, statistic=statistic) for _ in range(2))
        first, *_, last = run.steps(15)
        assert last.losses["style"] < 0.6 * first.losses["style"]
        save_checkpoint(tmp_path / "run", run.state_dict())
        other.load_state_dict(load_checkpoint(tmp_path / "run"))
        assert totals(other.steps(3)) == totals(run.steps(3))


def test_weight_1_of_two_artworks_is_that_artwork(make, pictures):
    for statistic in (nst.GaussianWasserstein(), *DISTRIBUTIONS):
        alone = make(pictures["wave"], statistic=statistic)
        styles = [nst.Style(pictures["wave"]), nst.Style(pictures["street"], weight=0.0)]
        mixed = make(styles, statistic=statistic)
        losses = [run.losses(pictures["content"])["style"].item() for run in (alone, mixed)]
        assert losses[1] == pytest.approx(losses[0], rel=1e-4)


@pytest.mark.parametrize("statistic", DISTRIBUTIONS, ids=lambda s: s.name)
def test_what_is_sorted_is_refused_in_tiles_and_needs_more_memory(make, statistic, monkeypatch):
    with pytest.raises(nst.CourseError, match="'style' is no mean over positions"):
        make(statistic=statistic, tile=16)
    with pytest.raises(nst.CourseError, match="'other' is no mean over positions"):
        make(terms=[nst.StyleTerm(statistic, name="other")], tile=16)
    monkeypatch.setattr("nst_course.transfer.memory.available_memory", lambda device: 0)
    with pytest.raises(nst.CourseError, match="a smaller picture"):
        make(statistic=statistic)
    more, less = (make(statistic=s, tile=None).estimate(1) for s in (statistic, nst.gram_matrix))
    assert more.more_bytes > less.more_bytes


@pytest.mark.parametrize("statistic", DISTRIBUTIONS, ids=lambda s: s.name)
def test_large_artwork_is_measured_in_one_piece(make, pictures, narrow_backbone, statistic):
    """In tiles, the sorted values of each tile would be taken for those of the picture."""
    large = nst.load_image("great_wave", 480)
    losses = make(large, statistic=statistic).losses(pictures["content"])
    own, there = (narrow_backbone(x, ["relu1_1"])["relu1_1"] for x in (pictures["content"], large))
    expected = statistic.distance(statistic(own), statistic(there))
    torch.testing.assert_close(losses["style/relu1_1"], expected)


def test_further_style_term_follows_the_artworks_of_its_run(make, pictures, narrow_backbone):
    term = nst.StyleTerm(nst.HistogramMatching(), 3.0, ["relu2_1"], name="histogram")
    runs = [make(pictures[name], terms=[term]) for name in ("wave", "street")]
    features = narrow_backbone(pictures["content"], ["relu2_1"])["relu2_1"]
    for run, name in zip(runs, ("wave", "street"), strict=True):
        target = narrow_backbone(pictures[name], ["relu2_1"])["relu2_1"]
        expected = term.statistic.distance(term.statistic(features), term.statistic(target))
        losses = run.losses(pictures["content"])
        torch.testing.assert_close(losses["histogram"], expected)
        parts = [run.objective[n].weight * losses[n] for n in ("content", "style", "histogram")]
        torch.testing.assert_close(losses["total"], sum(parts))


# ---------------------------------------------------------------- regions


def test_style_rules_where_its_region_is(make, pictures):
    content = pictures["content"]
    region = half(content, left=True)
    run = make(
        [nst.Style(pictures["wave"], region=region)],
        content_layers=[],
        style_layers=["relu1_1"],
    )
    image = content.clone().requires_grad_()
    run.losses(image)["style"].backward()
    middle = content.shape[3] // 2
    assert (image.grad[..., : middle - 1] != 0).any()
    assert (image.grad[..., middle + 1 :] == 0).all()  # a convolution reads one pixel beyond


def test_style_without_region_rules_where_no_other_does(make, pictures):
    content = pictures["content"]
    left, right = half(content, left=True), half(content, left=False)
    wave, street = pictures["wave"], pictures["street"]
    explicit = make([nst.Style(wave, region=left), nst.Style(street, region=right)])
    implicit = make([nst.Style(wave, region=left), street])
    assert totals(explicit.steps(5)) == totals(implicit.steps(5))


def test_region_that_is_everything_changes_nothing(make, pictures):
    everywhere = torch.ones(pictures["content"].shape[2:])
    runs = [make(nst.Style(pictures["wave"], region=r)) for r in (None, everywhere)]
    assert totals(runs[1].steps(5)) == pytest.approx(totals(runs[0].steps(5)), rel=1e-3)


def test_pull_on_a_position_does_not_depend_on_the_size_of_its_region(make, pictures):
    """Deep inside, the gradient of a style that is as far away everywhere is the same."""
    content = torch.full_like(pictures["content"], 0.5)
    gradients = []
    for share in (2, 4):
        mask = torch.zeros(content.shape[2:])
        mask[:, : mask.shape[1] // share] = 1
        image = content.clone().requires_grad_()
        run = make([nst.Style(pictures["wave"], region=mask)], style_layers=["relu1_1"])
        run.losses(image)["style"].backward()
        gradients.append(image.grad[..., 10, 5])
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0.05, atol=0)


def test_source_region_is_the_part_that_the_style_comes_from(make, pictures, narrow_backbone):
    wave, image = pictures["wave"], pictures["content"]
    part = torch.zeros(wave.shape[2:], dtype=torch.bool)
    part[8:40, 16:64] = True
    run = make(nst.Style(wave, source_region=part), style_layers=["relu1_1"])
    own, there = (narrow_backbone(x, ["relu1_1"])["relu1_1"] for x in (image, wave))
    target = nst.gram_matrix(there[..., 8:40, 16:64])
    expected = nst.style_loss(nst.gram_matrix(own), target)
    torch.testing.assert_close(run.losses(image)["style"], expected, rtol=1e-4, atol=0)


def test_regions_of_any_size_are_scaled_and_equal_ones_are_mixed(pictures):
    mask = half(pictures["content"], left=True)
    large = torch.nn.functional.interpolate(mask[None, None], scale_factor=4)[0, 0]
    styles = [nst.Style(pictures["wave"], region=m) for m in (mask, mask.clone(), None, large)]
    for style in styles:
        style.region = None if style.region is None else style.region[None, None]
    size = tuple(pictures["content"].shape[2:])
    groups = group_by_region(styles, size)
    assert [numbers for _, numbers in groups][0] == [0, 1]
    assert all(region.shape == (1, 1, *size) for region, _ in groups)


def test_run_with_regions_can_be_resumed_and_repeats_itself(make, pictures):
    def build():
        region = half(pictures["content"], left=True)
        return make([nst.Style(pictures["wave"], region=region), pictures["street"]])

    run, same, other = build(), build(), build()
    assert totals(run.steps(6)) == totals(same.steps(6))
    other.load_state_dict(copy.deepcopy(run.state_dict()))
    assert totals(run.steps(4)) == totals(other.steps(4))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weight": -1}, "weight of style"),
        ({"weight": 0.0}, "weight 0"),
        ({"region": torch.zeros(64, 64)}, "empty"),
        ({"region": 2 * torch.ones(64, 64)}, "outside 0…1"),
        ({"region": torch.ones(3, 64, 64)}, "one channel"),
        ({"region": "left"}, "is a mask"),
        ({"source_region": torch.full((8, 8), torch.nan)}, "outside 0…1"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(next(iter(value))),
)
def test_styles_that_cannot_work_are_refused_in_a_sentence(make, pictures, settings, said):
    with pytest.raises(nst.CourseError, match=said):
        list(make(nst.Style(pictures["wave"], **settings)).steps(1))


def test_empty_list_of_styles_is_refused(make):
    with pytest.raises(nst.CourseError, match="empty list"):
        make([])
