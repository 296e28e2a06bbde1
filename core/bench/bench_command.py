"""`anycost bench`: how fast every rung is, beside the machine's roofline, the plain module and the paper."""

from __future__ import annotations

import json
import sys

from ...models.pack import Pack
from ..cores import use_available_cores
from ..engines.choice import Choice, available
from ..errors import CoreError
from ..perceptual import Measure, best_measure
from .fresh import cold_start
from .networks import Network, config_f, of_pack
from .report import Report
from .roofline import SHORT, roofline
from .rungs import Told, measure_rungs


def bench(pack: Pack | None, engine: str | None, precision: str | None, as_json: bool) -> None:
    """Measures the ladder of a pack, or of config-F for None, and prints a table or JSON; progress goes to
    stderr.

    `engine` and `precision` (fp32, bf16, fp16 or torch's names) leave only the engines that have them.
    CoreError "bad-value" when this machine has none.
    """
    choices = wanted(engine, precision)
    use_available_cores()
    report = measured(pack, choices, tell)
    print(json.dumps(report.data(), indent=1) if as_json else report.text())


def measured(pack: Pack | None, choices: list[Choice], told: Told) -> Report:
    """The report of a pack's ladder, or of config-F's."""
    network: Network = config_f() if pack is None else of_pack(pack)
    measure: Measure | None = None if pack is None or pack.features_path is None else best_measure(pack)
    told("the roofline...")
    before = roofline()
    rungs = measure_rungs(network, choices, measure, told)
    start = None if pack is None else cold_start(network, rungs[0].choice)
    name = None if measure is None else measure.name
    return Report(network.title, before, roofline(), name, rungs, start)


def wanted(engine: str | None, precision: str | None) -> list[Choice]:
    """This machine's engines, or those that have the name and the precision; CoreError when there is none."""
    have = available()
    fitting = [
        choice
        for choice in have
        if engine in (None, choice.engine) and precision in (None, choice.precision, SHORT[choice.precision])
    ]
    if not fitting:
        asked = " in ".join(name for name in (engine, precision) if name is not None)
        names = ", ".join(f"{choice.engine} in {SHORT[choice.precision]}" for choice in have)
        raise CoreError("bad-value", f'This machine does not draw by "{asked}": it has {names}.')
    return fitting


def tell(text: str) -> None:
    """Progress, which is not the result."""
    print(text, file=sys.stderr)
