"""Which sub-generators draw an edit, and in which order: the quality modes over the pack's ladder."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Sequence

from ..models.manifest import Rung
from ..models.widths import macs
from .errors import CoreError

FRAME_BUDGET_MS = 80.0  # what a frame may take while a slider is dragged: a dozen frames a second
USEFUL = 1.5  # a pass is worth drawing when the one after it costs at least this much more
KEPT = 9  # times a rung that the running median looks back

Cost = Callable[[Rung], float]


class Timings:
    """What each rung took on this machine lately: a running median, in ms."""

    def __init__(self):
        self._times: dict[Rung, deque[float]] = {}

    def record(self, rung: Rung, ms: float) -> None:
        self._times.setdefault(rung, deque(maxlen=KEPT)).append(ms)

    def median(self, rung: Rung) -> float | None:
        """None for a rung that was not drawn yet."""
        times = self._times.get(rung)
        return statistics.median(times) if times else None

    def expected(self, rung: Rung) -> float | None:
        """The median, or what the work of the measured rung closest in work suggests; None before any."""
        known = self.median(rung)
        if known is not None or not self._times:
            return known
        work = macs(rung.channels)
        nearest = min(self._times, key=lambda r: abs(macs(r.channels) - work))
        return statistics.median(self._times[nearest]) * work / macs(nearest.channels)


def passes(ladder: Sequence[Rung], quality: str, dragging: bool, timings: Timings) -> list[Rung]:
    """The rungs to draw for one edit, cheapest first, over a pack's ladder (cheapest first, last = full).

    "draft" is the first rung and "preview" the middle one; "full" shows the draft on its way. "auto" draws
    the best rung within the frame budget while `dragging`, and climbs from there on release. A rung that is
    not much cheaper than the next pass is skipped. CoreError "bad-value" for another quality.
    """
    draft, middle, full = ladder[0], ladder[len(ladder) // 2], ladder[-1]
    if quality == "draft":
        return [draft]
    if quality == "preview":
        return _thinned([draft, middle], timings)
    if quality == "full":
        return _thinned([draft, full], timings)
    if quality != "auto":
        raise CoreError("bad-value", f'"{quality}" is no quality: use draft, preview, full or auto.')
    quick = _best_within_budget(ladder, timings)
    return [quick] if dragging else _thinned([quick, middle, full], timings)


def _best_within_budget(ladder: Sequence[Rung], timings: Timings) -> Rung:
    fitting = [rung for rung in ladder if (timings.expected(rung) or FRAME_BUDGET_MS + 1) <= FRAME_BUDGET_MS]
    return fitting[-1] if fitting else ladder[0]


def _thinned(rungs: Sequence[Rung], timings: Timings) -> list[Rung]:
    """The last rung, and of those before it the ones that are usefully cheaper than what follows them."""
    kept = [rungs[-1]]
    for rung in reversed(rungs[:-1]):
        if _cost(rung, timings) * USEFUL <= _cost(kept[0], timings):
            kept.insert(0, rung)
    return kept


def _cost(rung: Rung, timings: Timings) -> float:
    return timings.expected(rung) or float(macs(rung.channels))
