"""Budgets, and a sub-generator's cost: multiply-accumulates, or milliseconds on this machine."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor
from tqdm import tqdm

from ...core.errors import CoreError
from ...core.rendering.engines.engine import Engine
from ...models.macs import macs
from ...models.widths import SubGenerator
from ..measuring.timing import in_turns, one_after_another
from .space import Space

BUDGET = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(x|ms)")
DRAWN = 64  # random sub-generators measured for a time table
QUICK, CAREFUL = 9, 20  # pictures timed for each of those, and for each finalist of a search

Cost = Callable[[SubGenerator], float]
Unit = Literal["x", "ms"]


@dataclass(frozen=True)
class Budget:
    """What a picture may cost: "x" divides the full generator's multiply-accumulates; "ms": milliseconds."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"

    def limit(self, full: Sequence[int]) -> float:
        """The highest cost allowed: multiply-accumulates, for a full generator of these widths, or ms."""
        return macs(full) / self.value if self.unit == "x" else self.value


def parse_budget(text: str) -> Budget:
    """Read "8x" or "20ms"; CoreError for anything else."""
    found = BUDGET.fullmatch(text)
    budget = Budget(float(found[1]), "x" if found[2] == "x" else "ms") if found else None
    if budget is None or budget.value <= 0 or (budget.unit == "x" and budget.value < 1):
        raise CoreError(
            "bad-value",
            f'"{text}" is not a budget: write 8x for an eighth of the full multiply-accumulates, or 20ms.',
        )
    return budget


def work(rung: SubGenerator) -> float:
    """Multiply-accumulates of one picture."""
    return rung.macs


class Stopwatch:
    """Milliseconds that one picture takes in the engine from `open_engine`: the median of several.

    Each comes from another of the `latents` [N, n_style, D], so that no engine continues an old picture.
    """

    def __init__(self, open_engine: Callable[[SubGenerator], Engine], latents: Tensor):
        self._open, self._latents = open_engine, latents
        self._known: dict[SubGenerator, float] = {}

    def __call__(self, rung: SubGenerator) -> float:
        """Take the lower of two measurements, once: other work on the machine can only add time."""
        if rung not in self._known:
            self._known[rung] = min(self.measure(rung, CAREFUL), self.measure(rung, CAREFUL))
        return self._known[rung]

    def measure(self, rung: SubGenerator, pictures: int) -> float:
        """Measure now, with this many pictures, or fewer if they take seconds."""
        engine = self._open(rung)

        def draw(w: Tensor) -> None:
            picture = engine.draw(w)
            assert picture is not None
            picture.cpu()  # wait: a GPU draws on until its picture is read

        drawing = one_after_another(draw, self._latents)
        return in_turns({rung: drawing}, rounds=pictures)[rung].ms


@dataclass(frozen=True)
class TimeTable:
    """Predicts milliseconds: a fixed time per block and, for each layer, a time per multiply-accumulate."""

    blocks: tuple[float, ...]
    layers: tuple[float, ...]

    def __call__(self, rung: SubGenerator) -> float:
        blocks, layers = _terms(rung.channels, len(self.layers))
        return float(np.dot(blocks, self.blocks) + np.dot(layers, self.layers))


def time_table(
    space: Space, known: Sequence[SubGenerator], measure: Callable[[SubGenerator, int], float]
) -> TimeTable:
    """Time `known` and random sub-generators of the space, one after the other, and fit a table to them."""
    chance = random.Random(0)
    rungs = list(dict.fromkeys([*known, *(space.draw(chance) for _ in range(DRAWN))]))
    times = [measure(rung, QUICK) for rung in tqdm(rungs, desc="time table", leave=False)]
    return fitted(rungs, times, len(space.widths))


def fitted(rungs: Sequence[SubGenerator], times: Sequence[float], count: int) -> TimeTable:
    """The table with the smallest relative errors; `count` is the full generator's number of layers."""
    terms = np.array([np.concatenate(_terms(rung.channels, count)) for rung in rungs])  # [N, blocks + layers]
    scale = np.maximum(terms.max(axis=0), 1)
    found = _least_squares(terms / scale / np.array(times)[:, None], np.ones(len(times))) / scale
    return TimeTable(tuple(found[: count // 2].tolist()), tuple(found[count // 2 :].tolist()))


def _terms(channels: Sequence[int], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which blocks run, [count / 2], and each layer's multiply-accumulates, [count]."""
    sums = [0, *(macs(channels[: i + 1]) for i in range(len(channels)))]
    layers = np.zeros(count)
    layers[: len(channels)] = np.diff(sums)
    return (np.arange(count // 2) < len(channels) // 2).astype(float), layers


def _least_squares(terms: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Solve without negative factors: drop terms that would get one."""
    kept = np.arange(terms.shape[1])
    while True:
        found = np.linalg.lstsq(terms[:, kept], values, rcond=None)[0]
        if (found >= 0).all():
            factors = np.zeros(terms.shape[1])
            factors[kept] = found
            return factors
        kept = kept[found > 0]
