"""Inputs and results in a few lines, as a verdict shows them."""

from __future__ import annotations

import torch

from ..compare import brief, difference
from ..properties import example, table
from ..spec import Inputs
from . import verdicts
from .outcome import is_data
from .trial import Trial


def numbers(trial: Trial) -> str:
    """The smallest example, as far as it can be shown in numbers."""
    i = trial.wrong[0]
    inputs, outcome, right = trial.inputs(i), trial.outcomes[i], trial.expected[i]
    if outcome.raised:
        return verdicts.error_lines(outcome.raised)
    if difference(outcome.value, right.value):
        return example(inputs, outcome.value, right.value)
    if outcome.changed:
        name = outcome.changed[0]
        return table([(f"{name} before", inputs[name]), ("after", outcome.inputs_after[name])])
    return ""


def shapes(inputs: Inputs) -> str:
    """The inputs in a few words: shapes of tensors, values of the rest."""
    parts = []
    for name, value in inputs.items():
        if isinstance(value, torch.Tensor) and value.dim():
            parts.append(f"`{name}` of shape {tuple(value.shape)}")
        elif is_data(value) and not isinstance(value, (dict, torch.optim.Optimizer)):
            parts.append(f"`{name}` = {brief(value)}")
        else:
            parts.append(f"`{name}`")
    return ", ".join(parts)
