"""What all labs share: how they are shown, run and closed."""

import ipywidgets as widgets

from .live_run import LiveRun


class Lab:
    """An object whose `widget` a notebook shows when it is the last line of a cell."""

    widget: widgets.Widget

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
