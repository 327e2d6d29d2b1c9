"""The Gram explorer: the maps of two channels, their product, and its mean, an entry of G."""

import ipywidgets as widgets
import torch
from torch import Tensor

from ..checks import check_choice
from ..images.io import load_image
from ..losses import gram_matrix
from ..transfer.style_transfer import STYLE_LAYERS
from .controls import (
    WIDE,
    WRAP,
    button,
    chosen_picture,
    on_change,
    picture_menu,
    picture_upload,
    set_limit,
    together,
)
from .frames import status_line
from .lab import Lab
from .network import shared_backbone
from .product_maps import ProductMaps


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
        self.pair = widgets.Dropdown(description="Strong pair", layout=WIDE)
        self.first, self.second = (
            widgets.BoundedIntText(description=f"Channel {name}", layout=WIDE) for name in "ij"
        )
        self.shuffle = button("Shuffle positions", "random", "permute the positions at random")
        self.restore = button("Restore", "undo", "restore the original positions")
        self.maps = ProductMaps()
        self.upload = picture_upload("Upload a picture", self.picture, self._refuse)
        self.result, self.status = widgets.HTML(), widgets.HTML()
        self.thumbnail = widgets.HTML()
        self._shuffles = 0
        on_change(self._read_picture, self.picture, self.layer)
        on_change(self._take_pair, self.pair)
        on_change(self._show, self.first, self.second)
        self.shuffle.on_click(lambda _: self._shuffle())
        self.restore.on_click(lambda _: self._use([]))
        self._read_picture()
        controls = [self.picture, self.upload, self.layer, self.pair, self.first, self.second]
        buttons = widgets.HBox([self.shuffle, self.restore])
        shown = [self.thumbnail, self.status]
        left = widgets.VBox([*controls, buttons, *shown], layout={"flex": "0 0 310px"})
        right = widgets.VBox(
            [self.maps, self.result], layout={"flex": "1 1 400px", "min_width": "0"}
        )
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
        self.thumbnail.value, self.status.value = chosen_picture(self.picture), ""
        self._original = shared_backbone()(image, [self.layer.value])[self.layer.value]
        with together(self.first, self.second):
            for channel in (self.first, self.second):
                set_limit(channel, self._original.shape[1] - 1)
            self._use([])
        pairs = largest_entries(self._gram)
        self.pair.options = [(f"{i} and {j}: {value:,.0f}", (i, j)) for i, j, value in pairs]
        self.pair.index = 0
        self._show()

    def _refuse(self, sentence: str) -> None:
        self.status.value = status_line(sentence, error=True)

    def _take_pair(self) -> None:
        if self.pair.value is not None:  # None while the options are being replaced
            self.first.value, self.second.value = self.pair.value

    def _shuffle(self) -> None:
        """Permute the positions, in the same way for every channel."""
        self._shuffles += 1
        generator = torch.Generator().manual_seed(self._shuffles)
        self._use(torch.randperm(self._original[0, 0].numel(), generator=generator).tolist())

    def _use(self, order: list[int]) -> None:
        """Move every position to where the order says; an empty order is the original one."""
        rows = self._original.flatten(2)
        if order:
            rows = torch.empty_like(rows).index_copy_(
                2, torch.tensor(order, device=rows.device), rows
            )
        self._features = rows.view_as(self._original)
        self._gram = gram_matrix(self._features)[0]
        self.maps.order = order
        self._show_entry()

    def _show(self) -> None:
        one, other = (self._original[0, k.value].float() for k in (self.first, self.second))
        self.maps.show(one, other, [f"channel {k.value}" for k in (self.first, self.second)])
        self._show_entry()

    def _show_entry(self) -> None:
        """Show the mean of the product and the entry, computed from the maps as they are now."""
        i, j = self.first.value, self.second.value
        product = self._features[0, i].float() * self._features[0, j].float()
        entry, mean = self._gram[i, j].item(), product.mean().item()
        order = "shuffled" if self.maps.order else "in the original order"
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
