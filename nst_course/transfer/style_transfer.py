"""Style transfer by optimization: the one loop of the course.

The pixels of the image are the parameters; the network never changes (Gatys, Ecker and Bethge
2016). What is minimized stands in `objective`; what keeps a run safe, in `safeguards`.
"""

import functools
from collections.abc import Callable, Iterable, Iterator

from torch import Tensor

from ..checks import as_image, check_count
from ..device import with_gradients
from ..losses import gram_matrix
from ..network.vgg import Backbone, load_backbone
from ..optim.lbfgs import BOUNDS
from ..statistics import Statistic
from .estimate import Estimate, estimate, fastest, shrunk
from .initial import starting_image
from .memory import Work, as_tile, choose_tile
from .objective import Objective, Setting
from .optimizers import learning_rate_of, make_optimizer
from .precision import Precision
from .progress import Result, Step, follow
from .safeguards import Safeguards
from .styles import Styles, as_styles
from .terms import ContentTerm, Layers, StyleTerm, Term, TotalVariation, as_terms, whole_layers

# Style weights w_l = 1/C², as in leongatys/PytorchNeuralStyleTransfer. With the embedded network
# they are a strong preference for the shallow layers, which notebook 04 measures.
STYLE_LAYERS = {
    "relu1_1": 1 / 64**2,
    "relu2_1": 1 / 128**2,
    "relu3_1": 1 / 256**2,
    "relu4_1": 1 / 512**2,
    "relu5_1": 1 / 512**2,
}
CONTENT_LAYERS = {"relu4_2": 1.0}


class StyleTransfer:
    """Generate an image with the content of a photograph and the style of an artwork.

    Args:
        content: photograph p, (1, 3, H, W), 0…1; the result has its size.
        style: artwork a, (1, 3, H', W'), 0…1, of any size; or several, as a list of images or of
            `Style` with weights and regions.
        backbone: the network; the embedded VGG-16 by default.
        content_layers, style_layers: layer → weight w_l, or just names (each with weight 1).
        content_weight: α.
        style_weight: β. 0.01 hardly touches the photograph, 1 tints it, 1000 repaints it.
        tv_weight: γ, of the total variation; 0 switches it off, 10 000 smooths visibly.
        init: the starting image: ``"content"``; ``"recolored"``, the content in the artwork's
            colors, which saves about ten steps; ``"style"``, ``"noise"``, or a tensor of the
            content's shape.
        optimizer: ``"lbfgs"`` (no line search, history 60) or ``"adam"``. Both keep the pixels in
            [0, 1], so that the displayed image has the reported loss.
        seed: of the noise. The same seed gives the same image on the same machine and ``tile``.
        learning_rate: 1 for L-BFGS and 0.02 for Adam by default.
        precision: ``"float32"``; ``"bfloat16"`` or ``"float16"``, faster on devices with a unit for
            them and much slower on others; or ``"auto"``, see `Precision`.
        tile: side in pixels of the tiles that the network is run on one after another, so that
            memory stays small: equal losses in about 1.5 times the time, and a shorter history of
            L-BFGS. None for no tiles; ``"auto"`` for tiles where free memory is too small.
        statistic: what the style loss compares: any function of features that is a mean over
            positions, such as those in `nst.statistics`, or one of `nst.distributions`.
        terms: further terms of the objective; ``transfer.objective[name]`` is one of them.

    The weights and layers are attributes that may be changed between steps: the next step uses
    them and starts its model of the curvature afresh.

    Raises:
        CourseError: an input that cannot work, in a sentence that says what to change.
    """

    content_weight = Setting(lambda transfer: transfer.objective["content"], "weight")
    style_weight = Setting(lambda transfer: transfer.objective["style"], "weight")
    tv_weight = Setting(lambda transfer: transfer.objective["tv"], "weight")
    content_layers = Setting(lambda transfer: transfer.objective["content"], "layers")
    style_layers = Setting(lambda transfer: transfer.objective["style"], "layers")
    learning_rate = Setting(lambda transfer: transfer.safeguards, "learning_rate")

    @with_gradients
    def __init__(
        self,
        content: Tensor,
        style: Styles,
        backbone: Backbone | None = None,
        content_layers: Layers = CONTENT_LAYERS,
        style_layers: Layers = STYLE_LAYERS,
        content_weight: float = 1.0,
        style_weight: float = 1e3,
        tv_weight: float = 0.0,
        init: str | Tensor = "content",
        optimizer: str = "lbfgs",
        seed: int = 0,
        learning_rate: float | None = None,
        precision: str = "auto",
        tile: str | int | None = "auto",
        statistic: Statistic | Callable[[Tensor], Tensor] = gram_matrix,
        terms: Iterable[Term] = (),
    ):
        rate = learning_rate_of(optimizer, learning_rate)
        precisions = Precision(precision, load_backbone() if backbone is None else backbone)
        backbone = precisions.exact
        self.content = as_image("content", content).to(backbone.device)
        self.styles = as_styles(style, backbone.device)
        self.style = self.styles[0].image
        size = (self.content.shape[2], self.content.shape[3])
        content_term = ContentTerm(self.content, content_layers, content_weight)
        style_term = StyleTerm(statistic, style_weight, style_layers)
        every = [content_term, style_term, TotalVariation(tv_weight), *as_terms(terms)]
        self.objective = Objective([term.of(self.styles, size) for term in every], backbone)
        self.objective.check(self.content)
        self.optimizer = optimizer
        start = starting_image(init, self.content, self.styles, seed).clamp_(*BOUNDS)
        self.safeguards = Safeguards(
            start,
            lambda *state: make_optimizer(optimizer, self.objective.tile, *state),
            rate,
            precisions,
        )
        self.objective.tile = choose_tile(tile, describe(self, 0))
        self.objective.check_tiles()

    @with_gradients
    def steps(self, count: int) -> Iterator[Step]:
        """Optimize for ``count`` steps and yield each one when it is done.

        The only loop of the course. It may be left at any step, and called again to go on.
        """
        check_count("count", count)
        run, end = self.safeguards, self.iteration + count
        run.precision.plan(self.iteration, count)
        while self.iteration < end:
            self.objective.check(self.content)
            optimizer = run.follow(self.objective.settings())
            with run:
                losses = self.losses(run.pixels)  # {"total": …, "content": …, "style": …, …}
                losses["total"].backward()
                step = run.record(losses)  # None after a restart, because the loss has diverged
                if step is not None:
                    optimizer.step()
                    run.iteration += 1
            if step is not None:
                yield step

    def run(
        self,
        steps: int,
        progress: bool = True,
        on_step: Callable[[Step], None] | None = None,
    ) -> Result:
        """Take ``steps`` steps and return the best image with the history of the losses.

        Args:
            steps: how many.
            progress: show a bar with the seconds left.
            on_step: called with every `Step`, for live pictures.

        An interruption (Ctrl-C, or the stop button of a notebook) ends the run early and keeps
        the best image so far.
        """
        check_count("steps", steps)
        followed = follow(self.steps(steps), steps, progress, on_step)
        return Result(self.image, best_iteration=self.safeguards.best_iteration, **followed)

    @property
    def image(self) -> Tensor:
        """The best image so far, (1, 3, H, W), 0…1: the one with the lowest total loss."""
        return self.safeguards.best.clone()

    @property
    def iteration(self) -> int:
        """How many steps have been taken."""
        return self.safeguards.iteration

    def losses(self, image: Tensor) -> dict[str, Tensor]:
        """Every loss of an image (1, 3, H, W), 0…1, as `Objective` returns them."""
        return self.objective(image, self.safeguards.backbone)

    def estimate(self, steps: int) -> Estimate:
        """Seconds and bytes that ``steps`` steps will take on this machine, before they start.

        Nothing of this transfer is changed.
        """
        check_count("steps", steps)
        return estimate(describe(self, steps), lambda side: time_step(self, side))

    def state_dict(self) -> dict:
        """All that a transfer with the same arguments needs to go on exactly as this one would."""
        return {"tile": self.objective.tile, **self.safeguards.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """Go on as the transfer would have that gave this `state_dict`."""
        self.objective.tile = as_tile(state["tile"])  # chosen by the memory that was free then
        self.safeguards.load_state_dict(state, self.objective.settings())


def describe(transfer: StyleTransfer, steps: int) -> Work:
    """What a run of ``steps`` steps will do, for the forecast."""
    objective = transfer.objective
    return Work(
        height=transfer.content.shape[2],
        width=transfer.content.shape[3],
        style_pixels=sum(style.image[0, 0].numel() for style in transfer.styles),
        steps=steps,
        targets_missing=transfer.iteration == 0,
        backbone=transfer.safeguards.precision.longest,
        layers=frozenset(objective.layers),
        content_layers=frozenset(transfer.content_layers),
        optimizer=transfer.optimizer,
        tile=objective.tile,
        whole_layers=whole_layers(objective, objective.backbone),
    )


def time_step(transfer: StyleTransfer, side: int) -> tuple[float, int, int]:
    """Seconds of a step on a copy no larger than a square of this side; its height and width."""
    content = shrunk(transfer.content, side)
    styles = [shrunk(style.image, side) for style in transfer.styles]
    style_term, *others = (term for term in transfer.objective if isinstance(term, StyleTerm))
    seconds = 0.0
    for precision, share in transfer.safeguards.precision.shares().items():
        copy = StyleTransfer(
            content,
            styles,
            transfer.objective.backbone,
            content_layers=transfer.objective.layers - transfer.style_layers.keys(),  # all others
            style_layers=transfer.style_layers,
            tv_weight=transfer.tv_weight,
            optimizer=transfer.optimizer,
            precision=precision,
            tile=transfer.objective.tile,
            statistic=style_term.statistic,
            terms=others,
        )
        steps = copy.steps(3)
        seconds += share * fastest(functools.partial(next, steps))
    return seconds, content.shape[2], content.shape[3]
