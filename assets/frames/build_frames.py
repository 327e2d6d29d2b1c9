"""Make the frames of the labs that need no kernel, and `labs.json`, which says what they are.

    python assets/frames/build_frames.py           every lab, about 20 minutes on one core
    python assets/frames/build_frames.py 05 10     those of notebooks 05 and 10

The frames of a lab are NN/A-B.webp: A and B count the values of its knobs, from 0. The images that
they show were computed with the settings on the knobs; nothing else was done to them.
"""

import functools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont

import nst_course as nst
from nst_course.labs.failures import FAILURES
from nst_course.labs.features import LAYERS
from nst_course.labs.frames import heat_map
from nst_course.labs.layers import PRESETS
from nst_course.labs.sound import drawn
from nst_course.sound import load
from nst_course.sound.player import mp3
from nst_course.transfer.gradient_balance import balanced_weights, gradient_norms
from nst_course.transfer.style_transfer import STYLE_LAYERS

HERE = Path(__file__).parent
QUALITY, SHOWN = 62, 480  # of WebP; the longer side of a picture
WIDE = ("01", "03", "09")  # several pictures beside one another
Frames = Iterator[tuple[tuple[int, ...], Image.Image]]  # places of the knobs, and the frame

CHANNELS, PER_PAGE = 3, 12  # pages, and channels of a page
STEPS = (0, 5, 10, 20, 40, 80)
PROGRESS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # of the steps of all sizes
MIXED = {
    "Hokusai, van Gogh": ("great_wave", "village_street_in_auvers"),
    "Hokusai, Kandinsky": ("great_wave", "composition_viii"),
    "van Gogh, Kandinsky": ("village_street_in_auvers", "composition_viii"),
}
CLINIC = (4, 2, 0, 5, 1, 3)  # places in FAILURES, as on the first picture of the notebook
SHARES = tuple(number / 8 for number in range(9))
RULING = {
    "the photograph": None,
    "Hokusai": "great_wave",
    "van Gogh": "village_street_in_auvers",
    "Kandinsky": "composition_viii",
}
CONTENTS, TEXTURES = ("speech", "noise"), ("bells", "stream")
SOUND_STEPS = (0, 5, 30, 150)
FILM = 12  # frames
FAST = nst.fast.FAST_STYLES
DIAL = (1, 2, 3, 4, 5)


def words(name: str) -> str:
    return name.replace("_", " ")


def at_steps(transfer: nst.StyleTransfer, steps: Iterable[int]) -> Iterator[Image.Image]:
    """The image of a run at these steps."""
    wanted = list(steps)
    for step in transfer.steps(wanted[-1] + 1):
        if step.iteration in wanted:
            yield nst.to_pil(step.image)


@functools.cache
def features(picture: str, size: int) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return nst.load_backbone()(nst.load_image(picture, size), [*LAYERS, *STYLE_LAYERS])


def grid(tiles: list[Image.Image], labels: list[str], columns: int) -> Image.Image:
    """Pictures of one size in rows, each under its label."""
    width, height = tiles[0].size
    line, gap = 20, 6
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + line)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, (tile, label) in enumerate(zip(tiles, labels, strict=True)):
        left, top = number % columns * (width + gap), number // columns * (height + line)
        draw.text((left, top + 2), label, fill="black", font=font)
        sheet.paste(tile, (left, top + line))
    return sheet


def channels() -> Frames:
    """The maps of the channels of a layer, the strongest first."""
    for a, layer in enumerate(LAYERS):
        maps = features("cat", 224)[layer][0]
        order = maps.amax((1, 2)).argsort(descending=True).tolist()
        for b in range(CHANNELS):
            page = order[b * PER_PAGE : (b + 1) * PER_PAGE]
            tiles = [heat_map(maps[channel], 150).resize((150, 100)) for channel in page]
            labels = [f"{n}, up to {maps[n].max():.0f}" for n in page]
            yield (a, b), grid(tiles, labels, 4)


def inversions() -> Frames:
    """From gray noise to the features of one layer."""
    cat = nst.load_image("cat", 256)
    start = 0.5 + 0.05 * torch.randn(cat.shape, generator=torch.Generator().manual_seed(0))
    for a, layer in enumerate(LAYERS):
        transfer = nst.StyleTransfer(
            cat, cat, content_layers=[layer], style_layers={}, init=start.clamp(0, 1)
        )
        for b, picture in enumerate(at_steps(transfer, STEPS)):
            yield (a, b), picture


def strongest_pairs(gram: torch.Tensor, count: int) -> list[tuple[int, int]]:
    """Pairs of channels with large entries; each channel occurs once."""
    found: list[tuple[int, int]] = []
    upper = torch.triu(gram, diagonal=1)
    for entry in upper.flatten().argsort(descending=True).tolist():
        pair = divmod(entry, len(gram))
        if not any(channel in known for known in found for channel in pair):
            found.append(pair)
        if len(found) == count:
            return found
    return found


def gram_pairs() -> list[tuple[int, int]]:
    """Three pairs that are active together, and three that are not."""
    maps = features("great_wave", 192)["relu2_1"]
    gram = nst.gram_matrix(maps)[0]
    strong = strongest_pairs(gram, 3)
    used = [channel for pair in strong for channel in pair]
    cosines = gram / gram.diag().sqrt().outer(gram.diag().sqrt()).clamp(min=1e-9)
    weak = sorted((float(cosines[i, j]), i, j) for i in used for j in used if i < j)
    return [*strong, *[(i, j) for _, i, j in weak[:3]]]


def products() -> Frames:
    """Two channels, as they are and shuffled in the same way, and their product."""
    maps = features("great_wave", 192)["relu2_1"][0]
    shape = maps.shape[1:]
    order = torch.randperm(shape.numel(), generator=torch.Generator().manual_seed(0))
    for a, (i, j) in enumerate(gram_pairs()):
        for b, positions in enumerate((torch.arange(shape.numel()), order)):
            first, second = (maps[n].flatten()[positions].view(shape) for n in (i, j))
            product = first * second
            tiles = [heat_map(one, 220) for one in (first, second, product)]
            labels = [f"channel {i}", f"channel {j}", f"product, mean {product.mean():.1f}"]
            yield (a, b), grid(tiles, labels, 3)


def shares_of_layers() -> Frames:
    """Runs with the presets of the layer mixer."""
    cat, artwork = nst.load_image("cat", 256), nst.load_image("composition_viii", 256)
    for a, preset in enumerate(PRESETS.values()):  # as the lab does it
        transfer = nst.StyleTransfer(cat, artwork)
        norms = gradient_norms(transfer, transfer.run(4, progress=False).image)
        shares = dict(zip(("content", *STYLE_LAYERS), preset, strict=True))
        weights = balanced_weights(shares, norms)
        run = nst.StyleTransfer(cat, artwork, style_layers=weights, style_weight=1.0)
        for b, picture in enumerate(at_steps(run, STEPS)):
            yield (a, b), picture


def strengths() -> Frames:
    """Runs of `nst.stylize`, from coarse to fine, at several strengths."""
    cup = nst.load_image("coffee", 320)
    for a, strength in enumerate(DIAL):
        pictures: list[Image.Image] = []
        nst.stylize(
            cup,
            "village_street_in_auvers",
            320,
            strength,
            progress=False,
            on_step=lambda step, pictures=pictures: pictures.append(nst.to_pil(step.image)),
        )
        for b, share in enumerate(PROGRESS):
            picture = pictures[round(share * (len(pictures) - 1))]
            yield (a, b), picture.resize(pictures[-1].size, Image.Resampling.BICUBIC)


def patients() -> Frames:
    """The spoiled runs of the clinic, and the one that is not."""
    cat, wave = nst.load_image("cat", 224), nst.load_image("great_wave", 224)
    for number, place in enumerate(CLINIC):
        image, _ = FAILURES[place].run(cat, wave, nst.load_backbone(), 40)
        yield (number,), nst.to_pil(image)


def mixtures() -> Frames:
    """Two artworks by weight."""
    palace = nst.load_image("summer_palace", 256)
    for a, names in enumerate(MIXED.values()):
        first, second = (nst.load_image(name, 256) for name in names)
        for b, share in enumerate(SHARES):
            styles = [nst.Style(first, 1 - share), nst.Style(second, share)]
            used = [style for style in styles if style.weight > 0]
            run = nst.StyleTransfer(palace, used, init="recolored", style_weight=1e3)
            yield (a, b), nst.to_pil(run.run(30, progress=False).image)


def regions() -> Frames:
    """The sky and everything else, each with an artwork of its own or none."""
    palace = nst.load_image("summer_palace", 256)
    light = (nst.color.luminance(palace) > 0.55) & (palace[:, 2:] > palace[:, :1] - 0.02)
    sky = (torch.nn.functional.avg_pool2d(light.float(), 5, 1, 2) > 0.5).float()
    for a, above in enumerate(RULING.values()):
        for b, below in enumerate(RULING.values()):
            styles = [
                nst.Style(nst.load_image(name, 256), region=region)
                for name, region in ((above, sky), (below, 1 - sky))
                if name
            ]
            image = palace
            if styles:
                image = nst.stylize(palace, styles, 256, steps=40, progress=False).image
            yield (a, b), nst.to_pil(image)


def films() -> Frames:
    """A clip painted frame by frame and held to the frames before, as the lab does it."""
    lab = nst.labs.FlickerLab(size=320, count=FILM)
    lab.run()
    labels = ["each frame by itself", "held to the frames before"]
    for number, pair in enumerate(zip(lab.alone, lab.held, strict=True)):
        yield (number,), grid([nst.to_pil(image) for image in pair], labels, 2)


def spectrograms() -> Frames:
    """Sounds that take the texture of another one; each is written beside its frame."""
    for a, content in enumerate(CONTENTS):
        for b, style in enumerate(TEXTURES):
            sounds = [None if name == "noise" else load(name, 3.2) for name in (content, style)]
            transfer = nst.sound.SoundTransfer(sounds[1], sounds[0])
            for c, step in enumerate(SOUND_STEPS):
                if step:
                    transfer.run(step - transfer.iteration, progress=False)
                (HERE / "09-sound" / f"{a}-{b}-{c}.mp3").write_bytes(mp3(transfer.sound))
                yield (a, b, c), drawn(transfer.spectrogram)


def passes() -> Frames:
    """One pass of the fast network."""
    for a, name in enumerate(FAST):
        for b, strength in enumerate(DIAL):
            yield (a, b), nst.to_pil(nst.stylize_fast("astronaut", name, 320, strength))


def knob(label: str, values: Iterable[object], start: int = 0) -> dict:
    """Something to turn; `start` is the place of the value that a page begins with."""
    # A page can run through the values: milliseconds of each.
    plays = {"Step": 700, "Progress": 700, "Frame": 160}.get(label, 0)
    return {
        "label": label,
        "values": [str(value) for value in values],
        "start": start,
        "plays": plays,
    }


def pair_names() -> list[str]:
    return [f"{i} and {j}" for i, j in gram_pairs()]


# Number of the notebook → how frames are made, and what a page says of them.
LABS = {
    "01": (
        channels,
        "The channels of a layer",
        "Each map is one channel for the photograph of the cat, bright where the channel is active;"
        " the strongest come first. Go to a deeper layer: what happens to the size of the spots?",
        "Maps of {1} of {0}",
        lambda: [knob("Layer", LAYERS), knob("Channels", ("1 to 12", "13 to 24", "25 to 36"))],
    ),
    "02": (
        inversions,
        "A picture from the features of one layer",
        "Every run begins with gray noise and minimizes the content loss at one layer. Which layers"
        " keep the whiskers, which the colors?",
        "A cat reconstructed from {0}, step {1}",
        lambda: [knob("Layer", LAYERS, 1), knob("Step", STEPS, 5)],
    ),
    "03": (
        products,
        "Two channels and their product",
        "The mean of the product is an entry of the Gram matrix. Predict what shuffling does to the"
        " maps, and what to the mean.",
        "Channels {0} of relu2_1 for the Great Wave, positions {1}, and their product",
        lambda: [knob("Channels", pair_names()), knob("Positions", ("as they are", "shuffled"))],
    ),
    "04": (
        shares_of_layers,
        "Which layers rule",
        "The cat after Kandinsky, with the shares that the layers have in the gradient. Which"
        " preset makes strokes, which large shapes?",
        "The cat after Kandinsky, {0}, step {1}",
        lambda: [knob("Shares", PRESETS), knob("Step", STEPS, 5)],
    ),
    "05": (
        strengths,
        "The strength, and how a picture forms",
        "A cup of coffee after van Gogh, from coarse to fine. Set the strength, then play: when is"
        " the picture decided?",
        "The cup after van Gogh at strength {0}, {1} done",
        lambda: [
            knob("Strength", DIAL, 2),
            knob("Progress", [f"{share:.0%}" for share in PROGRESS], 5),
        ],
    ),
    "06": (
        patients,
        "The clinic",
        "One of the six runs is sound. Name the fault of each of the others before you unfold the"
        " diagnosis.",
        "Patient {0} of the clinic",
        lambda: [knob("Patient", range(1, len(CLINIC) + 1))],
    ),
    "07": (
        mixtures,
        "Between two artworks",
        "The Gram matrices of two artworks are averaged by weight. Is the middle a style of its"
        " own, or two styles side by side?",
        "The Summer Palace between {0}: {1} of the second",
        lambda: [
            knob("Artworks", MIXED),
            knob("Share of the second", [f"{100 * share:g}%" for share in SHARES], 4),
        ],
    ),
    "08": (
        regions,
        "Which style goes where",
        "The sky and the rest of the Summer Palace have an artwork each, or stay as they are.",
        "The Summer Palace, the sky after {0}, the rest after {1}",
        lambda: [knob("Sky", RULING, 2), knob("Everything else", RULING, 1)],
    ),
    "09": (
        films,
        "A film that flickers, and one that is held",
        "The same frames after Hokusai: on the left each is painted by itself, on the right the"
        " temporal term holds each to the frames before it. Play, and look at the ground.",
        "Frame {0} of the clip by itself, and held to the frames before it",
        lambda: [knob("Frame", range(1, FILM + 1))],
    ),
    "09-sound": (
        spectrograms,
        "A sound with the texture of another",
        "The spectrogram of the content takes the texture of the style. Listen at each step: what"
        " comes first, pitch or loudness?",
        "Spectrogram of {0} in the style of {1} after {2} steps",
        lambda: [
            knob("Content", CONTENTS),
            knob("Style", TEXTURES),
            knob("Steps", SOUND_STEPS, 3),
        ],
    ),
    "10": (
        passes,
        "Twelve styles in one pass",
        "Each picture is one pass of the fast network, which was trained for strength 3. What"
        " breaks first beyond it?",
        "The astronaut after {0}, strength {1}",
        lambda: [knob("Artwork", map(words, FAST), 2), knob("Strength", DIAL, 2)],
    ),
}


def notes() -> list[str]:
    """The diagnoses of the clinic, a text for each frame."""
    return [
        f"{one.name[0].upper()}{one.name[1:]}. {one.cause} {one.cure}"
        for one in (FAILURES[place] for place in CLINIC)
    ]


def main(numbers: list[str]) -> None:
    record = HERE / "labs.json"
    for number in numbers or LABS:
        make, title, text, alt, knobs = LABS[number]
        (HERE / number).mkdir(exist_ok=True)
        for places, frame in make():
            frame.thumbnail((SHOWN, SHOWN) if number not in WIDE else frame.size)
            name = HERE / number / f"{'-'.join(map(str, places))}.webp"
            frame.save(name, quality=QUALITY, method=6)
            print(name, flush=True)
        lab = {"title": title, "text": text, "alt": alt, "knobs": knobs(), "size": frame.size}
        if number == "06":
            lab["notes"] = notes()
        if number == "09-sound":
            lab["sounds"] = True
        labs = json.loads(record.read_text("utf-8")) if record.exists() else {}
        labs = dict(sorted({**labs, number: lab}.items()))
        record.write_text(f"{json.dumps(labs, ensure_ascii=False, indent=1)}\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
