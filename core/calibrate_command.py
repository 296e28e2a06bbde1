"""`anycost calibrate`: which engine draws each rung of a pack fastest on this machine, as a table."""

from __future__ import annotations

from tqdm import tqdm

from ..models.pack import Pack
from .calibration import Calibration, Timed, calibrate, load
from .cores import use_available_cores
from .engines.engine import never
from .evaluation.report import columns


def print_calibration(pack: Pack, again: bool) -> None:
    """Measures unless this was done before, or in any case when `again`; progress goes to stderr."""
    use_available_cores()
    print(table(pack, (None if again else load(pack)) or _measured(pack)))


def table(pack: Pack, calibration: Calibration) -> str:
    """A line for each rung of the pack's ladder: its engine, and what the others took."""
    rows = [["rung", "engine", "precision", "ms", "the others took"]]
    for rung in pack.ladder:
        first, *others = calibration.rungs[rung.channels]
        slower = ", ".join(f"{' '.join(other.choice)} {_ms(other)}" for other in others)
        rows.append([rung.title, *first.choice, _ms(first), slower])
    return columns(rows)


def _measured(pack: Pack) -> Calibration:
    with tqdm(total=100, desc="Measuring", unit="%", disable=None, leave=False) as bar:  # on a terminal only

        def show(what: str, share: float) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update(round(100 * share) - bar.n)

        calibration = calibrate(pack, show, never)
    assert calibration is not None  # for nothing stopped it
    return calibration


def _ms(timed: Timed) -> str:
    return f"{timed.ms:.3g}"
