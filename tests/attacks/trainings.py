"""A training that is killed again and again, and one that is left alone: do they end with the same bytes?

PYTHONPATH=tests .venv/bin/python -m attacks.trainings [how many]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # every first optimiser imports it: once, not in each training
import torch.utils.tensorboard  # and this every run

from anycost.lab.networks.finding import FinderSettings, FinderTraining
from anycost.lab.running import checkpoints, loop
from anycost.lab.running.config import build

from .figures import Figure, said

COUNT = 20
STEPS = 4  # for each kill
LONGEST = 0.4  # seconds after a checkpoint at which the kill comes
CONFIG: dict[str, Any] = {
    "batch": 8,
    "repeats": 2,
    "width": 8,
    "learning_rate": 0.003,
    "precision": "float32",
}


def kill_in_turns(task: FinderTraining, out: Path, count: int, rng: random.Random) -> int:
    """Starts a training, kills it a while after its next checkpoint, and again; how often it was killed."""
    for killed in range(count):
        before = _written(out)
        process = _started(task, out)
        while process.is_alive() and _written(out) == before:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, LONGEST))
        if not process.is_alive():
            return killed
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    return count


def _started(task: FinderTraining, out: Path, minutes: float = 0.0) -> BaseProcess:
    """A process that trains `task`, which nobody has trained in this one, from the last checkpoint.

    It saves after every step, or every so many minutes.
    """
    process = multiprocessing.get_context("fork").Process(target=_train, args=(task, out, minutes))
    process.start()
    return process


def _train(task: FinderTraining, out: Path, minutes: float) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the progress bars
    loop.run(task, out, resume=(out / checkpoints.LAST).exists(), minutes=minutes, log_every=1)


def _written(out: Path) -> int:
    path = out / checkpoints.LAST
    return path.stat().st_mtime_ns if path.exists() else 0


def same(one: Any, other: Any) -> bool:
    """Whether two states are equal to the last bit."""
    if torch.is_tensor(one):
        return torch.is_tensor(other) and torch.equal(one, other)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def figures(count: int = COUNT) -> list[Figure]:
    """Each kill takes a training some steps on; it is as long as all kills need.

    The one that is left alone hardly ever saves: neither kills nor checkpoints change anything.
    """
    torch.set_num_threads(1)
    pictures = STEPS * CONFIG["batch"] * count
    task = FinderTraining(build(FinderSettings, {**CONFIG, "pictures": pictures}))
    with tempfile.TemporaryDirectory() as folder:
        alone, killed = Path(folder) / "alone", Path(folder) / "killed"
        kills = kill_in_turns(task, killed, count, random.Random(3))
        for out in (killed, alone):
            _started(task, out, minutes=1.0).join()
        one, other = (checkpoints.load(out / checkpoints.LAST) for out in (alone, killed))
        exact = same(one["task"], other["task"]) and one["seen"] == other["seen"] == pictures
        torn = sum(_torn(line) for line in (killed / loop.LOG).read_text().splitlines())
        left = [path.name for path in killed.iterdir() if path.name.endswith(".part")]
    return [
        Figure("kills of a training before its end", kills, str(count), kills == count),
        Figure("its end is exact", "yes" if exact else "no", "yes", exact),
        Figure("torn lines in its log", torn, "0", torn == 0),
        Figure("half checkpoints beside it", len(left), "at most 1 until the next day", len(left) <= 1),
    ]


def _torn(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(not said(figures(*map(int, sys.argv[1:]))))
