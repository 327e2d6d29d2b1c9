"""``nst-course render``: pictures in the style of others, with a forecast and checkpoints."""

import argparse
import contextlib
import hashlib
import json
import signal
import sys
import tempfile
import time
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from torch import Tensor

from ..device import readable_time
from ..errors import CourseError
from ..fast import stylize_fast
from ..files import check_place, expanded
from ..images.io import as_path, bundled_images, cannot_write, check_output, find_image, save_image
from ..images.maps import load_mask
from ..images.recipe import Recipe
from ..network.vgg import load_backbone
from ..transfer.initial import STARTS
from ..transfer.multiscale import MultiScale
from ..transfer.progress import Result
from ..transfer.styles import Style
from ..transfer.stylize import load, multi_scale, report
from .arguments import options_of_the_loop, recipe_of
from .parsing import Artwork, UsageError
from .terminal import Interrupt, complain, handling

LONG_RUN = 60  # seconds; a longer run writes checkpoints by default
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".avif"}
Job = tuple[str, str, Path]  # content, style, output


def render_all(options: argparse.Namespace) -> int:
    """Render one picture, or one of each photograph with each artwork; the worst exit code."""
    artworks = artworks_of(options)
    if options.fast and (unused := options_of_the_loop(options)):
        raise UsageError(f"--fast has no loop; leave out {', '.join(unused)}.")
    jobs = plan_jobs(options, artworks[0].picture)
    inputs = [find_image(name) for job in jobs for name in job[:2]]
    inputs += [find_image(artwork.picture) for artwork in artworks[1:]]
    inputs += [find_image(artwork.region) for artwork in artworks if artwork.region is not None]
    if options.init not in (None, *STARTS):
        inputs.append(find_image(options.init))
    for *_, output in jobs:  # all of them before the first run, which may take minutes
        replaceable = options.overwrite or options.resume  # a resumed run knows its own output
        check_output(output, (options.size, 1), inputs, replaceable)
        check_checkpoint(checkpoint_of(output), inputs)
    worst = 0
    for content, style, output in jobs:
        finished = output.exists() and not checkpoint_of(output).exists()
        if len(jobs) > 1 and options.resume and finished and not options.overwrite:
            complain(f"{output} is there already.")
            continue
        try:
            with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
                styles = [changed(artworks[0], picture=style), *artworks[1:]]
                one = paint_at_once if options.fast else render_picture
                found = one(options, content, styles, output)
        except CourseError as error:
            if len(jobs) == 1:
                raise
            complain(f"{content}, {style}: {error}")
            worst = 1
            continue
        if options.json:
            print(json.dumps(found), flush=True)
        if found.get("interrupted"):
            return 130
    return worst


def artworks_of(options: argparse.Namespace) -> list[Artwork]:
    """The artworks, the positional one first.

    Raises:
        UsageError: a region that belongs to none of them.
    """
    first, *others = options.artworks
    if options.style is not None:
        return [changed(first, picture=options.style), *others]
    if first.region is not None:
        raise UsageError("--region belongs to the --style before it, and there is none.")
    return others


def plan_jobs(options: argparse.Namespace, style: str) -> list[Job]:
    """The pictures to render: one, or in a folder one of each photograph with each artwork.

    Raises:
        CourseError: a folder has no pictures.
        UsageError: there are several pictures, and the output is a file.
    """
    contents, styles = pictures_of(options.content), pictures_of(style)
    output = as_path(str(options.output))
    is_picture = output.suffix.lower() in PICTURES
    if options.content in contents and style in styles:
        if is_picture or not output.is_dir():
            return [(options.content, style, output)]
    elif is_picture:
        raise UsageError(f"--output must be a folder for several pictures (you gave {output}).")
    jobs: dict[Path, Job] = {}
    for content in contents:
        for name in styles:
            path = output / f"{Path(content).stem}_{Path(name).stem}.png"
            if path in jobs:  # cat.jpg and cat.png
                path = output / f"{Path(content).name}_{Path(name).name}.png"
            jobs[path] = content, name, path
    return list(jobs.values())


def pictures_of(name: str) -> list[str]:
    """The pictures in a folder; or the one picture of this name."""
    try:
        folder = expanded(name)
        if name in bundled_images() or not folder.is_dir():
            return [name]
    except OSError:  # there is no home folder, or the name is too long
        return [name]
    found = sorted(str(path) for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not found:
        raise CourseError(f"{folder} has no pictures; name a file, or another folder.")
    return found


def paint_at_once(
    options: argparse.Namespace, content: str, styles: list[Artwork], output: Path
) -> dict[str, Any]:
    """One pass through the network in place of a run, and save; what happened, for `--json`."""
    start = time.monotonic()
    weights = {artwork.picture: artwork.weight for artwork in styles}
    image = stylize_fast(content, weights, options.size, options.strength)
    seconds = time.monotonic() - start
    path = save(image, output, options.overwrite, recipe_of(options, content, styles))
    height, width = image.shape[2:]
    print(f"{path}: {width}×{height} px in {seconds:.1f} s.")
    return {"output": str(path), "width": width, "height": height, "seconds": round(seconds, 2)}


def render_picture(
    options: argparse.Namespace, content: str, styles: list[Artwork], output: Path
) -> dict[str, Any]:
    """Estimate, optimize with a progress bar, and save; what happened, for `--json`.

    Whatever ends the run, the best image so far is saved.
    """
    run = make_run(options, content, styles, output)
    checkpoint, replace = run.checkpoint, options.overwrite
    recipe = recipe_of(options, content, styles)
    if options.resume:
        found = run.resume()
        begin = "No checkpoint found; starting from the beginning."
        print("Continuing from the checkpoint." if found else begin)
        # The image that this run saved when it was stopped may be replaced, and no other.
        replace = replace or (found and run.notes.get("output") == digest(output))
        check_output(output, overwrite=replace)
    estimate = run.estimate()
    print(
        report(run, estimate), "Ctrl-C stops the run and saves the best image so far.", flush=True
    )
    check_output(output, (estimate.width, estimate.height), overwrite=True)
    if not options.resume:
        if checkpoint is not None and checkpoint.exists() and estimate.seconds >= LONG_RUN:
            raise CourseError(
                f"{checkpoint} contains a run that was stopped; add --resume to continue it, or "
                "delete the file to start over."
            )
        if estimate.seconds < LONG_RUN:
            run.checkpoint = None
    interrupt = Interrupt()
    with handling(interrupt):
        try:
            result = run.run(on_step=interrupt.check)
            with handling(signal.SIG_IGN):
                return finish(run, result, output, checkpoint, replace, recipe)
        except BaseException:  # an error, or Ctrl-C twice: the image so far is not lost
            if run.image is not None:
                with handling(signal.SIG_IGN):
                    print(f"{save(run.image, output, replace, recipe)}: the best image so far.")
                    say_how_to_go_on(run)
            raise


def finish(
    run: MultiScale,
    result: Result,
    output: Path,
    checkpoint: Path | None,
    replace: bool,
    recipe: Recipe,
) -> dict[str, Any]:
    """Save the image; then delete the checkpoint, or say how to go on."""
    path = save(result.image, output, replace, recipe)
    final = run.scales[-1].size
    scale = f" at {run.scale.size} px" if run.scale.size != final else ""
    print(
        f"{path}: the image of step {result.best_iteration}{scale}, "
        f"after {readable_time(result.seconds)}."
    )
    if not result.interrupted:
        run.forget()
    else:
        if run.checkpoint is None and checkpoint is not None and not checkpoint.exists():
            run.checkpoint = checkpoint  # the run was too short to write one on its way
        run.notes = {"output": digest(path)}
        with contextlib.suppress(CourseError):  # an earlier checkpoint is as good
            run.save()
        say_how_to_go_on(run)
    height, width = result.image.shape[2:]
    return {
        "output": str(path),
        "width": width,
        "height": height,
        "step": result.best_iteration,
        "loss": min(result.history.get("total", []), default=None),
        "seconds": round(result.seconds, 2),
        "interrupted": result.interrupted,
        "messages": list(result.messages),
    }


def say_how_to_go_on(run: MultiScale) -> None:
    if run.checkpoint is not None and run.checkpoint.exists():
        print("The same command with --resume continues from here.", flush=True)


def save(image: Tensor, path: Path, replace: bool, recipe: Recipe) -> Path:
    """Save the image: in its place, else under a new name, else in the temporary folder."""
    while path.exists() and not replace:  # it has appeared since the run began
        path = path.with_stem(f"{path.stem}-new")
    try:
        return save_image(image, path, overwrite=True, recipe=recipe)
    except CourseError as error:
        with contextlib.suppress(CourseError, OSError):
            elsewhere = Path(tempfile.mkdtemp(prefix="nst-course-"), path.name)
            place = save_image(image, elsewhere, recipe=recipe)
            complain(f"{error} The picture is in {place} instead.")
            return elsewhere
        raise


def check_checkpoint(path: Path, inputs: list[Path]) -> None:
    """Raise a CourseError if a checkpoint could not be written here, or would replace an input."""
    try:
        if path.exists() and any(path.samefile(given) for given in inputs):
            raise CourseError(f"{path} is one of the pictures given; choose another output.")
        check_place(path, 1)
    except OSError as error:
        raise cannot_write(path, error) from error


def checkpoint_of(output: Path) -> Path:
    return output.with_name(f"{output.name}.checkpoint")


def digest(path: Path) -> str:
    """The SHA-256 of a file; nothing if there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def make_run(
    options: argparse.Namespace, content: str, styles: list[Artwork], output: Path
) -> MultiScale:
    """The coarse-to-fine run for the options of ``render``."""
    names = ("color", "content_weight", "tv_weight", "optimizer", "seed", "precision")
    settings = {name: getattr(options, name) for name in names}
    for name in ("style_weight", "init"):  # by the strength unless given
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    if options.init not in (None, *STARTS):
        settings["init"] = Path(options.init)
    return multi_scale(
        content,
        [as_style(artwork, options.style_size or options.size) for artwork in styles],
        options.size,
        strength=options.strength,
        brush=options.brush,
        steps=options.steps,
        scales=options.scales,
        style_size=options.style_size,
        backbone=load_backbone(options.backbone, options.pooling),
        checkpoint=checkpoint_of(output),
        **settings,
    )


def as_style(artwork: Artwork, size: int) -> str | Style:
    """An artwork as `multi_scale` takes it; a plain one by its name, which is not loaded yet."""
    if artwork.weight == 1 and artwork.region is None:
        return artwork.picture
    region = None if artwork.region is None else load_mask(artwork.region)
    return Style(load("style", artwork.picture, size), artwork.weight, region)
