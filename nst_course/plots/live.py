"""The image during a run, updated in place in the output of a cell."""

import io
import time

from matplotlib.figure import Figure
from torch import Tensor

from ..device import readable_time
from ..images.io import to_pil
from ..transfer.progress import Step
from .curves import draw_losses
from .figure import draw_picture

WIDTH = 12  # of the view, in inches
PICTURE_WIDTH = WIDTH * 2.3 / 5  # of the middle column
DRAWING_TIME = 0.08  # per unit of computing time, at most


class LiveView:
    """Content, style, the present image and the loss curves; pass it to ``run(on_step=…)``.

    Args:
        total: number of steps of the run.
        content, style: (1, 3, H, W), 0…1, shown beside the image.
        content_weight, style_weight: α and β of the run, for the curves.
    """

    def __init__(
        self,
        total: int,
        content: Tensor,
        style: Tensor,
        content_weight: float = 1.0,
        style_weight: float = 1e3,
    ):
        self.total = total
        self.inputs = {"content": to_pil(content), "style": to_pil(style)}
        self.weights = (content_weight, style_weight)
        self.history: dict[str, list[float]] = {"total": [], "content": [], "style": []}
        self.started = time.perf_counter()
        self.next_frame = 0.0
        self.handle = None

    def __call__(self, step: Step) -> None:
        """Record the losses, and draw a frame if one is due or this is the last step."""
        for name, values in self.history.items():
            values.append(step.losses[name])
        now = time.perf_counter()
        if now < self.next_frame and len(self.history["total"]) < self.total:
            return
        self._show(self.frame(step))
        after = time.perf_counter()
        self.next_frame = after + (after - now) / DRAWING_TIME

    def frame(self, step: Step) -> bytes:
        """The view as the bytes of a JPEG file."""
        # Without pyplot, which would keep the figure open.
        picture = to_pil(step.image)
        height = max(4.0, 0.7 + PICTURE_WIDTH * picture.height / picture.width)
        figure = Figure(figsize=(WIDTH, height), dpi=90, layout="constrained")
        grid = figure.add_gridspec(2, 3, width_ratios=(1, 2.3, 1.7))
        for row, (name, shown) in enumerate(self.inputs.items()):
            draw_picture(figure.add_subplot(grid[row, 0]), shown, name, interpolation="lanczos")
        middle = figure.add_subplot(grid[:, 1])
        draw_picture(middle, picture, self._title(step), interpolation="lanczos")
        axis = figure.add_subplot(grid[:, 2])
        draw_losses(axis, self.history, *self.weights)
        axis.set_xlim(0, max(self.total - 1, 1))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="jpeg", pil_kwargs={"quality": 88})
        return buffer.getvalue()

    def _title(self, step: Step) -> str:
        done = len(self.history["total"])
        elapsed = time.perf_counter() - self.started
        if done == self.total:
            return f"step {step.iteration}, {readable_time(elapsed)}"
        left = elapsed / done * (self.total - done)
        return f"step {step.iteration}, about {readable_time(left)} left"

    def _show(self, jpeg: bytes) -> None:
        from IPython.display import Image, display

        picture = Image(data=jpeg, alt="content, style, the present image and its losses")
        if self.handle is None:
            self.handle = display(picture, display_id=True)
        else:
            self.handle.update(picture)
