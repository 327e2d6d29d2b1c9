"""What the server of the marking processes does once, before the first submission.

Each process is a copy of the server, and has in its memory PyTorch, everything that the checks
compare an answer with, and the modules that are slow to import or cannot be imported behind the
fence. `multiprocessing` imports this module there, so it acts when imported.
"""

import tempfile
from collections.abc import Callable
from typing import Any

import matplotlib
import torch

from ...assets import ASSETS
from ...exercises import registry
from .borrowed import borrowed

matplotlib.use("agg")
import matplotlib.pyplot  # writes a cache of fonts


def _not_compiled(model: Callable | None = None, **options: Any) -> Callable:
    """In place of `torch.compile`, which writes files and takes longer than a check."""
    return (lambda function: function) if model is None else model


torch.compile = _not_compiled
torch.set_num_threads(1)  # a copy of a process with several threads would wait for them for ever
tempfile.tempdir = str(ASSETS)  # modules ask for it when imported; nobody can write into it
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)  # imports torch's compiler: 4 seconds
for _session in registry().values():
    _solution = _session.compiled(_session.code)
    _session.examine(_solution)
    borrowed(_session.exercise, _solution)
    # A wrong answer is compared with every known mistake, alone and in pairs.
    _session.examine(_session.compiled(_session.exercise.stub.replace("...", "return 12345")))
