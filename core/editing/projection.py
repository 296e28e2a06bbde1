"""Projection: finds the latent that draws the artist's picture (paper, section 3.4, Eq. 7).

    w* = argmin  loss(G(w), x) + alpha * loss(G'(w), x)        loss = perceptual + mean squared error

G' is a sub-generator, chosen anew for every step and fixed within it, so that a line search compares values
of one objective. Further terms hold w+ near its start, and hold an encoder's styles together: latents that
leave the region of the prior, or differ from style to style, reconstruct well but no longer edit well.

Most of it runs at 256 px at most. What a larger generator draws there does not depend on its last styles, so
a few evaluations at its own resolution finish the search: they move every style.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from ...models.layer_sizes import layer_count
from ...models.macs import macs
from ...models.widths import SubGenerator
from ..errors import CoreError
from ..faces.onnx_network import to_input
from ..stopping import check_wanted
from .lbfgs import LBFGS, value_and_gradient
from .perceptual import Measure

if TYPE_CHECKING:
    from ...models.pack import Pack

ALPHA = 1.0  # weight of the sub-generator's term
HOLD = 0.05  # weight of the mean squared distance from the start, in standard deviations of w
# the same for the styles' moves from their common move, if an encoder found the start: that face will be
# edited, and styles that have drifted apart draw longer hair as mist
TOGETHER = 50.0
# px: larger generators are projected at this size first; a larger step takes seconds, and LPIPS sees no more
SIDE = 256
FINISH = 12  # evaluations at a larger generator's own resolution, each a step
LEAST_FINISH = 4  # fewer are not begun: the first says where the loss is, the second goes a tiny step
FINISH_SHARE = 0.5  # of a projection's seconds, at most, that the rest leaves for them
HISTORY = 10  # curvature pairs of L-BFGS
EVALUATIONS = 6  # of Eq. 7 in one step, at most, to keep a step short
WARM_UP = 20  # steps in which Adam looks for one w for all styles, if there is no encoder
WARM_UP_INNER = 4  # iterations of Adam in one of them
WARM_UP_RATE = 0.05
LEVEL_STEPS, LEVEL_GAIN = 12, 0.01  # levelled off: over these steps the loss fell by less than this share
PRIOR_SAMPLES = 512


@dataclass(frozen=True)
class ProjectionStep:
    """One step's result: the best latent so far and its loss, usable at once.

    `step` 0 is the start. `stage` is "encoder" or "mean" (the starts), "warm-up", "refine" or "finish".
    `loss` only falls, except that "finish" begins anew with the loss at full resolution. `stopped` says why
    the last step is the last: "done" (all steps), "levelled" (the loss no longer falls) or "time".
    """

    step: int
    steps: int
    loss: float
    w: np.ndarray  # float32 [n_style, style_dim]
    stage: str
    stopped: str | None = None


def project(
    pack: Pack,
    picture: np.ndarray,
    start: np.ndarray | None,
    measure: Measure,
    steps: int,
    seconds: float | None = None,
    seed: int = 0,
) -> Iterator[ProjectionStep]:
    """Projects a picture uint8 [R, R, 3] of the pack's resolution R; yields the start, then every step.

    `start` is the encoder's w+ float32 [n_style, style_dim], or None to search from the mean w. `steps` are
    those at `SIDE` px or below; a larger generator has up to `FINISH` more. `seconds` bounds the time spent
    in here, not the time between steps.
    """
    clock = _Clock(seconds)
    with clock.running():
        search = _Search(pack, picture, measure, start, random.Random(seed))
    finishes = steps > 0 and search.whole != search.full
    total = steps + (FINISH if finishes else 0)

    def reached(step: int, stopped: str | None) -> ProjectionStep:
        return ProjectionStep(step, total, search.best_loss, search.best, search.stage, stopped)

    yield reached(0, None if steps else "done")
    for step, stopped in enumerate(_rough(search, steps, clock) if steps else (), 1):
        if stopped and finishes and clock.left >= LEAST_FINISH * search.evaluation(clock.took):
            yield reached(step, None)
            yield from (reached(step + k, why) for k, why in enumerate(_finish(search, clock), 1))
        else:
            yield reached(step, stopped)


class _Clock:
    """The time spent in blocks that it is `running` around, of at most `seconds`."""

    def __init__(self, seconds: float | None):
        self.seconds = math.inf if seconds is None else seconds
        self.spent = self.took = 0.0  # in all, by the last block

    @contextmanager
    def running(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.took = time.perf_counter() - begun
        self.spent += self.took

    @property
    def left(self) -> float:
        return self.seconds - self.spent


def _rough(search: _Search, steps: int, clock: _Clock) -> Iterator[str | None]:
    """Steps at `SIDE` px or below; after each, why it was the last."""
    moves, losses = search.moves(), [search.best_loss]
    for step in range(1, steps + 1):
        with clock.running():
            next(moves)
        losses.append(search.best_loss)
        stopped = None
        if step == steps:
            stopped = "done"
        elif search.stage == "refine" and _levelled(losses):
            stopped = "levelled"
        elif clock.spent + clock.took > clock.seconds - _kept(search, clock):  # the next step would exceed it
            stopped = "time"
        yield stopped
        if stopped:
            return


def _kept(search: _Search, clock: _Clock) -> float:
    """How many of the seconds are kept for the finish: none if it does not fit into its share of them."""
    if search.whole == search.full or clock.seconds == math.inf:
        return 0.0
    evaluation, most = search.evaluation(clock.took), FINISH_SHARE * clock.seconds
    return min(FINISH * evaluation, most) if LEAST_FINISH * evaluation <= most else 0.0


def _finish(search: _Search, clock: _Clock) -> Iterator[str | None]:
    """Evaluations at full resolution; after each, why it was the last."""
    moves = search.finish()
    for step in range(1, FINISH + 1):
        with clock.running():
            lowest = next(moves, True)
        stopped = None
        if step == FINISH:
            stopped = "done"
        elif lowest:
            stopped = "levelled"
        elif clock.took > clock.left:
            stopped = "time"
        yield stopped
        if stopped:
            return


def _levelled(losses: Sequence[float]) -> bool:
    return len(losses) > LEVEL_STEPS and losses[-1] > losses[-1 - LEVEL_STEPS] * (1 - LEVEL_GAIN)


class _Search:
    """The state of one projection. `best` and `best_loss` count the full generator's term and the holds."""

    def __init__(
        self, pack: Pack, picture: np.ndarray, measure: Measure, start: np.ndarray | None, rng: random.Random
    ):
        self.generator = pack.generator()
        self.measure = measure
        self.rng = rng
        self.picture = torch.from_numpy(to_input(picture))  # [1, 3, R, R]
        self.targets: dict[int, tuple[Tensor, list[Tensor]]] = {}
        self.full, self.subs = sub_generators(pack, SIDE)
        self.whole, _ = sub_generators(pack, pack.resolution)
        self.deviation = self._prior_deviation()  # [style_dim]
        if start is None:
            start = np.tile(pack.mean_w, (pack.n_style, 1))
            self.stage, self.together = "mean", 0.0
        else:
            self.stage, self.together = "encoder", TOGETHER
        self.start = torch.from_numpy(start)[None]  # [1, n_style, D]
        self.optimiser = LBFGS(torch.zeros_like(self.start).flatten(), HISTORY, EVALUATIONS)  # of w+ - start
        self.best, self.best_loss = start, math.inf
        self.title = pack.title
        with torch.no_grad():
            self._keep_best(self.start, self.loss(self.start, self.full))
        self._check_drawn()

    def _check_drawn(self) -> None:
        if not math.isfinite(self.best_loss):
            raise CoreError("pack", f'The pack "{self.title}" draws no picture: install the pack again.')

    def moves(self) -> Iterator[None]:
        """An endless series of short steps."""
        if self.stage == "mean":
            self.stage = "warm-up"
            yield from self._warm_up()
        self.stage = "refine"
        yield from self._refine()

    def loss(self, w: Tensor, rung: SubGenerator) -> Tensor:
        """Perceptual distance and mean squared error between a rung's picture and the target at its size.

        CoreError "cancelled" where nobody waits for the projection any more.
        """
        check_wanted()
        # [1, 3, r, r], not clamped, which would stop gradients
        drawn = self.generator(w, rung.resolution, rung.channels)
        target, embedded = self._target(rung.resolution)
        perceptual = self.measure.distance(self.measure.embed(drawn), embedded)
        return perceptual + self.measure.pixels * F.mse_loss(drawn, target)

    def _target(self, side: int) -> tuple[Tensor, list[Tensor]]:
        if side not in self.targets:
            target = self.picture
            if side != target.shape[-1]:
                target = F.interpolate(target, (side, side), mode="bicubic", antialias=True)  # [1, 3, r, r]
            with torch.no_grad():
                self.targets[side] = target, self.measure.embed(target)
        return self.targets[side]

    def _prior_deviation(self) -> Tensor:
        noise = torch.Generator().manual_seed(0)
        with torch.no_grad():
            z = torch.randn(PRIOR_SAMPLES, self.generator.style_dim, generator=noise)  # [N, D]
            return self.generator.style(z).std(dim=0).clamp(min=1e-6)

    def _keep_best(self, w: Tensor, loss: Tensor) -> None:
        value = float(loss.detach())
        if value < self.best_loss:
            self.best_loss = value
            self.best = w.detach()[0].numpy().copy()

    def _warm_up(self) -> Iterator[None]:
        """Finds one w for all styles on a cheap sub-generator, which gets as far as the prior reaches."""
        cheap = self.subs[len(self.subs) // 2] if self.subs else self.full
        offset = torch.zeros(1, 1, self.generator.style_dim, requires_grad=True)
        adam = torch.optim.Adam([offset], WARM_UP_RATE)
        for _ in range(WARM_UP):
            for _ in range(WARM_UP_INNER):
                adam.zero_grad()
                self.loss(self.start + offset * self.deviation, cheap).backward()
                adam.step()
            with torch.no_grad():
                w = self.start + offset * self.deviation
                self._keep_best(w, self.loss(w, self.full))
            yield
        self.start = torch.from_numpy(self.best)[None]

    def _refine(self) -> Iterator[None]:
        """L-BFGS over w+ from the start, Eq. 7 with another sub-generator at every step."""
        while True:
            sub = self.rng.choice(self.subs) if self.subs else None
            self.optimiser.step(partial(value_and_gradient, partial(self._objective, self.full, sub)))
            yield

    def finish(self) -> Iterator[None]:
        """L-BFGS over w+ at the pack's own resolution, from the best so far, with the curvature that is known
        by then. One sub-generator for all, so that no point is evaluated twice; a pause after each
        evaluation. Ends at a minimum."""
        self.stage, self.best_loss = "finish", math.inf
        self.optimiser.x = ((torch.from_numpy(self.best)[None] - self.start) / self.deviation).flatten()
        objective = partial(self._objective, self.whole, self.rng.choice(self.subs or [self.full]))
        for _ in self.optimiser.evaluations_of(partial(_frugal, objective)):
            self._check_drawn()
            yield

    def evaluation(self, step: float) -> float:
        """Seconds that an evaluation of the finish may take, by those of a step at `SIDE` px or below, which
        is at least two."""
        return step / 2 * macs(self.whole.channels) / macs(self.full.channels)

    def _objective(self, full: SubGenerator, sub: SubGenerator | None, offset: Tensor) -> Tensor:
        """Eq. 7 and the holds at start + offset, [n_style * D] in standard deviations of w."""
        moved = offset.reshape_as(self.start)  # [1, n_style, D]
        w = self.start + moved * self.deviation
        loss = self.loss(w, full) + HOLD * offset.square().mean()
        apart = (moved - moved.mean(dim=1, keepdim=True)).square().mean()
        loss = loss + self.together * apart
        self._keep_best(w, loss)
        return loss if sub is None else loss + ALPHA * self.loss(w, sub)


def _frugal(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[float, Tensor]:
    """`value_and_gradient` that holds large maps in bfloat16 from the forward to the backward pass: at 1024
    px a quarter less memory in all, for a gradient that hardly changes."""
    with saved_tensors_hooks(_shortened, lambda kept: kept.float() if kept.dtype == torch.bfloat16 else kept):
        return value_and_gradient(function, x)


def _shortened(kept: Tensor) -> Tensor:
    return kept.bfloat16() if kept.ndim == 4 and kept.shape[-1] > SIDE else kept


def sub_generators(pack: Pack, side: int) -> tuple[SubGenerator, list[SubGenerator]]:
    """G at no more than `side` px, and the G' of Eq. 7: the rungs below it, which the artist is shown."""
    resolution = min(pack.resolution, side)
    full = SubGenerator(resolution, pack.channels[: layer_count(resolution)])
    lower = [rung for rung in pack.ladder if rung.resolution <= resolution and rung.channels != full.channels]
    return full, lower
