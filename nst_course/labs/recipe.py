"""The Python code that repeats a run of the style transfer lab."""

from typing import Any

from ..images.io import bundled_images
from .timeline import Branch
from .transfer_settings import arguments
from .uploads import lasting_name


def picture_recipe(branch: Branch, iteration: int) -> dict[str, Any]:
    """What is kept in the file of a picture: the settings at its step, with names for files."""
    settings = [settings for step, settings in branch.changes if step <= iteration][-1]
    files = {name: lasting_name(settings[name]) for name in ("content", "style")}
    return {**settings, **files, "step": iteration}


def recipe(branch: Branch) -> str:
    """A script that repeats a branch, beginning with the first of its ancestors."""
    settings = next(iter(branch.ancestry()))[0].changes[0][1]
    own = sorted({settings[n] for n in ("content", "style")} - set(bundled_images()))
    lines = [f"# Put {lasting_name(path)} beside this script." for path in own]
    lines += [
        "import nst_course as nst",
        "",
        f'backbone = nst.load_backbone(pooling="{settings["pooling"]}")',
    ]
    for part, steps in branch.ancestry():
        lines += ["run = nst.multi_scale("]
        values = arguments(part.changes[0][1])
        values |= {name: lasting_name(values[name]) for name in ("content", "style")}
        lines += [f"    {n}={v!r}," for n, v in values.items()]
        lines += ["    backbone=backbone,", ")"]
        if part.parent:
            lines += ["run.start_from(step.image)"]
        reached = [(step, settings) for step, settings in part.changes if step < steps]
        ends = [step for step, _ in reached[1:]] + [steps]
        before = reached[0][1]
        for (begin, settings), end in zip(reached, ends, strict=True):
            changed = [f"{n}={v!r}" for n, v in settings.items() if v != before[n]]
            lines += [f"run.change({', '.join(changed)})"] if changed else []
            lines += [f"for step in run.steps({end - begin}):", "    pass"]
            before = settings
    return "\n".join([*lines, 'nst.save_image(step.image, "my_picture.png")', ""])
