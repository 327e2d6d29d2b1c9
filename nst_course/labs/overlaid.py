"""A style transfer of which the photograph is shown where no style rules."""

from collections.abc import Iterator
from dataclasses import replace

from ..transfer.kept import finisher
from ..transfer.progress import Step
from ..transfer.style_transfer import StyleTransfer


class Overlaid(StyleTransfer):
    """As `nst.stylize` does it: the pixels outside of all regions are those of the photograph."""

    def steps(self, count: int) -> Iterator[Step]:
        """The steps, with what is shown of each image."""
        finish = finisher("artwork", self.content, self.styles)
        for step in super().steps(count):
            yield replace(step, image=finish(step.image))
