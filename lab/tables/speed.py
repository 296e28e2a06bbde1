"""Time per picture at falling cost, for the plain module and the fast engine (paper, Table 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from ...core.rendering.engines.torch_engine import TorchEngine
from ...models.generator import Generator
from ...models.widths import SubGenerator
from ..measuring.subject import Cell, Subject, normals
from ..measuring.timing import in_turns, one_after_another


@dataclass(frozen=True)
class Speed:
    """Milliseconds per picture of a sub-generator that costs at most 1 / `reduction` of the full one."""

    reduction: int
    cell: Cell
    plain_ms: float
    fast_ms: float


def speeds(
    subject: Subject, distances: Mapping[Cell, float], reductions: Sequence[int], runs: int
) -> list[Speed]:
    """Time the sub-generator nearest to the full one within each cost: the median of `runs`."""
    work = {cell: subject.sub_generator(*cell).macs for cell in subject.cells}
    timed: dict[Cell, tuple[float, float]] = {}
    found = []
    for reduction in reductions:
        cheap = [cell for cell in subject.cells if work[cell] * reduction <= max(work.values())]
        if cheap:
            cell = min(cheap, key=lambda cell: distances[cell])
            if cell not in timed:
                timed[cell] = _timed(subject, subject.sub_generator(*cell), runs)
            found.append(Speed(reduction, cell, *timed[cell]))
    return found


@torch.inference_mode()
def _timed(subject: Subject, sub: SubGenerator, runs: int) -> tuple[float, float]:
    """Median milliseconds of the plain module and the fast engine, one picture at a time."""
    generator: Generator = subject.generator
    engine = TorchEngine(generator, sub)
    latents = subject.latents(normals(2, generator.style_dim, 0))  # [2, n_style, D]
    draws = {"plain": lambda w: generator(w[None], sub.resolution, sub.channels), "fast": engine.draw}
    times = in_turns({name: one_after_another(draw, latents) for name, draw in draws.items()}, runs)
    return times["plain"].ms, times["fast"].ms
