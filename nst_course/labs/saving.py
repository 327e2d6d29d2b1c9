"""What can be taken out of the style transfer lab: a picture, an animation, and code."""

from pathlib import Path

import ipywidgets as widgets

from ..errors import CourseError
from ..images.animation import save_animation
from ..images.io import as_path, save_image, to_pil
from .branch_view import BranchView
from .controls import WIDE, WRAP, button
from .recipe import recipe

ANIMATION_SIDE = 320  # pixels: forty frames stay under 1 MB


class Saving:
    """The file name, the buttons that write, and the code of a run.

    A file of that name is kept: the new one gets a number.

    Args:
        view: whose shown frame is saved.
    """

    def __init__(self, view: BranchView):
        self.view, self.live_run = view, view.live_run
        self.file = widgets.Text(value="my_picture.png", description="File", layout=WIDE)
        self.save = button("Save picture", "save", "write the picture that is shown to the file")
        self.animate = button("Save animation", "film", "write the kept frames as animated WebP")
        self.copy = button("Copy settings", "code", "the Python code of this run")
        self.code = widgets.Textarea(
            rows=18, description="Code", layout={"width": "100%", "display": "none"}
        )
        self.save.on_click(lambda _: self._save())
        self.animate.on_click(lambda _: self._save_animation())
        self.copy.on_click(lambda _: self._show_code())
        self.widget = widgets.VBox(
            [self.file, widgets.HBox([self.save, self.animate, self.copy], layout=WRAP)]
        )

    def _save(self) -> None:
        with self.live_run.errors_shown():
            shown = self.view.shown_frame()
            if shown is None:
                raise CourseError("There is no picture yet; press Play or Step first.")
            path = save_image(shown[1].image, unused(as_path(self.file.value)), overwrite=False)
            self.live_run.say(f"Saved {path.resolve()}")

    def _save_animation(self) -> None:
        with self.live_run.errors_shown():
            frames = [to_pil(frame.image) for frame in list(self.live_run.runner.branch.frames)]
            if not frames:
                raise CourseError("There are no frames yet; press Play or Step first.")
            # The first frames of a run that goes from coarse to fine are smaller than the last.
            frames[-1].thumbnail((ANIMATION_SIDE, ANIMATION_SIDE))
            frames = [frame.resize(frames[-1].size) for frame in frames]
            path = as_path(self.file.value).with_suffix(".webp")
            path = save_animation(frames, unused(path))
            self.live_run.say(f"Saved {path.resolve()}, {len(frames)} frames")

    def _show_code(self) -> None:
        self.code.value = recipe(self.live_run.runner.branch)
        self.code.layout.display = ""


def unused(path: Path) -> Path:
    """The path, with a number added to its name if a file is there: wave.png, wave_2.png, …"""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}_{number}")
    return free
