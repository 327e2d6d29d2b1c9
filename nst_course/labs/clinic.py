"""The clinic: a spoiled run is drawn at random, and the reader says what is wrong with it."""

import ipywidgets as widgets
import torch

from ..checks import check_count
from ..images.encode import jpeg
from ..images.io import load_image, to_pil
from ..images.layout import hstack
from .controls import WIDE, WRAP, button
from .curves import curves_svg
from .failures import FAILURES, Failure
from .frames import GAP, img, status_line
from .lab import Lab
from .network import shared_backbone
from .viewer import Viewer

OPEN = "choose a diagnosis"
SMALL = 140  # pixels, the longer side of the photograph and the artwork beside the patient


class ClinicLab(Lab):
    """Diagnose runs that were spoiled on purpose.

    Args:
        seed: of the order in which the patients come.
        content, style: bundled names or paths of files.
        size: longer side of the pictures, in pixels.
        steps: of each run.
    """

    def __init__(
        self,
        seed: int = 0,
        content: str = "cat",
        style: str = "great_wave",
        size: int = 112,
        steps: int = 40,
    ):
        check_count("seed", seed)
        check_count("steps", steps, least=1)
        self.pair = load_image(content, size), load_image(style, size)
        self.steps = steps
        generator = torch.Generator().manual_seed(seed)
        self._order = torch.randperm(len(FAILURES), generator=generator).tolist()
        self._seen = 0  # patients so far
        self._right = self._tries = 0
        names = sorted(failure.name for failure in FAILURES)
        self.diagnosis = widgets.Dropdown(
            options=[OPEN, *names], description="Diagnosis", layout=WIDE
        )
        self.check = button("Check", "check", "check the diagnosis", "success")
        self.next = button("Next patient", "arrow-right", "draw another run at random")
        self.picture = Viewer(file="patient")
        self.originals, self.status = widgets.HTML(), widgets.HTML()
        self.curves = widgets.HTML(layout=WIDE)
        self.check.on_click(lambda _: self._check())
        self.next.on_click(lambda _: self._admit())
        self._show_originals(content, style)
        self._admit()
        buttons = widgets.HBox([self.check, self.next], layout=WRAP)
        left = widgets.VBox(
            [self.originals, self.curves, self.diagnosis, buttons, self.status],
            layout={"flex": "0 0 310px", "max_width": "310px"},
        )
        right = widgets.VBox([self.picture], layout={"flex": "1 1 400px", "min_width": "0"})
        self.widget = self.framed(widgets.HBox([left, right], layout=WRAP))

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.picture,
                "A run was spoiled. Beside its result are the photograph and the artwork. "
                "Describe in a sentence what is wrong.",
            ),
            (
                self.curves,
                "Look at the curve before you decide: does the loss fall, jump, or stay?",
            ),
            (self.diagnosis, "Choose a diagnosis."),
            (
                self.check,
                "Check it. A wrong one tells you how it would look, and you can try again.",
            ),
            (self.next, "Every patient is drawn at random. How many do you get at the first try?"),
        ]

    @property
    def patient(self) -> Failure:
        """The failure of the present patient; reading it spoils the puzzle."""
        return FAILURES[self._order[(self._seen - 1) % len(self._order)]]

    def _show_originals(self, *names: str) -> None:
        pictures = [to_pil(load_image(name, SMALL)) for name in names]
        alt = f"the photograph and the artwork: {' and '.join(names)}"
        self.originals.value = img(jpeg(hstack(pictures, GAP)), "jpeg", alt)

    def _admit(self) -> None:
        """Run the next patient, and show the picture and the curve without a name."""
        self._seen += 1
        self._tries = 0
        self.diagnosis.value = OPEN
        self._say(f"Patient {self._seen} is on the way …")
        image, totals = self.patient.run(*self.pair, shared_backbone(), self.steps)
        self.picture.show(to_pil(image), f"patient {self._seen}: the result of a run")
        finite = [total for total in totals if total < float("inf")]
        self.curves.value = curves_svg({"total": finite})
        self._say(
            f"Patient {self._seen}. The curve is the total loss, from {totals[0]:.3g} to"
            f" {totals[-1]:.3g}. What is wrong?"
        )

    def _check(self) -> None:
        chosen = next((f for f in FAILURES if f.name == self.diagnosis.value), None)
        if chosen is None:
            self._say("Choose a diagnosis first.")
            return
        self._tries += 1
        if chosen is self.patient:
            self._right += self._tries == 1
            self._say(
                f"Right. {chosen.cause} {chosen.cure}"
                f" At the first try: {self._right} of {self._seen}."
            )
        else:
            self._say(f"Not this one. It would look like this: {chosen.sign}. Look again.")

    def _say(self, text: str) -> None:
        self.status.value = status_line(text)
