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
from wire import Wire, private_home, running

from anycost.bridge import posix

from .attackers import FLOODS

COUNT = 100_000
PEERS = 8  # at once
FLOOD_SECONDS = 5.0
HALF = 60 << 20  # bytes of a message whose sender dies
KILLS = 20
WANTED_MS, WANTED_MIB = 50, 50


class Healthy:
    """A client that has a pack open and asks for the core's status every 10 ms."""

    def __init__(self, path: str):
        self._wire = Wire(path)
        self._wire.call("pack/open", {})
        while not self._wire.call("core/status")["calibrated"]:  # which takes memory too
            time.sleep(0.2)
        self.seconds: list[float] = []

    def ask_until(self, ended: Callable[[], bool]) -> None:
        self.seconds = []
        while not ended():
            begun = time.perf_counter()
            self._wire.call("core/status")
            self.seconds.append(time.perf_counter() - begun)
            time.sleep(0.01)

    def said(self) -> str:
        """How long the answers took."""
        times = sorted(self.seconds)
        p50, p95, p99 = (1e3 * times[int(len(times) * share)] for share in (0.5, 0.95, 0.99))
        return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, longest {1e3 * times[-1]:.0f} ms"


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


def hostile_messages(path: str, pid: int, healthy: Healthy, count: int) -> None:
    before, begun = resident(pid), time.monotonic()
    with attackers(*(("attack", path, seed, count // PEERS) for seed in range(PEERS))) as processes:
        healthy.ask_until(ended(processes))
    seconds = time.monotonic() - begun
    print(f"{count} hostile messages in {seconds:.0f} s: healthy client {healthy.said()}", end=" ")
    print(f"(wanted: p95 below {WANTED_MS})")
    time.sleep(1)
    print(
        f"  memory of the core {resident(pid) - before:+.0f} MiB (wanted: at most +{WANTED_MIB})", flush=True
    )


def floods(path: str, healthy: Healthy) -> None:
    for kind in FLOODS:
        with attackers(*[("flood", path, kind, FLOOD_SECONDS)] * PEERS) as processes:
            healthy.ask_until(ended(processes))
        print(f"flood of {kind} by {PEERS} peers: healthy client {healthy.said()}", end=" ")
        print(f"(wanted: p95 below {WANTED_MS})", flush=True)


def half_messages(path: str, pid: int) -> None:
    before = resident(pid)
    for _ in range(KILLS):
        with attackers(("half", path, HALF)) as (process,):
            assert process.stdout is not None
            process.stdout.readline()
    time.sleep(1)
    text = f"{KILLS} peers that died in the middle of {HALF >> 20} MiB: memory of the core"
    print(f"{text} {resident(pid) - before:+.0f} MiB one second later (wanted: at most +{WANTED_MIB})")


def main(count: int = COUNT) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        private_home(Path(folder), patch)
        path = posix.socket_path()
        with running() as core:
            healthy = Healthy(path)
            end = time.monotonic() + 3
            healthy.ask_until(lambda: time.monotonic() > end)
            print(f"before: healthy client {healthy.said()}", flush=True)
            hostile_messages(path, core.pid, healthy, count)
            floods(path, healthy)
            half_messages(path, core.pid)
            print("the core lives" if core.poll() is None else f"the core ended: {core.returncode}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
