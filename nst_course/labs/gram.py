"""The Gram explorer: the maps of two channels, their product, and its mean, an entry of G."""

import ipywidgets as widgets
import torch
from torch import Tensor

from ..checks import check_choice
from ..images.encode import png
from ..images.io import load_image
from ..losses import gram_matrix
from ..transfer.style_transfer import STYLE_LAYERS
from .controls import WIDE, WRAP, button, chosen_picture, on_change, picture_menu
from .frames import heat_map, img
from .lab import Lab
from .network import shared_backbone

MAP_SIDE = 200  # pixels on the page


class GramExplorer(Lab):
    """Compare two channels of a layer, and the entry of the Gram matrix for the pair.

    Args:
        picture: bundled name or path of a file.
        layer: one of the style layers.
        size: longer side of the picture, in pixels.
    """

    def __init__(self, picture: str = "great_wave", layer: str = "relu2_1", size: int = 192):
        check_choice("layer", layer, STYLE_LAYERS)
        self.size = size
        self.picture = picture_menu("Picture", picture)
        self.layer = widgets.Dropdown(
            options=list(STYLE_LAYERS), value=layer, description="Layer", layout=WIDE
        )
        self.pair = widgets.Dropdown(description="Largest entries", layout=WIDE)
        self.first, self.second = (
            widgets.BoundedIntText(description=f"Channel {name}", layout=WIDE) for name in "ij"
        )
        self.shuffle = button("Shuffle positions", "random", "permute the positions at random")
        self.restore = button("Restore", "undo", "restore the original positions")
        self.maps = widgets.HTML(layout={"width": "100%"})
        self.result = widgets.HTML()
        self.thumbnail = widgets.HTML()
        self._shuffles = 0
        on_change(self._read_picture, self.picture, self.layer)
        on_change(self._take_pair, self.pair)
        on_change(self._show, self.first, self.second)
        self.shuffle.on_click(lambda _: self._shuffle())
        self.restore.on_click(lambda _: self._use(self._original))
        self._read_picture()
        controls = [self.picture, self.layer, self.pair, self.first, self.second]
        buttons = widgets.HBox([self.shuffle, self.restore])
        left = widgets.VBox([*controls, buttons, self.thumbnail], layout={"flex": "0 0 310px"})
        right = widgets.VBox([self.maps, self.result], layout={"flex": "1 1 400px"})
        self.widget = self.framed(widgets.HBox([left, right], layout=WRAP))

    def tour(self) -> list[tuple[widgets.DOMWidget, str]]:
        return [
            (
                self.maps,
                "Two channels of a layer, and their product, position by position. Where are "
                "both bright?",
            ),
            (
                self.result,
                "The mean of the product is one entry of the Gram matrix. Compare the two numbers.",
            ),
            (
                self.pair,
                "Choose another of the largest entries. What do the two channels have in common?",
            ),
            (
                self.shuffle,
                "Predict first: which of the two numbers will change if all positions are "
                "shuffled? Then press the button.",
            ),
            (
                self.layer,
                "Go to relu4_1 and look at the maps again: how large is what they respond to?",
            ),
        ]

    @torch.no_grad()
    def _read_picture(self) -> None:
        """Compute the features, and fill the menu with the pairs of the largest entries."""
        image = load_image(self.picture.value, self.size)
        self.thumbnail.value = chosen_picture(self.picture)
        self._original = shared_backbone()(image, [self.layer.value])[self.layer.value]
        self._features, self._gram = self._original, gram_matrix(self._original)[0]
        pairs = largest_entries(self._gram)
        self.first.max = self.second.max = self._original.shape[1] - 1
        self.pair.options = [(f"{i} and {j}: {value:.3g}", (i, j)) for i, j, value in pairs]
        self.pair.index = 0
        self._show()

    def _take_pair(self) -> None:
        if self.pair.value is not None:  # None while the options are being replaced
            self.first.value, self.second.value = self.pair.value

    def _shuffle(self) -> None:
        """Permute the positions, in the same way for every channel."""
        self._shuffles += 1
        generator = torch.Generator().manual_seed(self._shuffles)
        rows = self._original.flatten(2)
        order = torch.randperm(rows.shape[2], generator=generator).to(rows.device)
        self._use(rows[:, :, order].view_as(self._original))

    def _use(self, features: Tensor) -> None:
        self._features, self._gram = features, gram_matrix(features)[0]
        self._show()

    def _show(self) -> None:
        i, j = self.first.value, self.second.value
        one, other = self._features[0, i].float(), self._features[0, j].float()
        product = one * other
        titles = (f"channel {i}", f"channel {j}", f"the product of {i} and {j}")
        cells = []
        for title, values in zip(titles, (one, other, product), strict=True):
            caption = f"map of {title}, up to {values.max().item():.3g}"
            picture = heat_map(values, MAP_SIDE)
            cells.append(
                f"<figure style='margin:0; width:{MAP_SIDE}px'>{img(png(picture), 'png', caption)}"
                f"<figcaption>{caption}</figcaption></figure>"
            )
        self.maps.value = (
            "<div style='display:flex; flex-wrap:wrap; gap:10px'>" + "".join(cells) + "</div>"
        )
        entry, mean = self._gram[i, j].item(), product.mean().item()
        order = "shuffled" if self._features is not self._original else "in the original order"
        self.result.value = (
            f"<p>Positions {order}. Mean of the product over its {product.numel()} positions: "
            f"<b>{mean:.5g}</b>. Entry G<sub>{i},{j}</sub> of the Gram matrix: "
            f"<b>{entry:.5g}</b>.</p>"
        )


def largest_entries(gram: Tensor, count: int = 12) -> list[tuple[int, int, float]]:
    """The pairs i < j with the largest entries of a Gram matrix (C, C)."""
    upper = torch.triu(gram, diagonal=1).flatten()
    values, places = upper.topk(min(count, upper.numel()))
    side = gram.shape[0]
    return [
        (place // side, place % side, value)
        for place, value in zip(places.tolist(), values.tolist(), strict=True)
    ]
