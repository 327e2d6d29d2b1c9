"""What all labs share: how they are shown, run and closed, and the menu of pictures."""

from pathlib import Path

import ipywidgets as widgets

from ..images.io import bundled_images, load_image
from .live_run import LiveRun


class Lab:
    """Something whose `widget` a notebook shows when it is the last line of a cell."""

    widget: widgets.Widget

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)


class PaintingLab(Lab):
    """A lab around a `LiveRun`."""

    live_run: LiveRun

    def run(self, steps: int | None = None) -> None:
        """Run in the cell itself, for pages such as Colab's that no thread can update."""
        self.live_run.run(steps)

    def close(self) -> None:
        """End the worker; the page stays as it is."""
        self.live_run.close()


def picture_menu(description: str, value: str) -> widgets.Dropdown:
    """A menu of the bundled pictures, and of one more if ``value`` is the path of a file.

    Raises:
        CourseError: the file cannot be opened.
    """
    options = [(name.replace("_", " "), name) for name in bundled_images()]
    if value not in bundled_images():
        load_image(value, 16)  # a path that cannot be opened is refused here, in a sentence
        options.append((Path(value).name, value))
    return widgets.Dropdown(
        options=options, value=value, description=description, layout={"width": "300px"}
    )
