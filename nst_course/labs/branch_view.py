"""Which frame of which branch a lab shows, and what it is compared with."""

from collections.abc import Callable

import ipywidgets as widgets
from PIL import Image

from ..images.io import load_image, to_pil
from .controls import WIDE, on_change
from .curves import curves_svg
from .live_run import LiveRun
from .timeline import Branch, Frame

# In place of the number of a branch; a menu shows None as an empty line.
NOTHING, PHOTOGRAPH = -1, -2


class BranchView:
    """The controls that choose what a `LiveRun` shows.

    Args:
        live_run: the run. Its settings name the photograph, ``"content"``, and its ``"size"``.

    Attributes:
        timeline: which step is shown.
        branch_menu: which branch is shown.
        compare: what is left of the line: nothing, the photograph, or another branch.
        on_choose: called with the settings of a branch that was chosen.
        label: what the menu says of a branch; its name unless set.
    """

    def __init__(self, live_run: LiveRun):
        self.live_run = live_run
        self._photograph_of: tuple[str, int] | None = None
        self._photograph: Image.Image | None = None
        self._offering = False
        self.on_choose: Callable[[dict], None] = lambda settings: None
        self.label: Callable[[Branch], str] = lambda branch: branch.name
        self.timeline = widgets.IntSlider(
            max=0, description="Timeline", continuous_update=False, layout=WIDE
        )
        self.branch_menu = widgets.Dropdown(
            options=[("A", 0)],
            description="Picture",
            layout={"width": "440px", "max_width": "100%"},
        )
        self.compare = widgets.Dropdown(
            options=[("nothing", NOTHING), ("the photograph", PHOTOGRAPH)],
            description="Compare with",
            layout={"width": "240px"},
            style={"description_width": "initial"},
        )
        self.timeline.observe(self._scrub, "value")
        on_change(self._choose_branch, self.branch_menu)
        on_change(self._show_frame, self.compare)
        live_run.on_draw.append(self._draw)
        live_run.on_pause.append(self.offer_branches)

    def reset(self) -> None:
        """Back to the start of a branch that has no frames yet."""
        self.timeline.max = 0
        self.offer_branches()

    def _draw(self) -> None:
        """Show the newest frame, unless an older one is selected; runs in the worker's thread."""
        branch = self.live_run.runner.branch
        self.live_run.curves.value = self._curves(branch)
        at_newest = self._at_newest()
        self._stretch_timeline(branch)
        if at_newest:
            self._show_frame(final=not self.live_run.worker.playing)

    def _stretch_timeline(self, branch: Branch) -> None:
        """Extend the slider to the newest frame, and keep it there if it was at the end."""
        at_newest = self._at_newest()
        newest = branch.frames[-1].iteration if branch.frames else 0
        self.timeline.max = newest
        if at_newest:
            self.timeline.value = newest

    def _at_newest(self) -> bool:
        """Whether the slider is at the newest frame."""
        return self.timeline.value == self.timeline.max

    def shown_frame(self) -> tuple[Branch, Frame] | None:
        """The branch and the frame that are shown, or None before the first step."""
        branch = self.live_run.runner.branch
        if not branch.frames:
            return None
        if self._at_newest():
            return branch, branch.frames[-1]
        near = min(branch.frames, key=lambda frame: abs(frame.iteration - self.timeline.value))
        return branch, near

    def _show_frame(self, final: bool = True) -> None:
        shown = self.shown_frame()
        if shown is None:
            return
        branch, frame = shown
        before, words = self._before()
        caption = f"picture {branch.name}, step {frame.iteration}"
        self.live_run.picture.compare(before, words)
        beside = f" · left of the line: {words}" if before else ""
        self.live_run.show_picture(to_pil(frame.image), caption + beside, final)

    def _before(self) -> tuple[Image.Image | None, str]:
        """What the shown frame is compared with, and its name."""
        runner, chosen = self.live_run.runner, self.compare.value
        if chosen == PHOTOGRAPH:
            settings = runner.branch.changes[0][1]
            wanted = settings["content"], settings["size"]
            if wanted != self._photograph_of:  # it is asked for at every frame of a run
                self._photograph_of, self._photograph = wanted, to_pil(load_image(*wanted))
            return self._photograph, "the photograph"
        if chosen != NOTHING and runner.timeline.branches[chosen].frames:
            other = runner.timeline.branches[chosen]
            frame = other.frames[-1]
            return to_pil(frame.image), f"picture {other.name}, step {frame.iteration}"
        return None, ""

    def _curves(self, branch: Branch) -> str:
        other = self.compare.value
        branches = self.live_run.runner.timeline.branches
        beside = branches[other].history if other >= 0 else None
        return curves_svg(branch.history, branch.marks, beside)

    def offer_branches(self) -> None:
        """List all branches in the two menus."""
        runner = self.live_run.runner
        branches = runner.timeline.branches
        current = branches.index(runner.branch)
        chosen = self.compare.value
        self._offering = True  # a menu with new options chooses the first of them
        self.branch_menu.options = [(self.label(b), index) for index, b in enumerate(branches)]
        self.branch_menu.value = current
        self._offering = False
        others = [(f"picture {b.name}", n) for n, b in enumerate(branches) if n != current]
        self.compare.options = [("nothing", NOTHING), ("the photograph", PHOTOGRAPH), *others]
        self.compare.value = chosen if chosen != current else NOTHING

    def _scrub(self, _change: dict) -> None:
        if not self.live_run.worker.is_current():
            self._show_frame()

    def _choose_branch(self) -> None:
        if self._offering:
            return
        runner = self.live_run.runner
        branch = runner.timeline.branches[self.branch_menu.value]
        if branch is not runner.branch:
            self.live_run.worker.pause()
            runner.choose(branch)
            self.offer_branches()
            self.on_choose(runner.settings)
            self.timeline.value = self.timeline.max  # the newest frame of the other branch
            self._stretch_timeline(branch)
            self._show_frame()
            self.live_run.curves.value = self._curves(branch)
