"""The best snapshot of a run, by a score that its task can measure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from ...core.files.whole_file import write_bytes
from . import checkpoints, distributed

REPORT = "best.json"  # beside best.pt: its score, for people


@dataclass(frozen=True)
class Score:
    """`value` is lower for a better network; `by` says what it is, as in "FID (Inception), stage 2". Only
    scores by the same are compared."""

    value: float
    by: str


@runtime_checkable
class Scored(Protocol):
    """What a task has besides `loop.Task` if it can say how good its network is."""

    snapshot_every: int  # pictures

    def score(self) -> Score | None:
        """How good the network is now, the same on every process; None if it cannot be measured here."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """The part of `state` that says what the network draws, without what only training needs."""
        ...


class Best:
    """Keeps `best.pt`: the snapshot with the lowest score. After a score by something else (another stage),
    the next one is the best so far."""

    def __init__(self, task: object, out: Path, kept: Mapping[str, Any] | None):
        """`kept` is the `state` from which a run resumes."""
        self._task = task if isinstance(task, Scored) else None
        self._out = out
        self._score = Score(**kept) if kept else None

    def state(self) -> dict[str, Any] | None:
        """Plain values: the best score so far."""
        return asdict(self._score) if self._score else None

    def due(self, before: int, seen: int, pictures: int) -> bool:
        """Whether to score after the step from position `before` to `seen` of a run of `pictures`: every
        `snapshot_every` pictures, and at the end of a run that is long enough for one."""
        every = self._task.snapshot_every if self._task else 0
        if every <= 0:
            return False
        return before // every < seen // every or (seen >= pictures >= every)

    def consider(self, seen: int) -> Score | None:
        """Scores the network as it is, on all processes; the first writes best.pt if it is the best."""
        assert self._task is not None  # it was due
        here = distributed.device()
        # training draws on as if there had been no score
        with torch.random.fork_rng([here] if here.type == "cuda" else []):
            score = self._task.score()
        if score is None:
            return None
        best = self._score
        if best is None or best.by != score.by or score.value < best.value:
            self._score = score
            if distributed.rank() == 0:
                self._write(score, seen)
        return score

    def _write(self, score: Score, seen: int) -> None:
        assert self._task is not None
        checkpoints.save(self._out / checkpoints.BEST, {"seen": seen, "task": self._task.snapshot()})
        told = {"seen": seen, "score": score.value, "by": score.by}
        write_bytes(self._out / REPORT, (json.dumps(told) + "\n").encode())
