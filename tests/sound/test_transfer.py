"""Random filters and the loop on spectrograms."""

import pytest
import torch
import torch.nn.functional as F

import nst_course as nst
from nst_course.errors import CourseError
from nst_course.sound import RATE, RandomFilters, SoundTransfer, load, spectrogram, synthesize


def small(count=64, width=5):
    return RandomFilters(count, width)


def test_filters_are_a_convolution_over_time_with_the_frequencies_as_channels():
    picture = torch.rand(1, 1, 513, 20)
    filters = small()
    weight = filters.get_parameter("convolutions.conv1.weight")[:, :, 0].double()
    padded = F.pad(picture[0].double(), (2, 2), mode="circular")[0]
    patches = padded.unfold(1, 5, 1)  # (513, 20, 5)
    expected = torch.einsum("fti,nfi->nt", patches, weight)
    features = filters(picture, ["conv1", "relu1"])
    assert features["conv1"].shape == (1, 64, 1, 20)
    assert torch.allclose(features["conv1"][0, :, 0].double(), expected, atol=1e-4)
    assert torch.allclose(features["relu1"][0, :, 0].double(), expected.relu(), atol=1e-4)


def test_a_shift_in_time_shifts_the_features_and_a_shift_in_frequency_does_not():
    picture = torch.zeros(1, 1, 513, 40)
    picture[..., 100:110, 20] = 1
    filters = small()
    answer = filters(picture, ["relu1"])["relu1"]
    later = filters(picture.roll(3, 3), ["relu1"])["relu1"]
    assert torch.allclose(later, answer.roll(3, 3), atol=1e-6)
    higher = filters(picture.roll(3, 2), ["relu1"])["relu1"]
    assert not torch.allclose(higher, answer, atol=1e-2)


def test_features_have_as_many_columns_as_the_spectrogram_for_every_width():
    for width in (1, 4, 11):
        assert small(3, width)(torch.rand(1, 1, 513, 20), ["relu1"])["relu1"].shape[3] == 20


def test_the_style_does_not_depend_on_when_something_happens():
    events = torch.zeros(1, 1, 513, 60)
    events[..., 50:60, 20], events[..., 300:310, 40] = 1, 0.5
    filters = small()
    gram = nst.gram_matrix(filters(events, ["relu1"])["relu1"])
    other = nst.gram_matrix(filters(events.roll(10, 3), ["relu1"])["relu1"])
    assert torch.allclose(gram, other, atol=1e-6)


def test_the_losses_are_those_of_the_course_on_these_features():
    style, content = load("fire", seconds=1), load("speech", seconds=1)
    transfer = SoundTransfer(style, content, filters=small())
    picture = spectrogram(load("bells", seconds=1)).to(transfer.filters.device)
    losses = transfer.objective(picture)
    device = transfer.filters.device
    found, wanted, kept = (
        transfer.filters(spectrogram(sound).to(device), ["relu1"])["relu1"].cpu()
        for sound in (load("bells", seconds=1), style, content)
    )
    style_loss = nst.style_loss(nst.gram_matrix(found), nst.gram_matrix(wanted))
    content_loss = nst.content_loss(found, kept)
    assert losses["style"].item() == pytest.approx(style_loss.item(), rel=1e-3)
    assert losses["content"].item() == pytest.approx(content_loss.item(), rel=1e-3)
    total = transfer.style_weight * style_loss + transfer.content_weight * content_loss
    assert losses["total"].item() == pytest.approx(total.item(), rel=1e-3)


def test_a_texture_from_noise_reaches_the_style_and_is_a_new_sound():
    style = load("fire", seconds=1)
    transfer = SoundTransfer(style, filters=small())
    result = transfer.run(60, progress=False)
    assert result.history["style"][-1] < 1e-2 * result.history["style"][0]
    assert transfer.spectrogram.min() >= 0 and transfer.spectrogram.max() <= 1
    sound = transfer.sound
    assert sound.isfinite().all() and sound.abs().max() <= 1
    assert sound.square().mean().sqrt() > 0.3 * style.square().mean().sqrt()
    original = spectrogram(style)
    assert (transfer.spectrogram.cpu() - original).norm() > 0.5 * original.norm()


def test_the_length_is_what_was_asked_for():
    transfer = SoundTransfer(load("fire", seconds=1), seconds=2.0, filters=small())
    assert transfer.sound.shape == (2 * RATE,)
    transfer = SoundTransfer(load("fire", seconds=1), load("speech", seconds=1.6), filters=small())
    assert transfer.sound.shape == (1.6 * RATE // 256 * 256,)


def test_a_style_longer_than_the_result_is_heard_whole():
    style = load("stream", seconds=3)
    transfer = SoundTransfer(style, seconds=1, filters=small())
    transfer.run(1, progress=False)
    features = transfer.filters(spectrogram(style).to(transfer.filters.device), ["relu1"])["relu1"]
    means = transfer.objective["style"].means["relu1"][0]
    assert torch.allclose(means, nst.gram_matrix(features), atol=1e-6)


def test_the_same_seed_gives_the_same_sound_and_another_seed_another():
    style = load("bells", seconds=1)
    first, again, other = (synthesize(style, steps=2, seed=s, progress=False) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.allclose(first, other, atol=1e-3)


def test_without_style_the_content_stays():
    content = load("speech", seconds=1)
    transfer = SoundTransfer(load("fire", seconds=1), content, style_weight=0, filters=small())
    transfer.run(3, progress=False)
    assert torch.allclose(transfer.spectrogram.cpu(), spectrogram(content))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"style": torch.zeros(RATE)}, "style is silent"),
        ({"style": torch.ones(10)}, "at least 1024"),
        ({"style": "fire"}, "tensor of floats"),
        ({"content": torch.zeros(RATE)}, "content is silent"),
        ({"seconds": 0}, "seconds is a number"),
        ({"style": load("fire", seconds=0.1)}, "take a longer sound"),
        ({"style_weight": -1}, "style_weight"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_wrong_arguments_are_answered_in_a_sentence(arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        SoundTransfer(**{"style": load("fire", seconds=1), **arguments})
