"""`anycost search`: evolves a pack's ladder for budgets in multiply-accumulates or milliseconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tqdm import tqdm

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...core.rendering.calibration import load
from ...core.rendering.cores import use_available_cores
from ...core.rendering.renderer import Renderer
from ...models.macs import macs
from ...models.pack import Pack, rung_entry
from ...models.widths import SubGenerator
from ..measuring.subject import SEED, Subject, normals, of_pack
from ..running import distributed
from .budgets import Budget, Cost, Stopwatch, TimeTable, parse_budget, time_table, work
from .distances import PSI, Distances, measure_of
from .evolution import SearchSettings
from .ladder_file import as_ladder, check_installable, install
from .run import Run
from .search_report import MeasuredRung, SearchReport, SearchRow, best_within
from .space import Space

LATENTS, UNSEEN, TIMED = SEED + 21, SEED + 22, SEED + 23  # seeds of latents for search, report, clock
TIMES = 16  # latents to time
MOST = 100_000  # limit for population, generations and samples


def search(
    pack: Pack,
    budgets: Sequence[str],
    settings: SearchSettings,
    samples: int,
    out: Path,
    to_install: bool,
    perceptual: str = "",
) -> None:
    """Search one rung per budget, print them, and write ladder and plot into `out`.

    `perceptual` asks for LPIPS in place of the pack's own features: see `distances.measure_of`. Each search
    has a folder there and resumes from it. With `to_install` the rungs become the pack's ladder. Under
    torchrun the processes share out the candidates, with the result of one. CoreError for an invalid or
    unreachable budget, numbers out of range, a folder of another search, and a pack that cannot be changed.
    """
    wanted = list(dict.fromkeys(parse_budget(text) for text in budgets))
    _check(settings, samples)
    if to_install:
        check_installable(pack)
    use_available_cores()
    with distributed.processes():
        searcher = _Searcher(pack, settings, samples, out, perceptual)
        report = searcher.report(searcher.found(wanted))
        if distributed.rank() == 0:
            _write(report, pack, out, to_install)


def _write(report: SearchReport, pack: Pack, out: Path, to_install: bool) -> None:
    print(report.text())
    ladder = as_ladder({row.found.rung: row.found.distance for row in report.rows}, report.cells[-1].rung)
    data = {"ladder": [rung_entry(rung) for rung in ladder], **report.data()}
    file = out / f"{pack.name}-ladder.json"
    write_bytes(file, json.dumps(data, indent=1, ensure_ascii=False).encode())
    print(f"\nThe ladder is in {file}.")
    _plot(report, out / f"{pack.name}-ladder.png")
    if to_install:
        install(pack, ladder)
        print(f"The pack in {pack.folder} now uses this ladder.")


def _check(settings: SearchSettings, samples: int) -> None:
    for what, value, least in (
        ("population", settings.population, 2),
        ("number of generations", settings.generations, 0),
        ("number of samples", samples, 1),
    ):
        if not least <= value <= MOST:
            raise CoreError("bad-value", f"The {what} must be from {least} to {MOST}, not {value}.")


def _plot(report: SearchReport, file: Path) -> None:
    try:
        from .search_plot import save_plot
    except CoreError as error:  # no matplotlib: the table says the same
        print(error.message, file=sys.stderr)
        return
    save_plot(report, file)
    print(f"The plot is in {file}.")


class _Searcher:
    """Searches and measures one pack."""

    def __init__(self, pack: Pack, settings: SearchSettings, samples: int, out: Path, perceptual: str):
        self._pack, self._settings, self._samples, self._out = pack, settings, samples, out
        self._subject = subject = of_pack(pack)
        self._full = subject.generator.channels
        self._space = Space.of(self._full, subject.rule, subject.ratios, subject.resolutions)
        self._cells = [subject.sub_generator(*cell) for cell in subject.cells]  # the full one is last
        self._measure = measure_of(pack, perceptual)
        self._clock = _clock(pack, subject)

    def found(self, budgets: Sequence[Budget]) -> dict[Budget, SubGenerator]:
        """The rung that each budget's search ends with, with its ratio if it is uniform."""
        distance = Distances(self._subject, self._measure, self._samples, LATENTS)
        uniform = {cell: cell for cell in self._cells}  # gives a uniform result its ratio
        found = {}
        for budget in budgets:
            run, limit = self._run(budget), budget.limit(self._full)
            if run.left > 0:
                self._evolve(run, limit, distance)
            rung = run.winner(self._clock if budget.unit == "ms" else None, limit)
            found[budget] = uniform.get(rung, rung)
        return found

    def _run(self, budget: Budget) -> Run:
        about = {
            "generator": self._pack.files[self._pack.generator_file],
            "measure": self._measure.name,
            "samples": self._samples,
        }
        return Run(self._out / f"{self._pack.name}-{budget}", self._space, budget, self._settings, about)

    def _evolve(self, run: Run, limit: float, distance: Distances) -> None:
        cost = self._cost(run)
        self._check_reachable(run.budget, cost, limit)
        whole, hidden = run.left, distributed.rank() > 0
        with tqdm(total=whole, desc=str(run.budget), unit="candidate", disable=hidden) as bar:

            def shown(rung: SubGenerator) -> float:
                found = distance(rung)
                bar.update(distributed.world())
                return found

            for found in run.go_on(self._cells, cost, limit, shown):
                bar.n = whole - run.left  # seen candidates count as done
                bar.set_postfix(distance=f"{found.lowest[-1]:.4f}")

    def _cost(self, run: Run) -> Cost:
        """How the search measures cost; fixed once it has begun."""
        if run.budget.unit == "x":
            return work
        return run.table or self._table

    @cached_property
    def _table(self) -> TimeTable:
        return distributed.by_first(lambda: time_table(self._space, self._cells, self._clock.measure))

    def _check_reachable(self, budget: Budget, cost: Cost, limit: float) -> None:
        least = cost(self._space.cheapest)
        if least <= limit:
            return
        if budget.unit == "x":
            most = int(macs(self._full) / least)
            text = f"{budget} is more than this pack can save: {most}x is about the most."
        else:
            text = f"This pack cannot draw within {budget} here: {least:.3g} ms is about the least."
        raise CoreError("bad-value", text)

    def report(self, found: Mapping[Budget, SubGenerator]) -> SearchReport:
        """Measure these and the uniform ones over latents that the searches have not seen."""
        distance = Distances(self._subject, self._measure, self._samples, UNSEEN)
        rungs = list(dict.fromkeys([*self._cells, *found.values()]))
        far = distributed.shared_out(rungs, distance, "report")
        taken = distributed.by_first(lambda: [self._clock(rung) for rung in rungs])
        figures = dict(zip(rungs, zip(taken, far, strict=True), strict=True))
        cells = [MeasuredRung(cell, *figures[cell]) for cell in self._cells]  # equal cells keep their ratios
        rows = [
            SearchRow(
                budget,
                MeasuredRung(rung, *figures[rung]),
                best_within(budget, budget.limit(self._full), cells),
            )
            for budget, rung in found.items()
        ]
        return SearchReport(self._pack.title, self._measure.name, self._samples, rows, cells)


def _clock(pack: Pack, subject: Subject) -> Stopwatch:
    """Times what an artist waits for here: the engines that calibration chose, or torch if there is none."""
    latents = subject.latents(normals(TIMES, subject.generator.style_dim, TIMED), PSI)
    calibration = load(pack)
    generator = subject.generator
    # no key: candidates' graphs are not worth caching
    renderer = Renderer(generator, choose=calibration.choice) if calibration else Renderer(generator)
    return Stopwatch(renderer.prepare, latents)
