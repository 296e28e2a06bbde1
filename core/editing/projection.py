"""Projection: finds the latent that draws the artist's picture (paper, section 3.4, Eq. 7).

    w* = argmin  loss(G(w), x) + alpha * loss(G'(w), x)        loss = perceptual + mean squared error

G' is a sub-generator, chosen anew for every step and fixed within it, so that a line search compares values
of one objective. Further terms hold w+ near its start, and hold an encoder's styles together: latents that
leave the region of the prior, or differ from style to style, reconstruct well but no longer edit well.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.layer_sizes import layer_count
from ...models.widths import SubGenerator
from ..errors import CoreError
from ..faces.onnx_network import to_input
from .lbfgs import LBFGS, value_and_gradient
from .perceptual import Measure

if TYPE_CHECKING:
    from ...models.pack import Pack

ALPHA = 1.0  # weight of the sub-generator's term
HOLD = 0.05  # weight of the mean squared distance from the start, in standard deviations of w
# the same for the styles' moves from their common move, if an encoder found the start: that face will be
# edited, and styles that have drifted apart draw longer hair as mist
TOGETHER = 50.0
# px: larger generators are projected at this size; beyond it a step takes seconds and LPIPS sees no more
SIDE = 256
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

    `step` 0 is the start. `stage` is "encoder" or "mean" (the starts), "warm-up" or "refine". `stopped` says
    why the last step is the last: "done" (all steps), "levelled" (the loss no longer falls) or "time".
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

    `start` is the encoder's w+ float32 [n_style, style_dim], or None to search from the mean w. `seconds`
    bounds the time spent in here, not the time between steps.
    """
    begun = time.perf_counter()
    search = _Search(pack, picture, measure, start, random.Random(seed))
    moves = search.moves()
    spent = time.perf_counter() - begun
    losses = [search.best_loss]
    stopped = "done" if steps == 0 else None
    yield ProjectionStep(0, steps, search.best_loss, search.best, search.stage, stopped)
    for step in range(1, steps + 1):
        begun = time.perf_counter()
        next(moves)
        took = time.perf_counter() - begun
        spent += took
        losses.append(search.best_loss)
        if step == steps:
            stopped = "done"
        elif search.stage == "refine" and _levelled(losses):
            stopped = "levelled"
        elif seconds is not None and spent + took > seconds:  # the next step would exceed it
            stopped = "time"
        yield ProjectionStep(step, steps, search.best_loss, search.best, search.stage, stopped)
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
        self.deviation = self._prior_deviation()  # [style_dim]
        if start is None:
            start = np.tile(pack.mean_w, (pack.n_style, 1))
            self.stage, self.together = "mean", 0.0
        else:
            self.stage, self.together = "encoder", TOGETHER
        self.start = torch.from_numpy(start)[None]  # [1, n_style, D]
        self.best, self.best_loss = start, float("inf")
        with torch.no_grad():
            self._keep_best(self.start, self.loss(self.start, self.full))
        if not math.isfinite(self.best_loss):
            raise CoreError("pack", f'The pack "{pack.title}" draws no picture: install the pack again.')

    def moves(self) -> Iterator[None]:
        """An endless series of short steps."""
        if self.stage == "mean":
            self.stage = "warm-up"
            yield from self._warm_up()
        self.stage = "refine"
        yield from self._refine()

    def loss(self, w: Tensor, rung: SubGenerator) -> Tensor:
        """Perceptual distance and mean squared error between a rung's picture and the target at its size."""
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
        optimiser = LBFGS(torch.zeros_like(self.start).flatten(), HISTORY, EVALUATIONS)
        while True:
            sub = self.rng.choice(self.subs) if self.subs else None
            optimiser.step(partial(value_and_gradient, partial(self._objective, sub)))
            yield

    def _objective(self, sub: SubGenerator | None, offset: Tensor) -> Tensor:
        """Eq. 7 and the holds at start + offset, [n_style * D] in standard deviations of w."""
        moved = offset.reshape_as(self.start)  # [1, n_style, D]
        w = self.start + moved * self.deviation
        loss = self.loss(w, self.full) + HOLD * offset.square().mean()
        apart = (moved - moved.mean(dim=1, keepdim=True)).square().mean()
        loss = loss + self.together * apart
        self._keep_best(w, loss)
        return loss if sub is None else loss + ALPHA * self.loss(w, sub)


def sub_generators(pack: Pack, side: int) -> tuple[SubGenerator, list[SubGenerator]]:
    """G at no more than `side` px, and the G' of Eq. 7: the rungs below it, which the artist is shown."""
    resolution = min(pack.resolution, side)
    full = SubGenerator(resolution, pack.channels[: layer_count(resolution)])
    lower = [rung for rung in pack.ladder if rung.resolution <= resolution and rung.channels != full.channels]
    return full, lower
