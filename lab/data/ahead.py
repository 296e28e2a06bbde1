"""Batches that other processes make ahead of training."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, IterableDataset


def made_ahead(batches: IterableDataset, workers: int, each: int) -> DataLoader:
    """The batches, made by `workers` processes of one thread, each up to `each` batches ahead."""
    return DataLoader(
        batches, batch_size=None, num_workers=workers, prefetch_factor=each, worker_init_fn=_use_one_thread
    )


def _use_one_thread(_worker: int) -> None:
    torch.set_num_threads(1)
