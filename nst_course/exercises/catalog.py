"""Every exercise of the course, in the order of the notebooks."""

from __future__ import annotations

from . import (
    notebook_01,
    notebook_02,
    notebook_03,
    notebook_04,
    notebook_05,
    notebook_06,
    notebook_07,
    notebook_08,
    notebook_09,
    notebook_10,
    notebook_11,
)
from .session import Session

_NOTEBOOKS = (
    notebook_01,
    notebook_02,
    notebook_03,
    notebook_04,
    notebook_05,
    notebook_06,
    notebook_07,
    notebook_08,
    notebook_09,
    notebook_10,
    notebook_11,
)

SESSIONS = {
    exercise.name: Session(exercise) for notebook in _NOTEBOOKS for exercise in notebook.EXERCISES
}
