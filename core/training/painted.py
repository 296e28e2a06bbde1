"""Batches of painted portraits, made while a network trains on them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from .portraits import STYLE_DIM, paint_z

Batch = tuple[
    Tensor, Tensor, Tensor
]  # z [N, D], picture [N, 3, R, R] in -1..1, landmarks [N, K, 2] in the unit square


class PaintedBatches(IterableDataset):
    """The batches of a schedule from position `seen` on.

    `schedule` are (resolution, pictures) one after the other; `stride` is how far the position moves with a
    batch (more than `batch` when batches are shown again). A batch depends on seed and position alone, so a
    run can resume.
    """

    def __init__(
        self,
        schedule: tuple[tuple[int, int], ...],
        batch: int,
        *,
        seed: int = 0,
        seen: int = 0,
        stride: int | None = None,
    ):
        self.schedule = schedule
        self.batch = batch
        self.seed = seed
        self.seen = seen
        self.stride = stride or batch

    def resolution_at(self, seen: int) -> int:
        """Side in px of the pictures after `seen` of them."""
        for resolution, count in self.schedule:
            if seen < count:
                return resolution
            seen -= count
        return self.schedule[-1][0]

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        for seen in range(self.seen, sum(count for _, count in self.schedule), self.stride):
            generator = torch.Generator().manual_seed(self.seed * 2**32 + seen)
            z = torch.randn(self.batch, STYLE_DIM, generator=generator)  # [N, D]
            with torch.no_grad():
                painted = paint_z(z, self.resolution_at(seen))
            yield z, painted.rgb, painted.landmarks

    def in_background(self) -> DataLoader:
        """The same batches, painted by one other process a few ahead."""
        return DataLoader(self, batch_size=None, num_workers=1, prefetch_factor=4)
