"""The loop that trains every network: steps, checkpoints, logs, samples, and exact resuming.

A `Task` knows what a step is. The loop counts pictures, saves every few minutes, writes `log.jsonl` and
TensorBoard's events, and stops with a clear message if a loss is NaN or infinite. It keeps the best snapshot
of a task that is also `best.Scored`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor
from tqdm import tqdm

from ...core.files.whole_file import remove_parts
from . import checkpoints, distributed
from .best import Best, Score

LOG = "log.jsonl"  # a line for every few steps, in the run's folder


class Task(Protocol):
    """One network's training. A step's random draws must depend on `seen` alone."""

    pictures: int  # of the whole run
    batch: int  # pictures per step, over all processes

    def batches(self, seen: int) -> Iterator[Any]:
        """This process's batches from position `seen` (in pictures of the joint batch) on, endlessly."""
        ...

    def step(self, batch: Any, seen: int) -> dict[str, Tensor]:
        """One step -> its scalar losses by name, the same names on every process."""
        ...

    def state(self) -> dict[str, Any]:
        """Tensors and plain values from which `restore` continues exactly."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None: ...

    def show(self, folder: Path, seen: int) -> None:
        """Writes pictures of its progress to `folder`."""
        ...


class NotANumber(RuntimeError):
    """A loss is NaN or infinite."""


class NothingToResume(RuntimeError):
    """There is no run to resume, or a new one would overwrite a run."""


def run(
    task: Task,
    out: Path,
    *,
    resume: bool = False,
    seen: int = 0,
    minutes: float = 4.0,
    log_every: int = 20,
) -> None:
    """Trains `task` from position `seen` to its end in the folder `out`; a kill loses at most `minutes` of
    work.

    With `resume`, continues from `out`/last.pt, and removes what a kill has left half written. NotANumber
    leaves the last good checkpoint in place.
    """
    last = out / checkpoints.LAST
    if resume and not last.exists():
        raise NothingToResume(f"There is no run in {out} to resume: leave out --resume.")
    if last.exists() and not resume:
        raise NothingToResume(f"{out} holds a run: add --resume to continue it, or name another folder.")
    kept = None
    if resume:
        if distributed.rank() == 0:
            remove_parts(out)
        state = checkpoints.load(last)
        task.restore(state["task"])
        seen, kept = state["seen"], state.get("best")
    _train(task, seen, _Record(out, task, seen, log_every), Best(task, out, kept), minutes)


def _train(task: Task, seen: int, record: _Record, best: Best, minutes: float) -> None:
    saved = time.monotonic()
    with record:
        for batch in task.batches(seen) if seen < task.pictures else ():
            losses = task.step(batch, seen)
            seen += task.batch
            record.losses(losses, seen)
            due = best.due(seen - task.batch, seen, task.pictures)
            if due:
                record.check(distributed.average(losses), seen)
                record.score(best.consider(seen), seen)
            late = time.monotonic() - saved > 60 * minutes or seen >= task.pictures
            if distributed.rank() == 0 and (due or late):
                record.check(losses, seen)
                record.save(seen, best.state())
                saved = time.monotonic()
            if seen >= task.pictures:
                return


class _Record:
    """What a run writes to its folder as it goes; only the first process writes."""

    def __init__(self, out: Path, task: Task, seen: int, every: int):
        self.out, self.task, self.every = out, task, every
        self.steps = 0
        self.first = distributed.rank() == 0
        out.mkdir(parents=True, exist_ok=True)
        self.bar = tqdm(
            total=task.pictures, initial=seen, unit="picture", mininterval=1, disable=not self.first
        )
        self.board = _board(out) if self.first else None

    def __enter__(self) -> _Record:
        return self

    def __exit__(self, *_) -> None:
        self.bar.close()
        if self.board is not None:
            self.board.close()

    def losses(self, losses: dict[str, Tensor], seen: int) -> None:
        self.steps += 1
        self.bar.update(self.task.batch)
        if self.steps % self.every and seen < self.task.pictures:
            return
        values = self.check(distributed.average(losses), seen)
        if self.first:
            self._log(values, seen)
            self.bar.set_postfix({name: f"{value:.4f}" for name, value in values.items()})

    def score(self, score: Score | None, seen: int) -> None:
        if self.first and score is not None:
            self._log({"score": score.value}, seen, by=score.by)

    def _log(self, values: Mapping[str, float], seen: int, **told: str) -> None:
        with open(self.out / LOG, "a") as log:
            log.write(json.dumps({"seen": seen, **values, **told}) + "\n")
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(name, value, seen)

    @staticmethod
    def check(losses: dict[str, Tensor], seen: int) -> dict[str, float]:
        values = {name: float(value.detach()) for name, value in losses.items()}
        for name, value in values.items():
            if not math.isfinite(value):
                raise NotANumber(
                    f'The loss "{name}" is NaN or infinite after {seen} pictures. The last checkpoint is '
                    "kept: lower the learning rate or raise R1's weight, and continue with --resume."
                )
        return values

    def save(self, seen: int, best: dict[str, Any] | None) -> None:
        state = {"seen": seen, "task": self.task.state(), "best": best}
        checkpoints.save(self.out / checkpoints.LAST, state)
        self.task.show(self.out, seen)


def _board(out: Path):
    """TensorBoard's writer, if it is installed (`pip install anycost-krita[train]`)."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(out / "events"))
