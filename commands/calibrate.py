"""`anycost calibrate`: measures which engine draws each rung of a pack fastest on this machine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    from ..core.rendering.calibration import Calibration, Timed
    from ..models.pack import Pack


def add(commands: argparse._SubParsersAction) -> None:
    text = "measure which engine draws each rung of a pack fastest on this machine, and use it from now on"
    parser = command(commands, "calibrate", run, text)
    add_pack(parser)
    parser.add_argument("--again", action="store_true", help="measure again, even if there is a result")


def run(chosen: argparse.Namespace) -> None:
    print_calibration(open_pack(chosen.pack), chosen.again)


def print_calibration(pack: Pack, again: bool) -> None:
    """Prints the table; measures first if there is no result or `again`. Progress goes to stderr."""
    from ..core.rendering.calibration import load
    from ..core.rendering.cores import use_available_cores

    use_available_cores()
    print(table(pack, (None if again else load(pack)) or _measured(pack)))


def table(pack: Pack, calibration: Calibration) -> str:
    """A line for each rung of the pack's ladder: its engine and the times of the others."""
    from ..lab.measuring.columns import columns

    rows = [["rung", "engine", "precision", "ms", "the others took"]]
    for rung in pack.ladder:
        first, *others = calibration.rungs[rung.channels]
        slower = ", ".join(f"{' '.join(other.choice)} {_ms(other)}" for other in others)
        rows.append([rung.title, *first.choice, _ms(first), slower])
    return columns(rows)


def _measured(pack: Pack) -> Calibration:
    from tqdm import tqdm

    from ..core.rendering.calibration import calibrate
    from ..core.rendering.engines.engine import never

    with tqdm(total=100, desc="Measuring", unit="%", disable=None, leave=False) as bar:  # on a terminal only

        def show(what: str, share: float) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update(round(100 * share) - bar.n)

        calibration = calibrate(pack, show, never)
    assert calibration is not None  # nothing stopped it
    return calibration


def _ms(timed: Timed) -> str:
    return f"{timed.ms:.3g}"
