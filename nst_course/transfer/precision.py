"""Which number format each step uses: a short one where the device is faster at it."""

import math

import torch

from ..checks import check_choice
from ..device import PRECISIONS, dtype_of, is_slow
from ..errors import CourseError
from ..network.vgg import Backbone

EXACT_SHARE = 0.1  # of the steps, at the end, are in float32 where the precision is "auto"


class Precision:
    """The network in float32, its copy in a short format, and when each is used.

    Args:
        name: ``"float32"``, ``"bfloat16"``, ``"float16"``, or ``"auto"``: the fastest of them by
            what is known of the device, with the last tenth of the steps in float32. A rule and
            not a timing, so that a machine generates the same image every time.
        backbone: the network in float32.
    """

    def __init__(self, name: str, backbone: Backbone):
        check_choice("precision", name, ("auto", *PRECISIONS))
        if not isinstance(backbone, Backbone):
            raise CourseError(
                'backbone is a network, as nst.load_backbone("vgg16") returns one, and not a '
                f"{type(backbone).__name__}."
            )
        self.name, self.exact = name, backbone
        dtype = dtype_of(name, backbone.device)
        self.reduced = None if dtype == torch.float32 else backbone.in_precision(dtype)
        self.end = self.exact_from = 0  # iterations: the end of the run, the first in float32
        self.warning = ""
        if is_slow(dtype, backbone.device):
            self.warning = (
                f"This device has no unit for {name}, which makes every step many times slower; "
                'use precision="auto".'
            )

    def plan(self, iteration: int, count: int) -> None:
        """Learn that ``count`` steps follow; those that complete an earlier run change nothing."""
        if iteration + count != self.end:
            self.end = iteration + count
            self.exact_from = self.end - math.ceil(EXACT_SHARE * count)

    def backbone(self, iteration: int) -> Backbone:
        """The network that this step uses."""
        if self.reduced is None or (self.name == "auto" and iteration >= self.exact_from):
            return self.exact
        return self.reduced

    @property
    def longest(self) -> Backbone:
        """The network that needs most memory among those that the run uses."""
        return self.exact if self.reduced is None or self.name == "auto" else self.reduced

    def shares(self) -> dict[str, float]:
        """Number format → its share of the steps of a long run."""
        if self.reduced is None:
            return {"float32": 1.0}
        if self.name != "auto":
            return {self.name: 1.0}
        dtype = dtype_of(self.name, self.exact.device)
        return {str(dtype).removeprefix("torch."): 1 - EXACT_SHARE, "float32": EXACT_SHARE}

    def give_up(self) -> bool:
        """Go on in float32, if that was not the case; some GPUs fail in float16."""
        could = self.name == "auto" and self.reduced is not None
        if could:
            self.reduced = None
        return could

    def state_dict(self) -> dict:
        """All that a run which is resumed has to know."""
        return {
            "end": self.end,
            "exact_from": self.exact_from,
            "reduced": self.reduced is not None,
        }

    def load_state_dict(self, state: dict) -> None:
        """Go on as the precision would have that gave this `state_dict`."""
        self.end, self.exact_from = state["end"], state["exact_from"]
        if not state["reduced"]:
            self.reduced = None
