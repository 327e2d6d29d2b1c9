"""Finished frames on disk, so that a killed run of a clip can be resumed with the next frame."""

import json
from pathlib import Path

from torch import Tensor

from ..checks import shown
from ..errors import CourseError
from ..files import remove_leftovers, write_atomically
from ..images.io import as_path, cannot_write, load_image, save_image

SETTINGS = "settings.json"


class FrameStore:
    """A folder with one PNG a frame, and the settings of the run that they belong to.

    Args:
        folder: it is made where it is missing. One that holds anything else is refused.
        settings: whatever decides about the frames; those of other settings are refused.
    """

    def __init__(self, folder: str | Path, settings: dict):
        self.folder = as_path(folder)
        self.settings = json.loads(json.dumps(settings))  # as they come back from the file

    def open(self) -> list[Tensor]:
        """The finished frames, (1, 3, H, W); none in a new folder.

        Raises:
            CourseError: the folder holds other files or a run of other settings, or it cannot be
                written.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise CourseError(f"{self.folder} is a file; name a folder for the finished frames.")
        facts = self.folder / SETTINGS
        if facts.exists():
            self._compare(facts)
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise CourseError(
                f"{self.folder} holds files of something else; name another folder for the "
                "finished frames."
            )
        else:
            text = json.dumps(self.settings)
            try:
                write_atomically(facts, lambda partial: partial.write_text(text, "utf-8"))
            except OSError as error:
                raise cannot_write(facts, error) from error
        frames: list[Tensor] = []
        while self.path(len(frames)).exists():
            frames.append(load_image(self.path(len(frames))))
        return frames

    def _compare(self, facts: Path) -> None:
        try:
            saved = json.loads(facts.read_text("utf-8"))
            names = [name for name, now in self.settings.items() if saved.get(name) != now]
        except (OSError, ValueError, AttributeError) as error:
            raise CourseError(
                f"{facts} is damaged; delete {self.folder} and start again."
            ) from error
        if names:
            before, now = (shown(settings.get(names[0])) for settings in (saved, self.settings))
            raise CourseError(
                f"{self.folder} holds frames of a run with {names[0]} {before}, not {now}: resume "
                "with the same settings, or delete the folder and start again."
            )

    def path(self, number: int) -> Path:
        """The file of a frame."""
        return self.folder / f"{number:05d}.png"

    def checkpoint(self, number: int) -> Path:
        """The checkpoint of the run of a frame that is not finished."""
        return self.folder / f"{number:05d}.checkpoint"

    def save(self, number: int, frame: Tensor) -> None:
        """Write a finished frame."""
        save_image(frame, self.path(number), overwrite=True)

    def forget(self, count: int) -> None:
        """Delete what this run has written; the folder, too, if nothing else is in it."""
        for number in range(count):
            self.path(number).unlink(missing_ok=True)
            self.checkpoint(number).unlink(missing_ok=True)
            remove_leftovers(self.path(number))
        (self.folder / SETTINGS).unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()
