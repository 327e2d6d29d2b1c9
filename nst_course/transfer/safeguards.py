"""The pixels and their optimizer, kept safe: the best image, divergence, restarts."""

import math
from collections.abc import Callable
from types import TracebackType

import torch
from torch import Tensor

from ..checks import check_count
from ..device import with_gradients
from ..errors import CourseError
from ..network.vgg import Backbone
from .precision import Precision
from .progress import Step

DIVERGENCE = 10  # a loss this many times the first one does not come back by itself
MOST_RESTARTS = 10

# Pixels, learning rate, and the optimizer before this one or None → an optimizer of the pixels.
MakeOptimizer = Callable[[Tensor, float, torch.optim.Optimizer | None], torch.optim.Optimizer]


class Safeguards:
    """What the loop moves, and how it goes back to the best image when something goes wrong.

    As a context manager around an evaluation and a move, it goes back to the best image if they
    are interrupted: the pixels may be half moved.

    Args:
        image: the starting image, (1, 3, H, W), 0…1.
        make_optimizer: called at the start and at every restart.
        learning_rate: halved at each restart.
        precision: which network each step uses.

    Attributes:
        pixels: the image that is optimized.
        optimizer: moves the pixels; None before the first step.
        backbone: the network that the present step uses.
        iteration: how many steps have been taken.
        best, best_iteration: the image with the lowest total loss, and where it was found.
    """

    def __init__(
        self,
        image: Tensor,
        make_optimizer: MakeOptimizer,
        learning_rate: float,
        precision: Precision,
    ):
        self.pixels = image.requires_grad_()
        self.make_optimizer = make_optimizer
        self.optimizer: torch.optim.Optimizer | None = None
        self.learning_rate = learning_rate
        self.precision = precision
        self.backbone: Backbone | None = None
        self.iteration = 0
        self.best = image.detach().clone()
        self.best_iteration = 0
        self.best_total = math.inf
        self.first_total: float | None = None
        self.message = precision.warning  # for the next step
        self._settings: tuple | None = None  # of the objective at the last step
        self._restarts = 0  # since the last step that counted

    def follow(self, settings: tuple) -> torch.optim.Optimizer:
        """Start the next step: adapt to the weights, the layers and the precision of now.

        Returns:
            The optimizer of this step.
        """
        optimizer = self.optimizer
        if optimizer is None or settings != self._settings:
            self._settings = settings
            self.best_total, self.first_total = math.inf, None
            optimizer = self.restart(self.pixels.detach())
        backbone = self.precision.backbone(self.iteration)
        if backbone is not self.backbone:
            self.backbone = backbone
            self.best_total = math.inf  # the losses of two precisions cannot be compared
        return optimizer

    def record(self, losses: dict[str, Tensor]) -> Step | None:
        """The step that has these losses of the pixels; None if they have diverged.

        Then the pixels are the best image again, and the learning rate is half of what it was.

        Raises:
            CourseError: a restart would not help.
        """
        numbers = torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
        total = numbers[0]
        if self.first_total is None and math.isfinite(total):
            self.first_total = total
        if not math.isfinite(total) or total > DIVERGENCE * (self.first_total or 0) > 0:
            self._recover(total)
            return None
        image = self.pixels.detach().clone()
        if total < self.best_total:
            # A copy, because whoever gets the step may draw on its image.
            self.best, self.best_total = image.clone(), total
            self.best_iteration = self.iteration
        step = Step(self.iteration, dict(zip(losses, numbers, strict=True)), image, self.message)
        self.message, self._restarts = "", 0
        return step

    def restart(self, image: Tensor) -> torch.optim.Optimizer:
        """A fresh optimizer at the given image: its history of gradients is dropped."""
        pixels = image.clone().requires_grad_()
        optimizer = self.make_optimizer(pixels, self.learning_rate, self.optimizer)
        self.pixels, self.optimizer = pixels, optimizer  # together: no interruption in between
        return optimizer

    def _recover(self, total: float) -> None:
        """Go back to the best image, with half the learning rate or in float32, and say so."""
        what = f"grew to {total:.3g}" if math.isfinite(total) else "was no longer a number"
        back = (
            f"The loss {what} at step {self.iteration}: back to the best image of step "
            f"{self.best_iteration}, "
        )
        if not math.isfinite(total) and self.precision.give_up():
            self.message = f"{back}now in float32."
        elif self.first_total is None:  # no image had a finite loss under these settings
            which = f"image at step {self.iteration}" if self.iteration else "starting image"
            raise CourseError(
                f"The loss of the {which} is not a finite number; "
                "use smaller weights, or another init."
            )
        elif self._restarts + 1 == MOST_RESTARTS:
            self._restarts = 0
            raise CourseError(
                f"The loss does not stay finite after {MOST_RESTARTS} restarts; "
                "use smaller weights or a smaller learning_rate."
            )
        else:
            self._restarts += 1
            self.learning_rate /= 2
            self.message = f"{back}with the learning rate {self.learning_rate:g}."
        self.restart(self.best)

    def __enter__(self) -> "Safeguards":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.restart(self.best)

    def state_dict(self) -> dict:
        """All that a run needs to go on exactly as this one would: tensors, numbers, dicts."""
        return {
            "pixels": self.pixels.detach(),
            "optimizer": None if self.optimizer is None else self.optimizer.state_dict(),
            "learning_rate": self.learning_rate,
            "iteration": self.iteration,
            "best": self.best,
            "best_iteration": self.best_iteration,
            "best_total": self.best_total,
            "first_total": self.first_total,
            "precision": self.precision.state_dict(),
        }

    @with_gradients
    def load_state_dict(self, state: dict, settings: tuple) -> None:
        """Go on as the run would have that gave this `state_dict`.

        Args:
            state: of a run on an image of the same size.
            settings: those of the objective, which have to be the same as well.
        """
        if any(state[name].shape != self.pixels.shape for name in ("pixels", "best")):
            raise ValueError("The state is that of an image of another size.")
        for name in ("iteration", "best_iteration"):
            check_count(name, state[name])
        self.precision.load_state_dict(state["precision"])
        self.learning_rate, self.iteration = float(state["learning_rate"]), state["iteration"]
        optimizer = self.restart(state["pixels"].to(self.pixels.device))
        self.best = state["best"].to(self.pixels.device)
        self.best_iteration, self.best_total = state["best_iteration"], float(state["best_total"])
        self.first_total = None if state["first_total"] is None else float(state["first_total"])
        if state["optimizer"] is not None:
            optimizer.load_state_dict(state["optimizer"])
            self.backbone = self.precision.backbone(self.iteration - 1)
            self._settings = settings
