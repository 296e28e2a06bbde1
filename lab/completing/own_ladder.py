"""The step "ladder": searches the sub-generators that draw most like the full one at a few costs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tqdm import tqdm

from ...models.macs import macs
from ...models.pack import Pack
from ...models.widths import SubGenerator
from ..measuring.subject import SEED, Subject, of_pack
from ..running import distributed
from ..search.budgets import Budget, work
from ..search.distances import Distances, measure_of
from ..search.evolution import SearchSettings
from ..search.ladder_file import as_ladder
from ..search.run import Run
from ..search.space import Space
from .step import Assignment, Step
from .together import say

TIMES = (2.0, 4.0, 8.0, 16.0)  # fewer multiply-accumulates
SETTINGS = SearchSettings(population=16, generations=8)
SAMPLES = 16
LATENTS = SEED + 24


class OwnSearch:
    """The search of one pack's ladder."""

    def __init__(self, pack: Pack):
        self.pack = pack
        self.subject: Subject = of_pack(pack)
        self.full = self.subject.generator.channels
        self.cells = [self.subject.sub_generator(*cell) for cell in self.subject.cells]
        self.space = Space.of(self.full, self.subject.rule, self.subject.ratios, self.subject.resolutions)
        least = work(self.space.cheapest)
        self.budgets = [Budget(times, "x") for times in TIMES if macs(self.full) / times >= least]

    @cached_property
    def distance(self) -> Distances:
        """How far a sub-generator's pictures look from the full one's."""
        return Distances(self.subject, measure_of(self.pack), SAMPLES, LATENTS)

    def found(self, given: Assignment) -> list[SubGenerator]:
        """The ladder, with a rung for each budget; each search resumes from the step's folder."""
        uniform = {cell: cell for cell in self.cells}  # gives a uniform result its ratio
        distances = {}
        about = {"generator": self.pack.files[self.pack.generator_file], "samples": SAMPLES}
        for budget in tqdm(self.budgets, desc="ladder", unit="rung", disable=distributed.rank() > 0):
            run, limit = (
                Run(given.folder / str(budget), self.space, budget, SETTINGS, about),
                budget.limit(self.full),
            )
            for _ in run.go_on(self.cells, work, limit, self.distance):
                pass
            rung = run.winner(None, limit)
            distances[uniform.get(rung, rung)] = self.distance(rung)
        return as_ladder(distances, uniform[SubGenerator(self.pack.resolution, self.full)])


def _skipped(given: Assignment) -> str:
    several = len(given.pack.ratios) * len(given.pack.resolutions) > 1
    if several or "widths" in given.before:
        return ""
    return "the generator draws at one resolution and width: do the step widths first"


def _seconds(given: Assignment) -> float:
    search = OwnSearch(given.pack)
    search.subject.pictures(search.subject.latents(search.subject.mean_w[None]))
    start = time.perf_counter()
    search.subject.pictures(search.subject.latents(search.subject.mean_w[None]))
    each = (time.perf_counter() - start) / 3  # a candidate costs a half to a sixteenth of the full generator
    return each * SAMPLES * SETTINGS.population * (SETTINGS.generations + 1) * len(TIMES)


def _run(given: Assignment) -> Mapping[str, Any]:
    search = OwnSearch(given.pack)
    ladder = search.found(given)
    whole = macs(search.full)
    say("Distance to the full picture, of the rungs before and after:")
    for rungs in (given.pack.ladder, ladder):
        shown = [f"{whole / rung.macs:.1f}x {search.distance(rung):.4f}" for rung in rungs[:-1]]
        say("  " + (", ".join(shown) or "none"))
    return {"ladder": ladder}


STEP = Step(
    "ladder",
    "each rung draws as well as its cost allows",
    skipped=_skipped,
    seconds=_seconds,
    run=_run,
)
