"""One search in its folder: an interrupted search resumes and gives the same result."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...models.widths import SubGenerator
from ..running import distributed
from .budgets import Budget, Cost, TimeTable
from .evolution import Evolution, SearchSettings, evolve
from .space import Space

STATE = "state.json"
MAX_STATE_BYTES = 1 << 28
SURE = 5  # candidates to measure before a table counts as too low


class Run:
    """A search for one budget; the first process writes its state after every generation.

    `about` holds plain values that say what the distances measure. A folder with a search about something
    else, or with another population or seed, is refused; one with fewer generations continues.
    """

    def __init__(
        self, folder: Path, space: Space, budget: Budget, settings: SearchSettings, about: dict[str, Any]
    ):
        self.budget = budget
        self._file, self._space, self._settings = folder / STATE, space, settings
        self._about = {
            **about,
            "budget": str(budget),
            "population": settings.population,
            "seed": settings.seed,
        }
        self._table: TimeTable | None = None
        self._found = Evolution()
        self._winner: SubGenerator | None = None
        if self._file.exists():
            self._read()

    @property
    def table(self) -> TimeTable | None:
        """The table that predicts this search's milliseconds; None before it starts, and for MAC budgets."""
        return self._table

    @property
    def left(self) -> int:
        """Candidates still to draw, seen or not."""
        return self._settings.population * (self._settings.generations + 1 - len(self._found.lowest))

    def go_on(
        self,
        first: list[SubGenerator],
        cost: Cost,
        limit: float,
        distance: Callable[[SubGenerator], float],
    ) -> Iterator[Evolution]:
        """Search to the end, starting from `first`; yield after writing each generation's state."""
        if isinstance(cost, TimeTable):
            self._table = cost
        for found in evolve(
            self._space, first, lambda rung: cost(rung) <= limit, distance, self._settings, self._found
        ):
            self._winner = None
            self._write()
            yield found

    def winner(self, clock: Cost | None, limit: float) -> SubGenerator:
        """The nearest candidate; with a `clock` (ms), the nearest that really holds the limit. It is kept.

        The smallest factor by which the table was too low is applied to the other candidates too. Many
        processes take the first one's: clocks differ.
        """
        if self._winner is None:
            self._winner = distributed.by_first(lambda: self._nearest_within(clock, limit))
            self._write()
        return self._winner

    def _nearest_within(self, clock: Cost | None, limit: float) -> SubGenerator:
        nearest = self._found.nearest()
        if clock is None or self._table is None:
            return nearest[0]
        factors = []
        for rung in nearest:
            expected = self._table(rung)
            if len(factors) >= SURE and expected * min(factors) > limit:
                continue
            taken = clock(rung)
            if taken <= limit:
                return rung
            factors.append(taken / expected)
        text = f"No candidate found really draws within {self.budget}: allow more time."
        raise CoreError("bad-value", text)

    def _write(self) -> None:
        if distributed.rank() > 0:
            return
        state = {
            "about": self._about,
            "table": asdict(self._table) if self._table else None,
            "lowest": self._found.lowest,
            "seen": [[r.resolution, list(r.channels), d] for r, d in self._found.distances.items()],
            "winner": [self._winner.resolution, list(self._winner.channels)] if self._winner else None,
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = f'"{self._file.parent}" cannot be created ({error.strerror}): choose another --out.'
            raise CoreError("bad-value", text) from None
        write_bytes(self._file, json.dumps(state).encode())

    def _read(self) -> None:
        state = self._state()
        for name, value in self._about.items():
            if state["about"].get(name) != value:
                text = f'"{self._file.parent}" holds a search with a different {name}: '
                raise CoreError("bad-value", text + "choose another folder with --out, or delete it.")
        try:
            self._found = Evolution(
                {self._rung(side, counts): float(d) for side, counts, d in state["seen"]},
                [float(d) for d in state["lowest"]],
            )
            self._table = _table(state["table"])
            self._winner = self._rung(*state["winner"]) if state["winner"] else None
        except (KeyError, TypeError, ValueError):
            raise self._damaged() from None

    def _state(self) -> dict[str, Any]:
        try:
            if self._file.stat().st_size > MAX_STATE_BYTES:
                raise ValueError
            state = json.loads(self._file.read_bytes())
            if not isinstance(state["about"], dict):
                raise ValueError
            return state
        except (OSError, KeyError, TypeError, ValueError, RecursionError):
            raise self._damaged() from None

    def _rung(self, side: int, counts: list[int]) -> SubGenerator:
        rung = SubGenerator(side, tuple(counts))
        if not self._space.holds(rung):
            raise ValueError
        return rung

    def _damaged(self) -> CoreError:
        return CoreError("bad-value", f'"{self._file}" is not a search state: delete it to start again.')


def _table(values: dict[str, list[float]] | None) -> TimeTable | None:
    if values is None:
        return None
    return TimeTable(tuple(map(float, values["blocks"])), tuple(map(float, values["layers"])))
