"""Hostile messages, floods and half messages against a real core, while a healthy client asks for its status.

PYTHONPATH=tests .venv/bin/python -m attacks.messages [how many]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from wire import Wire, private_home, running

from anycost.bridge import posix
from anycost.bridge.protocol import rgba8

from .attackers import FLOODS
from .figures import Figure, said

PORTRAIT = Path(__file__).parents[2] / "commands" / "sample" / "portrait.png"
COUNT = 100_000
PEERS = 8  # at once
FLOOD_SECONDS = 5.0
HALF = 60 << 20  # bytes of a message whose sender dies
KILLS = 20
WANTED_MS, WANTED_MIB = 50, 50


class Healthy:
    """A client that has edited a picture and asks for the core's status every 10 ms.

    How long an answer takes depends on all else that the machine does. What the core's own loop works until
    then does not: on a quiet machine both are the same.
    """

    def __init__(self, path: str, pid: int):
        self._wire = Wire(path)
        self._loop = Path(f"/proc/{pid}/task/{pid}/schedstat")  # begins with the thread's work in nanoseconds
        self._wire.call("pack/open", {})
        picture = Image.open(PORTRAIT).convert("RGBA")
        asked = {"picture": "face", "attachment": rgba8(*picture.size)}
        self._wire.call("picture/open", asked, picture.tobytes())
        self._wire.call("picture/project", {"picture": "face", "steps": 2})
        self._wire.call("picture/apply", {"picture": "face", "edits": {"smile": 0.5}})
        while not self._wire.call("core/status")["calibrated"]:  # which takes memory, as all this did
            time.sleep(0.2)
        self.waited: list[float] = []  # seconds, of each answer
        self.worked: list[float] = []

    def ask_until(self, ended: Callable[[], bool]) -> None:
        self.waited, self.worked = [], []
        while not ended():
            begun, worked = time.perf_counter(), self._work()
            self._wire.call("core/status")
            self.waited.append(time.perf_counter() - begun)
            self.worked.append(self._work() - worked)
            time.sleep(0.01)

    def _work(self) -> float:
        return int(self._loop.read_text().split()[0]) / 1e9


def p95_ms(seconds: list[float]) -> float:
    return 1e3 * sorted(seconds)[int(0.95 * len(seconds))]


def resident(pid: int) -> float:
    """MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextmanager
def attackers(*calls: tuple[object, ...]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes of attackers.py; none outlives the block."""
    command = [sys.executable, "-m", "attacks.attackers"]
    processes = [subprocess.Popen([*command, *map(str, call)], stdout=subprocess.PIPE) for call in calls]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def ended(processes: list[subprocess.Popen[bytes]]) -> Callable[[], bool]:
    return lambda: all(process.poll() is not None for process in processes)


def waiting(during: str, healthy: Healthy) -> Figure:
    work, wait = p95_ms(healthy.worked), p95_ms(healthy.waited)
    longest, longest_wait = 1e3 * max(healthy.worked), 1e3 * max(healthy.waited)
    details = f"longest {longest:.0f}; with all else on this machine {wait:.0f} and {longest_wait:.0f}"
    what = f"what the core does before a healthy client's turn {during}, p95 in ms"
    return Figure(what, f"{work:.1f}", f"below {WANTED_MS}", work < WANTED_MS, details)


def memory(after: str, pid: int, before: float) -> Figure:
    time.sleep(1)
    more = resident(pid) - before
    what = f"the core's memory a second after {after}, MiB"
    return Figure(what, f"{more:+.0f}", f"at most +{WANTED_MIB}", more <= WANTED_MIB)


def hostile_messages(path: str, pid: int, healthy: Healthy, count: int) -> Iterator[Figure]:
    before = resident(pid)
    with attackers(*(("attack", path, seed, count // PEERS) for seed in range(PEERS))) as processes:
        healthy.ask_until(ended(processes))
    yield waiting(f"during {count} hostile messages", healthy)
    yield memory(f"{count} hostile messages", pid, before)


def floods(path: str, healthy: Healthy) -> Iterator[Figure]:
    for kind in FLOODS:
        with attackers(*[("flood", path, kind, FLOOD_SECONDS)] * PEERS) as processes:
            healthy.ask_until(ended(processes))
        yield waiting(f"while {PEERS} peers flood with {kind}", healthy)


def half_messages(path: str, pid: int) -> Iterator[Figure]:
    before = resident(pid)
    for _ in range(KILLS):
        with attackers(("half", path, HALF)) as (process,):
            assert process.stdout is not None
            process.stdout.readline()
    yield memory(f"{KILLS} peers died in the middle of {HALF >> 20} MiB", pid, before)


def figures(count: int = COUNT) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        private_home(Path(folder), patch)
        path = posix.socket_path()
        with running() as core:
            healthy = Healthy(path, core.pid)
            end = time.monotonic() + 3
            healthy.ask_until(lambda: time.monotonic() > end)
            yield waiting("without an attack", healthy)
            yield from hostile_messages(path, core.pid, healthy, count)
            yield from floods(path, healthy)
            yield from half_messages(path, core.pid)
            yield Figure("the core lives", core.poll() is None, "True", core.poll() is None)


if __name__ == "__main__":
    sys.exit(not said(figures(*map(int, sys.argv[1:]))))
