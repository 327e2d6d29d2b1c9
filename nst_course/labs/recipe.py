"""The Python code that repeats a run of the style transfer lab."""

from .timeline import Branch
from .transfer_settings import arguments


def recipe(branch: Branch) -> str:
    """A script that repeats a branch, beginning with the first of its ancestors."""
    settings = next(iter(branch.ancestry()))[0].changes[0][1]
    lines = [
        "import nst_course as nst",
        "",
        f'backbone = nst.load_backbone(pooling="{settings["pooling"]}")',
    ]
    for part, steps in branch.ancestry():
        lines += ["run = nst.multi_scale("]
        lines += [f"    {n}={v!r}," for n, v in arguments(part.changes[0][1]).items()]
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
