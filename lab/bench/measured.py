"""What `anycost bench` and docs/speed.md measure for one generator's rungs."""

from __future__ import annotations

import sys

from ...core.editing.perceptual import Measure, best_measure
from ...core.errors import CoreError
from ...core.rendering.engines.registry import Choice, available
from ...models.pack import Pack
from .bench_report import BenchReport
from .benched import Benched, config_f, of_pack, places_of
from .fresh import cold_start
from .roofline import SHORT, roofline
from .rungs import Told, measure_rungs


def measured(pack: Pack | None, choices: list[Choice], told: Told, rungs: str = "all") -> BenchReport:
    """Report on a pack's ladder or, without a pack, on config-F's; `rungs` as in `places_of`."""
    network: Benched = config_f() if pack is None else of_pack(pack)
    places = places_of(network, rungs)
    measure: Measure | None = None if pack is None or pack.features_path is None else best_measure(pack)
    told("the roofline...")
    before = roofline()
    drawn = measure_rungs(network, places, choices, measure, told)
    start = None if pack is None else cold_start(network, drawn[0].choice)
    name = None if measure is None else measure.name
    return BenchReport(network.title, before, roofline(), name, drawn, start)


def wanted(engine: str | None, precision: str | None) -> list[Choice]:
    """This machine's engines with this name and precision, or all; CoreError "bad-value" if there is none."""
    have = available()
    fitting = [
        choice
        for choice in have
        if engine in (None, choice.engine) and precision in (None, choice.precision, SHORT[choice.precision])
    ]
    if not fitting:
        asked = " in ".join(name for name in (engine, precision) if name is not None)
        names = ", ".join(f"{choice.engine} in {SHORT[choice.precision]}" for choice in have)
        raise CoreError("bad-value", f'This machine cannot draw with "{asked}": it has {names}.')
    return fitting


def tell(text: str) -> None:
    """Print progress, apart from the result."""
    print(text, file=sys.stderr)
