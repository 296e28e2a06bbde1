"""Batches that other processes make ahead of training."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch.utils.data import DataLoader, Dataset

_MOST_WORKERS = 8


def spare_cores() -> int:
    """How many workers may read pictures for this process beside its training: 1 to 8."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(max((os.cpu_count() or 1) // here - 1, 1), _MOST_WORKERS)


def made_ahead(batches: Dataset, workers: int, each: int, numbers: Sequence[int] | None = None) -> DataLoader:
    """The batches, made by `workers` processes of one thread, each up to `each` batches ahead; without
    workers, by this process on demand.

    Of a data set that is read by number, `numbers` are those to read, in this order.
    """
    return DataLoader(
        batches,
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=each if workers else None,
        worker_init_fn=_use_one_thread,
    )


def _use_one_thread(_worker: int) -> None:
    torch.set_num_threads(1)
