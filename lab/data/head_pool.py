"""Batches of rendered heads from one or more caches (`head_cache.py`)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ...core.errors import CoreError
from ..running import distributed
from .head_cache import SHARD, CachedHeads, HeadCache, Shard, heads_of, labels_of, shard_paths

KEPT = 1  # shards of each folder that are kept for measuring


class HeadPool:
    """The pictures of folders, as one row; with `unseen` those that training never sees.

    `correlated` tells which of them batches show: those drawn with the population's correlations, the others,
    or all (None). Folders may be filled further while a training reads them: every epoch shows what is there
    when it begins. A run resumes exactly as long as they do not grow. CoreError "bad-value" for a folder with
    too few pictures, or pictures of different sizes.
    """

    def __init__(self, folders: Sequence[str], unseen: bool = False, correlated: bool | None = None):
        self.folders = [Path(folder) for folder in folders]
        self.first, self.last = (0, KEPT) if unseen else (KEPT, None)
        self.correlated = correlated
        caches = [HeadCache(folder, self.first, self.last) for folder in self.folders]
        frames = {(cache.kind.resolution, cache.kind.wide) for cache in caches}
        if len(frames) > 1:
            raise CoreError("bad-value", "caches: their pictures have different sizes; name others.")
        ((self.resolution, self.wide),) = frames
        self.shards = [shard for cache in caches for shard in cache.shards]
        self.shown = self._shown()

    @property
    def pictures(self) -> int:
        return SHARD * len(self.shards)

    @property
    def usual_side(self) -> int:
        """The side of the usual frame in px."""
        return self.resolution - 2 * _margin(self.resolution, self.wide)

    def read(self, numbers: Sequence[int]) -> CachedHeads:
        """The pictures of these numbers, in their order."""
        return heads_of(self.shards, numbers)

    def label(self, name: str, numbers: Sequence[int]) -> Tensor:
        """One label of these pictures, in their order, as it is stored."""
        return labels_of(self.shards, [name], numbers)[name]

    def batches(self, batch: int, position: int, seed: int) -> Iterator[CachedHeads]:
        """The pictures of `numbers`."""
        return map(self.read, self.numbers(batch, position, seed))

    def numbers(self, batch: int, position: int, seed: int) -> Iterator[list[int]]:
        """This process's shares of joint batches from a position on, endlessly; every epoch shows every
        picture once, in an order drawn from seed and epoch."""
        epoch, row = divmod(position, len(self.shown))
        order = self._order(seed, epoch)
        while True:
            numbers: list[int] = []
            while len(numbers) < batch:
                if row == len(order):
                    epoch, row = epoch + 1, 0
                    self._look_again()
                    order = self._order(seed, epoch)
                some = order[row : row + batch - len(numbers)].tolist()
                numbers += some
                row += len(some)
            yield distributed.share(torch.tensor(numbers)).tolist()

    def _look_again(self) -> None:
        """Takes in new files, alike in all processes; after the others, so pictures keep their numbers."""
        known = {shard.path for shard in self.shards}
        there = distributed.by_first(
            lambda: [path for folder in self.folders for path in shard_paths(folder)[self.first : self.last]]
        )
        new = [Shard(path) for path in there if path not in known]
        if new:
            self.shards += new
            self.shown = self._shown()

    def _shown(self) -> Tensor:
        """The numbers of the pictures that batches show."""
        numbers = torch.arange(self.pictures)
        if self.correlated is None:
            return numbers
        return numbers[self.label("correlated", numbers.tolist()).cpu() == self.correlated]

    def _order(self, seed: int, epoch: int) -> Tensor:
        own = random.Random(f"{seed}/{epoch}/heads").getrandbits(32)
        return self.shown[torch.randperm(len(self.shown), generator=torch.Generator().manual_seed(own))]


def usual_frame(pictures: Tensor, landmarks: Tensor, wide: float) -> tuple[Tensor, Tensor]:
    """The middles [N, C, r, r] of pictures [N, C, R, R] that show `wide` times the usual frame, and landmarks
    [N, P, 2] in the middles' unit square."""
    side = pictures.shape[-1]
    margin = _margin(side, wide)
    middle = slice(margin, side - margin)
    return pictures[..., middle, middle], (landmarks * side - margin) / (side - 2 * margin)


def _margin(side: int, wide: float) -> int:
    """The px around the usual frame, at each border."""
    return round(side * (1 - 1 / wide) / 2)
