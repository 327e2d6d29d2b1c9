"""The clinic: a spoiled run is drawn at random, and the reader says what is wrong with it."""

import ipywidgets as widgets
import torch

from ..checks import check_count
from ..images.encode import png
from ..images.io import load_image, scaled, to_pil
from ..images.layout import hstack
from .controls import WRAP, button
from .curves import curves_svg
from .failures import FAILURES, Failure
from .frames import GAP, MIN_SHOWN, enlarged, img, status_line
from .lab import Lab
from .network import shared_backbone

OPEN = "choose a diagnosis"


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
            options=[OPEN, *names], description="Diagnosis", layout={"width": "330px"}
        )
        self.check = button("Check", "check", "check the diagnosis", "success")
        self.next = button("Next patient", "arrow-right", "draw another run at random")
        self.picture, self.curves = widgets.HTML(), widgets.HTML(layout={"width": "370px"})
        self.status = widgets.HTML()
        self.check.on_click(lambda _: self._check())
        self.next.on_click(lambda _: self._admit())
        self._admit()
        controls = widgets.HBox([self.diagnosis, self.check, self.next], layout=WRAP)
        below = widgets.HBox([self.curves, self.status], layout=WRAP)
        self.widget = self.framed(self.picture, controls, below)

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.picture,
                "A run was spoiled. Beside the result are the photograph and the artwork. "
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

    def _admit(self) -> None:
        """Run the next patient, and show the picture and the curve without a name."""
        self._seen += 1
        self._tries = 0
        self.diagnosis.value = OPEN
        image, totals = self.patient.run(*self.pair, shared_backbone(), self.steps)
        small = [to_pil(scaled(picture, MIN_SHOWN // 2)) for picture in self.pair]
        shown = hstack([enlarged(image), *small], GAP)
        caption = f"patient {self._seen}: the result, and the photograph and the artwork"
        self.picture.value = img(png(shown), "png", caption)
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
