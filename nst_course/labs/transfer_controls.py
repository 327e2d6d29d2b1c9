"""The settings of the style transfer lab: controls, undo, and a short text that restores them."""

import functools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets
import traitlets

from ..errors import CourseError
from ..transfer.initial import STARTS
from ..transfer.optimizers import LEARNING_RATES
from ..transfer.style_transfer import STYLE_LAYERS
from ..transfer.stylize import STRENGTHS, usual_start
from .controls import WIDE, artwork_menu, choice_slider, on_change, picture_menu
from .transfer_settings import SIZES
from .uploads import lasting_name

CONTENT_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
STYLE_WEIGHTS = (0.0, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4, 1e5)
# The first size, relative to that of the strength, and the size of the artwork, relative to that of
# the picture: shapes grow with a smaller first size, and single strokes with the artwork.
STROKES = {
    "very large": (0.5**0.5, 2.0),
    "large": (1.0, 1.5),
    "usual": (1.0, 1.0),
    "fine": (2**0.5, 1.0),
    "very fine": (8**0.5, 1.0),
}
LAYER_FACTORS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3)
GIVEN = ("content", "style", "size")  # by the lab; they have no usual value
TV_WEIGHTS = (0.0, 1e2, 1e3, 1e4, 1e5)


class TransferControls:
    """The controls of a style transfer; each is an attribute, and all are in `named`.

    Args:
        content, style: bundled names or paths of files.
        size: longer side in pixels, one of `SIZES`.
        steps: at the first size; fewer at each larger one.

    Attributes:
        named: name → control.
        on_change: called with the names of the controls that have changed together.
    """

    def __init__(self, content: str, style: str, size: int, steps: int):
        self.steps = steps
        menu = functools.partial(widgets.Dropdown, layout=WIDE)
        self.content = picture_menu("Content", content)
        self.style = artwork_menu("Style", style)
        self.size = menu(options=[(f"{n} px", n) for n in SIZES], value=size, description="Size")
        self.strength = choice_slider("Strength", tuple(STRENGTHS), 3)
        self.strokes = menu(options=list(STROKES), value="usual", description="Strokes")
        self.start = menu(options=list(STARTS), value="recolored", description="Start")
        self.seed = widgets.BoundedIntText(max=10**6, description="Seed", layout=WIDE)
        self.content_weight = choice_slider("Content α", CONTENT_WEIGHTS, 1.0)
        self.style_weight = choice_slider("Style β", STYLE_WEIGHTS, 1e3)
        self.tv_weight = choice_slider("Smooth γ", TV_WEIGHTS, 0.0)
        self.layer_factors = {
            layer: choice_slider(layer, LAYER_FACTORS, 1.0, prefix="×") for layer in STYLE_LAYERS
        }
        self.pooling = menu(options=["max", "avg"], description="Pooling")
        self.optimizer = menu(options=list(LEARNING_RATES), description="Optimizer")
        self.main = ("content", "style", "size", "strength", "strokes")
        self.basic = [self.size, self.strength, self.strokes]
        self.others = [self.start, self.seed, self.content_weight]
        self.others += [self.style_weight, self.tv_weight, *self.layer_factors.values()]
        self.others += [self.pooling, self.optimizer]
        names = [*self.main, "start", "seed", "content_weight", "style_weight"]
        names += ["tv_weight", "pooling", "optimizer"]
        self.named: dict[str, widgets.Widget] = {name: getattr(self, name) for name in names}
        self.named |= self.layer_factors
        self.on_change: Callable[[set[str]], None] = lambda names: None
        self._together = False  # while one action changes several controls
        self._past: list[dict] = []
        self._present = self.values()
        self.usual = {n: v for n, v in self._present.items() if n not in GIVEN}
        on_change(self._take_strength, self.strength)
        on_change(self._changed, *self.named.values())

    def values(self) -> dict:
        """Name → value of every control."""
        return {name: control.value for name, control in self.named.items()}

    def settings(self, size: int | None = None) -> dict:
        """The values by the parameter names of `nst.multi_scale`, and the pooling.

        Args:
            size: in place of the chosen one.
        """
        size = size or self.size.value
        layers = {
            layer: STYLE_LAYERS[layer] * factor.value
            for layer, factor in self.layer_factors.items()
            if factor.value
        }
        brush, style_size = self._sides(self.strength.value, self.strokes.value, size)
        return {
            "content": self.content.value,
            "style": self.style.value,
            "size": size,
            "strength": self.strength.value,
            "brush": brush,
            "style_size": style_size,
            "steps": self.steps,
            "init": self.start.value,
            "seed": self.seed.value,
            "pooling": self.pooling.value,
            "optimizer": self.optimizer.value,
            "content_weight": self.content_weight.value,
            "style_weight": self.style_weight.value,
            "tv_weight": self.tv_weight.value,
            "style_layers": layers,
        }

    @staticmethod
    def _sides(strength: int, strokes: str, size: int) -> tuple[int, int]:
        """The first size and the artwork's final size, in pixels."""
        first, artwork = STROKES[strokes]
        return round(first * STRENGTHS[strength][1]), round(artwork * size)

    def _strokes(self, settings: dict) -> str:
        """The name of the strokes that these settings have."""
        strength, size = settings["strength"], settings["size"]
        sides = settings["brush"], settings["style_size"]
        return next(name for name in STROKES if self._sides(strength, name, size) == sides)

    def in_short(self, settings: dict) -> str:
        """What tells a picture from the others."""
        style = Path(settings["style"]).stem.replace("_", " ")
        words = [style, f"{settings['size']} px", f"strength {settings['strength']}"]
        strokes = self._strokes(settings)
        return " · ".join(words if strokes == "usual" else [*words, f"{strokes} strokes"])

    def show(self, settings: dict) -> None:
        """Set the controls to the settings of a branch; `on_change` is not called."""
        layers = settings["style_layers"]
        self.set(
            {
                **{n: settings[n] for n in ("content", "style", "size", "strength")},
                "strokes": self._strokes(settings),
                "start": settings["init"],
                **{n: settings[n] for n in ("seed", "pooling", "optimizer", "tv_weight")},
                **{n: settings[n] for n in ("content_weight", "style_weight")},
                **{
                    layer: nearest(LAYER_FACTORS, layers.get(layer, 0.0) / STYLE_LAYERS[layer])
                    for layer in STYLE_LAYERS
                },
            }
        )
        self._present = self.values()

    def set(self, values: dict) -> None:
        """Set several controls at once; `on_change` is not called."""
        self._together = True
        try:
            for name, value in values.items():
                self.named[name].value = value
        finally:
            self._together = False

    def undo(self) -> None:
        """Take the last change back.

        Raises:
            CourseError: there is none.
        """
        present = self.values()
        while self._past:
            earlier = self._past.pop()
            if earlier != present:  # a branch that was chosen may have brought these values back
                self._restore(earlier)
                return
        raise CourseError("There is no change to undo.")

    def text(self) -> str:
        """What is unlike the usual values, in a short line, which `take` restores."""
        values = {n: v for n, v in self.values().items() if self.usual.get(n) != v}
        values |= {name: lasting_name(values[name]) for name in ("content", "style")}
        return json.dumps(values)

    def take(self, text: str) -> list[str]:
        """Set the controls to what a text says, that of `text` or a script which has it in a line.

        What it does not name gets its usual value.

        Returns:
            The names of the pictures that are not here; in their place the present ones stay.

        Raises:
            CourseError: it has no such line, or a value that a control does not have.
        """
        found = re.search(r"\{.*?\}", text)
        try:
            values = json.loads(found[0]) if found else {}
        except ValueError:
            values = {}
        if not values or not values.keys() <= self.named.keys():
            raise CourseError("These are no settings: paste all of what Copy settings has copied.")
        earlier, missing = self.values(), []
        for name, value in {**self.usual, **values}.items():
            if name in ("content", "style"):
                value = self._picture(name, value)
                if value is None:
                    missing.append(Path(str(values[name])).name or "the picture")
                    continue
            try:
                self.set({name: value})
            except (traitlets.TraitError, TypeError, ValueError) as error:
                self.set(earlier)
                raise CourseError(
                    f"{value!r} is no choice for {name} here: change the text."
                ) from error
        self._note(earlier)
        return missing

    def _picture(self, name: str, value: object) -> str | None:
        """The value of a menu that has this name, which is that of an upload perhaps."""
        values = [option for _, option in self.named[name].options]
        return next((option for option in values if lasting_name(option) == value), None)

    def _restore(self, values: dict) -> None:
        before = self.values()
        self.set(values)
        self._present = self.values()
        self.on_change({name for name in values if values[name] != before[name]})

    def _take_strength(self) -> None:
        """Set what a strength of `nst.stylize` stands for."""
        if self._together:
            return
        weight, _ = STRENGTHS[self.strength.value]
        self.set({"style_weight": weight, "start": usual_start(weight)})

    def _changed(self) -> None:
        if not self._together:
            self._note(self._present)

    def _note(self, earlier: dict) -> None:
        """Remember what can be taken back, and tell the lab."""
        self._present = self.values()
        changed = {name for name, value in self._present.items() if earlier[name] != value}
        if changed:
            self._past.append(earlier)
            self.on_change(changed)


def nearest(values: Sequence[float], value: float) -> float:
    """The one of the values that is closest, because a product and a quotient are rounded."""
    return min(values, key=lambda candidate: abs(candidate - value))
