"""The Python code that repeats a run of the style transfer lab."""

from .network import steady_precision
from .timeline import Branch

WEIGHTS = ("content_weight", "style_weight", "tv_weight")


def recipe(branch: Branch) -> str:
    """A script that repeats a branch, beginning with the first of its ancestors."""
    settings = next(iter(branch.ancestry()))[0].changes[0][1]
    lines = [
        "import nst_course as nst",
        "",
        f"content = nst.load_image({settings['content']!r}, {settings['size']})",
        f"style = nst.load_image({settings['style']!r}, {settings['size']})",
        f'backbone = nst.load_backbone(pooling="{settings["pooling"]}")',
    ]
    start = repr(settings["init"])
    for part, steps in branch.ancestry():
        lines += _transfer(part.changes[0][1], start)
        reached = [(step, settings) for step, settings in part.changes if step < steps]
        ends = [step for step, _ in reached[1:]] + [steps]
        before = reached[0][1]
        for (begin, settings), end in zip(reached, ends, strict=True):
            lines += [f"transfer.{n} = {v!r}" for n, v in settings.items() if v != before[n]]
            lines += [f"for step in transfer.steps({end - begin}):", "    pass"]
            before = settings
        start = "step.image"
    return "\n".join([*lines, 'nst.save_image(step.image, "my_picture.png")', ""])


def _transfer(settings: dict, start: str) -> list[str]:
    return [
        "transfer = nst.StyleTransfer(",
        "    content,",
        "    style,",
        "    backbone,",
        f"    style_layers={settings['style_layers']!r},",
        *[f"    {name}={settings[name]!r}," for name in WEIGHTS],
        f"    init={start},",
        f"    optimizer={settings['optimizer']!r},",
        f"    seed={settings['seed']!r},",
        f"    precision={steady_precision()!r},",
        ")",
    ]
