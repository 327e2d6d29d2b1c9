"""What all labs share: how they are shown, run and closed."""

from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets

from ..errors import CourseError
from .guide import Guide
from .live_run import LiveRun

_labs: dict[type, "Lab"] = {}  # the present one of each kind


class Lab:
    """An object whose `widget` a notebook shows when it is the last line of a cell.

    There is one lab of a kind: a new one closes the earlier one, and frees its memory. Otherwise
    each run of a lab's cell would leave one that the kernel and the page never let go.
    """

    widget: widgets.Widget

    def __new__(cls, *args: object, **kwargs: object) -> "Lab":
        if earlier := _labs.pop(cls, None):
            earlier.discard()
        _labs[cls] = lab = super().__new__(cls)
        return lab

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        """The steps of the tour: a part of the lab, and one thing to do with it."""
        return []

    def framed(self, *parts: widgets.Widget) -> widgets.VBox:
        """The parts of the lab below one another, and its tour above them."""
        return widgets.VBox([Guide(type(self).__name__, self.tour()), *parts])

    def close(self) -> None:
        """Stop what runs in the background; the page does not change."""

    def discard(self) -> None:
        """Close the lab, take it from the page, and drop everything that it holds."""
        if "widget" in vars(self):  # else its construction has failed
            self.close()
            for widget in parts(self.widget):
                widget.close()
        vars(self).clear()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or vars(self):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        raise CourseError("This lab was closed when a new one was made; use the new one.")

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)


class LiveRunLab(Lab):
    """A lab around a `LiveRun`."""

    live_run: LiveRun

    def run(self, steps: int | None = None) -> None:
        """Run in the cell, for pages such as Colab's that a thread cannot update."""
        self.live_run.run(steps)

    def close(self) -> None:
        """Stop the worker; the page does not change."""
        self.live_run.close()

    def settings(self) -> dict:
        """The values of the controls."""
        raise NotImplementedError

    def _start_over(self) -> None:
        """Discard the run, and prepare one with the present settings."""
        with self.live_run.errors_shown():
            self.live_run.restart(self.settings())


def parts(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """A widget and all that it consists of."""
    for child in getattr(widget, "children", ()):
        yield from parts(child)
    for name in ("layout", "style"):
        if isinstance(part := getattr(widget, name, None), widgets.Widget):
            yield part
    yield widget
