"""The processor cores that this process may use; torch counts the machine's, more in a container."""

from __future__ import annotations

import os

import torch


def usable_cores() -> int:
    """How many threads can run at once here."""
    if not hasattr(os, "sched_getaffinity"):
        return torch.get_num_threads()
    return max(1, min(torch.get_num_threads(), len(os.sched_getaffinity(0))))


def use_available_cores() -> None:
    """Makes torch use exactly these cores."""
    torch.set_num_threads(usable_cores())
