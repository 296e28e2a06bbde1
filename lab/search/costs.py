"""Budgets, and what a sub-generator costs: multiply-accumulates, or milliseconds on this machine."""

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
from ...models.widths import SubGenerator, macs
from ..measuring.timing import in_turns, one_after_another
from .space import Space

BUDGET = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(x|ms)")
DRAWN = 64  # random sub-generators that a time table is made of
QUICK, CAREFUL = 9, 20  # pictures that are timed: of one of those, and of what a search ends with

Cost = Callable[[SubGenerator], float]
Unit = Literal["x", "ms"]


@dataclass(frozen=True)
class Budget:
    """What a picture may cost: in "x", how many times fewer multiply-accumulates than the full generator's
    it must take; in "ms", milliseconds."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"

    def limit(self, full: Sequence[int]) -> float:
        """The most in its unit of cost: multiply-accumulates beside the generator of `full` widths, or ms."""
        return macs(full) / self.value if self.unit == "x" else self.value


def parse_budget(text: str) -> Budget:
    """ "8x" or "20ms"; CoreError for anything else."""
    found = BUDGET.fullmatch(text)
    budget = Budget(float(found[1]), "x" if found[2] == "x" else "ms") if found else None
    if budget is None or budget.value <= 0 or (budget.unit == "x" and budget.value < 1):
        raise CoreError(
            "bad-value",
            f'"{text}" is no budget: write 8x for an eighth of the full multiply-accumulates, or 20ms.',
        )
    return budget


def work(rung: SubGenerator) -> float:
    """Multiply-accumulates of one picture."""
    return rung.macs


class Stopwatch:
    """Milliseconds of one picture by the engine that `open_engine` makes for a sub-generator: the median of
    several, each of another of the `latents` [N, n_style, D], so that no engine goes on from an old one."""

    def __init__(self, open_engine: Callable[[SubGenerator], Engine], latents: Tensor):
        self._open, self._latents = open_engine, latents
        self._known: dict[SubGenerator, float] = {}

    def __call__(self, rung: SubGenerator) -> float:
        """Measured twice, the first time that it is asked: other work on the machine only ever adds time."""
        if rung not in self._known:
            self._known[rung] = min(self.measure(rung, CAREFUL), self.measure(rung, CAREFUL))
        return self._known[rung]

    def measure(self, rung: SubGenerator, pictures: int) -> float:
        """Measured now, by so many pictures, or fewer where they take seconds."""
        engine = self._open(rung)

        def draw(w: Tensor) -> None:
            picture = engine.draw(w)
            assert picture is not None
            picture.cpu()  # a GPU goes on drawing until its picture is asked for

        drawing = one_after_another(draw, self._latents)
        return in_turns({rung: drawing}, rounds=pictures)[rung].ms


@dataclass(frozen=True)
class TimeTable:
    """Predicts milliseconds: each block takes some for itself, and each layer some for a
    multiply-accumulate."""

    blocks: tuple[float, ...]
    layers: tuple[float, ...]

    def __call__(self, rung: SubGenerator) -> float:
        blocks, layers = _terms(rung.channels, len(self.layers))
        return float(np.dot(blocks, self.blocks) + np.dot(layers, self.layers))


def time_table(
    space: Space, known: Sequence[SubGenerator], measure: Callable[[SubGenerator, int], float]
) -> TimeTable:
    """The table of what `known` and random sub-generators of the space take, measured one after the other."""
    chance = random.Random(0)
    rungs = list(dict.fromkeys([*known, *(space.draw(chance) for _ in range(DRAWN))]))
    times = [measure(rung, QUICK) for rung in tqdm(rungs, desc="time table", leave=False)]
    return fitted(rungs, times, len(space.widths))


def fitted(rungs: Sequence[SubGenerator], times: Sequence[float], count: int) -> TimeTable:
    """The table whose relative errors are least; `count` is the full generator's number of layers."""
    terms = np.array([np.concatenate(_terms(rung.channels, count)) for rung in rungs])  # [N, blocks + layers]
    scale = np.maximum(terms.max(axis=0), 1)
    found = _least_squares(terms / scale / np.array(times)[:, None], np.ones(len(times))) / scale
    return TimeTable(tuple(found[: count // 2].tolist()), tuple(found[count // 2 :].tolist()))


def _terms(channels: Sequence[int], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which blocks run [count / 2], and the multiply-accumulates of each layer [count]."""
    sums = [0, *(macs(channels[: i + 1]) for i in range(len(channels)))]
    layers = np.zeros(count)
    layers[: len(channels)] = np.diff(sums)
    return (np.arange(count // 2) < len(channels) // 2).astype(float), layers


def _least_squares(terms: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of no negative factor: terms that would get one are left out."""
    kept = np.arange(terms.shape[1])
    while True:
        found = np.linalg.lstsq(terms[:, kept], values, rcond=None)[0]
        if (found >= 0).all():
            factors = np.zeros(terms.shape[1])
            factors[kept] = found
            return factors
        kept = kept[found > 0]
