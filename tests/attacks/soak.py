"""Two panels at one core for a long time, one with a drawn portrait and one with a photograph: edits,
projections, layers; at first the core is killed now and then.

PYTHONPATH=tests .venv/bin/python -m attacks.soak [minutes]
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from .figures import Figure, said
from .messages import resident
from .seat import Seat, own_home, photograph

MINUTES = 60.0
WANTED_MIB = 50
KILLING = 0.2  # of the time
KILL_EVERY = 40.0  # seconds
ROUNDS = 12  # of the warm-up: the allocator's pieces take some projections to reach their sizes
ROWS = 20  # of the table


class Soak:
    def __init__(self, minutes: float) -> None:
        self.begun, self.seconds = time.monotonic(), 60 * minutes
        self.random, self.counts = random.Random(1), Counter[str]()
        self.seats = [Seat(1), Seat(2, picture=photograph())]
        self.rows: list[tuple[float, float, float]] = []  # minutes, MiB of the core, MiB of the panels
        self._killed, self._warm = time.monotonic(), 0
        for seat in self.seats:
            assert seat.until(lambda seat=seat: seat.connected), seat.keeper.report()
            assert seat.project(), seat.state.message

    @property
    def share(self) -> float:
        """How much of the time is over."""
        return (time.monotonic() - self.begun) / self.seconds

    def run(self) -> None:
        while self.share < 1:
            self.work(self.random.choice(self.seats))
            if self.share < KILLING and time.monotonic() - self._killed > KILL_EVERY:
                self.kill()
            elif self.share > KILLING and not self._warm:
                self.warm_up()
            if self.share * ROWS > len(self.rows):
                self.note()
        self.note()

    def warm_up(self) -> None:
        """From now on nothing is done for the first time: the core is not killed any more, and has measured
        its engines, which it does while nobody works."""
        assert self.seats[0].until(lambda: self.seats[0].calibrated), "the core never had time to calibrate"
        for seat in ROUNDS * self.seats:
            for what in ("project", *5 * ("edit",), "drag", "apply", "drag", "apply"):
                self.work(seat, what)
        self.note()
        self._warm = len(self.rows)

    def work(self, seat: Seat, what: str = "") -> None:
        """What an artist does in some seconds."""
        what = what or self.random.choices(("edit", "drag", "apply", "project"), (12, 6, 2, 1))[0]
        for _ in range(8 if what == "drag" else 1):
            name = self.random.choice(seat.sliders)
            seat.state.set_edit(name, round(self.random.uniform(-0.5, 0.5), 2), dragging=what == "drag")
            seat.wait(0.03)
        if what == "project":
            assert seat.project(), seat.state.message
        assert seat.until(lambda: seat.drawn), seat.state.message
        if what == "apply" and seat.state.can_apply:
            seat.state.apply()
            assert seat.until(lambda: not seat.portrait.applying)
            seat.host.layers.clear()  # a document that is saved and closed
        self.counts[what] += 1

    def kill(self) -> None:
        dead = self.seats[0].pid
        os.kill(dead, signal.SIGKILL)
        for seat in self.seats:
            assert seat.until(lambda seat=seat: seat.connected and seat.pid != dead), seat.keeper.report()
            assert seat.until(lambda seat=seat: seat.drawn), seat.state.message
        self._killed = time.monotonic()
        self.counts["kill"] += 1

    def note(self) -> None:
        row = (time.monotonic() - self.begun) / 60, resident(self.seats[0].pid), resident(os.getpid())
        self.rows.append(row)
        print("{:6.1f} min  core {:5.0f} MiB  panels {:5.0f} MiB".format(*row), dict(self.counts), flush=True)

    def figures(self) -> list[Figure]:
        """How much memory is taken at the end more than after the warm-up."""
        work = ", ".join(f"{count} x {what}" for what, count in self.counts.items())
        found = []
        for what, column in (("core", 1), ("two panels", 2)):
            values = [row[column] for row in self.rows[self._warm - 1 :]]
            growth = values[-1] - values[0]
            text = f"growth of the {what} in {self.rows[-1][0] - self.rows[self._warm - 1][0]:.0f} min, MiB"
            reached = growth <= WANTED_MIB
            found.append(Figure(text, f"{growth:+.0f}", f"at most +{WANTED_MIB}", reached, work))
        return found


def main(minutes: float = MINUTES) -> bool:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        own_home(Path(folder), patch)
        soak = Soak(minutes)
        soak.run()
        reached = said(soak.figures())
        for seat in soak.seats:
            seat.close()
    return reached


if __name__ == "__main__":
    sys.exit(not main(*map(float, sys.argv[1:])))
