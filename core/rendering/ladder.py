"""Which sub-generators draw an edit, and in which order: the quality modes over the pack's ladder."""

from __future__ import annotations

import math
import statistics
from collections import OrderedDict, deque
from collections.abc import Container, Sequence
from dataclasses import dataclass

from ...bridge.messages import FRAME_MS, Quality, Region
from ...models.widths import SubGenerator
from ..errors import CoreError
from .engines.window import Window

USEFUL = 1.5  # a pass is worth drawing when the next one costs at least this many times as much
KEPT = 9  # times of a rung in its running median
KEPT_WINDOWS = 32  # windows whose times are remembered


def window_of(region: Region, resolution: int) -> Window:
    """The pixels that a region touches in a picture of `resolution` px a side; at least one."""
    left, top = (math.floor(resolution * start) for start in (region.left, region.top))
    right, bottom = (math.ceil(resolution * end) for end in (region.right, region.bottom))
    return Window(top, left, bottom, right)


@dataclass(frozen=True)
class Pass:
    """One frame of an edit: a rung, and the part of its picture to draw."""

    rung: SubGenerator
    window: Window

    @classmethod
    def whole(cls, rung: SubGenerator) -> Pass:
        return cls(rung, Window.whole(rung.resolution))

    @classmethod
    def of(cls, rung: SubGenerator, region: Region) -> Pass:
        return cls(rung, window_of(region, rung.resolution))

    @property
    def share(self) -> float:
        """Its share of the picture's area, 0..1."""
        return self.window.height * self.window.width / self.rung.resolution**2


class Timings:
    """How long each pass took on this machine lately: running medians in ms. Windows have their own times."""

    def __init__(self):
        self._whole: dict[SubGenerator, deque[float]] = {}
        self._windows: OrderedDict[Pass, deque[float]] = OrderedDict()

    def record(self, drawn: Pass, ms: float) -> None:
        if drawn.share == 1:
            self._whole.setdefault(drawn.rung, deque(maxlen=KEPT)).append(ms)
            return
        self._windows.setdefault(drawn, deque(maxlen=KEPT)).append(ms)
        self._windows.move_to_end(drawn)
        if len(self._windows) > KEPT_WINDOWS:  # every selection is another window
            self._windows.popitem(last=False)

    def median(self, rung: SubGenerator) -> float | None:
        """The median of whole pictures; None for a rung that was not drawn yet."""
        times = self._whole.get(rung)
        return statistics.median(times) if times else None

    def expected(self, rung: SubGenerator) -> float | None:
        """The median, or an estimate from the measured rung that is closest in work; None before any."""
        known = self.median(rung)
        if known is not None or not self._whole:
            return known
        nearest = min(self._whole, key=lambda measured: abs(measured.macs - rung.macs))
        return statistics.median(self._whole[nearest]) * rung.macs / nearest.macs

    def expected_of_window(self, part: Pass) -> float | None:
        """The same for a part of a picture; until it was drawn, by its area."""
        times = self._windows.get(part)
        if times:
            return statistics.median(times)
        whole = self.expected(part.rung)
        return None if whole is None else whole * part.share


def passes(
    ladder: Sequence[SubGenerator],
    quality: Quality,
    dragging: bool,
    timings: Timings,
    budget: float = FRAME_MS,
    region: Region | None = None,
    ready: Container[SubGenerator] = (),
) -> list[Pass]:
    """What to draw for one edit, cheapest first, over a pack's ladder (cheapest first, last = full).

    "draft" is the first rung and "preview" the middle one; "full" shows the draft first. "auto" draws the
    best rung within the `budget` of a frame in ms while `dragging`, and climbs from there on release. A rung
    that is not much cheaper than the next pass is skipped. CoreError "bad-value" for another quality.

    After the first pass comes the `region` alone, by the rung of the last pass, or while dragging in "auto"
    by the best rung that draws it within the budget. Only `ready` rungs draw it, and only if it does not take
    nearly as long as the whole, as a very large region does, or an engine that draws only whole pictures.
    """
    rungs = _rungs(ladder, quality, dragging, timings, budget)
    whole = [Pass.whole(rung) for rung in rungs]
    if region is None:
        return whole
    if quality == "auto" and dragging:
        better = [Pass.of(rung, region) for rung in ladder[ladder.index(rungs[0]) + 1 :] if rung in ready]
        fitting = [part for part in better if _fits(timings.expected_of_window(part), budget)]
        return [*whole, *fitting[-1:]]
    part = Pass.of(rungs[-1], region)
    cheap = _cost_of_window(part, timings) * USEFUL <= _cost(part.rung, timings)
    return [whole[0], part, *whole[1:]] if cheap and len(rungs) > 1 and part.rung in ready else whole


def _rungs(
    ladder: Sequence[SubGenerator], quality: Quality, dragging: bool, timings: Timings, budget: float
) -> list[SubGenerator]:
    """The rungs that draw whole pictures."""
    draft, middle, full = ladder[0], ladder[len(ladder) // 2], ladder[-1]
    if quality == "draft":
        return [draft]
    if quality == "preview":
        return _thinned([draft, middle], timings)
    if quality == "full":
        return _thinned([draft, full], timings)
    if quality != "auto":
        raise CoreError("bad-value", f'"{quality}" is not a quality: use draft, preview, full or auto.')
    fitting = [rung for rung in ladder if _fits(timings.expected(rung), budget)]
    quick = fitting[-1] if fitting else draft
    above = [rung for rung in (middle, full) if ladder.index(rung) > ladder.index(quick)]
    return [quick] if dragging else _thinned([quick, *above], timings)


def _fits(expected: float | None, budget: float) -> bool:
    return expected is not None and expected <= budget


def _thinned(rungs: Sequence[SubGenerator], timings: Timings) -> list[SubGenerator]:
    """The last rung, and those before it that are much cheaper than the next one kept."""
    kept = [rungs[-1]]
    for rung in reversed(rungs[:-1]):
        if _cost(rung, timings) * USEFUL <= _cost(kept[0], timings):
            kept.insert(0, rung)
    return kept


def _cost(rung: SubGenerator, timings: Timings) -> float:
    return timings.expected(rung) or float(rung.macs)


def _cost_of_window(part: Pass, timings: Timings) -> float:
    return timings.expected_of_window(part) or part.rung.macs * part.share
