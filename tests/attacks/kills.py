"""The core is killed at random moments of an artist's work, on a drawn portrait and on a photograph: is
everything back, and is nothing left?

PYTHONPATH=tests .venv/bin/python -m attacks.kills [how many] [seed] [fresh]

The cores are forks of one process that has torch, or each starts from nothing if `fresh`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from anycost.krita_plugin.state.picture import Picture

from .figures import Figure, said
from .forked_cores import forked_cores
from .seat import Seat, drawn_portrait, own_home, photograph

COUNT = 100
FORKED = "forked"  # any other kind of cores starts from nothing
MOMENTS = ("edit", "edit", "drag", "apply", "project", "upload", "idle", "twice")


class Work:
    """An artist at work on one face, whose core keeps dying."""

    def __init__(self, seed: int, picture: Picture) -> None:
        self.random = random.Random(seed)
        self.seat = Seat(picture=picture)
        self.found: Counter[str] = Counter()
        assert self.seat.until(lambda: self.seat.connected), self.seat.keeper.report()
        assert self.seat.project(), self.seat.state.message

    def kill(self) -> None:
        """One moment of work, the kill, and what is there afterwards."""
        seat, moment = self.seat, self.random.choice(MOMENTS)
        for name in self.random.sample(seat.sliders, 3):
            seat.state.set_edit(name, round(self.random.uniform(-0.5, 0.5), 2), dragging=moment == "drag")
        edits, layers = dict(seat.portrait.edits), len(seat.host.layers)
        if moment == "apply":
            seat.state.apply()
        if moment in ("project", "upload"):
            seat.state.project()
        seat.wait(0.001 if moment == "upload" else self.random.uniform(0, 0.25))
        self._kill()
        if moment == "twice" and self._is_back():
            self._kill()
        self.found["kills"] += 1
        self._check(edits, layers)

    def _kill(self) -> None:
        self._dead = self.seat.pid
        os.kill(self._dead, signal.SIGKILL)

    def _is_back(self) -> bool:
        return self.seat.until(lambda: self.seat.pid != self._dead and self.seat.connected)

    def _check(self, edits: dict[str, float], layers: int) -> None:
        seat = self.seat
        back = self._is_back()
        name = seat.sliders[0]
        edits[name] = 0.2 if edits.get(name) != 0.2 else 0.3
        seat.state.set_edit(name, edits[name])
        back = back and seat.until(lambda: seat.drawn)
        self.found["not back"] += not back
        self.found["edits lost"] += seat.portrait.edits != edits
        self.found["stuck"] += seat.portrait.applying
        self.found["layers twice"] += len(seat.host.layers) > layers + 1
        if not seat.projected:
            self.found["projections lost"] += 1
            seat.project()


def left_over(home: Path) -> list[str]:
    """Files that nobody needs any more."""
    wanted = (".log", ".json", ".lock", ".graph", ".1", ".2", ".3")
    files = [path for path in home.rglob("*") if path.is_file() or path.is_socket()]
    return [str(path.relative_to(home)) for path in files if not path.name.endswith(wanted)]


def figures(count: int = COUNT, seed: int = 1, kind: str = FORKED) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, ExitStack() as held:
        own_home(Path(folder), patch)
        brought = set(left_over(Path(folder)))
        if kind == FORKED:
            held.enter_context(forked_cores(Path(folder)))
        found, gone = Counter[str](), True
        for number, picture in enumerate((drawn_portrait(), photograph())):
            work = Work(seed + number, picture)
            for _ in range((count + number) // 2):
                work.kill()
            found.update(work.found)
            pid = work.seat.pid
            work.seat.close()
            gone &= work.seat.until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), 20)
        held.close()
        left = sorted(set(left_over(Path(folder))) - brought)
        lost = sum(number for what, number in found.items() if what != "kills")
        details = ", ".join(f"{what} {number}" for what, number in found.items() if number)
        return [
            Figure(
                f"{found['kills']} kills of {kind} cores: things lost or stuck", lost, "0", lost == 0, details
            ),
            Figure("files left over afterwards", len(left), "0", not left, " ".join(left[:5])),
            Figure("the last core leaves with its panel", "yes" if gone else "no", "yes", gone),
        ]


if __name__ == "__main__":
    numbers = map(int, sys.argv[1:3])
    sys.exit(not said(figures(next(numbers, COUNT), next(numbers, 1), *sys.argv[3:4])))
