"""What can be taken out of the style transfer lab: a picture, an animation, and code."""

from pathlib import Path

import ipywidgets as widgets

from ..errors import CourseError
from ..images.animation import save_animation
from ..images.io import as_path, from_pil, save_image, to_pil
from ..video import write_clip
from .branch_view import BranchView
from .controls import WIDE, WRAP, button
from .copy_button import CopyButton
from .recipe import picture_recipe, recipe
from .transfer_controls import TransferControls

ANIMATION_SIDE = 320  # pixels: forty frames stay under 1 MB
FORMATS = {"WebP": ".webp", "GIF": ".gif", "MP4": ".mp4"}
FPS = 10  # frames a second of an MP4


class Saving:
    """The file name, the buttons that write, and the settings as code.

    A file of that name is kept: the new one gets a number.

    Args:
        view: whose shown frame is saved.
        controls: whose settings are copied and pasted.
    """

    def __init__(self, view: BranchView, controls: TransferControls):
        self.view, self.live_run, self.controls = view, view.live_run, controls
        self.file = widgets.Text(value="my_picture.png", description="File", layout=WIDE)
        self.save = button("Save picture", "save", "write the picture that is shown to the file")
        self.animate = button("Save animation", "film", "write the kept frames as an animation")
        self.format = widgets.Dropdown(
            options=list(FORMATS.items()),
            description="as",
            layout={"width": "130px"},
            style={"description_width": "initial"},
        )
        self.copy = CopyButton("Copy settings", self._code, self._copied)
        self.copy_line = CopyButton("Copy as one line", self._line, self._copied)
        self.pasted = widgets.Text(
            description="Paste settings",
            placeholder="paste the text, then press Enter",
            continuous_update=False,
            layout={"width": "330px"},
            style={"description_width": "initial"},
        )
        self.code = widgets.Textarea(
            rows=18, description="Text", layout={"width": "100%", "display": "none"}
        )
        self.save.on_click(lambda _: self._save())
        self.animate.on_click(lambda _: self._save_animation())
        self.pasted.observe(lambda change: self._paste(change.new), "value")
        self.exchange = widgets.HBox([self.copy, self.copy_line, self.pasted], layout=WRAP)
        files = widgets.HBox([self.save, self.animate, self.format], layout=WRAP)
        self.widget = widgets.VBox([self.file, files, self.exchange])

    def _save(self) -> None:
        with self.live_run.errors_shown():
            shown = self.view.shown_frame()
            if shown is None:
                raise CourseError("There is no picture yet; press Play or Step first.")
            branch, frame = shown
            path = unused(as_path(self.file.value))
            made = picture_recipe(branch, frame.iteration)
            save_image(frame.image, path, overwrite=False, recipe=made)
            self._say_saved(path)

    def _save_animation(self) -> None:
        with self.live_run.errors_shown():
            frames = [to_pil(frame.image) for frame in list(self.live_run.runner.branch.frames)]
            if not frames:
                raise CourseError("There are no frames yet; press Play or Step first.")
            # The first frames of a run that goes from coarse to fine are smaller than the last.
            frames[-1].thumbnail((ANIMATION_SIDE, ANIMATION_SIDE))
            frames = [frame.resize(frames[-1].size) for frame in frames]
            path = unused(as_path(self.file.value).with_suffix(self.format.value))
            if path.suffix == ".mp4":  # a player stops at the end: the last picture stays a while
                film = [from_pil(frame) for frame in [*frames, *2 * FPS * [frames[-1]]]]
                write_clip(film, path, FPS, overwrite=False)
            else:
                save_animation(frames, path)
            self._say_saved(path, f", {len(frames)} frames")

    def _say_saved(self, path: Path, what: str = "") -> None:
        self.live_run.say(f"Saved {path.name}{what}, in the folder {path.resolve().parent}")

    def _code(self) -> str:
        """The code of the run, with the settings in its first line; it is shown as well."""
        branch = self.live_run.runner.branch
        self.code.value = f"# settings: {self.controls.text()}\n{recipe(branch)}"
        self.code.layout.display = ""
        return self.code.value

    def _line(self) -> str:
        """The settings in a line that can be sent to others; it is shown as well."""
        self.code.value, self.code.layout.display = self.controls.text(), ""
        return self.code.value

    def _copied(self, done: bool) -> None:
        if done:
            self.live_run.say("Copied the text below; Paste settings takes it back.")
        else:
            self.live_run.say("The browser does not let the page copy: copy the text below.")

    def _paste(self, text: str) -> None:
        if not text.strip():
            return
        with self.live_run.errors_shown():
            missing = self.controls.take(text)
            self.pasted.value = ""
            if missing:
                verb = "is" if len(missing) == 1 else "are"
                raise CourseError(
                    f"The other settings are in place; {' and '.join(missing)} {verb} not here: "
                    "upload the picture, or go on with the one that is chosen."
                )


def unused(path: Path) -> Path:
    """The path, with a number added to its name if a file is there: wave.png, wave_2.png, …"""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}_{number}")
    return free
