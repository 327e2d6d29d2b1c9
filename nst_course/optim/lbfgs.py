"""L-BFGS for pixels: quasi-Newton steps from the last few gradients, without a line search.

`torch.optim.LBFGS` does the same and is what the notebooks show. This one is small enough to read,
takes one gradient a step, and limits how far a step may go: without a line search, the first steps
of `torch.optim.LBFGS` can throw an image so far off that its loss rises a million times.

It also knows that a pixel ends at black and at full light. An optimiser that does not know lets
pixels go further, and what a screen then shows, cut off there, has 10 to 50 times the loss that was
reached. To cut off in the loop makes nonsense of the curvature. Here a pixel that is at the end and
is pushed further takes no part in the step: two-metric projection, Bertsekas 1982, "Projected
Newton methods for optimization problems with simple constraints".
"""

import torch
from torch import Tensor

from .preconditioner import Spectrum

HISTORY = 60  # at 96 px after 200 steps: 3 % lower than with 30; 100 gains nothing more
BOUNDS = (0.0, 1.0)  # of a pixel: what a screen can show
GROWTH = 4  # of a step after one that showed no curvature


class LBFGS(torch.optim.Optimizer):
    """Minimise a function of one tensor: ``loss.backward()``, then ``step()``.

    Nocedal and Wright 2006, algorithms 7.4 and 7.5, with a fixed step length.

    Args:
        pixels: a list with the one tensor that is moved.
        lr: step length; 1 takes the quasi-Newton step as it is. A smaller one shortens every step.
        history: how many pairs of (move s, change of gradient y) model the curvature.
        largest_move: how far a step may move the pixels, in the mean over all of them.
        first_move: how far the first step goes, when no curvature is known. It only has to show
            the curvature: a step of 0.02 throws an image off that is nearly done, until its loss
            is a hundred times what it was. Without curvature the next one goes four times as far.
        kept_as: the number format of the pairs. With bfloat16 they take half the memory, and the
            loss falls as fast: the curvature is that of the rounded pair, whichever it is.
        by_wave: whether the first guess of the curvature, which the pairs correct, differs by the
            length and colour of waves (`Spectrum`), if the tensor is an image (1, 3, H, W).
            With it and 60 pairs, six pairs of pictures at 96 px were 10 to 23 of 120 steps ahead
            of one number and 30 pairs; from noise a run needs about three quarters of the steps.
        bounds: the least and the largest value that a pixel may have.
        scale: one over the curvature, as an earlier optimiser of a similar function left it in
            its `scale`: the first step is then the gradient times this, and no longer than
            ``first_move``, for the weights of the other function may have been others.
    """

    def __init__(
        self,
        pixels: list[Tensor],
        lr: float = 1.0,
        history: int = HISTORY,
        largest_move: float = 0.02,
        first_move: float = 0.001,
        kept_as: torch.dtype = torch.float32,
        by_wave: bool = True,
        bounds: tuple[float, float] = BOUNDS,
        scale: float | None = None,
    ):
        super().__init__(pixels, {"lr": lr})
        (self.pixels,) = self.param_groups[0]["params"]
        self.history = history
        self.largest_move = largest_move
        self.first_move = first_move
        self.kept_as = kept_as
        self.bounds = bounds
        self.scale = scale
        is_image = self.pixels.dim() == 4 and self.pixels.shape[:2] == (1, 3)
        self.spectrum = Spectrum(self.pixels) if by_wave and is_image else None
        self.pairs: list[tuple[Tensor, Tensor, float]] = []  # (s, y, s·y), oldest first
        self.last: tuple[Tensor, Tensor] | None = None  # the last move and the gradient before it

    @torch.no_grad()
    def step(self) -> None:
        """Move the pixels, given the gradient that backward() left at their present values."""
        # The gradient is taken over: the next backward pass begins with a new one.
        gradient, self.pixels.grad = self.pixels.grad.reshape(-1), None
        if self.last is not None:
            move, earlier_gradient = self.last
            self._remember(move, gradient - earlier_gradient)
        length = self.param_groups[0]["lr"]
        move = self._direction(gradient, self._stuck(gradient)) * length
        reach = move.abs().mean().item()
        most = self.largest_move * min(length, 1.0)
        if self.scale is None or self.last is None:  # nothing is known, or only what was inherited
            most = min(most, self.first_move * min(length, 1.0))
        if self.scale is None:
            self.first_move *= GROWTH
        if reach > 0 and (reach > most or self.scale is None):
            move *= most / reach
        before = self.pixels.clone()
        self.pixels.add_(move.view_as(before)).clamp_(*self.bounds)
        torch.sub(self.pixels, before, out=move.view_as(before))  # as far as the bounds allowed
        self.last = move, gradient

    def state_dict(self) -> dict:
        """All that the next step depends on; its tensors are never changed in place."""
        return {
            "scale": self.scale,
            "first_move": self.first_move,
            "pairs": self.pairs,
            "energies": self.spectrum.energies if self.spectrum else [],
            "last": self.last,
        }

    def load_state_dict(self, state: dict) -> None:
        """Go on as the optimiser would have that gave this `state_dict`."""
        self.scale, self.first_move = state["scale"], state["first_move"]
        self.pairs, self.last = list(state["pairs"]), state["last"]
        if self.spectrum:
            self.spectrum.energies = list(state["energies"])

    def _remember(self, move: Tensor, change: Tensor) -> None:
        pair = exact = move, change
        if self.kept_as != torch.float32:  # else they stay what they are, float64 as well
            pair = move.to(self.kept_as), change.to(self.kept_as)
            move, change = (half.to(move.dtype) for half in pair)
        curvature = torch.dot(move, change).item()
        # Else the function bends down along this move, which no model of a valley has a place for.
        if curvature > 1e-8 * move.norm().item() * change.norm().item():
            self.scale = curvature / torch.dot(change, change).item()
            self.pairs = [*self.pairs, (*pair, curvature)][-self.history :]
            if self.spectrum:
                self.spectrum.remember(*exact)

    def _stuck(self, gradient: Tensor) -> Tensor:
        """Which pixels are at a bound, and would have to go past it to lower the loss."""
        lowest, highest = self.bounds
        pixels = self.pixels.reshape(-1)
        return (pixels <= lowest) & (gradient > 0) | (pixels >= highest) & (gradient < 0)

    def _direction(self, gradient: Tensor, stuck: Tensor) -> Tensor:
        """−H·g, with H the inverse Hessian that the pairs suggest (two-loop recursion).

        All of it in the free pixels only, as if there were no others (but for the curvature of a
        pair, which is that of its whole move): neither g nor a y may put anything into a stuck
        pixel, from where the first guess would spread it to its neighbours.
        """
        free = (~stuck).to(gradient.dtype)
        direction = -gradient * free
        weights = []
        for move, change, curvature in reversed(self.pairs):
            weights.append(torch.dot(move.to(direction.dtype), direction).item() / curvature)
            direction.addcmul_(change.to(direction.dtype), free, value=-weights[-1])
        if self.spectrum:
            direction = self.spectrum.rescale(direction).mul_(free)
        if self.scale is not None:
            direction *= self.scale
        for (move, change, curvature), weight in zip(self.pairs, reversed(weights), strict=True):
            back = torch.dot(change.to(direction.dtype), direction).item() / curvature
            direction.addcmul_(move.to(direction.dtype), free, value=weight - back)
        return direction
