"""Batches of rendered heads from one or more caches (`head_cache.py`)."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cached_property
from itertools import accumulate, count
from pathlib import Path

import torch
from torch import Tensor

from ...core.errors import CoreError
from ..running import distributed
from .head_cache import CachedHeads, HeadCache

KEPT = 1  # shards of each folder that are kept for measuring


class HeadPool:
    """The pictures of folders, as one row; with `unseen` those that training never sees.

    `correlated` tells which of them batches show: those drawn with the population's correlations, the others,
    or all (None). What is in the folders when it is made counts; a run resumes exactly as long as they do not
    grow. CoreError "bad-value" for a folder with too few pictures, or pictures of different sizes.
    """

    def __init__(self, folders: Sequence[str], unseen: bool = False, correlated: bool | None = None):
        first, last = (0, KEPT) if unseen else (KEPT, None)
        self.caches = [HeadCache(Path(folder), first, last) for folder in folders]
        frames = {(cache.kind.resolution, cache.kind.wide) for cache in self.caches}
        if len(frames) > 1:
            raise CoreError("bad-value", "caches: their pictures have different sizes; name others.")
        ((self.resolution, self.wide),) = frames
        self.starts = list(accumulate((cache.pictures for cache in self.caches), initial=0))
        self.pictures = self.starts[-1]
        self.correlated = correlated

    @property
    def usual_side(self) -> int:
        """The side of the usual frame in px."""
        return self.resolution - 2 * _margin(self.resolution, self.wide)

    @cached_property
    def shown(self) -> Tensor:
        """The numbers of the pictures that batches show."""
        numbers = torch.arange(self.pictures)
        if self.correlated is None:
            return numbers
        return numbers[self.label("correlated", numbers.tolist()) == self.correlated]

    def read(self, numbers: Sequence[int]) -> CachedHeads:
        """The pictures of these numbers, in their order."""
        return CachedHeads(**{f.name: self.label(f.name, numbers) for f in fields(CachedHeads)})

    def label(self, name: str, numbers: Sequence[int]) -> Tensor:
        """One label of these pictures, in their order, as it is stored."""
        rows = []
        for number in numbers:
            place = bisect_right(self.starts, number) - 1
            rows.append(self.caches[place].label(name, [number - self.starts[place]]))
        return torch.cat(rows)

    def batches(self, batch: int, position: int, seed: int) -> Iterator[CachedHeads]:
        """The pictures of `numbers`."""
        return map(self.read, self.numbers(batch, position, seed))

    def numbers(self, batch: int, position: int, seed: int) -> Iterator[list[int]]:
        """This process's shares of joint batches from a position on, endlessly; every epoch shows every
        picture once, in an order drawn from seed and epoch."""
        epochs: dict[int, Tensor] = {}
        for start in count(position, batch):
            numbers = []
            for place in range(start, start + batch):
                epoch, row = divmod(place, len(self.shown))
                if epoch not in epochs:
                    epochs = {epoch: self._order(seed, epoch)}
                numbers.append(int(epochs[epoch][row]))
            yield distributed.share(torch.tensor(numbers)).tolist()

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
