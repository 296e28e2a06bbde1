"""The cache of rendered heads: whole shards, the same at any time, read one by one."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from forked import PATIENCE, start

from anycost.core.errors import CoreError
from anycost.lab.data import head_cache
from anycost.lab.data.head_cache import CacheKind, HeadCache, decoded, fill, signed

KIND = CacheKind(resolution=8, wide=1.5, seed=3)
DIM = 4


@dataclass(frozen=True)
class Plain:
    rgb: torch.Tensor
    part: torch.Tensor
    face_map: torch.Tensor
    depth: torch.Tensor
    normal: torch.Tensor
    landmarks: torch.Tensor
    relief: torch.Tensor
    visible: torch.Tensor


def plain(z: torch.Tensor, correlated: bool, kind: CacheKind) -> Plain:
    """A head that fills the middle of its picture, in a colour that z tells."""
    count, side = len(z), kind.resolution
    head = torch.zeros(count, side, side, dtype=torch.bool)
    head[:, 2:-2, 2:-2] = True
    level = torch.tanh(z[:, :3])[:, :, None, None]  # [N, 3, 1, 1]
    face_map = torch.where(head[:, None], 0.5 * level.expand(-1, -1, side, side), torch.nan)
    return Plain(
        rgb=level.expand(-1, -1, side, side).clamp(-1, 1),
        part=head.byte() * (1 + correlated),
        face_map=face_map,
        depth=torch.where(head, 9.5, torch.inf),
        normal=torch.nn.functional.normalize(level, dim=1).expand(-1, -1, side, side),
        landmarks=torch.sigmoid(z[:, :2])[:, None].expand(-1, 5, -1),
        relief=z[:, :1].expand(-1, 5),
        visible=torch.ones(count, 5, dtype=torch.bool),
    )


def slow(z: torch.Tensor, correlated: bool, kind: CacheKind) -> Plain:
    time.sleep(0.004)
    return plain(z, correlated, kind)


def same(a: HeadCache, b: HeadCache, numbers: list[int]) -> bool:
    return all(torch.equal(a.label(name, numbers), b.label(name, numbers)) for name in head_cache.TYPES)


def test_what_was_drawn_is_read(tmp_path: Path):
    fill(tmp_path, 300, KIND, source=plain, style_dim=DIM)
    cache = HeadCache(tmp_path)
    assert cache.pictures == 512  # whole shards
    numbers = [0, 7, 256, 511]
    z, correlated = cache.label("z", numbers), cache.label("correlated", numbers)
    assert correlated.tolist() == [True, False, True, False]
    read = cache.read(numbers)
    rgb, (face_map, on_head) = signed(read.rgb), decoded(read.face_map)
    for k in range(len(numbers)):
        truth = plain(z[k : k + 1], bool(correlated[k]), KIND)
        torch.testing.assert_close(rgb[k], truth.rgb[0], atol=1 / 255, rtol=0)
        assert torch.equal(read.part[k], truth.part[0])
        assert torch.equal(on_head[k], torch.isfinite(truth.face_map[0, 0]))
        torch.testing.assert_close(face_map[k], truth.face_map[0].nan_to_num(), atol=1e-4, rtol=0)
        torch.testing.assert_close(read.landmarks[k], truth.landmarks[0])
    depth = cache.label("depth", [5])[0]
    assert depth[4, 4] == 9.5
    assert depth[0, 0] == 0


def test_shards_bound_what_is_read(tmp_path: Path):
    fill(tmp_path, 512, KIND, source=plain, style_dim=DIM)
    later = HeadCache(tmp_path, first=1)
    assert later.pictures == 256
    assert torch.equal(later.label("z", [0]), HeadCache(tmp_path).label("z", [256]))
    with pytest.raises(CoreError, match="too few"):
        HeadCache(tmp_path, first=2)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path):
    fill(tmp_path, 1, KIND, source=plain, style_dim=DIM)
    with pytest.raises(CoreError, match="another folder"):
        fill(tmp_path, 1, CacheKind(8, 1.0, 3), source=plain, style_dim=DIM)
    with pytest.raises(CoreError, match="no cache"):
        HeadCache(tmp_path / "none")


@pytest.mark.slow
def test_two_processes_draw_what_one_draws(tmp_path: Path):
    fill(tmp_path / "one", 768, KIND, source=plain, style_dim=DIM)
    fill(tmp_path / "two", 768, KIND, processes=2, source=plain, style_dim=DIM)
    assert same(HeadCache(tmp_path / "one"), HeadCache(tmp_path / "two"), [0, 255, 256, 700])


def fill_slowly(folder: Path, processes: int) -> None:
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    fill(folder, 256 * 256, KIND, processes, source=slow, style_dim=DIM)


def interrupted(folder: Path, number: signal.Signals, processes: int) -> int:
    """Ends a filling of `folder` by a signal, after its first shard; its return code."""
    child = start(fill_slowly, folder, processes)
    deadline = time.monotonic() + PATIENCE
    while not list(folder.glob("shard-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    assert child.pid is not None
    os.kill(child.pid, number)
    child.join(PATIENCE)
    assert child.exitcode is not None
    return child.exitcode


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "processes"), [(signal.SIGKILL, 1), (signal.SIGTERM, 1), (signal.SIGTERM, 2)]
)
def test_a_kill_leaves_whole_shards_and_filling_goes_on(
    tmp_path: Path, number: signal.Signals, processes: int
):
    folder = tmp_path / "stopped"
    assert interrupted(folder, number, processes) != 0
    assert 1 <= HeadCache(folder).pictures // 256 < 256
    fill(folder, 1024, KIND, source=plain, style_dim=DIM)
    fill(tmp_path / "whole", 1024, KIND, source=plain, style_dim=DIM)
    assert same(HeadCache(folder), HeadCache(tmp_path / "whole"), [0, 255, 256, 600, 1023])


def test_what_a_killed_process_left_is_tidied_up_in_time(tmp_path: Path):
    fill(tmp_path, 1, KIND, source=plain, style_dim=DIM)
    old, new = tmp_path / "tmpold.part", tmp_path / "tmpnew.part"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    fill(tmp_path, 1, KIND, source=plain, style_dim=DIM)
    assert not old.exists()
    assert new.exists()
