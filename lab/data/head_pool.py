"""Batches of rendered heads from one or more caches (`head_cache.py`)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from ...core.errors import CoreError
from ..running import distributed
from .head_cache import CachedHeads, HeadCache

KEPT = 1  # shards of each folder that are kept for measuring


class HeadPool:
    """The pictures of folders, as one row; with `unseen` those that training never sees.

    What is in the folders when it is made counts; a run resumes exactly as long as they do not grow.
    CoreError "bad-value" for a folder with too few pictures, or pictures of different sizes.
    """

    def __init__(self, folders: Sequence[str], unseen: bool = False):
        first, last = (0, KEPT) if unseen else (KEPT, None)
        self.caches = [HeadCache(Path(folder), first, last) for folder in folders]
        frames = {(cache.kind.resolution, cache.kind.wide) for cache in self.caches}
        if len(frames) > 1:
            raise CoreError("bad-value", "caches: their pictures have different sizes; name others.")
        ((_, self.wide),) = frames
        self.pictures = sum(cache.pictures for cache in self.caches)

    def read(self, numbers: Sequence[int]) -> CachedHeads:
        """The pictures of these numbers, in their order."""
        parts, order = [], []
        start = 0
        for cache in self.caches:
            rows = [k for k, number in enumerate(numbers) if start <= number < start + cache.pictures]
            if rows:
                parts.append(cache.read([numbers[k] - start for k in rows]))
                order += rows
            start += cache.pictures
        back = torch.tensor(order).argsort()
        joined = {f.name: torch.cat([getattr(part, f.name) for part in parts]) for f in fields(CachedHeads)}
        return CachedHeads(**{name: values[back] for name, values in joined.items()})

    def batches(self, batch: int, position: int, seed: int) -> Iterator[CachedHeads]:
        """This process's shares of joint batches from a position on, endlessly; every epoch shows every
        picture once, in an order drawn from seed and epoch."""
        epochs: dict[int, Tensor] = {}
        for start in count(position, batch):
            numbers = []
            for place in range(start, start + batch):
                epoch, row = divmod(place, self.pictures)
                if epoch not in epochs:
                    epochs = {epoch: self._order(seed, epoch)}
                numbers.append(int(epochs[epoch][row]))
            yield self.read(distributed.share(torch.tensor(numbers)).tolist())

    def _order(self, seed: int, epoch: int) -> Tensor:
        own = random.Random(f"{seed}/{epoch}/heads").getrandbits(32)
        return torch.randperm(self.pictures, generator=torch.Generator().manual_seed(own))
