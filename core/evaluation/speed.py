"""How long the plain module and the fast engine take for one picture at lower and lower cost (paper,
Table 5)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import torch

from ...models.generator import Generator
from ...models.manifest import Rung
from ...models.widths import layer_count
from ..engines.torch_engine import TorchEngine
from .subject import Cell, Subject, normals

WARM_UP = 3  # runs that are not timed


@dataclass(frozen=True)
class Speed:
    """A sub-generator that costs at most 1 / `reduction` of the full one: milliseconds a picture."""

    reduction: int
    cell: Cell
    plain_ms: float
    fast_ms: float


def speeds(
    subject: Subject, distances: Mapping[Cell, float], reductions: Sequence[int], runs: int
) -> list[Speed]:
    """The nearest sub-generator to the full one within each cost, timed by the median of `runs`."""
    full = max(subject.macs(cell) for cell in subject.cells)
    timed: dict[Cell, tuple[float, float]] = {}
    found = []
    for reduction in reductions:
        cheap = [cell for cell in subject.cells if subject.macs(cell) * reduction <= full]
        if cheap:
            cell = min(cheap, key=lambda cell: distances[cell])
            if cell not in timed:
                timed[cell] = _timed(subject, cell, runs)
            found.append(Speed(reduction, cell, *timed[cell]))
    return found


@torch.inference_mode()
def _timed(subject: Subject, cell: Cell, runs: int) -> tuple[float, float]:
    """Median milliseconds of the plain module and of the fast engine, one picture at a time."""
    generator: Generator = subject.generator
    side, ratio = cell
    channels = subject.rule.expand(generator.channels, ratio)[: layer_count(side)]
    engine = TorchEngine(generator, Rung(side, ratio, channels))
    # in turn: of the picture that it drew last, an engine has all there is
    latents = cycle(subject.latents(normals(2, generator.style_dim, 0)))  # [n_style, D] each
    plain = _median_ms(lambda: generator(next(latents)[None], side, channels), runs)
    return plain, _median_ms(lambda: engine.draw(next(latents)), runs)


def _median_ms(work: Callable[[], object], runs: int) -> float:
    times = []
    for k in range(WARM_UP + runs):
        start = time.perf_counter()
        work()
        if k >= WARM_UP:
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
