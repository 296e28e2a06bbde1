"""Times several pieces of work in turn: what slows the machine down slows all of them."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

WARM_UP = 2  # untimed rounds
FEWEST, MOST = 5, 40  # rounds
SECONDS = 2.0  # after which only the fewest rounds run

Key = TypeVar("Key")


@dataclass(frozen=True)
class Times:
    """Of one piece of work, in milliseconds: the median, and the span from first to third quartile."""

    ms: float
    spread: float


def in_turns(
    works: Mapping[Key, Callable[[], object]],
    rounds: int = MOST,
    seconds: float = SECONDS,
    limit: float = math.inf,
) -> dict[Key, Times]:
    """Does each piece of work once per round, for at most `rounds` and about `seconds`.

    Slow work still gets `FEWEST` rounds, or as many as fit into `limit` seconds, and always one.
    """
    taken: dict[Key, list[float]] = {key: [] for key in works}
    limit += time.perf_counter()
    began = time.perf_counter()
    for k in range(WARM_UP):
        if k == 0 or time.perf_counter() - began < seconds:
            for work in works.values():
                work()
    began = now = time.perf_counter()
    for k in range(rounds):
        before, now = now, time.perf_counter()
        if (k >= FEWEST and now - began > seconds) or (k and now + (now - before) > limit):
            break
        for key, work in works.items():
            start = time.perf_counter()
            work()
            taken[key].append(1000 * (time.perf_counter() - start))
    return {key: _times(values) for key, values in taken.items()}


def one_after_another(draw: Callable[[Tensor], object], latents: Tensor) -> Callable[[], object]:
    """Work that draws each of the latents [N, n_style, D] in turn: an engine would have everything ready for
    the one it drew last."""
    turn = itertools.cycle(latents)
    return lambda: draw(next(turn))


def _times(values: list[float]) -> Times:
    if len(values) == 1:
        return Times(values[0], 0.0)
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
    return Times(median, third - first)
