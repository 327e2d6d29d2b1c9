"""The objective and the loop, on a network of a few random channels: whatever happens on the way.

Pictures are 32 pixels small and a step takes milliseconds; only the last test uses the real one.
"""

import itertools
import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
import torch

import nst_course as nst
from nst_course.optim.lbfgs import LBFGS
from nst_course.transfer import estimate as forecast
from nst_course.transfer import memory, optimizers, terms, tiling
from nst_course.transfer.estimate import estimate
from nst_course.transfer.style_transfer import Result, StyleTransfer, describe, time_step
from nst_course.transfer.terms import Term

LAYERS = {"relu1_1": 0.5, "relu2_1": 2.0}


@pytest.fixture(scope="module")
def backbone(narrow_backbone) -> nst.Backbone:
    return narrow_backbone


@pytest.fixture
def content() -> torch.Tensor:
    return nst.load_image("cat", size=32)


@pytest.fixture
def style() -> torch.Tensor:
    return nst.load_image("great_wave", size=40)


@pytest.fixture
def make(backbone, content, style):
    """Builds a transfer with the small network; every setting can be replaced."""

    def build(**settings) -> StyleTransfer:
        defaults = {
            "backbone": backbone,
            "content_layers": ["relu2_2"],
            "style_layers": LAYERS,
            "style_weight": 10.0,
        }
        pictures = [settings.pop("content", content), settings.pop("style", style)]
        return StyleTransfer(*pictures, **{**defaults, **settings})

    return build


class Brightness(Term):
    """A reader's own term: a brightness that some features should have in the mean."""

    name = "brightness"
    layers = ("relu1_2",)

    def measure(self, layer, features, part):
        return features.mean()

    def loss(self, layer, measured):
        return (measured - 0.5).square()


def totals(steps) -> list[float]:
    return [step.losses["total"] for step in steps]


# ---------------------------------------------------------------- the objective


def test_losses_are_those_of_the_formulas(make, backbone, content, style):
    transfer = make(content_weight=3.0, style_weight=7.0, tv_weight=11.0)
    image = content.flip(3)
    names = [*LAYERS, "relu2_2"]
    f, p, a = (backbone(x, names) for x in (image, content, style))
    grams = [
        {
            name: torch.einsum("bihw,bjhw->ij", x[name], x[name]) / x[name][0, 0].numel()
            for name in x
        }
        for x in (f, a)
    ]
    by_layer = {name: (grams[0][name] - grams[1][name]).square().mean() for name in LAYERS}
    expected = {
        "content": (f["relu2_2"] - p["relu2_2"]).square().mean(),
        "content/relu2_2": (f["relu2_2"] - p["relu2_2"]).square().mean(),
        "style": sum(weight * by_layer[name] for name, weight in LAYERS.items()),
        "tv": image.diff(dim=2).square().mean() + image.diff(dim=3).square().mean(),
        **{f"style/{name}": value for name, value in by_layer.items()},
    }
    expected["total"] = 3 * expected["content"] + 7 * expected["style"] + 11 * expected["tv"]
    found = transfer.losses(image)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-7)


def test_gradient_of_the_total_agrees_with_a_finite_difference(make, content):
    transfer = make(tv_weight=5.0)
    image = content.flip(3).requires_grad_()
    (gradient,) = torch.autograd.grad(transfer.losses(image)["total"], image)
    direction = gradient / gradient.norm()
    ahead, behind = (
        transfer.losses(image.detach() + length * direction)["total"].double()
        for length in (0.01, -0.01)
    )
    assert gradient.norm().item() == pytest.approx(((ahead - behind) / 0.02).item(), rel=0.02)


def test_the_pictures_are_there_to_be_shown_beside_the_result(make, content, style):
    transfer = make()
    assert torch.equal(transfer.content, content) and torch.equal(transfer.style, style)


def test_content_itself_has_no_content_loss_and_style_itself_no_style_loss(make, content, style):
    transfer = make()
    assert transfer.losses(content)["content"] == 0 < transfer.losses(content)["style"]
    same = make(content=style)
    assert same.losses(style)["style"] < 1e-6 * make().losses(content)["style"]


def test_step_tells_the_losses_of_its_own_image(make):
    transfer = make()
    for step in transfer.steps(5):
        expected = transfer.losses(step.image)
        assert step.losses == pytest.approx(
            {name: value.item() for name, value in expected.items()}, rel=1e-4
        )


def test_targets_are_computed_once_and_no_layer_past_the_deepest_is_run(make, backbone):
    seen, run = [], set()
    hooks = [backbone.register_forward_hook(lambda *_: seen.append(1))]
    for name, convolution in backbone.convolutions.items():
        hooks.append(convolution.register_forward_hook(lambda *_, name=name: run.add(name)))
    try:
        transfer = make(style=nst.load_image("coffee", size=30))
        list(transfer.steps(4))
        transfer.style_weight = 3.0
        list(transfer.steps(3))
    finally:
        for hook in hooks:
            hook.remove()
    assert len(seen) == 2 + 7  # content and style, then one pass a step
    assert run == {"conv1_1", "conv1_2", "conv2_1", "conv2_2"}


def test_network_stays_frozen(make, backbone):
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    make().run(5, progress=False)
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in backbone.parameters())


# ---------------------------------------------------------------- what the loop does


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("init", ["content", "style", "noise", torch.full((1, 3, 21, 32), 0.5)])
def test_loss_falls_from_every_start_and_the_picture_has_the_contents_size(make, optimizer, init):
    transfer = make(init=init, optimizer=optimizer)
    losses = totals(transfer.steps(40))
    assert losses[-1] < 0.5 * losses[0]
    assert transfer.image.shape == transfer.content.shape == (1, 3, 21, 32)
    assert transfer.image.min() >= 0 and transfer.image.max() <= 1


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_pixels_stay_where_a_screen_can_show_them(make, style, optimizer):
    """Black and white are wanted; free pixels would go far past them."""
    beyond = 3 * make().content - 1
    transfer = make(style=style.round(), style_weight=1e3, optimizer=optimizer, init=beyond)
    steps = list(transfer.steps(40))
    assert torch.equal(steps[0].image, beyond.clamp(0, 1))
    for step in steps:
        assert step.image.min() == 0 and step.image.max() == 1
        total = transfer.losses(step.image)["total"].item()
        assert step.losses["total"] == pytest.approx(total, rel=1e-4)
    assert steps[-1].losses["total"] < 0.1 * steps[0].losses["total"]


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_best_iterate_is_kept_and_not_the_last(make, rate):
    transfer = make(optimizer="adam", learning_rate=rate)
    steps = list(transfer.steps(25))
    best = min(steps, key=lambda step: step.losses["total"])
    assert torch.equal(transfer.image, best.image)
    result = make(optimizer="adam", learning_rate=rate).run(25, progress=False)
    assert result.best_iteration == best.iteration and torch.equal(result.image, best.image)


def test_steps_count_on_and_histories_are_complete(make):
    transfer = make()
    assert [step.iteration for step in transfer.steps(3)] == [0, 1, 2]
    result = transfer.run(4, progress=False)
    assert transfer.iteration == 7
    assert result.history.keys() == transfer.losses(transfer.content).keys()
    assert all(len(values) == 4 for values in result.history.values())
    assert not result.interrupted and result.messages == () and result.seconds > 0


def test_run_of_no_steps_gives_the_starting_image(make, content):
    result = make().run(0, progress=False)
    assert torch.equal(result.image, content) and result.history == {}


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_100_and_100_steps_are_as_good_as_200(make, optimizer):
    halves, whole = make(optimizer=optimizer), make(optimizer=optimizer)
    halves.run(100, progress=False)
    second = halves.run(100, progress=False).history["total"]
    once = whole.run(200, progress=False).history["total"]
    assert min(second) == pytest.approx(min(once), rel=0.02)


def test_run_resumed_after_an_interruption_gets_as_far(make):
    def interrupt(step):
        if step.iteration == 99:
            raise KeyboardInterrupt

    stopped = make()
    assert stopped.run(200, progress=False, on_step=interrupt).interrupted
    resumed = stopped.run(100, progress=False).history["total"]
    once = make().run(200, progress=False).history["total"]
    assert min(resumed) == pytest.approx(min(once), rel=0.02)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_same_seed_gives_the_same_image_and_another_seed_another(make, optimizer):
    one, same, other = (
        make(init="noise", seed=seed, optimizer=optimizer).run(10, progress=False).image
        for seed in (5, 5, 6)
    )
    assert torch.equal(one, same) and not torch.allclose(one, other, atol=0.1)


def test_seed_does_not_disturb_the_random_numbers_of_others(make):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    make(init="noise").estimate(3)
    assert torch.equal(torch.rand(3), expected)


def test_pictures_given_are_left_as_they_were(make, content, style):
    copies = content.clone(), style.clone()
    start = torch.full_like(content, 0.5)
    make(init=start).run(3, progress=False)
    make().run(3, progress=False)
    assert torch.equal(content, copies[0]) and torch.equal(style, copies[1])
    assert torch.equal(start, torch.full_like(content, 0.5))


def test_total_variation_smooths(make):
    rough, smooth = (make(tv_weight=weight).run(25, progress=False) for weight in (0, 1e4))
    assert nst.total_variation(smooth.image) < 0.7 * nst.total_variation(rough.image)


@pytest.fixture
def with_unit(fast_at):
    """A machine that multiplies bfloat16 numbers in hardware, in name at least."""
    fast_at(torch.bfloat16)


def test_bfloat16_finds_nearly_the_same_loss(make, with_unit):
    exact, coarse = (make(precision=p) for p in ("float32", "bfloat16"))
    ends = [min(totals(transfer.steps(30))) for transfer in (exact, coarse)]
    assert ends[0] != ends[1] and ends[1] == pytest.approx(ends[0], rel=0.5)
    assert coarse.image.dtype == torch.float32


def precisions(transfer, count: int) -> list[torch.dtype]:
    """The number format of each step."""
    return [
        transfer.safeguards.backbone.convolutions["conv5_1"].weight.dtype
        for _ in transfer.steps(count)
    ]


def test_auto_is_float32_without_a_unit_and_ends_in_float32_with_one(make, fast_at):
    assert set(precisions(make(), 5)) == {torch.float32}
    fast_at(torch.bfloat16)
    assert precisions(make(), 20) == [torch.bfloat16] * 18 + [torch.float32] * 2
    assert precisions(make(), 1) == [torch.float32]  # one step at a time, as the labs take them
    assert set(precisions(make(precision="float32"), 5)) == {torch.float32}
    assert set(precisions(make(precision="bfloat16"), 5)) == {torch.bfloat16}


@pytest.mark.slow
def test_auto_gets_within_2_percent_of_float32_at_equal_steps(make, fast_at):
    """In the median of twelve pairs: on so small a network, two runs of one pair part ways."""
    contents = ("cat", "coffee", "astronaut", "dahlia")
    styles = ("great_wave", "composition_viii", "village_street_in_auvers")
    ratios = {torch.bfloat16: [], torch.float16: []}
    for names in itertools.product(contents, styles):
        content, style = (nst.load_image(name, size=32) for name in names)
        float32 = make(content=content, style=style, precision="float32")
        exact = float32.run(60, progress=False)
        for short in ratios:
            fast_at(short)
            auto = make(content=content, style=style, precision="auto").run(60, progress=False)
            assert exact.history["total"] != auto.history["total"]
            assert auto.best_iteration >= 54  # losses of bfloat16 and of float32 do not compete
            ends = [float32.losses(result.image)["total"].item() for result in (auto, exact)]
            ratios[short].append(ends[0] / ends[1])
    assert {dtype for dtype in ratios if statistics.median(ratios[dtype]) >= 1.02} == set()


def test_bfloat16_without_a_unit_is_told_once(make):
    [sentence] = make(precision="bfloat16").run(2, progress=False).messages
    assert "no unit for bfloat16" in sentence and 'precision="auto"' in sentence
    assert make(precision="auto").run(2, progress=False).messages == ()


def test_forecast_times_the_formats_that_a_run_uses(make, with_unit):
    shares = {p: make(precision=p).safeguards.precision.shares() for p in ("auto", "bfloat16")}
    assert shares == {"auto": {"bfloat16": 0.9, "float32": 0.1}, "bfloat16": {"bfloat16": 1.0}}
    assert make(precision="float32").safeguards.precision.shares() == {"float32": 1.0}
    seconds, height, width = time_step(make(terms=[Brightness()]), 32)
    assert seconds > 0 and (height, width) == (21, 32)


# ---------------------------------------------------------------- weights changed on the way


def change_number(transfer):
    transfer.style_weight = 55.0


def change_entry(transfer):
    transfer.style_layers["relu1_1"] = 9.0


def change_layers(transfer):
    transfer.style_layers = ["relu1_2", "relu3_1"]


def change_content(transfer):
    transfer.content_layers = {"conv3_1": 2.0}


def change_smoothness(transfer):
    transfer.tv_weight = 100.0


CHANGES = [change_number, change_entry, change_layers, change_content, change_smoothness]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_weights_take_effect_at_the_next_step(make, change):
    transfer = make()
    last = list(transfer.steps(10))[-1]
    change(transfer)
    expected = transfer.losses(transfer.safeguards.pixels)
    (step,) = transfer.steps(1)
    assert step.losses == pytest.approx({k: v.item() for k, v in expected.items()}, rel=1e-5)
    assert step.losses.keys() == expected.keys()
    fresh = make(init=transfer.content)
    change(fresh)
    assert step.iteration == last.iteration + 1
    assert fresh.losses(step.image)["total"].item() == pytest.approx(step.losses["total"], rel=1e-5)


@pytest.mark.parametrize("change", CHANGES)
def test_changed_weights_restart_the_curvature_history(make, change):
    transfer = make()
    list(transfer.steps(10))
    assert len(transfer.safeguards.optimizer.pairs) == 9
    list(transfer.steps(1))
    assert len(transfer.safeguards.optimizer.pairs) == 10
    change(transfer)
    list(transfer.steps(1))
    assert len(transfer.safeguards.optimizer.pairs) == 0


def test_change_of_nothing_keeps_the_curvature_history(make):
    transfer = make()
    list(transfer.steps(10))
    transfer.style_weight = 10
    transfer.style_layers = dict(LAYERS)
    list(transfer.steps(1))
    assert len(transfer.safeguards.optimizer.pairs) == 10


def test_best_image_after_a_change_is_the_best_for_the_new_weights(make):
    transfer = make()
    list(transfer.steps(30))
    transfer.style_weight = 1e4
    steps = list(transfer.steps(20))
    best = min(steps, key=lambda step: step.losses["total"])
    assert torch.equal(transfer.image, best.image)


def test_small_change_does_not_throw_an_image_off_that_is_nearly_done(make):
    transfer = make()
    before = totals(transfer.steps(150))[-1]
    transfer.style_weight *= 1.01
    steps = list(transfer.steps(10))
    assert max(totals(steps)) < 1.1 * before
    assert not any(step.message for step in steps)


@pytest.mark.parametrize("factor", [100, 0.01])
def test_large_change_does_not_explode(make, factor):
    """The scale of the gradients that the optimiser hands on is that of the old weights."""
    transfer = make()
    list(transfer.steps(100))
    transfer.style_weight *= factor
    transfer.content_weight *= factor
    steps = list(transfer.steps(10))
    assert not any(step.message for step in steps)
    assert max(totals(steps)) < 1.5 * totals(steps)[0]


@pytest.mark.slow
def test_image_that_is_nearly_done_is_not_thrown_off_by_a_new_transfer():
    """The stages of a coarse-to-fine run begin like this, and so does each branch of a lab."""
    content, style = nst.load_image("cat", size=48), nst.load_image("great_wave", size=48)
    backbone = nst.load_backbone(device="cpu")
    done = StyleTransfer(content, style, backbone).run(60, progress=False)
    steps = list(StyleTransfer(content, style, backbone, init=done.image).steps(14))
    assert not any(step.message for step in steps)
    assert max(totals(steps)) < 2 * totals(steps)[0]
    assert totals(steps)[-1] < 0.9 * totals(steps)[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("style_weight", -1),
        ("style_weight", "much"),
        ("content_weight", math.nan),
        ("tv_weight", None),
        ("style_layers", ["relu9_9"]),
        ("content_layers", {"relu1_1": -2.0}),
        ("style_layers", 7),
    ],
)
def test_wrong_change_is_refused_and_a_right_one_goes_on(make, name, value):
    transfer = make()
    list(transfer.steps(3))
    right = getattr(transfer, name)
    with pytest.raises(nst.CourseError, match="relu9_9|" + name):
        setattr(transfer, name, value)
        next(transfer.steps(1))
    setattr(transfer, name, right)
    assert [step.iteration for step in transfer.steps(2)] == [3, 4]


# ---------------------------------------------------------------- explosions


class Faulty(nst.Backbone):
    """A backbone whose features are multiplied by ``fault`` in the passes that ``when`` names."""

    when, fault, passes = range(0), 1.0, 0

    def forward(self, image, layers, then=lambda layer, features: features):
        self.passes += 1
        factor = self.fault if self.passes in self.when else 1.0
        return super().forward(image, layers, lambda name, value: then(name, value * factor))


@pytest.fixture
def faulty(backbone) -> Faulty:
    return Faulty("vgg16", dict(backbone.convolutions.state_dict()))


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize(
    ("fault", "said"), [(math.nan, "no longer a number"), (math.inf, "no longer"), (1e3, "grew to")]
)
def test_explosion_restores_the_best_image_halves_the_rate_and_says_so(
    make, faulty, optimizer, fault, said
):
    faulty.when, faulty.fault = [10], fault
    transfer = make(backbone=faulty, optimizer=optimizer)
    rate = transfer.learning_rate
    steps = list(transfer.steps(12))
    messages = [step.message for step in steps if step.message]
    assert len(messages) == 1 and said in messages[0] and f"{rate / 2:g}" in messages[0]
    assert transfer.learning_rate == rate / 2
    assert all(math.isfinite(total) for total in totals(steps))
    again = next(step for step in steps if step.message)
    best_before = min(steps[: again.iteration], key=lambda step: step.losses["total"])
    assert torch.equal(again.image, best_before.image)
    assert steps[-1].losses["total"] < steps[0].losses["total"]


def test_learning_rate_far_too_large_is_brought_down(make):
    transfer = make(optimizer="adam", learning_rate=20.0)
    result = transfer.run(30, progress=False)
    assert result.messages and transfer.learning_rate < 20
    assert min(result.history["total"]) == result.history["total"][result.best_iteration]
    assert transfer.losses(result.image)["total"].isfinite()


def test_smaller_rate_after_a_restart_makes_the_first_step_smaller(make, faulty):
    faulty.when, faulty.fault = range(5, 8), math.nan
    transfer = make(backbone=faulty)
    steps = list(transfer.steps(12))
    assert transfer.learning_rate == 1 / 8
    moves = [(b.image - a.image).abs().mean() for a, b in itertools.pairwise(steps)]
    assert max(moves[3:]) <= 0.02 / 8 * 1.001


def test_loss_that_never_recovers_ends_in_a_sentence_and_leaves_the_best_image(make, faulty):
    faulty.when, faulty.fault = range(8, 1000), math.nan
    transfer = make(backbone=faulty)
    steps = []
    with pytest.raises(nst.CourseError, match="does not stay finite after 10 restarts"):
        steps.extend(transfer.steps(5))
        for step in transfer.steps(20):
            steps.append(step)
    best = min(steps, key=lambda step: step.losses["total"])
    assert torch.equal(transfer.image, best.image)
    faulty.when = range(0)
    transfer.learning_rate = 1.0
    assert next(transfer.steps(1)).losses["total"] == pytest.approx(best.losses["total"], rel=1e-4)


def test_start_without_a_finite_loss_says_so_and_smaller_weights_put_it_right(make, content):
    transfer = make(style_weight=1e39, init="noise")
    with pytest.raises(nst.CourseError, match="starting image is not a finite number"):
        list(transfer.steps(3))
    assert transfer.image.isfinite().all()
    transfer.style_weight = 10.0
    losses = totals(transfer.steps(10))
    assert losses == pytest.approx(totals(make(init="noise").steps(10)), rel=1e-3)


def test_divergence_at_the_change_to_float32_goes_back_to_the_best_image(make, faulty, with_unit):
    """The first loss in float32 has none to be compared with, but the image before it is there."""
    transfer = make(backbone=faulty)
    faulty.when, faulty.fault = [2], 1e3  # in float32: once for the target, then the last step
    *_, last = transfer.steps(10)
    assert "grew to" in last.message and last.iteration == 9
    assert torch.equal(last.image, transfer.image)


# ---------------------------------------------------------------- interruptions


def test_loop_left_at_any_step_leaves_the_best_image_and_goes_on(make):
    transfer = make()
    seen = []
    for count in (1, 2, 5):
        for step in transfer.steps(100):
            seen.append(step)
            if len(seen) % count == 0:
                break
        best = min(seen, key=lambda step: step.losses["total"])
        assert torch.equal(transfer.image, best.image)
    assert [step.iteration for step in seen] == list(range(len(seen)))


def interrupt_in_network(transfer, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(transfer.safeguards.backbone, "forward", interrupted)


def interrupt_in_backward(transfer, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(torch.Tensor, "backward", interrupted)


def interrupt_half_way_through_the_move(transfer, monkeypatch):
    def interrupted(*_):
        with torch.no_grad():
            transfer.safeguards.pixels[:, :, ::2] += 100
        raise KeyboardInterrupt

    monkeypatch.setattr(transfer.safeguards.optimizer, "step", interrupted)


@pytest.mark.parametrize(
    "interrupt",
    [interrupt_in_network, interrupt_in_backward, interrupt_half_way_through_the_move],
)
def test_interruption_in_the_middle_of_a_step_leaves_the_best_image(make, interrupt):
    transfer = make()
    steps = list(transfer.steps(6))
    best = min(steps, key=lambda step: step.losses["total"])
    with pytest.MonkeyPatch.context() as patch:
        interrupt(transfer, patch)
        result = transfer.run(5, progress=False)
    assert result.interrupted and "Stopped after 0 of 5 steps" in result.messages[0]
    assert torch.equal(result.image, transfer.image)
    if interrupt is interrupt_half_way_through_the_move:  # after an evaluation, which may be best
        total = transfer.losses(result.image)["total"].item()
        assert total <= best.losses["total"]
    else:
        total = best.losses["total"]
        assert torch.equal(result.image, best.image)
    after = totals(transfer.steps(10))
    assert after[0] == pytest.approx(total, rel=1e-4)
    assert min(after) < after[0]


def test_run_interrupted_after_some_steps_returns_what_it_has(make, capsys):
    def interrupt(step):
        if step.iteration == 3:
            raise KeyboardInterrupt

    transfer = make()
    result = transfer.run(10, on_step=interrupt)
    assert result.interrupted and len(result.history["total"]) == 4
    assert result.messages == ("Stopped after 4 of 10 steps; the best image so far is kept.",)
    assert result.messages[0] in capsys.readouterr().out
    assert result.best_iteration == min(range(4), key=result.history["total"].__getitem__)


def test_error_in_a_live_view_leaves_the_best_image_too(make):
    def broken(step):
        if step.iteration == 2:
            raise ZeroDivisionError

    transfer = make()
    with pytest.raises(ZeroDivisionError):
        transfer.run(5, progress=False, on_step=broken)
    assert transfer.iteration == 3 and transfer.image.isfinite().all()


# ---------------------------------------------------------------- forecast


def test_estimate_changes_nothing(make):
    plain, asked = make(), make()
    list(plain.steps(3)), list(asked.steps(3))
    asked.estimate(50)
    assert totals(plain.steps(3)) == totals(asked.steps(3))
    assert asked.iteration == 6


def test_estimated_seconds_grow_with_steps_and_pixels(make):
    transfer = make()
    height, width = transfer.content.shape[2:]

    def seconds(work) -> float:
        """Where a step on a copy of the same size takes 2 seconds."""
        return estimate(work, lambda side: (2.0, height, width)).seconds

    one, ten, none = (seconds(describe(transfer, steps)) for steps in (1, 10, 0))
    assert none == 0 and ten == pytest.approx(one + 18) and 2 < one < 6
    list(transfer.steps(1))  # afterwards, the targets are there
    work = describe(transfer, 3)
    assert seconds(work) == 6
    assert seconds(replace(work, height=2 * height, width=3 * width)) == pytest.approx(36)


def test_estimated_memory_grows_with_the_picture(make):
    estimates = [make(content=nst.load_image("cat", size=size)).estimate(5) for size in (64, 128)]
    ratio = estimates[1].more_bytes / estimates[0].more_bytes
    assert ratio == pytest.approx(4, rel=0.1)
    for found in estimates:
        assert found.bytes > found.more_bytes > 0
    assert [found.size for found in estimates] == [64, 128]


def test_long_narrow_picture_can_be_estimated(make):
    narrow = nst.load_image("cat", size=400)[:, :, :32]
    assert make(content=narrow, content_layers=["pool5"]).estimate(1).seconds > 0


def test_forecast_comes_before_the_memory_is_taken(make, backbone):
    """A picture too large for this machine can be estimated: nothing of its size is run."""
    largest = []
    hook = backbone.register_forward_hook(lambda module, given, _: largest.append(given[0].numel()))
    try:
        make(content=nst.load_image("cat", size=1024)).estimate(10)
    finally:
        hook.remove()
    assert max(largest) <= 1.01 * 3 * forecast.PROBE_SIZE**2


# ---------------------------------------------------------------- tiles


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_steps_with_tiles_are_those_without(make, optimizer, monkeypatch):
    """Up to rounding, which a run amplifies with every step; the pairs of both in float32."""

    class Exact(LBFGS):
        def __init__(self, pixels, history_dtype, **settings):
            super().__init__(pixels, **settings)

    monkeypatch.setattr(optimizers, "LBFGS", Exact)
    picture = nst.load_image("cat", size=75)
    whole, tiled = (make(content=picture, tile=tile, optimizer=optimizer) for tile in (None, 16))
    for one, other in zip(whole.steps(4), tiled.steps(4), strict=True):
        assert other.losses == pytest.approx(one.losses, rel=2e-5)
        assert (one.image - other.image).abs().mean() < 1e-5
    tiled.style_layers = ["relu4_1"]
    assert next(tiled.steps(1)).losses["style/relu4_1"] > 0


@pytest.mark.parametrize(("free", "tile"), [(10**12, None), (10**5, tiling.TILE)])
def test_tiles_are_chosen_where_the_whole_picture_does_not_fit(make, monkeypatch, free, tile):
    monkeypatch.setattr(memory, "available_memory", lambda device: free)
    assert make().objective.tile == tile and make(tile="auto").objective.tile == tile
    assert make(tile=None).objective.tile is None and make(tile=40).objective.tile == 40


def test_choice_of_tiles_and_forecast_agree(make, monkeypatch):
    needed = make(tile=None).estimate(100).more_bytes
    for free, tile in ((needed - 1, tiling.TILE), (needed + 1, None)):
        monkeypatch.setattr(memory, "available_memory", lambda device, free=free: free)
        assert make().objective.tile == tile


def test_tiles_are_reported_to_take_less_memory_and_more_time(make):
    picture = nst.load_image("cat", size=512)
    estimates = [
        estimate(describe(make(content=picture, tile=tile), 3), lambda side, s=s: (s, side, side))
        for tile, s in ((None, 1.0), (64, 1.5))
    ]
    assert estimates[1].more_bytes < 0.7 * estimates[0].more_bytes
    assert 1.3 < estimates[1].seconds / estimates[0].seconds < 1.7
    free = estimates[1].more_bytes // 3
    fitting = estimates[1].size_that_fits(free)
    smaller = describe(make(content=nst.load_image("cat", size=fitting), tile=64), 3)
    assert 0.6 * free < memory.bytes_of_run(smaller) < free


def test_history_is_as_long_as_told(make, monkeypatch):
    monkeypatch.setattr(memory, "HISTORY_BYTES", 9 * make().content.nbytes)
    for tile, pairs, dtype in ((None, 11, torch.float32), (16, 9, torch.bfloat16)):
        transfer = make(tile=tile)
        list(transfer.steps(12))
        assert len(transfer.safeguards.optimizer.pairs) == pairs
        assert {
            half.dtype for pair in transfer.safeguards.optimizer.pairs for half in pair[:2]
        } == {dtype}


# ---------------------------------------------------------------- bad input

GOOD = torch.full((1, 3, 32, 32), 0.5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"content": "cat"}, "content is a tensor"),
        ({"style": None}, "style is a tensor"),
        ({"content": GOOD[0]}, "content has shape"),
        ({"content": GOOD.expand(2, 3, 32, 32)}, "content has shape"),
        ({"content": torch.zeros(1, 3, 0, 32)}, "content has shape"),
        ({"style": GOOD * 255}, r"style has values from 127\.5 to 127\.5"),
        ({"style": GOOD - 2.1}, "style has values from -1.6"),
        ({"content": GOOD * torch.nan}, "content holds numbers that are not finite"),
        ({"content": GOOD[..., :1]}, "32 px|too small"),
        ({"backbone": "vgg16"}, "load_backbone"),
        ({"backbone": torch.nn.Linear(1, 1)}, "load_backbone"),
        ({"content_layers": ["relu9_1"]}, "relu9_1"),
        ({"style_layers": {"relu1_1": math.inf}}, "style_layers"),
        ({"style_layers": [], "content_layers": []}, "nothing to optimize"),
        ({"style_layers": 3}, "style_layers"),
        ({"style_weight": -1.0}, "style_weight"),
        ({"content_weight": "1"}, "content_weight"),
        ({"init": "random"}, "init is one of"),
        ({"init": np.zeros((1, 3, 32, 32))}, "init is one of"),
        ({"init": GOOD}, "init has shape"),
        ({"optimizer": "sgd"}, "optimizer is one of"),
        ({"precision": "float64"}, "precision is one of"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"seed": 2.5}, "seed"),
        ({"tile": 0}, "tile is a whole number"),
        ({"tile": "large"}, "tile is a whole number"),
        ({"seed": 10**30}, "seed"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_what_cannot_work_is_refused_in_a_sentence(make, settings, said):
    with pytest.raises(nst.CourseError, match=said):
        make(**settings)


@pytest.mark.parametrize("count", [-1, 2.5, "10", None])
def test_count_that_is_none_is_refused(make, count):
    with pytest.raises(nst.CourseError, match="count is a whole number"):
        list(make().steps(count))
    for method in (make().run, make().estimate):
        with pytest.raises(nst.CourseError, match="steps is a whole number"):
            method(count)


def test_rate_of_0_moves_nothing(make):
    transfer = make(learning_rate=0)
    first, *_, last = transfer.steps(3)
    assert torch.equal(first.image, last.image)


def test_drawing_on_the_image_of_a_step_does_not_change_the_run(make):
    alone, drawn_on = make(), make()
    for _ in alone.steps(6):
        pass
    for step in drawn_on.steps(6):
        step.image.zero_()
    assert torch.equal(drawn_on.image, alone.image)


def test_artwork_larger_than_the_picture_goes_through_in_tiles(make, monkeypatch):
    """It could take the memory that the forecast has counted for the picture."""
    monkeypatch.setattr(terms, "TILE", 16)
    artwork, sides = nst.load_image("great_wave", 96), []
    whole = make(style=artwork, content=nst.load_image("cat", 96)).losses  # as large, or larger
    convolve = torch.nn.functional.conv2d

    def note(x, *arguments, **settings):
        sides.append(max(x.shape[2:]))
        return convolve(x, *arguments, **settings)

    monkeypatch.setattr(torch.nn.functional, "conv2d", note)
    tiled = make(style=artwork)
    tiled.losses(tiled.content)
    assert max(sides) < 60
    whole(nst.load_image("cat", 96))
    for layer, [gram] in whole.__self__.objective["style"].means.items():
        [found] = tiled.objective["style"].means[layer]
        torch.testing.assert_close(found, gram, rtol=1e-4, atol=1e-4 * gram.max().item())


@pytest.mark.parametrize("tile", [None, 16])
def test_image_of_another_size_has_a_style_and_no_content_here(make, tile):
    for other in (GOOD, torch.cat([GOOD, GOOD], dim=2)):
        with pytest.raises(nst.CourseError, match="shape|another size"):
            make(tile=tile).losses(other)
    style = make(tile=tile, content_layers=[]).losses(GOOD)["style"]
    assert style.isfinite()


def test_one_layer_may_be_named_by_a_string_and_a_part_left_out(make):
    transfer = make(content_layers="relu1_1", style_layers=[])
    assert transfer.content_layers == {"relu1_1": 1.0}
    transfer.content_layers = []
    transfer.style_layers = "relu1_1"
    (step,) = transfer.steps(1)
    assert step.losses["content"] == 0 < step.losses["style"] == step.losses["style/relu1_1"]
    assert isinstance(make().run(1, progress=False), Result)


# ---------------------------------------------------------------- devices, and the real network


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_gpu_starts_from_the_same_noise_and_gets_as_far(make, faulty):
    on_cpu = make(init="noise")
    on_gpu = make(init="noise", backbone=faulty.to("cuda"))
    assert on_gpu.image.device.type == "cuda"
    assert torch.equal(on_gpu.image.cpu(), on_cpu.image)
    ends = [min(totals(transfer.steps(40))) for transfer in (on_cpu, on_gpu)]
    assert ends[0] == pytest.approx(ends[1], rel=0.1)


def test_real_network_paints_a_cat_after_the_great_wave():
    content, style = nst.load_image("cat", size=48), nst.load_image("great_wave", size=48)
    result = StyleTransfer(content, style, nst.load_backbone(device="cpu")).run(15, progress=False)
    history = result.history
    assert history["style"][-1] < 0.1 * history["style"][0]
    assert history["content"][0] == 0 < history["content"][-1]
    assert 0.02 < (result.image - content).abs().mean() < 0.3
