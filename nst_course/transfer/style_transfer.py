"""Style transfer by optimisation: the objective, and the one loop of the course.

    L_total = α · L_content + β · L_style (+ γ · total variation)

The pixels of the image are the parameters; the network never changes. Gatys, Ecker and Bethge 2016.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..checks import (
    as_image,
    check_choice,
    check_count,
    check_weight,
    layer_weights,
)
from ..device import PRECISIONS, dtype_of, is_slow
from ..errors import CourseError
from ..losses import total_variation
from ..network.vgg import Backbone, load_backbone
from ..optim.lbfgs import BOUNDS, LBFGS
from .checkpoint import combine, separate
from .estimate import EXACT_SHARE, Estimate, choose_tile, forecast, history
from .initial import starting_image
from .targets import Targets

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

LEARNING_RATES = {"lbfgs": 1.0, "adam": 0.02}
EXPLOSION = 10  # a loss this many times above where it started is not coming back
MOST_RESTARTS = 10


# Of the loop: what a run that is taken up again has to know.
NUMBERS = ("iteration", "best_iteration", "best_total", "first_total", "end", "exact_from")


@dataclass(frozen=True)
class Step:
    """One turn of the loop: an image and its losses.

    Attributes:
        iteration: 0 for the starting image, then 1, 2, …
        losses: ``"total"`` = α·content + β·style + γ·tv; ``"content"``, ``"style"`` and ``"tv"``
            without α, β, γ; and one entry a layer without its w_l, such as ``"style/relu1_1"``.
        image: the image that has these losses, (1, 3, H, W), 0…1.
        message: what the loop had to put right before this step, or what makes it slow; else an
            empty string.
    """

    iteration: int
    losses: dict[str, float]
    image: Tensor = field(repr=False)
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What `StyleTransfer.run` returns.

    Attributes:
        image: the image with the lowest total loss, (1, 3, H, W), 0…1.
        history: name of a loss → its value at every step; the names are those of `Step.losses`.
        best_iteration: the iteration that `image` comes from.
        seconds: how long the run took.
        interrupted: whether it was stopped before its last step.
        messages: what the loop had to put right, in words.
    """

    image: Tensor = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    best_iteration: int
    seconds: float
    interrupted: bool = False
    messages: tuple[str, ...] = ()


class StyleTransfer:
    """Paint the content image in the style of the artwork.

    Args:
        content: photograph p, (1, 3, H, W), 0…1; the result has its size.
        style: artwork a, (1, 3, H', W'), 0…1, of any size.
        backbone: the network; the embedded VGG-16 by default.
        content_layers: layer → weight, or just names (each with weight 1).
        style_layers: layer → weight w_l, or just names (each with weight 1).
        content_weight: α.
        style_weight: β. 0.01 hardly touches the photograph, 1 tints it, 1000 paints it anew.
        tv_weight: γ, of the total variation; 0 switches it off, 10 000 smooths visibly.
        init: where the image starts: ``"content"``; ``"recoloured"``, which is the content in the
            artwork's colours and saves about ten steps; ``"style"``, ``"noise"``, or a tensor of
            the content's shape.
        optimizer: ``"lbfgs"`` (without line search, history 60) or ``"adam"``. Both keep the pixels
            in 0…1, so that the picture on a screen has the loss that is told.
        seed: of the noise; the same seed gives the same picture on the same machine, as long as
            ``tile`` is the same.
        learning_rate: 1 for L-BFGS and 0.02 for Adam unless given.
        tile: side in pixels of the tiles that the network is run on, one after the other, so that
            memory stays small: the same losses and gradients up to rounding, at about one and a
            half times the time. None for none; ``"auto"`` for tiles only where the whole picture
            does not fit into the free memory. With tiles, L-BFGS also remembers its steps in
            bfloat16, and fewer of them where the picture is above about 800 pixels: 10 at 2048
            pixels, 8 at 4096, instead of 60.
        precision: ``"float32"``; ``"bfloat16"`` or ``"float16"``, which are faster where the device
            has a unit for them and much slower where it has none; or ``"auto"``: the fastest of
            them by what is known of the device, with the last tenth of the steps asked for in
            float32, so that the noise of a short format goes. (Convolutions in float32 are as
            exact as PyTorch is set to: on NVIDIA's GPUs from 2020 on it rounds to TF32, which has
            10 binary digits, unless ``torch.backends.cudnn.allow_tf32`` is False.)

    The weights and layers are attributes that may be changed between steps: the next step uses
    them and starts its model of the curvature afresh.

    Raises:
        CourseError: an input that cannot work, in a sentence that says what to change.
    """

    def __init__(
        self,
        content: Tensor,
        style: Tensor,
        backbone: Backbone | None = None,
        content_layers: Mapping[str, float] | Iterable[str] = CONTENT_LAYERS,
        style_layers: Mapping[str, float] | Iterable[str] = STYLE_LAYERS,
        content_weight: float = 1.0,
        style_weight: float = 1e3,
        tv_weight: float = 0.0,
        init: str | Tensor = "content",
        optimizer: str = "lbfgs",
        seed: int = 0,
        learning_rate: float | None = None,
        precision: str = "auto",
        tile: str | int | None = "auto",
    ):
        check_choice("optimizer", optimizer, LEARNING_RATES)
        check_choice("precision", precision, ("auto", *PRECISIONS))
        check_count("seed", seed)
        if learning_rate is not None:
            check_weight("learning_rate", learning_rate)
        if tile is not None and tile != "auto":
            check_count("tile", tile, least=1)
        if backbone is None:
            backbone = load_backbone()
        elif not isinstance(backbone, Backbone):
            raise CourseError(
                f'backbone is a network, as nst.load_backbone("vgg16") gives one, not {backbone!r}.'
            )
        # A rule and no timing: with the same seed, a machine paints the same picture every time.
        dtype = dtype_of(precision, backbone.device)
        self._notice = ""  # what the next step has to say, beside what it does
        if is_slow(dtype, backbone.device):
            self._notice = (
                f"This device has no unit for {precision}, which makes every step many times "
                'slower; use precision="auto".'
            )
        self.exact_backbone = backbone
        self.reduced_backbone = None if dtype == torch.float32 else backbone.in_precision(dtype)
        self._backbone = self.reduced_backbone or backbone  # the one at work
        self.content = as_image("content", content).to(backbone.device)
        self.style = as_image("style", style).to(backbone.device)
        self.content_layers = layer_weights("content_layers", content_layers)
        self.style_layers = layer_weights("style_layers", style_layers)
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.tv_weight = tv_weight
        self.optimizer = optimizer
        self.precision = precision
        self.learning_rate = LEARNING_RATES[optimizer] if learning_rate is None else learning_rate
        start = starting_image(init, self.content, self.style, seed).clamp_(*BOUNDS)
        self._pixels = start.requires_grad_()
        self._best = self._pixels.detach().clone()
        self._best_iteration = 0
        self._iteration = 0
        self._best_total = math.inf
        self._first_total: float | None = None
        self._end = self._exact_from = 0  # iterations: where the run ends, where float32 begins
        self._objective: tuple | None = None  # the settings of the last step
        self._optimizer: torch.optim.Optimizer | None = None
        self._check_settings()
        self.tile = choose_tile(self) if tile == "auto" else tile
        # Targets are computed once and in float32, whatever the loop uses.
        self._targets = Targets(self.content, self.style, backbone, self.tile)

    # ------------------------------------------------------------ the loop

    def steps(self, count: int) -> Iterator[Step]:
        """Optimise for ``count`` steps and give each one out as it is done.

        This is the only loop of the course. It can be left at any moment and called again to go
        on where it stopped; `image` is the best picture so far.
        """
        check_count("count", count)
        if (end := self._iteration + count) != self._end:  # else this is the rest of a run
            self._end, self._exact_from = end, end - math.ceil(EXACT_SHARE * count)
        for _ in range(count):
            if self.precision == "auto" and self.reduced_backbone is not None:
                exact = self._iteration >= self._exact_from
                self.work_with(self.exact_backbone if exact else self.reduced_backbone)
            yield self._step()

    def work_with(self, backbone: Backbone) -> None:
        """Compute the losses with this network from now on."""
        if backbone is not self._backbone:
            self._backbone = backbone
            self._best_total = math.inf  # the losses of two precisions cannot be compared

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
        from tqdm.auto import tqdm  # here: it looks for widgets, which takes a while

        check_count("steps", steps)
        history: dict[str, list[float]] = {}
        messages: list[str] = []
        interrupted = False
        start = time.perf_counter()
        with tqdm(total=steps, disable=not progress, unit="step", leave=False) as bar:
            try:
                for step in self.steps(steps):
                    for name, value in step.losses.items():
                        history.setdefault(name, []).append(value)
                    if step.message:
                        messages.append(step.message)
                        bar.write(step.message)
                    bar.set_postfix_str(f"loss {step.losses['total']:.4g}", refresh=False)
                    bar.update()
                    if on_step is not None:
                        on_step(step)
            except KeyboardInterrupt:
                interrupted = True
                done = len(history.get("total", []))
                messages.append(
                    f"Stopped after {done} of {steps} steps; the best image so far is kept."
                )
                bar.write(messages[-1])
        seconds = time.perf_counter() - start
        return Result(
            self.image, history, self._best_iteration, seconds, interrupted, tuple(messages)
        )

    @property
    def image(self) -> Tensor:
        """The best image so far, (1, 3, H, W), 0…1: the one with the lowest total loss."""
        return self._best.clone()

    @property
    def iteration(self) -> int:
        """How many steps have been taken."""
        return self._iteration

    def _step(self) -> Step:
        """One evaluation of the losses and one move of the pixels."""
        message, self._notice = self._notice, ""
        self._check_settings()
        if self._settings() != self._objective:
            self._use_new_settings()
        for _ in range(MOST_RESTARTS):
            evaluated = self._pixels.detach().clone()
            try:
                losses = self._evaluate_and_move()
            except BaseException:  # an interruption may have left the pixels half moved
                self._restart_from(self._best)
                raise
            total = losses["total"]
            if self._first_total is None and math.isfinite(total):
                self._first_total = total
            if math.isfinite(total) and not self._exploded(total):
                break
            message = self._recover(total)
        else:
            raise CourseError(
                f"The loss does not stay finite after {MOST_RESTARTS} restarts; "
                "use smaller weights or a smaller learning_rate."
            )
        if total < self._best_total:
            # A copy: whoever gets the step may draw on its image.
            self._best, self._best_total = evaluated.clone(), total
            self._best_iteration = self._iteration
        step = Step(self._iteration, losses, evaluated, message)
        self._iteration += 1
        return step

    def _evaluate_and_move(self) -> dict[str, float]:
        """Losses of the current pixels; afterwards the optimiser has moved them."""
        self._optimizer.zero_grad()
        losses = self.losses(self._pixels)
        losses["total"].backward()
        self._optimizer.step()
        with torch.no_grad():
            # For Adam. Our L-BFGS keeps the bounds by itself: it compares this gradient with the
            # next one, and a clamp behind its back would make nonsense of the difference.
            self._pixels.clamp_(*BOUNDS)
        values = torch.stack([value.detach().float() for value in losses.values()]).tolist()
        return dict(zip(losses, values, strict=True))

    def _exploded(self, total: float) -> bool:
        return total > EXPLOSION * self._first_total > 0

    def _recover(self, total: float) -> str:
        """Go back to the best image with half the learning rate, or in float32, and say so."""
        if not math.isfinite(total) and self.precision == "auto" and self.reduced_backbone:
            # A few GPUs compute nonsense in float16.
            self.reduced_backbone = None
            self.work_with(self.exact_backbone)
            self._restart_from(self._best)
            return (
                f"The loss was no longer a number at step {self._iteration}: on with float32 from "
                f"the best image of step {self._best_iteration}."
            )
        if math.isinf(self._best_total):
            self._restart_from(self._best)
            which = f"image at step {self._iteration}" if self._iteration else "starting image"
            raise CourseError(
                f"The loss of the {which} is not a finite number; "
                "use smaller weights, or another init."
            )
        self.learning_rate /= 2
        self._restart_from(self._best)
        what = f"grew to {total:.3g}" if math.isfinite(total) else "was no longer a number"
        return (
            f"The loss {what} at step {self._iteration}: back to the best image of step "
            f"{self._best_iteration}, with the learning rate {self.learning_rate:g}."
        )

    # ------------------------------------------------------------ on disk and back

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """What a transfer of the same settings needs to go on exactly as this one would.

        Returns:
            Tensors by name, and facts that JSON can hold.
        """
        tensors = {"pixels": self._pixels.detach(), "best": self._best}
        facts = {name: getattr(self, f"_{name}") for name in NUMBERS}
        facts["learning_rate"] = self.learning_rate
        facts["exact"] = self._backbone is self.exact_backbone
        facts["reduced"] = self.reduced_backbone is not None
        facts["tile"] = self.tile
        if self._optimizer is not None:
            facts["optimizer"] = separate(self._optimizer.state_dict(), tensors)
        return tensors, facts

    def restore(self, tensors: dict[str, Tensor], facts: dict) -> None:
        """Become what `state` was called on, whose settings this transfer has to have."""
        if any(tensors[name].shape != self.content.shape for name in ("pixels", "best")):
            raise ValueError("The state is that of a picture of another size.")
        tensors = {name: tensor.to(self.content.device) for name, tensor in tensors.items()}
        self.learning_rate = facts["learning_rate"]
        # Chosen by the memory that was free then, and given up because of what the device computed.
        self.tile = self._targets.tile = facts["tile"]
        self.reduced_backbone = self.reduced_backbone if facts["reduced"] else None
        self._restart_from(tensors["pixels"])
        self._best = tensors["best"]
        self._backbone = (None if facts["exact"] else self.reduced_backbone) or self.exact_backbone
        for name in NUMBERS:
            setattr(self, f"_{name}", facts[name])
        if "optimizer" in facts:
            self._optimizer.load_state_dict(combine(facts["optimizer"], tensors))
            self._objective = self._settings()

    # ------------------------------------------------------------ the objective

    def losses(self, image: Tensor) -> dict[str, Tensor]:
        """Every loss of an image as a scalar tensor that gradients flow through.

        Args:
            image: (1, 3, H, W), 0…1, of the content's size.

        Returns:
            The names of `Step.losses`.
        """
        self._check_settings()
        contents, styles = self._targets.distances(
            image, self.content_layers, self.style_layers, self._backbone
        )
        content = style = image.new_zeros(())
        for layer, weight in self.content_layers.items():
            content = content + weight * contents[layer]
        for layer, weight in self.style_layers.items():
            style = style + weight * styles[layer]
        terms = {f"content/{layer}": contents[layer] for layer in self.content_layers}
        terms |= {f"style/{layer}": styles[layer] for layer in self.style_layers}
        variation = total_variation(image) if self.tv_weight else image.new_zeros(())
        total = (
            self.content_weight * content + self.style_weight * style + self.tv_weight * variation
        )
        return {"total": total, "content": content, "style": style, "tv": variation, **terms}

    @property
    def layers(self) -> set[str]:
        """All layers at which the image is compared."""
        return {*self.content_layers, *self.style_layers}

    def _settings(self) -> tuple:
        return (
            self.content_weight,
            self.style_weight,
            self.tv_weight,
            tuple(self.content_layers.items()),
            tuple(self.style_layers.items()),
        )

    def _check_settings(self) -> None:
        """Bring layers to the form layer → weight, and refuse what cannot work."""
        for name in ("content_layers", "style_layers"):
            given = getattr(self, name)
            if given != (layers := layer_weights(name, given)):  # else keep the object that it is
                setattr(self, name, layers)
        for name in ("content_weight", "style_weight", "tv_weight"):
            check_weight(name, getattr(self, name))
        if not (self.content_layers or self.style_layers or self.tv_weight):
            raise CourseError("There is nothing to optimise; give content_layers or style_layers.")
        self.exact_backbone.check_image(self.content, self.layers)
        self.exact_backbone.check_image(self.style, self.style_layers)

    def _use_new_settings(self) -> None:
        """Forget what belongs to the old objective."""
        self._objective = self._settings()
        self._best_total = math.inf
        self._first_total = None
        self._restart_from(self._pixels.detach())

    def _restart_from(self, pixels: Tensor) -> None:
        """A fresh optimiser at the given pixels: its memory of earlier gradients is dropped."""
        pixels = pixels.clone().requires_grad_()
        if self.optimizer == "adam":
            optimizer = torch.optim.Adam([pixels], lr=self.learning_rate)
        else:
            # One number outlives the memory: how steep the objective was at the end. Without it
            # the first step would throw an image off that is nearly done.
            inverse_curvature = getattr(self._optimizer, "inverse_curvature", None)
            optimizer = LBFGS(
                [pixels],
                lr=self.learning_rate,
                history_size=history(self.content.nbytes, self.tile),
                history_dtype=torch.float32 if self.tile is None else torch.bfloat16,
                inverse_curvature=inverse_curvature,
            )
        self._pixels, self._optimizer = pixels, optimizer  # together: no stop comes in between

    # ------------------------------------------------------------ the forecast

    def estimate(self, steps: int) -> Estimate:
        """Seconds and bytes that ``steps`` steps will take on this machine, before they start.

        A few steps on a small copy of the image are timed, and grow in proportion to the number of
        pixels. The memory is counted from the sizes of the layers. Nothing of this transfer is
        changed.
        """
        check_count("steps", steps)
        return forecast(self, steps)
