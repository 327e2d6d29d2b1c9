"""The objective of style transfer: a sum of terms.

    L(x) = Σ_k  weight_k · term_k(x)          with    term_k(x) = Σ_l  w_l · loss_k(x, layer l)

Gatys, Ecker and Bethge 2016, eq. 7: L_total = α · L_content + β · L_style. The pixels of the image
are the parameters; the network never changes.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch import Tensor

from ..errors import CourseError
from ..network.vgg import Backbone
from .terms import PIXELS, Term, as_terms, network
from .tiles import Part, Whole
from .tiling import Measurement


class Objective:
    """A sum of terms, as a function of the image.

    Args:
        terms: each with a name of its own; ``objective["style"]`` is the term of that name.
        backbone: the network in float32. What the image is compared with is computed on it.
        tile: side in pixels of the tiles that the network is run on, or None for none.
    """

    def __init__(self, terms: Iterable[Term], backbone: Backbone, tile: int | None = None):
        self.terms: dict[str, Term] = {}
        for term in as_terms(terms):
            if term.name in {*self.terms, "total"}:
                raise CourseError(f"Two terms have the name {term.name!r}; give one another name.")
            self.terms[term.name] = term
        self.backbone, self.tile = backbone, tile

    def __getitem__(self, name: str) -> Term:
        return self.terms[name]

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms.values())

    def __call__(self, image: Tensor, backbone: Backbone | None = None) -> dict[str, Tensor]:
        """Every loss of an image, as scalars that gradients flow through.

        Args:
            image: (1, 3, H, W), 0…1.
            backbone: a copy of the network in reduced precision that the image goes through.

        Returns:
            ``"total"``; each term by its name, without its weight; and its loss at each layer,
            without w_l, such as ``"style/relu1_1"``.
        """
        for term in self:
            term.prepare(self.backbone, self.tile)
        wanted = [(term, layer) for term in self for layer in term.layers if layer != PIXELS]
        measured = network(backbone or self.backbone, self.tile).measure(
            image, [self._measurement(term, layer) for term, layer in wanted]
        )
        by_layer = {
            f"{term.name}/{layer}": term.loss(layer, value)
            for (term, layer), value in zip(wanted, measured, strict=True)
        }
        total, by_term = image.new_zeros(()), {}
        for term in self:
            value = image.new_zeros(())
            for layer, weight in term.layers.items():
                if layer != PIXELS:
                    value = value + weight * by_layer[f"{term.name}/{layer}"]
                elif term.weight:  # with weight 0, the time for it is saved
                    pixels = term.measure(PIXELS, image, Whole())
                    value = value + weight * term.loss(PIXELS, pixels)
            by_term[term.name] = value
            total = total + term.weight * value
        return {"total": total, **by_term, **by_layer}

    @staticmethod
    def _measurement(term: Term, layer: str) -> Measurement:
        def measure(features: Tensor, part: Part | Whole) -> Tensor:
            if features.dtype.itemsize < 4 and not term.takes_short_formats:
                features = features.float()
            return term.measure(layer, features, part)

        return layer, measure

    @property
    def layers(self) -> set[str]:
        """All layers of the network at which the image is compared."""
        return {layer for term in self for layer in term.layers} - {PIXELS}

    def settings(self) -> tuple:
        """All weights and layers; another value means another objective."""
        return tuple(term.settings() for term in self)

    def check(self, image: Tensor) -> None:
        """Refuse weights and layers that cannot work for an image of this size."""
        for term in self:
            term.check(self.backbone)
        if not (self.layers or any(term.layers and term.weight for term in self)):
            raise CourseError("There is nothing to optimize; give content_layers or style_layers.")
        self.backbone.check_image(image, self.layers)

    def check_tiles(self) -> None:
        """Refuse tiles if a term is no mean over positions."""
        for term in self:
            if self.tile is not None and not term.works_in_tiles(self.backbone):
                raise CourseError(
                    f"The term {term.name!r} is no mean over positions, so it cannot be computed "
                    "in tiles; use tile=None, and a smaller picture if that does not fit."
                )


class Setting:
    """An attribute that belongs to a part of its owner: ``transfer.style_weight = 10``.

    Args:
        part: the owner → the part.
        name: of the part's attribute.
    """

    def __init__(self, part: Callable[[Any], object], name: str):
        self.part, self.name = part, name

    def __get__(self, owner: object, kind: type) -> Any:
        return self if owner is None else getattr(self.part(owner), self.name)

    def __set__(self, owner: object, value: object) -> None:
        setattr(self.part(owner), self.name, value)
