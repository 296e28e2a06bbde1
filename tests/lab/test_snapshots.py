"""A run keeps its best snapshot beside its last state, and all processes agree on a number type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pair import Pair
from safetensors.torch import save_file
from torch import Tensor
from toy_run import ADAPTIVE, SINGLE, config, task_of

from anycost.lab.generator.generating import Generating
from anycost.lab.generator.scoring import SnapshotSettings
from anycost.lab.measuring.reals import portraits
from anycost.lab.measuring.subject import SEED, normals
from anycost.lab.running import checkpoints, distributed, loop, precision
from anycost.lab.running.best import Best, Score, Scored
from anycost.models.features import Features, load_features

SCORES = {16: 5.0, 32: 3.0, 48: 4.0, 64: 2.0, 72: 2.5}


class Counting:
    """A task that is nothing but its position, whose score at each is known."""

    batch, snapshot_every = 8, 16

    def __init__(self, pictures: int, scores: Mapping[int, float | None], stages: tuple[int, ...] = ()):
        self.pictures, self.scores, self.stages = pictures, scores, stages
        self.seen = 0

    def batches(self, seen: int) -> Iterator[None]:
        while True:
            yield None

    def step(self, batch: None, seen: int) -> dict[str, Tensor]:
        self.seen = seen + self.batch
        return {"loss": torch.rand(())}

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen, "only for training": 0}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.seen = state["seen"]

    def show(self, folder: Path, seen: int) -> None:
        pass

    def score(self) -> Score | None:
        torch.rand(7)
        value = self.scores[self.seen]
        return None if value is None else Score(value, f"stage {sum(self.seen > s for s in self.stages)}")

    def snapshot(self) -> dict[str, Any]:
        return {"seen": self.seen}


def best_of(run: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return checkpoints.load(run / "best.pt"), json.loads((run / "best.json").read_text())


def test_the_best_snapshot_is_kept_and_every_score_is_logged(tmp_path: Path):
    loop.run(Counting(72, SCORES), tmp_path)
    assert best_of(tmp_path) == (
        {"seen": 64, "task": {"seen": 64}},
        {"seen": 64, "score": 2.0, "by": "stage 0"},
    )
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    logged = {line["seen"]: line["score"] for line in lines if "score" in line}
    assert logged == SCORES  # the end too, which is no multiple
    assert checkpoints.best_or_last(tmp_path) == tmp_path / "best.pt"
    assert checkpoints.load(tmp_path / "last.pt")["seen"] == 72


@pytest.mark.parametrize("stop", [16, 32, 40, 48])
def test_a_resumed_run_remembers_its_best(tmp_path: Path, stop: int):
    scores = {**SCORES, 40: 9.0, 64: 3.5}  # 40 is scored only where the run ends there
    loop.run(Counting(64, scores), tmp_path / "whole")
    loop.run(Counting(stop, scores), tmp_path / "stopped")
    loop.run(Counting(64, scores), tmp_path / "stopped", resume=True)
    assert best_of(tmp_path / "stopped") == best_of(tmp_path / "whole")
    assert best_of(tmp_path / "whole")[0]["seen"] == 32
    states = [checkpoints.load(tmp_path / name / "last.pt") for name in ("whole", "stopped")]
    assert states[0] == states[1]


def test_a_kill_after_a_better_snapshot_changes_nothing(tmp_path: Path):
    """The last state is from before it: the run comes to it again."""
    loop.run(Counting(64, SCORES), tmp_path)
    checkpoints.save(tmp_path / "last.pt", {"seen": 24, "task": {"seen": 24}, "best": None})
    whole = best_of(tmp_path)
    loop.run(Counting(64, SCORES), tmp_path, resume=True)
    assert best_of(tmp_path) == whole


def test_scores_of_different_things_are_not_compared(tmp_path: Path):
    loop.run(Counting(64, {16: 1.0, 32: 8.0, 48: 6.0, 64: 7.0}, stages=(16,)), tmp_path)
    assert best_of(tmp_path)[1] == {"seen": 48, "score": 6.0, "by": "stage 1"}


def test_without_a_score_there_is_only_the_last_state(tmp_path: Path):
    loop.run(Counting(64, dict.fromkeys(SCORES)), tmp_path / "unmeasured")
    loop.run(Counting(8, {}), tmp_path / "short")
    for run in (tmp_path / "unmeasured", tmp_path / "short"):
        assert not list(run.glob("best.*"))
        assert checkpoints.best_or_last(run) == run / "last.pt"
    with pytest.raises(FileNotFoundError):
        checkpoints.best_or_last(tmp_path)


def test_a_score_leaves_the_random_numbers_of_training_alone(tmp_path: Path):
    task = Counting(64, SCORES)
    task.seen = 16
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert Best(task, tmp_path, None).consider(16) == Score(5.0, "stage 0")
    assert torch.equal(torch.get_rng_state(), before)


# a generator's score


@pytest.fixture
def task(tmp_path: Path) -> Generating:
    torch.manual_seed(4)
    save_file(Features(4, (4, 4)).state_dict(), tmp_path / "features.safetensors")
    losses = {"features": str(tmp_path / "features.safetensors"), "perceptual": 1.0}
    return task_of(config(SINGLE, ADAPTIVE, losses=losses, snapshots={"every": 8, "samples": 12}))


def frechet(a: Tensor, b: Tensor) -> float:
    """The distance of two sets of numbers [N, F]."""
    (one, two), (mean, other) = (
        (np.cov(x.T.double().numpy()) for x in (a, b)),
        (x.double().mean(0) for x in (a, b)),
    )
    roots = np.sqrt(np.clip(np.linalg.eigvals(one @ two).real, 0, None))
    return float((mean - other).square().sum()) + float(np.trace(one) + np.trace(two) - 2 * roots.sum())


def test_a_generators_score_is_its_distance_from_unseen_portraits(task: Generating):
    assert isinstance(task, Scored)
    found = task.score()
    assert found is not None
    network, average = load_features(Path(task.settings.losses.features)), task.average.network
    with torch.no_grad():
        w = average.style(normals(12, average.style_dim, SEED))
        drawn = average(w[:, None].expand(-1, average.n_style, -1))
        sets = portraits(32, 12).read(torch.arange(12)), drawn.clamp(-1, 1)
        one, two = (torch.cat([m.mean((2, 3)) for m in network.maps(p)], 1) for p in sets)  # [12, 8]
    assert found.value == pytest.approx(frechet(one, two), rel=1e-2)
    assert found.by == "FID (the attribute network), stage 1"
    task.settings = replace(task.settings, snapshots=SnapshotSettings(samples=8))  # as many as features
    assert task.score() is None


def test_the_narrowest_width_counts_once_channels_adapt(task: Generating):
    task.stage = 1
    full_and_narrow = task.score()
    with torch.no_grad():  # what only wide ones use
        task.average.network.get_parameter("convs.5.conv.weight")[:, 3:] += 1
    changed = task.score()
    assert full_and_narrow is not None
    assert changed is not None
    assert changed.by == full_and_narrow.by == "FID (the attribute network), stage 2"
    assert changed.value != full_and_narrow.value


def test_a_snapshot_draws_what_the_average_drew(task: Generating, tmp_path: Path):
    assert task.snapshot_every == 8
    state = {"seen": 8, "task": task.snapshot()}
    checkpoints.save(tmp_path / "best.pt", state)
    found = checkpoints.trained(checkpoints.best_or_last(tmp_path))
    assert found.pictures == 8
    assert "discriminator" not in state["task"]
    w = torch.randn(1, task.average.network.n_style, task.average.network.style_dim)
    torch.testing.assert_close(found.generator(w), task.average.network(w))


def test_snapshot_settings_are_checked():
    assert SnapshotSettings().every > 0
    for wrong in ({"every": -1}, {"samples": 1}):
        with pytest.raises(ValueError, match="snapshots"):
            SnapshotSettings(**wrong)


# the number type


def chosen(fast: tuple[bool, bool]) -> str:
    """What "auto" means in a process that is `fast` at bfloat16 or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "_fast", lambda device: fast[distributed.rank()])
        return str(precision.chosen("auto", torch.device("cpu")))


@pytest.mark.slow
def test_processes_agree_on_a_number_type(pair: Pair):
    assert pair.run(chosen, (True, False)) == ["torch.float32"] * 2
    assert pair.run(chosen, (False, True)) == ["torch.float32"] * 2
    assert pair.run(chosen, (True, True)) == ["torch.bfloat16"] * 2


def counted(out: Path) -> None:
    loop.run(Counting(72, SCORES), out)


@pytest.mark.slow
def test_two_processes_write_once(pair: Pair, tmp_path: Path):
    pair.run(counted, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["score"] for line in lines if "score" in line] == list(SCORES.values())
    assert best_of(tmp_path)[1]["seen"] == 64
