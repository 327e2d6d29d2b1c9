"""The objective for a batch, against the terms of the loop."""

import torch

import nst_course as nst
from nst_course.fast.objective import BatchObjective, variations

SIZE = (48, 64)


def test_losses_of_a_batch_are_those_of_the_loop(narrow_backbone):
    torch.manual_seed(0)
    artworks = [torch.rand(1, 3, 48, 48) for _ in range(2)]
    photographs, paintings = torch.rand(2, 3, *SIZE), torch.rand(2, 3, *SIZE)
    mix = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    found = BatchObjective(artworks, narrow_backbone)(paintings, photographs, mix)
    for number in range(2):
        loop = nst.StyleTransfer(
            photographs[number : number + 1],
            artworks[number],
            narrow_backbone,
            statistic=nst.covariance,
        )
        wanted = loop.losses(paintings[number : number + 1])
        for name in ("content", "style", "style/relu1_1", "style/relu5_1"):
            value = torch.tensor(float(wanted[name]))
            torch.testing.assert_close(found[name][number], value, rtol=1e-3, atol=1e-6)
        one = paintings[number : number + 1]
        torch.testing.assert_close(found["tv"][number], nst.total_variation(one))


def test_gradients_reach_every_painting_and_no_photograph(narrow_backbone):
    photographs, paintings = torch.rand(2, 3, *SIZE), torch.rand(2, 3, *SIZE).requires_grad_()
    losses = BatchObjective([torch.rand(1, 3, 48, 48)], narrow_backbone)(
        paintings, photographs, torch.ones(2, 1)
    )
    (losses["content"] + losses["style"]).sum().backward()
    assert (paintings.grad.abs().flatten(1).sum(1) > 0).all()


def test_variation_of_a_flat_picture_is_zero():
    assert variations(torch.full((2, 3, 8, 8), 0.3)).eq(0).all()
