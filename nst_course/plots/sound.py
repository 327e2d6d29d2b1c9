"""Figures of notebook 09: sounds as pictures, and what a classifier hears in them."""

import math
from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..errors import CourseError
from ..sound import spectrogram
from ..sound.files import RATE
from ..sound.stft import COLUMNS_PER_SECOND
from .figure import new_figure

LIGHTEST = 0.55  # value that is drawn in the lightest color; hardly a sound has larger ones


def spectrograms(
    sounds: Mapping[str, Tensor],
    columns: int = 2,
    width: float = 10,
    height: float = 2.0,
    alt: str = "",
) -> Figure:
    """Spectrograms of sounds, the lowest frequency at the bottom, all in the same colors.

    Args:
        sounds: title → a sound (samples,) or a spectrogram (1, 1, 513, T).
        columns: how many beside each other.
        width: of the figure, in inches.
        height: of each spectrogram, in inches.
        alt: text for those who cannot see the figure.
    """
    rows = math.ceil(len(sounds) / columns)
    figure = new_figure(width, rows * height + 0.3)
    figure.set_label(alt or f"spectrograms: {', '.join(sounds)}")
    panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for number, (panel, (title, sound)) in enumerate(zip(panels, sounds.items(), strict=False)):
        picture = (spectrogram(sound) if sound.dim() == 1 else sound)[0, 0].detach().cpu()
        extent = (0, picture.shape[1] / COLUMNS_PER_SECOND, 0, RATE / 2000)
        options = {"cmap": "magma", "vmin": 0, "vmax": LIGHTEST}
        panel.imshow(picture, origin="lower", aspect="auto", extent=extent, **options)
        panel.set_title(title, fontsize=11)
        if number % columns == 0:
            panel.set_ylabel("kHz")
        if number >= len(sounds) - columns:
            panel.set_xlabel("seconds")
    for panel in panels[len(sounds) :]:
        panel.set_axis_off()
    return figure


def shares_table(
    shares: Mapping[str, Mapping[str, float]], width: float = 7, alt: str = ""
) -> Figure:
    """What a classifier hears: a row a sound, a column a name, darker for a larger share.

    Args:
        shares: title of a sound → name → share, 0…1, as `Classifier.shares` returns it.
        width: of the figure, in inches.
        alt: text for those who cannot see the figure.
    """
    if not shares:
        raise CourseError("shares is empty; give the shares of at least one sound.")
    names = list(next(iter(shares.values())))
    values = torch.tensor([[row[name] for name in names] for row in shares.values()])
    figure = new_figure(width, 0.45 * len(shares) + 1)
    said = (
        f"{title}: {', '.join(f'{name} {row[name]:.0%}' for name in names if row[name])}"
        for title, row in shares.items()
    )
    figure.set_label(alt or f"share of half seconds that sound like each; {'; '.join(said)}")
    axis = figure.subplots()
    axis.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(shares)), list(shares))
    axis.xaxis.tick_top()
    axis.set_title("share of half seconds nearest to", fontsize=11)
    for row, column in torch.cartesian_prod(torch.arange(len(shares)), torch.arange(len(names))):
        value = values[row, column].item()
        color = "white" if value > 0.6 else "black"
        axis.text(column, row, f"{value:.0%}", ha="center", va="center", color=color)
    return figure
