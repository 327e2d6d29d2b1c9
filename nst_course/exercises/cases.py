"""Inputs for the cases of an exercise: small ones to read, drawn ones to be sure."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def tensor(numbers: Sequence | float) -> torch.Tensor:
    """Tensor of float64 with these numbers."""
    return torch.tensor(numbers, dtype=torch.float64)


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Normally distributed numbers, the same ones every time for a seed."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def picture(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Numbers spread evenly over 0…1, the same ones every time for a seed."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(*shape, generator=generator, dtype=torch.float64).to(dtype)
