"""Small optimizers and objectives for the cases of an exercise.

The optimizers have the interface of torch.optim, whose own ones import a compiler at their first
step: this takes longer than a whole check.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..cases import tensor
from ..spec import Inputs


class GradientDescent(torch.optim.Optimizer):
    """x ← x − lr · v with v ← momentum · v + gradient; evaluates the closure once a step.

    Attributes:
        evaluations: how often a closure was called.
    """

    def __init__(self, parameters: list[Tensor], lr: float, momentum: float = 0.0) -> None:
        super().__init__(parameters, {"lr": lr})
        self.momentum = momentum
        self.velocity = torch.zeros_like(parameters[0])
        self.evaluations = 0

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        self.param_groups.append({**self.defaults, **param_group})

    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self.param_groups[0]["params"]:
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()

    def step(self, closure: Callable | None = None) -> Any:
        loss = None if closure is None else self._evaluated(closure)
        self._move()
        return loss

    def _evaluated(self, closure: Callable) -> Any:
        self.evaluations += 1
        with torch.enable_grad():
            return closure()

    @torch.no_grad()
    def _move(self, factor: float = 1.0) -> None:
        (parameter,) = self.param_groups[0]["params"]
        if parameter.grad is not None:
            self.velocity = self.momentum * self.velocity + parameter.grad
            parameter -= factor * self.param_groups[0]["lr"] * self.velocity


class SeveralEvaluations(GradientDescent):
    """Four moves within one step, each after a new evaluation of the closure, as L-BFGS makes.

    The moves get shorter as the loss that the closure returns gets smaller.
    """

    def step(self, closure: Callable) -> Any:  # type: ignore[override]
        first = loss = self._evaluated(closure)
        for _ in range(3):
            self._move(float(loss) / float(first))
            loss = self._evaluated(closure)
        self._move(float(loss) / float(first))
        return first


def objective(image: Tensor) -> Tensor:
    """objective(image) = Σ (image − (1.5, 0.4, −0.7))²"""
    return ((image - tensor([1.5, 0.4, -0.7]).view(1, 3, 1, 1)) ** 2).sum()


def coupled_objective(image: Tensor) -> Tensor:
    """objective(image) = Σ (image − (1.5, 0.4, −0.7))² + (Σ image)²"""
    return objective(image) + image.sum() ** 2


def steep_objective(image: Tensor) -> Tensor:
    """objective(image) = Σ (image − 1.5)⁴ + (Σ image)²"""
    return ((image - 1.5) ** 4).sum() + image.sum() ** 2


def step_case(optimizer: Callable, objective: Callable = objective, **settings: Any) -> Inputs:
    image = tensor([0.9, 0.2, 0.1]).view(1, 3, 1, 1).requires_grad_(True)
    optimizer = optimizer([image], **settings)
    return {"image": image, "objective": objective, "optimizer": optimizer}
